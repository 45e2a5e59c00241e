"""What papers of a site show, and what all of them set alike: the head, and names of any length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam_system.printing.layout import GREY, LEFT, RIGHT, WIDTH, Align, Sheet


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody in the room; `photo` is a JPEG, None leaves the box empty; `form` a letter or ""."""

    seat: int
    number: str
    name: str
    form: str
    photo: bytes | None


@dataclass(frozen=True, slots=True)
class RoomPaper:
    """A room: `seats` (row, column) of all its seats, `left` those that somebody moved away from.

    `watch` names the invigilators, empty before their draw.
    """

    code: str
    name: str
    watch: str
    people: tuple[Sitter, ...]
    seats: tuple[tuple[int, int], ...]
    left: frozenset[int]


@dataclass(frozen=True, slots=True)
class SitePapers:
    """All rooms of a site that are in use, from one version of the plan (`digest` in hex).

    `spare` papers of each form lie in a room's envelope beside those of its people, `reserve` of
    each form in the site's own.
    """

    bureau: str
    exam: str
    site: str
    sessions: tuple[str, ...]
    version: int
    digest: str
    rooms: tuple[RoomPaper, ...]
    at: datetime
    spare: int = 1
    reserve: int = 5


def head(sheet: Sheet, data: SitePapers, title: str, facts: str) -> None:
    """The exam over a title and a line of facts, and when the paper was printed."""
    size, lines = sheet.fit(data.exam, (10, 9, 8, 7), RIGHT - LEFT)
    sheet.text(WIDTH / 2, 27, lines[0], size, colour=GREY, align="centre")
    size, lines = sheet.fit(title, (16, 14, 12, 10, 8), RIGHT - LEFT, bold=True)
    sheet.text(WIDTH / 2, 34.5, lines[0], size, bold=True, align="centre")
    size, lines = sheet.fit(facts, (9.5, 8.5, 7.5, 6.5, 5.5), RIGHT - LEFT)
    sheet.text(WIDTH / 2, 40.5, lines[0], size, align="centre")
    sheet.text(RIGHT, 290, f"{data.at:%Y-%m-%d %H:%M}", 7, colour=GREY, align="right")


def set_name(
    sheet: Sheet,
    x: float,
    y: float,
    name: str,
    sizes: Sequence[float],
    width: float,
    *,
    bold: bool = False,
    align: Align = "left",
) -> None:
    """A name around the height `y`, in two lines if it must be; the longest is cut short, since it
    must not keep a whole site from being printed."""
    for size in sizes:
        lines = sheet.lines(name, size, width, bold=bold)
        if len(lines) <= 2:
            break
    else:
        lines = [lines[0], lines[1][:-1] + "…"]
    first = y + size * 0.13 - (len(lines) - 1) * size * 0.2
    for number, line in enumerate(lines):
        sheet.text(x, first + number * size * 0.4, line, size, bold=bold, align=align)
