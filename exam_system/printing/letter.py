"""The letter to an invigilator: when, where and as what they serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam_system.printing import texts
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    LEFT,
    RIGHT,
    Anchor,
    Sheet,
    day,
    fields,
    footer,
    heading,
    masthead,
    page_each,
)
from exam_system.printing.table import Column, draw, set_rows
from exam_system.printing.texts import Label

COLUMNS = (
    Column(texts.SUBJECT.zh, 32),
    Column(texts.DATE.zh, 38),
    Column(texts.SITE.zh, 48),
    Column(texts.ROOM.zh, 34),
    Column(texts.DUTY.zh, 18, "centre"),
)


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One session in local time; `site` with its address, `room` and `role` as printed."""

    subject: str
    starts: datetime
    ends: datetime
    site: str
    room: str
    role: str


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a letter shows; `release` names the draw it was printed from."""

    bureau: str
    exam: str
    name: str
    staff_no: str
    school: str
    duties: tuple[DutyLine, ...]
    rules: tuple[str, ...]
    release: str
    anchor: Anchor
    at: datetime


def letters_pdf(letters: Sequence[Letter], fonts: Fonts) -> bytes:
    """All letters of one exam in one document, a page each; at least one."""
    for letter in letters:
        check_glyphs(letter)
    first = letters[0]
    title = f"{first.exam} {texts.DUTY_LETTER.zh}"
    sheet = Sheet(fonts, title=title, author=first.bureau, at=first.at)
    page_each(sheet, letters, _page)
    return sheet.finish()


def _page(sheet: Sheet, letter: Letter) -> None:
    y = masthead(sheet, letter.bureau, letter.release, letter.exam, texts.DUTY_LETTER)
    rows: list[tuple[Label, str, bool]] = [
        (texts.CANDIDATE, letter.name, True),
        (texts.STAFF_NO, letter.staff_no, False),
        (texts.SCHOOL, letter.school, False),
    ]
    y = fields(sheet, LEFT, y, RIGHT - LEFT, rows)
    y = heading(sheet, y + 10, texts.DUTIES) + 2.5
    lines = [(one.subject, _time(one), one.site, one.room, one.role) for one in letter.duties]
    y = draw(sheet, y, COLUMNS, set_rows(sheet, COLUMNS, lines, 9), 9)
    y = heading(sheet, y + 10, texts.DUTY_RULES) + 6
    for number, rule in enumerate(letter.rules, 1):
        y = sheet.paragraph(LEFT, y, f"{number}. {rule}", 9.5, RIGHT - LEFT) + 1.5
    footer(sheet, letter.anchor)


def _time(one: DutyLine) -> str:
    return f"{day(one.starts, weekday=True)}\n{one.starts:%H:%M}—{one.ends:%H:%M}"
