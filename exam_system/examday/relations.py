"""Which candidates keep an invigilator out of which room (proctoring.avoidance)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.errors import Invalid
from exam_system.examday.models import Invigilator, Seat
from exam_system.examday.used import Place, plain
from exam_system.exams.models import Exam
from exam_system.registration.models import Application
from proctoring.avoidance import Columns, Declared, Ground, bars, positions

# What is declared is not sorted by law: the column of the table names people, not the relation.
GROUNDS = frozenset({Ground.INTEREST, Ground.EMPLOYER, Ground.SCHOOL})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who applied; `room_id` is None without a seat."""

    label: str
    number: str | None
    name: str
    employer: str
    school: str
    room_id: int | None


@dataclass(frozen=True, slots=True)
class Relations:
    """Everybody who applied for the exam, and by number or name whom an entry means."""

    candidates: Sequence[Candidate]
    called: dict[str, list[Candidate]]

    @classmethod
    def read(cls, session: Session, exam: Exam) -> Relations:
        """From the tables."""
        columns = (Application.label, Application.number, Person.name)
        query = (
            select(*columns, Application.employer, Application.school, Seat.room_id)
            .join(Person, Person.id == Application.person_id)
            .outerjoin(Seat, Seat.application_id == Application.id)
            .where(Application.exam_id == exam.id)
            .order_by(Application.label)
        )
        found = [Candidate(*row) for row in session.execute(query)]
        called: dict[str, list[Candidate]] = {}
        for one in found:
            for word in {one.number or "", plain(one.name)} - {""}:
                called.setdefault(word, []).append(one)
        return cls(found, called)

    def barred(self, some: Sequence[Invigilator], places: Sequence[Place]) -> list[list[int]]:
        """Pairs of positions [person, room]: declared relations, and candidates of their school.

        Raises Invalid for an entry that names nobody who applied for the exam.
        """
        names = {place.room_id: place.name for place in places}
        seated = [one for one in self.candidates if one.room_id in names]
        own = [plain(one.school) for one in some]
        none = [""] * len(some)
        found = bars(
            Columns([one.label for one in some], own, own, none),
            Columns(
                [one.label for one in seated],
                [plain(one.employer) for one in seated],
                [plain(one.school) for one in seated],
                [""] * len(seated),
            ),
            [names[one.room_id] for one in seated if one.room_id is not None],
            self._declared(some, {one.label for one in seated}),
            GROUNDS,
        )
        rooms = [place.name for place in places]
        return positions(found, [one.label for one in some], rooms)

    def _declared(self, some: Sequence[Invigilator], here: set[str]) -> list[Declared]:
        return [
            Declared(one.label, candidate.label, "interest")
            for one in some
            for word in (one.avoids or "").split()
            for candidate in self._meant(one, word)
            if candidate.label in here
        ]

    def _meant(self, one: Invigilator, word: str) -> list[Candidate]:
        found = self.called.get(word) or self.called.get(plain(word))
        if not found:
            raise Invalid(
                "%(who)s declares a relation to %(word)s, but nobody who applied for this exam has "
                "this admission number or name: correct the table and import it again",
                who=f"{one.name} ({one.staff_no})",
                word=word,
            )
        return found
