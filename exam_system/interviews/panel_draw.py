"""The draw of the interviewers: who serves, in which panel, and who are the reserves.

match/v1 or lottery/v1 (the exam's rule `interviewer_draw`) fill the panels from the whole pool and
are told which groups of candidates each person must avoid. They keep to panels for which a dealing
of the groups exists, so the later draw of the groups, which has a seed of its own, can always be
made; the dealing that proves it stands in the result as `possible` and decides nothing.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.draws.computing import infeasible, not_found
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import PLACES, Groups, Recipe, register
from exam_system.errors import Conflict
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.interviews.lookup import groups_of, panels_of, require_panels
from exam_system.interviews.models import (
    Avoidance,
    Incompatibility,
    Interview,
    Interviewer,
    InterviewGroup,
    Panel,
    PanelReserve,
    PanelSeat,
)
from exam_system.people import PREFECTURE
from exam_system.trust.canonical import jcs, parse_jcs
from exam_system.verify.matching import allocations_of
from proctoring.shortfall import Infeasible, NotFound

GROUP = "interviewers"
CHIEF, MEMBER = 0, 1
ROLES = ("chief", "member")
ALGORITHMS = {"match": "match/v1", "lottery": "lottery/v1"}


def algorithm(exam: Exam) -> str:
    """The algorithm that the exam's rules chose."""
    return ALGORITHMS[rules_of(exam).interviewer_draw]


def build_interviewers(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """The list of the draw: the pool, the panels, and what keeps people from one another."""
    open_exam(ctx.session, exam.code, "shortlisted")
    panels = require_panels(ctx.session, exam)
    group = _group(ctx.session, exam, panels)
    if rules_of(exam).interviewer_draw == "lottery":
        group["allocations"] = _allocations(group, rules_of(exam).lottery_size)
    rules = {
        "seats": "the labels of a slot stand seat by seat; place 1 is the chief interviewer",
        "reserve": "reserves are called in this order; roles says for which seats",
        "possible": "one dealing of the groups to these panels, which shows that their own draw "
        "can be made; that draw decides",
    }
    return [group], rules


def _allocations(group: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    try:
        return _listed(jcs(group), count)
    except Infeasible as error:
        raise infeasible(error) from None
    except NotFound as error:
        raise not_found(error) from None


@lru_cache(maxsize=8)
def _listed(group: bytes, count: int) -> list[dict[str, Any]]:
    # Asked for again by every page that shows what would be frozen; the bytes decide it.
    return allocations_of(cast(dict[str, Any], parse_jcs(group)), count)


def _group(session: Session, exam: Exam, panels: Sequence[Panel]) -> dict[str, Any]:
    pool = sorted(session.scalars(select(Interviewer)), key=lambda one: one.label.encode())
    rules, names = rules_of(exam), [group.code for group in groups_of(session, exam)]
    place = {one.id: at for at, one in enumerate(pool)}
    barred = barred_groups(session, exam, place)
    avoided = Counter(person for person, _ in barred)
    employers = {name: at for at, name in enumerate(dict.fromkeys(_employer(o) for o in pool))}
    return {
        "id": GROUP,
        "labels": [one.label for one in pool],
        "slots": [{"id": panel.code, "capacity": rules.interviewers} for panel in panels],
        "rules": _rules(exam, rules),
        # Numbers instead of names: the list is public, and who has one employer is all it needs.
        "employers": [f"employer-{number}" for number in range(1, len(employers) + 1)],
        "people": {
            "roles": [
                # Who must avoid every group can sit nowhere.
                [] if avoided[place[one.id]] == len(names) else [CHIEF if one.chief else MEMBER]
                for one in pool
            ],
            "employer": [employers[_employer(one)] for one in pool],
            "area": [f"{one.area_code[:PREFECTURE]}00" for one in pool],
            "woman": [int(one.sex == "female") for one in pool],
        },
        "apart": apart_pairs(session, place),
        "groups": {"id": names, "barred": [[one, names.index(name)] for one, name in barred]},
    }


def _rules(exam: Exam, rules: RuleSet) -> dict[str, Any]:
    seats = rules.interviewers
    return {
        "areas": [exam.area_code[:PREFECTURE]],
        "roles": [{"id": ROLES[CHIEF], "seats": 1}, {"id": ROLES[MEMBER], "seats": seats - 1}],
        "per_employer": rules.panel_employer or seats,
        "per_city": rules.panel_city or seats,
        "per_sex": rules.panel_sex,
        "reserves": [1, rules.panels_per_reserve] if rules.panels_per_reserve else [0, 1],
    }


def _employer(person: Interviewer) -> str:
    return "".join(unicodedata.normalize("NFKC", person.employer).split()).casefold()


def barred_groups(session: Session, exam: Exam, place: Mapping[int, int]) -> list[tuple[int, str]]:
    """(position, group) of everybody who must avoid a candidate of that group, sorted.

    `place` gives the positions by the interviewers' ids; others are left out.
    """
    query = (
        select(Avoidance.interviewer_id, InterviewGroup.code)
        .join(Interview, Interview.application_id == Avoidance.application_id)
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .where(InterviewGroup.exam_id == exam.id)
        .distinct()
    )
    found = session.execute(query)
    return sorted((place[row[0]], row[1]) for row in found if row[0] in place)


def apart_pairs(session: Session, place: Mapping[int, int]) -> list[list[int]]:
    """Positions of those who declared a relation to one another, sorted."""
    rows = session.execute(select(Incompatibility.first_id, Incompatibility.second_id))
    pairs = [sorted((place[a], place[b])) for a, b in rows if a in place and b in place]
    return sorted(pairs)


def apply_interviewers(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Seat the drawn interviewers, place after place, and keep the line of reserves."""
    panels = {panel.code: panel.id for panel in panels_of(ctx.session, exam)}
    query = select(Interviewer.label, Interviewer.id)
    people = {row.label: row.id for row in ctx.session.execute(query)}
    seated: dict[str, list[str]] = {}
    line: list[tuple[str, str]] = []
    for group in groups:
        for slot in group["slots"]:
            seated.setdefault(slot["id"], []).extend(slot["labels"])
        # deal/v1, frozen before match/v1 came, has a group for each role.
        roles = group.get("roles") or [group["id"]] * len(group["reserve"])
        line += zip(group["reserve"], roles, strict=True)
    seats = [
        {"panel_id": panels[panel], "interviewer_id": people[label], "place": place}
        for panel, labels in seated.items()
        for place, label in enumerate(labels, 1)
    ]
    reserves = [
        {"exam_id": exam.id, "interviewer_id": people[label], "role": role, "place": place}
        for place, (label, role) in enumerate(line, 1)
    ]
    for table, rows in ((PanelSeat, seats), (PanelReserve, reserves)):
        if rows:
            ctx.session.execute(insert(table), [{**row, "attempt_id": attempt.id} for row in rows])


def require_seated(session: Session, exam: Exam) -> list[Panel]:
    """The panels, all of them with their interviewers; raises Conflict."""
    panels = require_panels(session, exam)
    seats = select(PanelSeat.panel_id, func.count()).group_by(PanelSeat.panel_id)
    counts = {row[0]: row[1] for row in session.execute(seats)}
    if any(counts.get(panel.id) != rules_of(exam).interviewers for panel in panels):
        raise Conflict("The interviewers must be drawn first")
    return panels


register(
    Recipe(
        *("interviewers", "match/v1", "interviewer", build_interviewers, apply_interviewers),
        relies_on=(*PLACES, "interviewer", "avoidance", "incompatibility", "panel"),
        opens=lambda _ctx, exam: rules_of(exam).panels_open_at,
        chosen=algorithm,
    )
)
