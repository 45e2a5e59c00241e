"""The admission ticket: who, where and when, with what proves that the seat was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam_system.printing import texts
from exam_system.printing.errors import PrintError
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    BLUE,
    GREY,
    LEFT,
    RIGHT,
    RULE,
    WHITE,
    Anchor,
    Sheet,
    day,
    fields,
    foot,
    footer,
    heading,
    masthead,
)
from exam_system.printing.table import Column, draw, set_rows

PHOTO_X, PHOTO_WIDTH, PHOTO_HEIGHT = 155.0, 35.0, 45.0


@dataclass(frozen=True, slots=True)
class Sitting:
    """One session of the exam in local time."""

    subject: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """All that a ticket shows.

    `id_masked` is printed as given; `seat` counts from 1 and picks the candidate's own place in
    `seats`, the (row, column) of every seat of the room, row by row from the lectern. `payload`
    is the signed text of the QR code, `release` names the seat release printed from, `anchor`
    the log it stands in.
    """

    bureau: str
    exam: str
    candidate: str
    id_masked: str
    admission: str
    photo: bytes | None
    district: str
    site: str
    address: str
    room: str
    seat: int
    sittings: tuple[Sitting, ...]
    seats: tuple[tuple[int, int], ...]
    rules: tuple[str, ...]
    payload: str
    release: str
    anchor: Anchor
    at: datetime


def ticket_pdf(data: Ticket, fonts: Fonts) -> bytes:
    """One ticket, one A4 page."""
    return tickets_pdf([data], fonts)


def tickets_pdf(tickets: Sequence[Ticket], fonts: Fonts) -> bytes:
    """Many tickets in one file, a page each, in the given order; at least one.

    Raises PrintError, before anything is drawn, for a character that cannot be printed.
    """
    for ticket in tickets:
        check_glyphs(ticket)
    first = tickets[0]
    title = f"{first.exam} {texts.TICKET.zh}"
    sheet = Sheet(fonts, title=title, author=first.bureau, at=first.at)
    for number, ticket in enumerate(tickets):
        if number:
            sheet.next_page()
        _page(sheet, ticket)
    return sheet.finish()


def _page(sheet: Sheet, data: Ticket) -> None:
    release = texts.RELEASE.format(release=data.release)
    top = masthead(sheet, data.bureau, release, data.exam, texts.TICKET)
    _picture(sheet, top, data)
    below = _facts(sheet, top, data)
    below = _sittings(sheet, max(below, top + 92) + 9, data.sittings)
    _rules_and_seat(sheet, below + 9, data)
    footer(sheet, data.anchor)


def _picture(sheet: Sheet, top: float, data: Ticket) -> None:
    sheet.box(PHOTO_X, top, PHOTO_WIDTH, PHOTO_HEIGHT)
    middle = PHOTO_X + PHOTO_WIDTH / 2
    if data.photo is None:
        sheet.text(middle, top + 24, texts.PHOTO.zh, 10, colour=GREY, align="centre")
    else:
        _photo(sheet, top, data.photo, data.admission)
    sheet.qr(PHOTO_X + 1, top + 49, PHOTO_WIDTH - 2, data.payload)
    sheet.text(middle, top + 86.5, texts.TICKET_QR.zh, 8, colour=GREY, align="centre")
    sheet.text(middle, top + 89.6, texts.TICKET_QR.en, 6, colour=GREY, align="centre")


def _photo(sheet: Sheet, top: float, jpeg: bytes, admission: str) -> None:
    try:
        sheet.image(PHOTO_X + 0.5, top + 0.5, PHOTO_WIDTH - 1, PHOTO_HEIGHT - 1, jpeg)
    except OSError as error:
        raise PrintError("photo", admission=admission) from error


def _facts(sheet: Sheet, top: float, data: Ticket) -> float:
    width = PHOTO_X - LEFT - 6
    rows = [
        (texts.CANDIDATE, data.candidate, True),
        (texts.ID_NUMBER, data.id_masked, False),
        (texts.ADMISSION, data.admission, True),
        (texts.DISTRICT, data.district, False),
        (texts.SITE, data.site, False),
        (texts.ADDRESS, data.address, False),
        (texts.ROOM, data.room, True),
        (texts.SEAT, str(data.seat), True),
    ]
    return fields(sheet, LEFT, top, width, rows)


def _sittings(sheet: Sheet, y: float, sittings: Sequence[Sitting]) -> float:
    y = heading(sheet, y, texts.SITTINGS) + 2.5
    columns = (
        Column(texts.SUBJECT.zh, 80),
        Column(texts.DATE.zh, 55),
        Column(texts.TIME.zh, 35),
    )
    rows = [
        (s.subject, day(s.starts, weekday=True), f"{s.starts:%H:%M}–{s.ends:%H:%M}")
        for s in sittings
    ]
    return draw(sheet, y, columns, set_rows(sheet, columns, rows, 9.5), 9.5)


def _rules_and_seat(sheet: Sheet, y: float, data: Ticket) -> None:
    split = 132.0
    start = heading(sheet, y, texts.RULES, right=split) + 5.5
    _rules(sheet, start, data, split - LEFT)
    below = heading(sheet, y, texts.SEAT_MAP, x=split + 8) + 3
    _seat_map(sheet, split + 8, below, RIGHT - split - 8, data)


def _rules(sheet: Sheet, y: float, data: Ticket, width: float) -> None:
    text = "\n".join(f"{number}. {rule}" for number, rule in enumerate(data.rules, 1))
    last = foot(sheet, data.anchor) - 2
    sizes = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5)
    for size in sizes:
        if y + (len(sheet.lines(text, size, width)) - 1) * size * 0.6 <= last:
            sheet.paragraph(LEFT, y, text, size, width)
            return
    raise PrintError("too_long", text=text[:60])


def _seat_map(sheet: Sheet, x: float, y: float, width: float, data: Ticket) -> None:
    """Row and column numbers may start at 0 or 1; the first row stands at the lectern."""
    rows = sorted({row for row, _ in data.seats})
    columns = sorted({column for _, column in data.seats})
    height = foot(sheet, data.anchor) - 2 - y - 7
    step = min(width / len(columns), height / len(rows), 9.0)
    left = x + (width - step * len(columns)) / 2
    middle = x + width / 2
    sheet.box(middle - 9, y, 18, 4.6, edge=RULE)
    sheet.text(middle, y + 3.4, texts.LECTERN, 7, colour=GREY, align="centre")
    for number, (row, column) in enumerate(data.seats, 1):
        place = (left + columns.index(column) * step, y + 7 + rows.index(row) * step)
        _seat(sheet, place, step, number, number == data.seat)


def _seat(sheet: Sheet, place: tuple[float, float], step: float, number: int, own: bool) -> None:
    x, y = place
    gap = step * 0.1
    fill, ink = (BLUE, WHITE) if own else (None, GREY)
    sheet.box(x + gap, y + gap, step - 2 * gap, step - 2 * gap, fill=fill, edge=RULE)
    size = step * 0.95
    base = y + step / 2 + size * 0.13
    sheet.text(x + step / 2, base, str(number), size, bold=own, colour=ink, align="centre")
