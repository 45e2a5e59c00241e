"""Sealed lots on paper: the slips that go into the envelopes, and the minutes afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from exam_system.context import Context
from exam_system.exams.models import Exam
from exam_system.interviews.models import Lots
from exam_system.printing.fonts import register
from exam_system.printing.lots import Minutes, Slips, minutes_pdf, slips_pdf
from exam_system.records.paper import anchor
from exam_system.trust.lots import Lot


def slips_of(ctx: Context, exam: Exam, group: str, places: Sequence[int]) -> bytes:
    """The slips; `places` by envelope."""
    data = Slips(
        bureau=ctx.config.bureau,
        exam=exam.name,
        group=group,
        places=tuple(places),
        at=ctx.clock.now().astimezone(ctx.config.zone),
    )
    return slips_pdf(data, register(ctx.config.fonts_folder))


def minutes_of(ctx: Context, exam: Exam, group: str, row: Lots, settled: Sequence[Lot]) -> bytes:
    """The minutes of the session: who picked which envelope, and what was in it."""
    data = Minutes(
        bureau=ctx.config.bureau,
        exam=exam.name,
        group=group,
        attempt=row.number,
        listed=row.list_digest,
        commitment=row.commitment,
        secret=row.secret,
        rows=tuple(
            (str(lot.turn), lot.label, str(lot.envelope), str(lot.place), lot.picked)
            for lot in sorted(settled, key=lambda lot: lot.turn)
        ),
        anchor=anchor(ctx.session, ctx.config.origin, None),
        at=ctx.clock.now().astimezone(ctx.config.zone),
    )
    return minutes_pdf(data, register(ctx.config.fonts_folder))
