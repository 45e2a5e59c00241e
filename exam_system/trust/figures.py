"""The figures of one day: how many have applied for each post of an exam, never who.

`<origin>/figures/v1`, `exam …`, `day 2026-03-20`, `at <RFC 3339, when they were counted>`,
`counted approved|paid` (what the opening ratio is compared with: whoever was approved as long as
payment is open, whoever has paid afterwards), `total <posts> <vacancies> <applied> <approved>
<paid>`, `idle <posts that nobody applied for>`, `below <posts below their opening ratio>`, and for
each post in the order of the codes `post <code> <vacancies> <opening ratio> <applied> <approved>
<paid>`. Whoever is approved has applied, whoever has paid is approved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, fields, lines, number
from exam_system.trust.errors import Malformed

HEADER_TAIL = "/figures/v1"
COUNTED = ("approved", "paid")
_KEYS = ["exam", "day", "at", "counted", "total", "idle", "below"]
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_CODE = re.compile("[0-9A-Za-z-]{1,32}")


@dataclass(frozen=True, slots=True)
class PostFigures:
    """One post: `ratio` is its opening ratio, candidates to one vacancy."""

    code: str
    vacancies: int
    ratio: int
    applied: int
    approved: int
    paid: int

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code) or self.vacancies < 1 or self.ratio < 1:
            raise Malformed(f"The line of the post {self.code!r} cannot be.")
        if not self.applied >= self.approved >= self.paid >= 0:
            raise Malformed(f"The post {self.code} has more approved than applied, or paid.")

    def is_below(self, counted: str) -> bool:
        """Whether those who count are too few for the vacancies."""
        return (self.approved if counted == "approved" else self.paid) < self.ratio * self.vacancies

    @property
    def line(self) -> str:
        """Its line."""
        numbers = (self.vacancies, self.ratio, self.applied, self.approved, self.paid)
        return f"post {self.code} {' '.join(map(str, numbers))}\n"


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over all posts, and how many posts are idle or below the ratio."""

    posts: int
    vacancies: int
    applied: int
    approved: int
    paid: int
    idle: int
    below: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a day. `totals` are what the text says; `add_up` counts them again."""

    origin: str
    exam: str
    day: str
    at: str
    counted: str
    posts: tuple[PostFigures, ...]
    totals: Totals

    def __post_init__(self) -> None:
        for label in (self.origin, self.exam):
            clean_label(label)
        if not _DAY.fullmatch(self.day) or not _AT.fullmatch(self.at):
            raise Malformed("The day or the time of the figures is not one.")
        if self.counted not in COUNTED:
            raise Malformed(f"Counted are {' or '.join(COUNTED)}.")
        codes = [post.code for post in self.posts]
        if not codes or codes != sorted(set(codes)):
            raise Malformed("The posts are listed once each, by code.")

    @property
    def text(self) -> str:
        """What the publisher signs."""
        said = self.totals
        sums = (said.posts, said.vacancies, said.applied, said.approved, said.paid)
        rows = [
            f"{self.origin}{HEADER_TAIL}\n",
            f"exam {self.exam}\nday {self.day}\nat {self.at}\ncounted {self.counted}\n",
            f"total {' '.join(map(str, sums))}\nidle {said.idle}\nbelow {said.below}\n",
        ]
        return "".join([*rows, *(post.line for post in self.posts)])


def add_up(posts: Sequence[PostFigures], counted: str) -> Totals:
    """The totals of these posts."""
    return Totals(
        len(posts),
        sum(post.vacancies for post in posts),
        sum(post.applied for post in posts),
        sum(post.approved for post in posts),
        sum(post.paid for post in posts),
        sum(not post.applied for post in posts),
        sum(post.is_below(counted) for post in posts),
    )


def parse(text: str) -> Figures:
    """Read the text of opened figures; raises Malformed. The totals are not added up here."""
    header, *rows = lines(text)
    pairs = fields(rows)
    head, rest = pairs[: len(_KEYS)], pairs[len(_KEYS) :]
    if not header.endswith(HEADER_TAIL) or [key for key, _ in head] != _KEYS:
        raise Malformed(f"Figures are <origin>{HEADER_TAIL} and the lines {', '.join(_KEYS)}.")
    if any(key != "post" for key, _ in rest):
        raise Malformed("After the totals there are only lines of posts.")
    exam, day, at, counted, total, idle, below = (value for _, value in head)
    return Figures(
        header.removesuffix(HEADER_TAIL),
        exam,
        day,
        at,
        counted,
        tuple(_post(value) for _, value in rest),
        Totals(*[*_numbers(total, 5), number(idle), number(below)]),
    )


def _post(value: str) -> PostFigures:
    code, _, numbers = value.partition(" ")
    return PostFigures(code, *_numbers(numbers, 5))


def _numbers(text: str, count: int) -> list[int]:
    found = [number(part) for part in text.split(" ")]
    if len(found) != count:
        raise Malformed(f"{text[:80]!r} is not {count} numbers.")
    return found
