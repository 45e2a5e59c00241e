"""A session as the library takes it, and as a file in which nobody is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from exam_system.context import Context
from exam_system.examday.models import Seat
from exam_system.exams.models import Room
from exam_system.forensics.columns import Ids, matrix_of
from exam_system.forensics.models import AnswerPaper
from exam_system.forensics.paper import Paper, Sheets, strip
from exam_system.registration.models import Application
from exam_system.trust.canonical import sha256, sha256_hex
from proctoring.similarity import Sitting
from proctoring.similarity.answers import OMIT
from seating.layouts import positions

HEADER = "code,site,room,answers"
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Seated:
    """The sheets that are compared, in the order of their codes, and where they were written.

    `codes` hide who is who; `answers` (people, items) in the master's options, signs below 0;
    `site` and `room` (people,) number the places in the order in which they come; `seats` are
    row, column in the room, -1 where unknown. `short` sheets with too few answers are left out.
    """

    paper: Paper
    people: Ids
    codes: tuple[str, ...]
    answers: Sheets
    site: Indices
    room: Indices
    seats: Indices
    short: int

    @property
    def sitting(self) -> Sitting:
        """For the library: every sign is an omit there."""
        return Sitting(
            answers=np.maximum(self.answers, OMIT),
            key=self.paper.key,
            options=self.paper.options,
            room=self.room,
            site=self.site,
            seat=self.seats,
            lacking=self.paper.lacking,
        )

    @property
    def file(self) -> bytes:
        """answers.csv: code, numbers of site and room, and the sheet as letters and signs."""
        rows = [
            f"{code},{site},{room},{strip(sheet)}\n"
            for code, site, room, sheet in zip(
                self.codes, self.site, self.room, self.answers, strict=True
            )
        ]
        return f"{HEADER}\n{''.join(rows)}".encode()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of `file`."""
        return sha256_hex(self.file)


def seated(ctx: Context, paper: AnswerPaper, salt: bytes, least: int) -> Seated:
    """The sheets of a session with at least `least` answers, in an order that the salt hides."""
    matrix = matrix_of(ctx, paper)
    enough = (matrix.answers >= 0).sum(axis=1) >= least
    people, answers = matrix.people[enough], matrix.answers[enough]
    hidden = [sha256(salt, int(who).to_bytes(8, "big")) for who in people]
    order = np.array(sorted(range(len(people)), key=hidden.__getitem__), dtype=np.int64)
    people, answers = people[order], answers[order]
    width = max(4, len(str(len(people))))
    codes = tuple(f"P{place:0{width}}" for place in range(1, len(people) + 1))
    site, room, seats = _places(ctx, paper, people)
    short = int((~enough).sum())
    return Seated(Paper.parse(paper.document), people, codes, answers, site, room, seats, short)


def _places(ctx: Context, paper: AnswerPaper, people: Ids) -> tuple[Indices, Indices, Indices]:
    """Site and room numbers by first appearance, and row and column of the seat."""
    rows = {who: (site, room, *at) for who, site, room, at in _seats(ctx, paper)}
    unknown = (-1, -1, -1, -1)
    found = np.array([rows.get(int(who), unknown) for who in people], dtype=np.int64)
    found = found.reshape(-1, 4)
    return _numbered(found[:, 0]), _numbered(found[:, 1]), found[:, 2:]


def _numbered(keys: Indices) -> Indices:
    first: dict[int, int] = {}
    return np.array([first.setdefault(int(key), len(first) + 1) for key in keys], dtype=np.int64)


def _seats(ctx: Context, paper: AnswerPaper) -> list[tuple[int, int, int, tuple[int, int]]]:
    query = (
        select(Seat.application_id, Seat.number, Room)
        .join(Room, Room.id == Seat.room_id)
        .join(Application, Application.id == Seat.application_id)
        .where(Application.exam_id == paper.exam_id)
    )
    maps: dict[int, list[tuple[int, int]]] = {}
    found = []
    for who, number, room in ctx.session.execute(query):
        if room.id not in maps:
            maps[room.id] = positions(room.layout, room.capacity)
        found.append((who, room.site_id, room.id, maps[room.id][number - 1]))
    return found
