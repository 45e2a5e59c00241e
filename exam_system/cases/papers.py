"""The service slip: matter, time, person, state and deadline of a case, as a PDF."""

from __future__ import annotations

from exam_system.cases import words
from exam_system.cases.kinds import kind_of
from exam_system.cases.lookup import names_of, written
from exam_system.cases.models import Letter
from exam_system.cases.terms import is_sure
from exam_system.context import Context
from exam_system.exams.models import Exam
from exam_system.printing.decision import Paper, Section, paper_pdf
from exam_system.printing.fonts import register
from exam_system.printing.layout import day as shown_day
from exam_system.records.paper import anchor


def slip_pdf(ctx: Context, letter: Letter) -> bytes:
    """The slip as the case stands now."""
    exam = ctx.session.get(Exam, letter.exam_id) if letter.exam_id else None
    paper = Paper(
        label=words.SLIP,
        bureau=ctx.config.bureau,
        exam=exam.name if exam else ctx.config.bureau,
        number=letter.number,
        to=words.TO.format(name=written(ctx, letter).name),
        sections=_sections(ctx, letter),
        signatures=(),
        anchor=anchor(ctx.session, ctx.config.origin, None),
        at=ctx.clock.now().astimezone(ctx.config.zone),
    )
    return paper_pdf(paper, register(ctx.config.fonts_folder))


def _sections(ctx: Context, letter: Letter) -> tuple[Section, ...]:
    kind, names = kind_of(letter.kind), names_of(ctx.session, (letter.owner_id, letter.deputy_id))
    at = letter.registered_at.astimezone(ctx.config.zone)
    accepts = letter.state == "registered" and kind.clocks.accept is not None
    filled = {
        "number": letter.number,
        "kind": kind.zh,
        "title": written(ctx, letter).title,
        "channel": words.CHANNELS_ZH[letter.channel],
        "at": f"{at:%Y-%m-%d %H:%M}",
        "owner": names[letter.owner_id] or words.NOBODY,
        "deputy": names[letter.deputy_id] or words.NOBODY,
        "state": words.STATES_ZH[letter.state],
        "due": shown_day(letter.due),
        "what": words.ACCEPT if accepts else words.ANSWER,
        "basis": kind.basis,
    }
    term = words.TERM_TEXT if is_sure(ctx.session, letter) else (*words.TERM_TEXT, words.UNSURE)
    parts = ((words.MATTER, words.MATTER_TEXT), (words.STATE, words.STATE_TEXT), (words.TERM, term))
    told = [Section(title, tuple(t.format(**filled) for t in texts)) for title, texts in parts]
    return *told, Section(words.ASKING, (words.ASKING_TEXT,))
