"""A screening as a long job: its pieces are kept on the way, and a run that stopped goes on."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, MutableMapping
from time import monotonic

import numpy as np
from sqlalchemy import select

from exam_system.context import SYSTEM
from exam_system.forensics import parameters
from exam_system.forensics.fit import odd_sheets
from exam_system.forensics.lookup import screening_by
from exam_system.forensics.models import Screening, ScreeningPart
from exam_system.forensics.parameters import Parameters
from exam_system.forensics.screening import Part, finish_screening, input_of, keep_part
from exam_system.forensics.sitting import Seated
from exam_system.office import Office
from proctoring.similarity import Progress, search, threads
from proctoring.similarity.work import Result

PAUSE = 10.0  # seconds between two times that pieces are kept


def run_screening(
    parts: Office,
    ref: str,
    *,
    cores: int = 1,
    pause: float = PAUSE,
    tell: Callable[[Progress], None] | None = None,
) -> Screening:
    """Run a frozen screening to its end, or go on with it; every `pause` seconds what is done is
    kept. The result does not depend on where it stopped. Raises Conflict when it is done."""
    given, people, pieces = _inputs(parts, ref)
    shelf = Shelf(parts, ref, pieces, pause)

    def told(step: Progress) -> None:
        shelf.at = step
        if tell is not None:
            tell(step)

    found = search(
        people.sitting,
        budget=given.budget,
        copied=float(given.copied),
        runner=threads(cores),
        progress=told,
        kept=shelf,
    )
    odd = odd_sheets(people)
    ctx = parts.context(SYSTEM, write=True)
    with ctx.session:
        done = finish_screening(ctx, ref=ref, found=found, odd=odd)
        ctx.session.commit()
    parts.seal()
    return done


def _inputs(parts: Office, ref: str) -> tuple[Parameters, Seated, dict[str, Result]]:
    """Parameters, sheets, and the pieces that an earlier run kept."""
    ctx = parts.context(SYSTEM, write=False)
    with ctx.session:
        row, paper, _exam = screening_by(ctx.session, ref)
        query = select(ScreeningPart.name, ScreeningPart.data)
        kept = ctx.session.execute(query.where(ScreeningPart.screening_id == row.id))
        pieces = {name: np.load(io.BytesIO(data), allow_pickle=False) for name, data in kept}
        return parameters.parse(row.parameters), input_of(ctx, row, paper), pieces


class Shelf(MutableMapping[str, Result]):
    """The pieces of a running search; new ones are written to the database now and then."""

    def __init__(self, parts: Office, ref: str, pieces: dict[str, Result], pause: float) -> None:
        self.at = Progress("", 0, 0)
        self._parts, self._ref, self._pieces, self._pause = parts, ref, pieces, pause
        self._new: dict[str, Result] = {}
        self._since = monotonic()

    def __getitem__(self, name: str) -> Result:
        return self._pieces[name]

    def __setitem__(self, name: str, piece: Result) -> None:
        self._pieces[name] = self._new[name] = piece
        if monotonic() - self._since >= self._pause:
            self._keep()

    def __delitem__(self, name: str) -> None:
        del self._pieces[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def _keep(self) -> None:
        part = Part(
            {name: _bytes(piece) for name, piece in self._new.items()},
            self.at.step,
            self.at.done,
            self.at.of,
        )
        ctx = self._parts.context(SYSTEM, write=True)
        with ctx.session:
            keep_part(ctx, ref=self._ref, part=part)
            ctx.session.commit()
        self._new, self._since = {}, monotonic()


def _bytes(piece: Result) -> bytes:
    out = io.BytesIO()
    np.save(out, piece, allow_pickle=False)
    return out.getvalue()
