"""A signed list that is read once: where each of its rows stands, by post and by number.

A signed list never changes, so what was read from it is kept by its digest, and a page reads the
rows that it shows.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.results.rows import Row

LISTS = 6
_ROWS = '"rows":['
_kept: OrderedDict[str, SignedList] = OrderedDict()


@dataclass(frozen=True, slots=True)
class SignedList:
    """The text of list.json, where its rows begin, which of them are of a post or a number, the
    valid scores by post ("" has them all), how many of a post are ranked, and the outcomes."""

    text: str
    starts: array[int]
    of_post: dict[str, array[int]]
    of_number: dict[str, int]
    scores: dict[str, list[float]]
    ranked: Counter[str]
    outcomes: Counter[str]

    def chosen(self, post: str = "", number: str = "") -> Sequence[int]:
        """The rows of one post, or of one admission number, where one is asked for."""
        found: Sequence[int] = range(len(self.starts))
        if post:
            found = self.of_post.get(post, array("q"))
        if number:
            one = self.of_number.get(number)
            found = [one] if one is not None and (not post or one in found) else []
        return found

    def rows(self, places: Sequence[int]) -> list[Row]:
        """The rows at these places."""
        read = json.JSONDecoder().raw_decode
        return [read(self.text, self.starts[place])[0] for place in places]


def signed_list(session: Session, release: Release) -> SignedList:
    """The list of a release, a draft's or a published one."""
    digest = releases.release_digest(session, release)
    found = _kept.get(digest)
    if found is None:
        text = releases.file_data(session, release, "list.json").decode()
        found = _kept[digest] = _read(text)
        while len(_kept) > LISTS:  # other threads read and drop at the same time
            _kept.popitem(last=False)
    return found


def _read(text: str) -> SignedList:
    made = SignedList(
        text,
        array("q"),
        defaultdict(lambda: array("q")),
        {},
        defaultdict(list),
        Counter(),
        Counter(),
    )
    for place, (start, row) in enumerate(_places(text)):
        made.starts.append(start)
        made.of_post[row["post"]].append(place)
        made.of_number[row["admission"]] = place
        made.outcomes[row["outcome"]] += 1
        made.ranked[row["post"]] += row["rank"] is not None
        told = row.get("total") or row["written"]
        if told and row["outcome"] not in ("absent", "void"):
            made.scores[row["post"]].append(float(told))
            made.scores[""].append(float(told))
    return made


def _places(text: str) -> Iterator[tuple[int, Row]]:
    """Each row with the place at which it begins; `text` is canonical (JCS)."""
    read = json.JSONDecoder().raw_decode
    at = text.index(_ROWS) + len(_ROWS)
    while text[at] == "{":
        row, end = read(text, at)
        yield at, row
        at = end + 1  # behind the comma, or the end of the list
