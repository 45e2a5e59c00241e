"""Cases as lists show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from exam_system.cases.kinds import TOPICS, Kind, kind_of
from exam_system.cases.lookup import letters_of, names_of, written
from exam_system.cases.models import Letter
from exam_system.cases.states import STATES, WAITING
from exam_system.context import Context
from exam_system.language import choose_language, when
from exam_system.registration.reviewing import today
from exam_system.sheets import Cell

LETTERS = (
    *("Service number", "Kind", "About", "Title", "State", "Owner", "Deputy"),
    *("Taken in at", "Due on", "Answered at", "Satisfaction"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One case in the list of its desk; `late` while it waits past its deadline."""

    row: Letter
    kind: Kind
    title: str
    owner: str
    deputy: str
    waits: bool
    late: bool


def lines(ctx: Context) -> list[Line]:
    """The cases that the actor's desk sees."""
    rows = letters_of(ctx.session, ctx.actor.role)
    staff = {account for row in rows for account in (row.owner_id, row.deputy_id)}
    names, day = names_of(ctx.session, staff), today(ctx)
    return [
        Line(
            row,
            kind_of(row.kind),
            written(ctx, row).title,
            names[row.owner_id],
            names[row.deputy_id],
            row.state in WAITING,
            row.state in WAITING and row.due < day,
        )
        for row in rows
    ]


def letter_rows(ctx: Context, _fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """The list of the actor's desk; who wrote is not in it."""
    for one in lines(ctx):
        row = one.row
        about = (one.kind.name(choose_language()), _(TOPICS[row.topic]), one.title)
        state = (_(STATES[row.state]), one.owner, one.deputy, when(row.registered_at))
        yield row.number, *about, *state, row.due, when(row.replied_at), row.satisfaction
