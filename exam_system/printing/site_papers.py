"""Labels for the desks of a room, and a site's list of the envelopes with papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from exam_system.printing import texts
from exam_system.printing.layout import (
    BLUE,
    GREY,
    LEFT,
    RIGHT,
    RULE,
    Sheet,
    letterhead,
)
from exam_system.printing.room_models import RoomPaper, SitePapers, Sitter, head, set_name
from exam_system.printing.table import HEAD, Column, draw, pages, set_rows

ACROSS, DOWN = 3, 8
LABEL_WIDTH, LABEL_HEIGHT = (RIGHT - LEFT) / ACROSS, 29.0
TOP = 46.0
LAST = 276.0
SIZE = 8.5
COLUMNS = (
    Column(texts.ENVELOPE_ROOM, 14, "centre"),
    Column(texts.ENVELOPE_NAME, 40),
    Column(texts.ENVELOPE_PEOPLE, 14, "centre"),
    Column(texts.ENVELOPE_PAPERS, 24, "centre"),
    Column(texts.ENVELOPE_SPARE, 20, "centre"),
    Column(texts.ENVELOPE_SUM, 14, "centre"),
    Column(texts.ENVELOPE_OUT, 16, "centre"),
    Column(texts.ENVELOPE_BACK, 12, "centre"),
    Column(texts.ENVELOPE_IN, 16, "centre"),
)


def labels(sheet: Sheet, data: SitePapers, room: RoomPaper, people: Sequence[Sitter]) -> None:
    """A page of labels to cut apart, one for each desk that is taken."""
    for place, one in enumerate(people):
        line, column = divmod(place, ACROSS)
        _label(sheet, LEFT + column * LABEL_WIDTH, TOP + line * LABEL_HEIGHT, data, room, one)


def _label(
    sheet: Sheet, x: float, y: float, data: SitePapers, room: RoomPaper, one: Sitter
) -> None:
    sheet.box(x, y, LABEL_WIDTH, LABEL_HEIGHT, edge=RULE)
    where = texts.LABEL_ROOM.format(code=room.code)
    sheet.text(x + 2.5, y + 5.5, where, 8, colour=GREY)
    size, lines = sheet.fit(data.site, (8, 7, 6, 5, 4), LABEL_WIDTH - 6 - sheet.width(where, 8))
    sheet.text(x + LABEL_WIDTH - 2.5, y + 5.5, lines[0], size, colour=GREY, align="right")
    seat = f"{one.seat:02}{one.form}"
    sheet.text(x + 2.5, y + 19, seat, 30, bold=True, colour=BLUE)
    left = x + 5 + sheet.width(seat, 30, bold=True)
    wide = x + LABEL_WIDTH - 2 - left
    set_name(sheet, left, y + 14, one.name, (14, 12, 10, 8, 6.5), wide, bold=True)
    sheet.text(x + 2.5, y + 25.5, f"{texts.ADMISSION.zh} {one.number}", 9.5)


def envelopes(sheet: Sheet, data: SitePapers) -> None:
    """For each session the envelopes of the site: papers of the room's people, and the spare."""
    for number, subject in enumerate(data.sessions):
        if number:
            sheet.next_page()
        rows = set_rows(sheet, COLUMNS, list(_rows(data)), SIZE)
        room = LAST - TOP - HEAD
        for page, some in enumerate(pages(rows, room, room)):
            if page:
                sheet.next_page()
            _title(sheet, data, subject)
            draw(sheet, TOP, COLUMNS, some, SIZE)


def _title(sheet: Sheet, data: SitePapers, subject: str) -> None:
    letterhead(sheet, data.bureau, texts.PLAN.format(version=data.version, digest=data.digest[:16]))
    title = texts.ENVELOPES_TITLE.format(site=data.site, subject=subject)
    note = texts.ENVELOPES_NOTE.format(spare=data.spare, reserve=data.reserve)
    head(sheet, data, title, note)


def _rows(data: SitePapers) -> list[tuple[str, ...]]:
    """The rooms, then the site's own envelope and the sums."""
    rows, people, total = [], 0, Counter[str]()
    for room in data.rooms:
        forms = Counter(one.form for one in room.people)
        spare = Counter(dict.fromkeys(forms, data.spare))
        rows.append(_row(room.code, room.name, len(room.people), forms, spare))
        people += len(room.people)
        total += forms + spare
    reserve = Counter(dict.fromkeys(total, data.reserve))
    rows.append(_row("", texts.ENVELOPE_SITE, 0, Counter(), reserve))
    every = _said(total + reserve)
    copies = str((total + reserve).total())
    rows.append(("", texts.ENVELOPE_TOTAL, str(people), every, "", copies, "", "", ""))
    return rows


def _row(
    code: str, name: str, people: int, forms: Counter[str], spare: Counter[str]
) -> tuple[str, ...]:
    copies = str((forms + spare).total())
    said = (str(people) if people else "", _said(forms), _said(spare), copies)
    return (code, name, *said, "", "", "")


def _said(forms: Counter[str]) -> str:
    return "  ".join(f"{form} {count}".strip() for form, count in sorted(forms.items()) if count)
