"""What lies in and hangs at a room: the sheet to sign, the door list, the map, the labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exam_system.printing import texts
from exam_system.printing.errors import PrintError
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    BLUE,
    GREY,
    INK,
    LEFT,
    PALE,
    RIGHT,
    RULE,
    WIDTH,
    Sheet,
    letterhead,
    page_each,
)
from exam_system.printing.room_models import RoomPaper, SitePapers, Sitter, head, set_name
from exam_system.printing.site_papers import ACROSS, envelopes, labels
from exam_system.printing.site_papers import DOWN as LABELS_DOWN

__all__ = ["KINDS", "RoomPaper", "SitePapers", "Sitter", "room_papers_pdf"]

CARDS, DOWN = 3, 10  # on one page: the thirty of a usual room
CARD_WIDTH, CARD_HEIGHT = (RIGHT - LEFT) / CARDS, 22.6
PHOTO_WIDTH, PHOTO_HEIGHT = 15.0, 19.3
TOP = 46.0
DOOR_ROWS, DOOR_ROOM = 28, 230.0
KINDS = ("sheets", "doors", "maps", "labels", "envelopes")


def room_papers_pdf(data: SitePapers, kinds: Sequence[str], fonts: Fonts) -> bytes:
    """One file: the list of envelopes, then room by room each of the other `kinds` in their order.

    Raises PrintError for a character that cannot be printed, before anything is drawn.
    """
    check_glyphs(data)
    sheet = Sheet(fonts, title=f"{data.exam} {data.site}", author=data.bureau, at=data.at)
    if "envelopes" in kinds:
        envelopes(sheet, data)
    steps = [
        (room, kind, start)
        for room in data.rooms
        for kind in kinds
        if kind in _PAGES
        for start in range(0, len(room.people) or 1, _PAGES[kind][1])
    ]
    if steps and "envelopes" in kinds:
        sheet.next_page()
    page_each(sheet, steps, lambda page, step: _page(page, data, *step))
    return sheet.finish()


def _page(sheet: Sheet, data: SitePapers, room: RoomPaper, kind: str, start: int) -> None:
    title, each, page = _PAGES[kind]
    _head(sheet, data, room, title)
    page(sheet, data, room, room.people[start : start + each])


def _head(sheet: Sheet, data: SitePapers, room: RoomPaper, title: str) -> None:
    letterhead(sheet, data.bureau, texts.PLAN.format(version=data.version, digest=data.digest[:16]))
    where = texts.ROOM_TITLE.format(site=data.site, code=room.code, title=title)
    said = texts.ROOM_FACTS.format(name=room.name, people=len(room.people), watch=room.watch)
    head(sheet, data, where, said)


def _sheets(sheet: Sheet, data: SitePapers, room: RoomPaper, people: Sequence[Sitter]) -> None:
    for place, one in enumerate(people):
        line, column = divmod(place, CARDS)
        _card(sheet, LEFT + column * CARD_WIDTH, TOP + line * CARD_HEIGHT, data, one)
    y = TOP + DOWN * CARD_HEIGHT + 7
    for place, what in enumerate(texts.SIGNED_BY):
        x = LEFT + place * CARD_WIDTH
        sheet.text(x, y, what, 9)
        after = x + sheet.width(what, 9) + 1
        sheet.rule(after, y + 0.8, x + CARD_WIDTH - 4, y + 0.8, colour=INK, weight=0.4)


def _card(sheet: Sheet, x: float, y: float, data: SitePapers, one: Sitter) -> None:
    sheet.box(x, y, CARD_WIDTH, CARD_HEIGHT)
    _photo(sheet, x + 1.4, y + (CARD_HEIGHT - PHOTO_HEIGHT) / 2, one)
    left = x + PHOTO_WIDTH + 3.2
    seat = f"{one.seat:02}{one.form}"
    sheet.text(x + CARD_WIDTH - 1.6, y + 5.4, seat, 13, bold=True, colour=BLUE, align="right")
    wide = CARD_WIDTH - PHOTO_WIDTH - 6 - sheet.width(seat, 13, bold=True)
    set_name(sheet, left, y + 4, one.name, (11, 9, 7.5, 6), wide, bold=True)
    sheet.text(left, y + 9.3, one.number, 8)
    step = (CARD_HEIGHT - 10.5) / max(1, len(data.sessions))
    for number, name in enumerate(data.sessions, 1):
        base = y + 10 + number * step - 0.9
        size, lines = sheet.fit(name, (6, 5, 4), 15)
        sheet.text(left, base, lines[0], size, colour=GREY)
        line = left + sheet.width(lines[0], size) + 0.8
        sheet.rule(line, base + 0.4, x + CARD_WIDTH - 1.6, base + 0.4, colour=GREY, weight=0.3)


def _photo(sheet: Sheet, x: float, y: float, one: Sitter) -> None:
    sheet.box(x, y, PHOTO_WIDTH, PHOTO_HEIGHT, edge=RULE, weight=0.3)
    if one.photo is None:
        middle = x + PHOTO_WIDTH / 2
        sheet.text(middle, y + 10.5, texts.PHOTO.zh, 7, colour=RULE, align="centre")
        return
    try:
        sheet.image(x, y, PHOTO_WIDTH, PHOTO_HEIGHT, one.photo)
    except OSError as error:
        raise PrintError("photo", admission=one.number) from error


def _doors(sheet: Sheet, data: SitePapers, room: RoomPaper, people: Sequence[Sitter]) -> None:
    width, half = (RIGHT - LEFT - 8) / 2, -(-len(people) // 2)
    _door_column(sheet, LEFT, width, people[:half], half)
    if people[half:]:
        _door_column(sheet, LEFT + width + 8, width, people[half:], half)


def _door_column(
    sheet: Sheet, x: float, width: float, rows: Sequence[Sitter], longest: int
) -> None:
    stops, height = (x + 2, x + 17, x + 48), min(13.0, (DOOR_ROOM - 7) / max(1, longest))
    sheet.box(x, TOP, width, 7, fill=BLUE, edge=None)
    for stop, label in zip(stops, (texts.SEAT, texts.ADMISSION, texts.CANDIDATE), strict=True):
        sheet.text(stop, TOP + 5, label.zh, 9, bold=True, colour=PALE)
    for number, one in enumerate(rows):
        y = TOP + 7 + number * height
        if number % 2:
            sheet.box(x, y, width, height, fill=PALE, edge=None)
        base = y + height / 2 + 1.7
        sheet.text(stops[0], base, f"{one.seat:02}", 13, bold=True)
        sheet.text(stops[1], base, one.number, 11)
        set_name(sheet, stops[2], base - 1.2, one.name, (13, 11, 9, 7), x + width - stops[2] - 1)


def _maps(sheet: Sheet, data: SitePapers, room: RoomPaper, people: Sequence[Sitter]) -> None:
    rows = sorted({row for row, _ in room.seats})
    columns = sorted({column for _, column in room.seats})
    width = min((RIGHT - LEFT) / len(columns), 40.0)
    height = min((276 - TOP - 12) / len(rows), 26.0)
    left = (WIDTH - width * len(columns)) / 2
    sheet.box(WIDTH / 2 - 16, TOP, 32, 7, edge=RULE)
    sheet.text(WIDTH / 2, TOP + 5, texts.LECTERN, 10, colour=GREY, align="centre")
    by_seat = {one.seat: one for one in people}
    for seat, (row, column) in enumerate(room.seats, 1):
        x, y = left + columns.index(column) * width, TOP + 12 + rows.index(row) * height
        _desk(sheet, (x, y, width - 1.4, height - 1.4), seat, by_seat.get(seat), room)


def _desk(
    sheet: Sheet,
    box: tuple[float, float, float, float],
    seat: int,
    one: Sitter | None,
    room: RoomPaper,
) -> None:
    x, y, width, height = box
    sheet.box(x, y, width, height, fill=None if one else PALE)
    middle = x + width / 2
    label = f"{seat:02}{one.form if one else ''}"
    sheet.text(middle, y + height * 0.32, label, 12, bold=True, align="centre", colour=BLUE)
    if one is None:
        said = texts.LEFT_EMPTY if seat in room.left else texts.RESERVE_SEAT
        sheet.text(middle, y + height * 0.68, said, 8, colour=GREY, align="centre")
        return
    sizes = (10.0, 8.5, 7.0, 5.5)
    set_name(sheet, middle, y + height * 0.59, one.name, sizes, width - 1, align="centre")
    size, lines = sheet.fit(one.number, (8, 7, 6, 5, 4), width - 1)
    sheet.text(middle, y + height * 0.86, lines[0], size, colour=GREY, align="centre")


_Page = Callable[[Sheet, SitePapers, RoomPaper, Sequence[Sitter]], None]
_PAGES: dict[str, tuple[str, int, _Page]] = {
    "sheets": (texts.SIGN_IN, CARDS * DOWN, _sheets),
    "doors": (texts.DOOR_LIST, 2 * DOOR_ROWS, _doors),
    "maps": (texts.ROOM_MAP, 999, _maps),
    "labels": (texts.DESK_LABELS, ACROSS * LABELS_DOWN, labels),
}
