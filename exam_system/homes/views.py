"""The home of everybody with a post at a desk, in a room or outside: one page for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from exam_system.access import Role
from exam_system.context import Context
from exam_system.duties.sheets import every_sheet
from exam_system.help.tours import tours
from exam_system.homes import day, desks
from exam_system.homes.parts import Home, name, own_acts
from exam_system.notices.lookup import posted_of
from exam_system.web import actor, looking

bp = Blueprint("homes", __name__)
NOTICES, FINISHED = 3, 10
"""So many of each a home shows at most."""
BUILDERS: Mapping[Role, Callable[[Context], Home]] = {
    Role.REVIEWER: desks.reviewer,
    Role.MARKER: desks.marker,
    Role.GRADER: desks.grader,
    Role.INTERVIEWER: day.interviewer,
    Role.INVIGILATOR: day.invigilator,
    Role.SITE: day.site,
    Role.OBSERVER: desks.observer,
    Role.AUDITOR: desks.auditor,
    Role.ADMIN: desks.admin,
}


@bp.get("/today")
def today() -> ResponseReturnValue:
    """What awaits somebody and by when, what blocks it, what they did, their post's papers."""
    ctx, who = looking(), actor()
    home = BUILDERS[who.role](ctx)
    tasks = home.sorted(ctx.config.zone)
    return render_template(
        "homes/today.html",
        tasks=[one for one in tasks if not one.done],
        finished=[one for one in tasks if one.done][:FINISHED],
        home=home,
        acts=own_acts(ctx),
        notices=posted_of(ctx.session, home.exams())[:NOTICES],
        sheets=[one for one in every_sheet(ctx.session) if who.role.value in one.roles],
        tour=tours()[who.role.value],
        name=name,
    )
