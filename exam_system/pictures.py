"""Pictures for pages: bars, a distribution with one place marked, a line that grows.

Pure: names and numbers in, SVG out, drawn by reportlab. A page's colours follow light and dark, so
a picture has classes in place of colours; inline styles, which pages forbid, go with them. What a
picture says stands beside it as a table, and in words in the `label` that a reader hears.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape
from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Circle, Drawing, Line, Rect, String
from reportlab.lib.colors import Color

WIDTH, ROW, LEFT, RIGHT, TOP = 320, 20, 118, 84, 6
HIGH, FOOT, HEAD, SIDE = 110, 18, 16, 12  # of upright pictures
MOST = 12
"""So many bars in a picture; the table beside it has them all."""
_WIDE = 8  # characters of a Chinese name that fit on the left, 16 of a Latin one
_SIZE = 11
# A colour is a stand-in for a class of the stylesheet: reportlab writes it in percent.
_NAMES = ("ink", "muted", "brand", "soft", "line", "red")
INK, MUTED, BRAND, SOFT, LINE, RED = (Color(n / 100, 0, 0) for n in range(1, len(_NAMES) + 1))
_CLASS = {f"rgb({n}%,0%,0%)": name for n, name in enumerate(_NAMES, 1)}
_KEPT = {"font-size", "stroke-width", "stroke-dasharray", "text-anchor"}
_STYLE = re.compile(r' style="([^"]*)"')
_BODY = re.compile(r"</clipPath>\s*<g [^>]*style=[^>]*>(.*)</g>\s*</svg>", re.DOTALL)
_BLANK = re.compile(r">\s+<")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length (None: not known), the number as it is written, whether it is
    one that should not be."""

    name: str
    value: float | None
    shown: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a growing line: when in words, how high, and how many stand behind it."""

    name: str
    value: int
    weight: int = 0


def bars(rows: Sequence[Bar], label: str) -> Markup:
    """The first rows as bars that all begin at 0."""
    rows = rows[:MOST]
    drawing = Drawing(WIDTH, TOP * 2 + ROW * len(rows))
    most = max((row.value or 0 for row in rows), default=0) or 1
    for place, row in enumerate(rows, 1):
        _bar(drawing, row, drawing.height - TOP - ROW * place, most)
    return _inline(drawing, label)


def columns(counts: Sequence[int], names: Sequence[str], label: str, own: int = -1) -> Markup:
    """A distribution: how many fall in each class; the class `own` has ▼ and another colour,
    and its name and number always stand there. Names are digits; of many every second or third
    stands."""
    drawing = Drawing(WIDTH, HIGH + FOOT + HEAD)
    wide = (WIDTH - 2 * SIDE) / max(len(counts), 1)
    every = -(-len(counts) // 8)
    most = max(counts, default=0) or 1
    for n, (count, name) in enumerate(zip(counts, names, strict=True)):
        x, high = SIDE + n * wide, HIGH * count / most
        fill = RED if n == own else BRAND
        drawing.add(Rect(x + 1, FOOT, wide - 2, high, fillColor=fill, strokeColor=None))
        if count and (n == own or len(counts) <= MOST):
            said = f"▼ {count}" if n == own else str(count)
            drawing.add(_word(x + wide / 2, FOOT + high + 3, said, "middle"))
        if n % every == 0 or n == own:
            drawing.add(_word(x + wide / 2, 4, name, "middle"))
    drawing.add(Line(SIDE, FOOT, WIDTH - SIDE, FOOT, strokeColor=LINE, strokeWidth=1))
    return _inline(drawing, label)


def growth(points: Sequence[Point], label: str) -> Markup:
    """A line through the points, evenly spaced; a dot is larger where more stand behind it."""
    drawing = Drawing(WIDTH, HIGH + FOOT + HEAD)
    most = max((point.value for point in points), default=0) or 1
    step = (WIDTH - 2 * SIDE) / max(len(points) - 1, 1)
    at = [(SIDE + n * step, FOOT + HIGH * one.value / most) for n, one in enumerate(points)]
    for (x0, y0), (x1, y1) in pairwise(at):
        drawing.add(Line(x0, y0, x1, y1, strokeColor=BRAND, strokeWidth=2))
    for (x, y), point in zip(at, points, strict=True):
        fill = BRAND if point.weight else RED
        drawing.add(Circle(x, y, 2 + point.weight, fillColor=fill, strokeColor=None))
    for point, (x, y), side in ((points[0], at[0], "start"), (points[-1], at[-1], "end")):
        drawing.add(_word(x, y + 6, str(point.value), side))
        drawing.add(_word(x, 4, point.name, side))
    drawing.add(Line(SIDE, FOOT, WIDTH - SIDE, FOOT, strokeColor=LINE, strokeWidth=1))
    return _inline(drawing, label)


def _bar(drawing: Drawing, row: Bar, y: float, most: float) -> None:
    room = WIDTH - LEFT - RIGHT
    drawing.add(_word(2, y + 6, _fitted(row.name)))
    drawing.add(Rect(LEFT, y + 3, room, 13, fillColor=None, strokeColor=LINE, strokeWidth=0.5))
    long = room * (row.value or 0) / most
    if long > 0:
        fill = RED if row.bad else BRAND
        drawing.add(Rect(LEFT, y + 3, long, 13, fillColor=fill, strokeColor=None))
    drawing.add(_word(LEFT + room + 4, y + 6, row.shown))


def _word(x: float, y: float, text: str, anchor: str = "start") -> String:
    return String(x, y, text, fontSize=_SIZE, fillColor=INK, textAnchor=anchor)


def _fitted(name: str) -> str:
    most = 17 if name.isascii() else _WIDE + 2
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _inline(drawing: Drawing, label: str) -> Markup:
    found = _BODY.search(renderSVG.drawToString(drawing))
    flipped = f'<g transform="scale(1,-1) translate(0,-{drawing.height:g})">'
    body = flipped + _STYLE.sub(_classed, _BLANK.sub("><", found[1])) + "</g>" if found else ""
    size = f'viewBox="0 0 {drawing.width:g} {drawing.height:g}"'
    said = escape(label)  # the words in the body are escaped by reportlab
    return Markup(f'<svg class="drawn" {size} role="img" aria-label="{said}">{body}</svg>')


def _classed(style: re.Match[str]) -> str:
    told = [one.split(":", 1) for one in style[1].split(";") if ":" in one]
    pairs = [(name.strip(), value.strip()) for name, value in told]
    names = [f"{name}-{_CLASS[value]}" for name, value in pairs if value in _CLASS]
    kept = [f' {name}="{value}"' for name, value in pairs if name in _KEPT]
    none = [f' {name}="none"' for name, value in pairs if value == "none"]
    return (f' class="{" ".join(names)}"' if names else "") + "".join(kept + none)
