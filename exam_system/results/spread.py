"""How the scores of a published list spread: a picture with the own place marked, and its table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from exam_system.pictures import columns
from exam_system.records.models import Release
from exam_system.results.published import signed_list

FEWEST = 5
"""Of a post with fewer scores the whole list is shown: its rows say more than a picture."""
STEPS = (1, 2, 5, 10, 20, 50, 100)
MOST = 16  # classes in a picture


@dataclass(frozen=True, slots=True)
class Spread:
    """The picture, its classes as rows (from, to, how many), and whether it is of one post."""

    picture: Markup
    rows: list[tuple[int, int, int]]
    post: str


def spread(session: Session, release: Release, post: str = "", own: str = "") -> Spread | None:
    """The spread of a list, or of a post in it; `own` is the score to mark. None without scores."""
    found = signed_list(session, release).scores
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
