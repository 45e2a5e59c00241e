"""A dry run: how often each label comes where, over seeds that no draw can ever have.

Nothing is written and nothing is used up: the seeds are digests of fixed texts, while a draw's seed
is the digest of a transcript that begins otherwise.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Drawing, Group, Rect, String
from reportlab.lib.colors import Color, HexColor

from exam_system.draws.computing import draw_groups
from exam_system.trust.canonical import sha256_hex

RUNS = 200
SECONDS = 3.0  # after which no further run is begun: large draws get fewer
MOST_ROWS, MOST_COLUMNS = 60, 40  # of a picture that shows every label and every place
_CELL, _LEFT, _TOP, _FOOT = 14, 150, 70, 24
_BAR, _HEIGHT = 26, 180
_BLUE, _INK = HexColor("#0b4a8f"), HexColor("#1c2733")
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One label: how often it got a place at all, and where most often."""

    group: str
    label: str
    placed: int
    different: int
    often: str
    times: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What `runs` dry runs of a manifest gave.

    `counts` by (group, label): how often it came to each slot, or to each place where a group has
    one slot only.
    """

    runs: int
    counts: Mapping[Pair, Counter[str]]
    columns: Mapping[str, tuple[str, ...]]

    def lines(self) -> Iterator[Line]:
        """Every label in the list's order."""
        for (group, label), found in self.counts.items():
            often, times = max(found.items(), key=lambda one: one[1], default=("", 0))
            yield Line(group, label, found.total(), len(found), often, times)

    @property
    def spread(self) -> list[tuple[int, int]]:
        """How many pairs of label and slot (or place) came how often: (times, pairs)."""
        pairs: Counter[int] = Counter()
        for (group, _), found in self.counts.items():
            pairs[0] += len(self.columns[group]) - len(found)
            pairs.update(found.values())
        return sorted((times, count) for times, count in pairs.items() if count)


def rehearse(
    manifest: Mapping[str, Any],
    clock: Callable[[], float] = time.perf_counter,
    tell: Callable[[int, int], None] = lambda _done, _runs: None,
) -> Rehearsal:
    """Draw the manifest RUNS times, fewer when it takes long; raises Invalid when it cannot be.

    Tells after each run how many are done.
    """
    groups = manifest["groups"]
    counts = {(group["id"], label): Counter[str]() for group in groups for label in group["labels"]}
    single = {group["id"] for group in groups if len(group["slots"]) == 1}
    end, runs = clock() + SECONDS, 0
    while runs < RUNS and (runs == 0 or clock() < end):
        drawn = draw_groups(manifest, dry_seed(runs))
        runs += 1
        tell(runs, RUNS)
        for group, where, label in _places(drawn, single):
            counts[group, label][where] += 1
    return Rehearsal(runs, counts, {group["id"]: _columns(group) for group in groups})


def dry_seed(number: int) -> str:
    """A seed for dry runs (hex); no transcript of a draw begins with these words."""
    return sha256_hex(f"dry run {number}, not a draw".encode())


def _places(drawn: list[dict[str, Any]], single: set[str]) -> Iterator[tuple[str, str, str]]:
    for group in drawn:
        name = group["id"]
        for slot in group["slots"]:
            for place, label in enumerate(slot["labels"], 1):
                yield name, str(place) if name in single else slot["id"], label


def _columns(group: Mapping[str, Any]) -> tuple[str, ...]:
    slots = group["slots"]
    if len(slots) > 1:
        return tuple(slot["id"] for slot in slots)
    last = sum(min(slot["capacity"], len(group["labels"])) for slot in slots)
    return tuple(str(place) for place in range(1, last + 1))


def is_small(found: Rehearsal) -> bool:
    """Whether a picture can show every label against every slot."""
    return len(found.counts) <= MOST_ROWS and _wide(found) <= MOST_COLUMNS


def _wide(found: Rehearsal) -> int:
    return max((len(columns) for columns in found.columns.values()), default=0)


def picture(found: Rehearsal) -> str:
    """SVG: every label against every slot where there are few, else how the counts spread."""
    drawing = _table(found) if is_small(found) else _bars(found.spread)
    text: str = renderSVG.drawToString(drawing)
    return text


def _table(found: Rehearsal) -> Drawing:
    height = _TOP + _CELL * len(found.counts)
    drawing = Drawing(_LEFT + _CELL * _wide(found) + 10, height)
    most = max((max(one.values(), default=0) for one in found.counts.values()), default=0)
    head = max(found.columns.values(), key=len)
    for column, name in enumerate(head if len(found.columns) == 1 else ()):
        upright = (0, 1, -1, 0, _LEFT + _CELL * column + 10, height - _TOP + 4)
        text = String(0, 0, name[:14], fontSize=7, fillColor=_INK)
        drawing.add(Group(text, transform=upright))
    for row, ((group, label), counts) in enumerate(found.counts.items(), 1):
        y = height - _TOP - _CELL * row
        drawing.add(String(4, y + 3, label[:24], fontSize=8, fillColor=_INK))
        for column, name in enumerate(found.columns[group]):
            x, fill = _LEFT + _CELL * column, _shade(counts[name] / max(most, 1))
            drawing.add(Rect(x, y, _CELL - 1, _CELL - 1, fillColor=fill, strokeWidth=0))
    return drawing


def _bars(spread: list[tuple[int, int]]) -> Drawing:
    drawing = Drawing(40 + _BAR * len(spread), _HEIGHT + _FOOT + 20)
    most = max(count for _, count in spread)
    for place, (times, count) in enumerate(spread):
        x, tall = 20 + _BAR * place, _HEIGHT * count / most
        drawing.add(Rect(x, _FOOT, _BAR - 4, tall, fillColor=_BLUE, strokeWidth=0))
        middle = x + (_BAR - 4) / 2
        for y, text in ((8, str(times)), (_FOOT + tall + 4, str(count))):
            drawing.add(String(middle, y, text, fontSize=7, fillColor=_INK, textAnchor="middle"))
    return drawing


def _shade(share: float) -> Color:
    """White to blue."""
    return Color(1 - 0.957 * share, 1 - 0.71 * share, 1 - 0.439 * share)
