"""Which marker gets which script: pure, in the order of the scripts' numbers, evenly.

It is made while the numbers are sealed, the one moment in which declared relations can be kept:
what is stored afterwards is only who marks which number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exam_system.exams.marking_rules import PaperQuestion

FIRST, SECOND, ARBITER = 1, 2, 3


class TooFew(ValueError):
    """A script has fewer markers than it needs; `subject`, `need` and `there` say of what."""

    def __init__(self, subject: str, need: int, there: int) -> None:
        super().__init__(f"{subject}: {there} of {need} markers")
        self.subject, self.need, self.there = subject, need, there


@dataclass(frozen=True, slots=True)
class Paper:
    """A script: its number, and the markers (ids, in order) who may have it."""

    number: str
    subject: str
    markers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Turn:
    """One marker's task; `turn` 3 is the arbiter's, if it comes to that."""

    number: str
    question: str
    turn: int
    marker: int


def allot(papers: Sequence[Paper], questions: Sequence[PaperQuestion]) -> Iterator[Turn]:
    """Every turn of every subjective question; raises TooFew."""
    for place, paper in enumerate(papers):
        for shift, question in enumerate(q for q in questions if q.subject == paper.subject):
            if question.markers:
                yield from _turns(paper, question, place + shift)


def _turns(paper: Paper, question: PaperQuestion, place: int) -> Iterator[Turn]:
    need, there = (3 if question.markers == 2 else 1), len(paper.markers)
    if there < need:
        raise TooFew(paper.subject, need, there)
    for turn, at in enumerate(_places(place, there)[:need], 1):
        yield Turn(paper.number, question.code, turn, paper.markers[at])


def _places(place: int, count: int) -> list[int]:
    """Three different places: the first in turn, partners changing from round to round."""
    first = place % count
    if count < 3:
        return [first]
    second = (first + 1 + (place // count) % (count - 1)) % count
    third = next(
        at for step in range(1, count) if (at := (second + step) % count) not in (first, second)
    )
    return [first, second, third]
