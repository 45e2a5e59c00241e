"""Which marker gets which script: pure, evenly, and in an order that only the sealed key knows.

It is made while the numbers are sealed, the one moment in which declared relations can be kept:
what is stored afterwards is only who marks which number, and who comes next if one drops out. A
script whose candidate somebody knows looks like any other, because the key breaks all ties and
every script has the same number of reserves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exam_system.exams.marking_rules import PaperQuestion
from exam_system.trust.canonical import sha256_hex

FIRST, SECOND, ARBITER = 1, 2, 3
RESERVES = 2


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
    """One marker's task; `turn` 3 is the arbiter's, if it comes to that; later ones are reserves:
    4 is the first who takes over a task of the others."""

    number: str
    question: str
    turn: int
    marker: int


@dataclass(frozen=True, slots=True)
class _Load:
    """How many tasks of a kind every marker has so far: marks, arbitrations, reserves."""

    marks: Counter[int] = field(default_factory=Counter)
    third: Counter[int] = field(default_factory=Counter)
    reserve: Counter[int] = field(default_factory=Counter)

    def of(self, turn: int) -> Counter[int]:
        return self.reserve if turn > ARBITER else self.third if turn == ARBITER else self.marks


def allot(
    papers: Sequence[Paper], questions: Sequence[PaperQuestion], secret: str
) -> Iterator[Turn]:
    """Every turn of every subjective question, and its reserves; raises TooFew.

    `secret`: the key behind the numbers (hex). Whoever has the fewest tasks of a kind comes first.
    """
    load = _Load()
    for question in (one for one in questions if one.markers):
        own = [paper for paper in papers if paper.subject == question.subject]
        turns = _turns_of(question, own)
        for paper in own:
            yield from _turns(paper, question, turns, load, secret)


def _turns_of(question: PaperQuestion, papers: Sequence[Paper]) -> Sequence[int]:
    """The turns and reserves that every script of a question has."""
    need = (FIRST, SECOND, ARBITER) if question.markers == 2 else (FIRST,)
    spare = min((len(one.markers) for one in papers), default=0) - len(need)
    if papers and spare < 0:
        raise TooFew(question.subject, len(need), spare + len(need))
    return *need, *range(ARBITER + 1, ARBITER + 1 + min(RESERVES, spare))


def _turns(
    paper: Paper, question: PaperQuestion, turns: Sequence[int], load: _Load, secret: str
) -> Iterator[Turn]:
    shift = int(sha256_hex(f"{secret}\n{paper.number}\n{question.code}\n".encode())[:12], 16)
    left = {one: (at + shift) % len(paper.markers) for at, one in enumerate(paper.markers)}
    for turn in turns:
        marker = _least(left, load.of(turn))
        del left[marker]
        load.of(turn)[marker] += 1
        yield Turn(paper.number, question.code, turn, marker)


def _least(left: Mapping[int, int], load: Counter[int]) -> int:
    return min(left, key=lambda one: (load[one], left[one]))
