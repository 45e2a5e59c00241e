"""The admission ticket: who, where and when, with what proves that the seat was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

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
    Measure,
    Sheet,
    anchor_lines,
    day,
    fields,
    foot,
    heading,
    masthead,
    page_each,
)
from exam_system.printing.overprint import Pen, Stock, make_stock, overprint
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
    the log it stands in. `serial` counts the tickets of this candidate.
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
    serial: int = 1
    pick_up: str = ""
    """The code of the look-up in groups, as it is printed; "" while there is none."""


def ticket_pdf(data: Ticket, fonts: Fonts) -> bytes:
    """One ticket, one A4 page."""
    return tickets_pdf([data], fonts)


def tickets_pdf(tickets: Sequence[Ticket], fonts: Fonts) -> bytes:
    """Many tickets in one file, a page each, in the given order; at least one.

    What a room's tickets share is set once. Raises PrintError, before anything is drawn, for a
    character that cannot be printed.
    """
    blanks = [_blank(ticket, fonts) for ticket in tickets]
    for ticket in tickets:
        check_glyphs([ticket.candidate, ticket.id_masked, ticket.admission, ticket.anchor.origin])
    kinds = tuple(dict.fromkeys(blanks))
    stock, places = _forms(kinds, fonts)
    pages = []
    for ticket, blank in zip(tickets, blanks, strict=True):
        form = kinds.index(blank)
        pages.append((form, _own(Pen(fonts), ticket, places[form])))
    return overprint(stock, pages, fonts, tickets[0].at)


@dataclass(frozen=True, slots=True)
class _Blank:
    """What tickets of one room share: the ticket without what is its own, and the footer's y."""

    data: Ticket
    foot: float


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a ticket's own things stand on its form, in mm: `seats` are upper left corners."""

    top: float
    facts: float
    foot: float
    seats: tuple[tuple[float, float], ...]
    step: float


PICK_UP = 21.0  # mm above the foot that the look-up's code takes
SPLIT = 132.0  # where the rules end and the seats begin
_NOWHERE = Anchor("", 0, "", ())
_SOME_DAY = datetime(2000, 1, 1)
STRONG, PLAIN = 11.05, 9.17  # heights of the rows of facts: one line at 15 and at 11 points


def _blank(ticket: Ticket, fonts: Fonts) -> _Blank:
    data = replace(
        ticket,
        candidate="",
        id_masked="",
        admission="",
        serial=0,
        payload="",
        pick_up="X" if ticket.pick_up else "",
        photo=None,
        seat=0,
        anchor=_NOWHERE,
        at=_SOME_DAY,
    )
    return _Blank(data, foot(Measure(fonts), ticket.anchor))


@lru_cache(maxsize=64)
def _forms(kinds: tuple[_Blank, ...], fonts: Fonts) -> tuple[Stock, tuple[_Places, ...]]:
    """The set forms of some rooms, kept: candidates of one room follow one another."""
    places: list[_Places] = []
    first = kinds[0].data
    title = f"{first.exam} {texts.TICKET.zh}"
    sheet = Sheet(fonts, title=title, author=first.bureau, at=first.at)
    for kind in kinds:
        check_glyphs(kind.data)
    page_each(sheet, kinds, lambda page, kind: places.append(_form(page, kind)))
    return make_stock(sheet), tuple(places)


def _form(sheet: Sheet, kind: _Blank) -> _Places:
    data = kind.data
    release = texts.RELEASE.format(release=data.release)
    top = masthead(sheet, data.bureau, release, data.exam, texts.TICKET)
    sheet.box(PHOTO_X, top, PHOTO_WIDTH, PHOTO_HEIGHT)
    middle = PHOTO_X + PHOTO_WIDTH / 2
    sheet.text(middle, top + 86.5, texts.TICKET_QR.zh, 8, colour=GREY, align="centre")
    sheet.text(middle, top + 89.6, texts.TICKET_QR.en, 6, colour=GREY, align="centre")
    facts = _facts(sheet, top, data)
    below = _sittings(sheet, max(facts, top + 92) + 9, data.sittings)
    seats, step = _rules_and_seats(sheet, below + 9, kind)
    sheet.rule(LEFT, kind.foot, RIGHT, kind.foot)
    return _Places(top, facts, kind.foot, seats, step)


def _own(pen: Pen, data: Ticket, at: _Places) -> Pen:
    """What is the candidate's own: name, numbers, photo, code, the marked seat, the log's root."""
    y = at.top
    for value, height, sizes, bold in (
        (data.candidate, STRONG, (15.0, 13.0, 11.0), True),
        (data.id_masked, PLAIN, (11.0, 10.0, 9.0), False),
        (data.admission, STRONG, (15.0, 13.0, 11.0), True),
    ):
        _value(pen, y, value, height, sizes, bold)
        y += height
    _value(pen, at.facts - STRONG, str(data.seat), STRONG, (15.0,), True)
    issued, base = texts.ISSUED.format(serial=data.serial), at.top + STRONG + PLAIN + STRONG / 2 + 1
    pen.text(PHOTO_X - 7, base, issued, 8, colour=GREY, align="right")
    _picture(pen, at.top, data)
    _seat(pen, at.seats[data.seat - 1], at.step, data.seat, own=True)
    if data.pick_up:
        _pick_up(pen, at.foot - PICK_UP + 1, data.pick_up)
    for number, line in enumerate(anchor_lines(pen, data.anchor)):
        pen.text(LEFT, at.foot + 3.2 + number * 3.3, line, 6.5, colour=GREY)
    return pen


def _pick_up(pen: Pen, y: float, code: str) -> None:
    """The code of the look-up, to be scanned and to be typed: two groups a line."""
    pen.qr(SPLIT + 8, y, 17, code)
    groups = code.split("-")
    for number, at in enumerate(range(0, len(groups), 2)):
        pen.text(SPLIT + 28, y + 8 + number * 4, "-".join(groups[at : at + 2]), 9, bold=True)


def _value(
    pen: Pen, y: float, value: str, height: float, sizes: Sequence[float], bold: bool
) -> None:
    size, lines = pen.fit(value, sizes, PHOTO_X - LEFT - 38, bold=bold)
    pen.text(LEFT + 31, y + height / 2 + size * 0.13, lines[0], size, bold=bold)


def _picture(pen: Pen, top: float, data: Ticket) -> None:
    if data.photo is None:
        middle = PHOTO_X + PHOTO_WIDTH / 2
        pen.text(middle, top + 24, texts.PHOTO.zh, 10, colour=GREY, align="centre")
    else:
        _photo(pen, top, data.photo, data.admission)
    pen.qr(PHOTO_X + 1, top + 49, PHOTO_WIDTH - 2, data.payload)


def _photo(pen: Pen, top: float, jpeg: bytes, admission: str) -> None:
    try:
        pen.image(PHOTO_X + 0.5, top + 0.5, PHOTO_WIDTH - 1, PHOTO_HEIGHT - 1, jpeg)
    except OSError as error:
        raise PrintError("photo", admission=admission) from error


def _facts(sheet: Sheet, top: float, data: Ticket) -> float:
    """The facts of the room, and the labels of the candidate's own; returns the y below them."""
    width = PHOTO_X - LEFT - 6
    rows = [
        (texts.CANDIDATE, "", True),
        (texts.ID_NUMBER, "", False),
        (texts.ADMISSION, "", True),
        (texts.DISTRICT, data.district, False),
        (texts.SITE, data.site, False),
        (texts.ADDRESS, data.address, False),
        (texts.ROOM, data.room, True),
        (texts.SEAT, "", True),
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


def _rules_and_seats(
    sheet: Sheet, y: float, kind: _Blank
) -> tuple[tuple[tuple[float, float], ...], float]:
    start = heading(sheet, y, texts.RULES, right=SPLIT) + 5.5
    _rules(sheet, start, kind.data.rules, SPLIT - LEFT, kind.foot - 2)
    below = heading(sheet, y, texts.SEAT_MAP, x=SPLIT + 8) + 3
    last = kind.foot - 2
    if kind.data.pick_up:
        last = kind.foot - PICK_UP
        sheet.text(SPLIT + 28, last + 4, texts.PICK_UP.zh, 8, colour=GREY)
    return _seat_map(sheet, SPLIT + 8, below, RIGHT - SPLIT - 8, last, kind)


def _rules(sheet: Sheet, y: float, rules: Sequence[str], width: float, last: float) -> None:
    text = "\n".join(f"{number}. {rule}" for number, rule in enumerate(rules, 1))
    sizes = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5)
    for size in sizes:
        if y + (len(sheet.lines(text, size, width)) - 1) * size * 0.6 <= last:
            sheet.paragraph(LEFT, y, text, size, width)
            return
    raise PrintError("too_long", text=text[:60])


def _seat_map(
    sheet: Sheet, x: float, y: float, width: float, last: float, kind: _Blank
) -> tuple[tuple[tuple[float, float], ...], float]:
    """Row and column numbers may start at 0 or 1; the first row stands at the lectern.

    Returns the corner of every seat, and the side of its square.
    """
    rows = sorted({row for row, _ in kind.data.seats})
    columns = sorted({column for _, column in kind.data.seats})
    height = last - y - 7
    step = min(width / len(columns), height / len(rows), 9.0)
    left = x + (width - step * len(columns)) / 2
    middle = x + width / 2
    sheet.box(middle - 9, y, 18, 4.6, edge=RULE)
    sheet.text(middle, y + 3.4, texts.LECTERN, 7, colour=GREY, align="centre")
    places = tuple(
        (left + columns.index(column) * step, y + 7 + rows.index(row) * step)
        for row, column in kind.data.seats
    )
    for number, place in enumerate(places, 1):
        _seat(sheet, place, step, number, own=False)
    return places, step


def _seat(
    sheet: Sheet | Pen, place: tuple[float, float], step: float, number: int, *, own: bool
) -> None:
    x, y = place
    gap = step * 0.1
    fill, ink = (BLUE, WHITE) if own else (None, GREY)
    sheet.box(x + gap, y + gap, step - 2 * gap, step - 2 * gap, fill=fill, edge=RULE)
    size = step * 0.95
    base = y + step / 2 + size * 0.13
    sheet.text(x + step / 2, base, str(number), size, bold=own, colour=ink, align="centre")
