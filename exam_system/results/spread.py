"""How the scores of a published list spread: a picture with the own place marked, and its table.

A published list never changes, so what was read from it is kept by its digest.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from exam_system.pictures import columns
from exam_system.records import releases
from exam_system.records.models import Release

FEWEST = 5
"""Of a post with fewer scores the whole list is shown: its rows say more than a picture."""
STEPS = (1, 2, 5, 10, 20, 50, 100)
MOST = 16  # classes in a picture
LISTS = 8
_kept: dict[str, Scores] = {}


@dataclass(frozen=True, slots=True)
class Scores:
    """The valid scores of a list by post ("" has them all), and how many of a post are ranked."""

    of: dict[str, list[float]]
    ranked: Counter[str]


@dataclass(frozen=True, slots=True)
class Spread:
    """The picture, its classes as rows (from, to, how many), and whether it is of one post."""

    picture: Markup
    rows: list[tuple[int, int, int]]
    post: str


def scores(session: Session, release: Release) -> Scores:
    """The scores of a published list."""
    digest = releases.release_digest(session, release)
    if digest not in _kept:
        _kept[digest] = _read(json.loads(releases.file_data(session, release, "list.json"))["rows"])
        while len(_kept) > LISTS:
            del _kept[next(iter(_kept))]
    return _kept[digest]


def _read(rows: Sequence[dict[str, Any]]) -> Scores:
    of: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        told = row.get("total") or row["written"]
        if told and row["outcome"] not in ("absent", "void"):
            of[row["post"]].append(float(told))
            of[""].append(float(told))
    return Scores(dict(of), Counter(row["post"] for row in rows if row["rank"] is not None))


def spread(session: Session, release: Release, post: str = "", own: str = "") -> Spread | None:
    """The spread of a list, or of a post in it; `own` is the score to mark. None without scores."""
    found = scores(session, release).of
    post = post if len(found.get(post, ())) >= FEWEST else ""
    values = found.get(post, [])
    if len(values) < FEWEST:
        return None
    step = next((n for n in STEPS if (max(values) - min(values)) / n < MOST - 1), STEPS[-1])
    first, last = (int(edge // step) for edge in (min(values), max(values)))
    counts = Counter(int(value // step) for value in values)
    classes = range(first, last + 1)
    picture = columns(
        [counts[n] for n in classes],
        [str(n * step) for n in classes],
        gettext("How many have which score; the table says the same"),
        int(float(own) // step) - first if own else -1,
    )
    return Spread(picture, [(n * step, (n + 1) * step, counts[n]) for n in classes], post)
