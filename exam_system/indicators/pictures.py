"""Pictures of indicators: one small chart of bars for each, exams or years below one another.

Pure: names and numbers in, SVG out. Each is 320 units wide, so that it fits on a phone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib.colors import HexColor

WIDTH, ROW, LEFT, RIGHT, TOP = 320, 20, 118, 84, 6
MOST = 12
"""So many bars in a picture; the table beside it has them all."""
_BLUE, _RED, _INK, _LINE = (HexColor(f"#{one}") for one in ("0b4a8f", "a4262c", "1c2733", "d7dee6"))
_WIDE = 8  # characters of a Chinese name that fit on the left, 16 of a Latin one
_TITLES = re.compile(r"\s*<(title|desc)>\.\.\.</\1>")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length (None: not known), the number as it is written, whether it is
    one that should not be."""

    name: str
    value: float | None
    shown: str
    bad: bool = False


def picture(bars: Sequence[Bar]) -> str:
    """SVG of the first bars; every bar begins at 0."""
    rows = bars[:MOST]
    drawing = Drawing(WIDTH, TOP * 2 + ROW * len(rows))
    most = max((bar.value or 0 for bar in rows), default=0) or 1
    for place, bar in enumerate(rows, 1):
        _draw(drawing, bar, drawing.height - TOP - ROW * place, most)
    text: str = renderSVG.drawToString(drawing)
    return _TITLES.sub("", text)  # what it says stands beside it, in the reader's language


def _draw(drawing: Drawing, bar: Bar, y: float, most: float) -> None:
    room = WIDTH - LEFT - RIGHT
    drawing.add(String(2, y + 6, _fitted(bar.name), fontSize=11, fillColor=_INK))
    drawing.add(Rect(LEFT, y + 3, room, 13, fillColor=None, strokeColor=_LINE, strokeWidth=0.5))
    long = room * (bar.value or 0) / most
    if long > 0:
        fill = _RED if bar.bad else _BLUE
        drawing.add(Rect(LEFT, y + 3, long, 13, fillColor=fill, strokeColor=None))
    drawing.add(String(LEFT + room + 4, y + 6, bar.shown, fontSize=11, fillColor=_INK))


def _fitted(name: str) -> str:
    most = 17 if name.isascii() else _WIDE + 2
    return name if len(name) <= most else f"{name[: most - 1]}…"
