"""The lists of observers and of their looks, as they are taken out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _

from exam_system.context import Context
from exam_system.exams.lookup import exam_by_code
from exam_system.language import choose_language, when
from exam_system.observing.kinds import SECTIONS, kinds
from exam_system.observing.lookup import invited_to, looks_at, today
from exam_system.sheets import Cell

STATES = {
    "proposed": "put up, not approved yet",
    "open": "invited",
    "ended": "over",
    "withdrawn": "withdrawn",
}
"""What an invitation's states are called."""
OBSERVERS = (
    "Kind",
    "Name",
    "Sent by",
    "Until",
    "State",
    "Looks",
    "Last look",
    "Remarks left",
    "Reason",
)
LOOKS = ("Time", "Kind", "Name", "Sent by", "View")
Rows = Iterable[Sequence[Cell]]


def observer_rows(ctx: Context, fields: Mapping[str, str]) -> Rows:
    """Everybody who is or was invited to an exam."""
    day = today(ctx)
    for one in invited_to(ctx.session, exam_by_code(ctx.session, fields["code"])):
        row, who = one.invitation, one.observer
        state = "ended" if row.state == "open" and not one.in_force(day) else row.state
        told = (kinds()[who.kind].name(choose_language()), who.name, who.body, row.until)
        seen = (one.looks, when(one.last), " ".join(one.remarks), row.why or "")
        yield *told, _(STATES[state]), *seen


def look_rows(ctx: Context, fields: Mapping[str, str]) -> Rows:
    """Who looked at what of an exam."""
    for one in looks_at(ctx.session, exam_by_code(ctx.session, fields["code"])):
        kind = kinds()[one.kind].name(choose_language())
        yield when(one.at), kind, one.name, one.body, _(SECTIONS[one.section])
