"""Panel sheets and group lists on paper, for the officer to take to the rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.context import Context
from exam_system.errors import Conflict
from exam_system.exams.models import Exam, Post, Room, Site
from exam_system.interviews import words
from exam_system.interviews.groups import order_drawn
from exam_system.interviews.lookup import panels_of, substituted_at
from exam_system.interviews.models import Interview, InterviewGroup, Panel
from exam_system.interviews.sealed import require_open, sheets
from exam_system.printing.fonts import check_glyphs, register
from exam_system.printing.layout import LEFT, RIGHT, Anchor, Sheet, fields, foot, footer, masthead
from exam_system.printing.table import Column, draw, pages, set_rows
from exam_system.printing.texts import Label
from exam_system.records.paper import anchor
from exam_system.registration.models import Application

SIZE = 10.5


@dataclass(frozen=True, slots=True)
class Leaf:
    """One sheet: facts over a table, which goes on over as many pages as it needs."""

    facts: tuple[tuple[Label, str, bool], ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Papers:
    """A document of sheets about one exam."""

    bureau: str
    exam: str
    title: Label
    leaves: tuple[Leaf, ...]
    anchor: Anchor
    at: datetime


def panel_sheets(ctx: Context, exam: Exam) -> bytes:
    """The PDF: who sits in each panel, a line to sign; Conflict while the panels are sealed."""
    require_open(ctx, exam)
    leaves = []
    for one in sheets(ctx.session, exam):
        came = substituted_at(ctx.session, one.panel)
        rows = tuple(
            (
                words.PLACE.format(place=place),
                who.name + (words.SUBSTITUTE if place in came else ""),
                words.CHIEF_ROLE if place == 1 else words.MEMBER_ROLE,
                who.employer,
                "",
            )
            for place, who in one.members
        )
        leaves.append(Leaf(_facts(ctx.session, one.panel), words.PANEL_COLUMNS, rows))
    return _pdf(ctx, exam, words.PANEL_SHEET, leaves)


def group_lists(ctx: Context, exam: Exam) -> bytes:
    """The PDF: each group's candidates in the drawn order with a line to sign."""
    panels = panels_of(ctx.session, exam)
    if not panels or not all(order_drawn(ctx.session, panel) for panel in panels):
        raise Conflict("The order must be drawn first")
    leaves = [
        Leaf(_facts(ctx.session, panel), words.GROUP_COLUMNS, _candidates(ctx.session, panel))
        for panel in panels
    ]
    return _pdf(ctx, exam, words.GROUP_LIST, leaves)


def _facts(session: Session, panel: Panel) -> tuple[tuple[Label, str, bool], ...]:
    room, site = session.execute(
        select(Room.name, Site.name)
        .join(Site, Site.id == Room.site_id)
        .where(Room.id == panel.room_id)
    ).one()
    group = session.scalar(select(InterviewGroup.code).where(InterviewGroup.panel_id == panel.id))
    return (
        (words.PANEL_LABEL, panel.code, True),
        (words.ROOM_LABEL, f"{site} {room}", False),
        (words.GROUP_LABEL, group or words.NOT_DRAWN, False),
    )


def _candidates(session: Session, panel: Panel) -> tuple[tuple[str, ...], ...]:
    query = (
        select(Interview.place, Application.number, Person.name, Post.code, Post.unit, Post.title)
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .join(Application, Application.id == Interview.application_id)
        .join(Person, Person.id == Application.person_id)
        .join(Post, Post.id == Application.post_id)
        .where(InterviewGroup.panel_id == panel.id)
        .order_by(Interview.place)
    )
    return tuple(
        (str(place), number or "", name, f"{code} {unit} {title}", "")
        for place, number, name, code, unit, title in session.execute(query)
    )


def _pdf(ctx: Context, exam: Exam, title: Label, leaves: Sequence[Leaf]) -> bytes:
    at = ctx.clock.now().astimezone(ctx.config.zone)
    foot_line = anchor(ctx.session, ctx.config.origin, None)
    data = Papers(ctx.config.bureau, exam.name, title, tuple(leaves), foot_line, at)
    fonts = register(ctx.config.fonts_folder)
    check_glyphs(data)
    sheet = Sheet(
        fonts,
        title=f"{exam.name} {title.zh}",
        author=data.bureau,
        at=at,
    )
    for number, leaf in enumerate(leaves):
        if number:
            sheet.next_page()
        _leaf(sheet, data, leaf)
    return sheet.finish()


def _leaf(sheet: Sheet, data: Papers, leaf: Leaf) -> None:
    note = words.PRINTED.format(at=f"{data.at:%Y-%m-%d %H:%M}")
    rows = set_rows(sheet, leaf.columns, leaf.rows, SIZE)
    y = masthead(sheet, data.bureau, note, data.exam, data.title)
    y = fields(sheet, LEFT, y, RIGHT - LEFT, leaf.facts) + 6
    end = foot(sheet, data.anchor) - 4
    later = 55.0
    for number, page in enumerate(pages(rows, end - y, end - later)):
        if number:
            sheet.next_page()
            y = masthead(sheet, data.bureau, note, data.exam, data.title) + 2
        draw(sheet, y, leaf.columns, page, SIZE)
        footer(sheet, data.anchor)
