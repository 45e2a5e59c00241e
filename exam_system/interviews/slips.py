"""The slip of one interview: the signed note as a file, and the same on paper."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from exam_system.context import Context
from exam_system.errors import NotFound
from exam_system.exams.interview_rules import SheetElement
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import RuleSet
from exam_system.interviews import sheets, signing, words
from exam_system.interviews.lookup import dropped_places
from exam_system.interviews.models import Interview, InterviewGroup, InterviewScore, Panel
from exam_system.printing.fonts import register
from exam_system.printing.slip import InterviewSlip, interview_slip_pdf
from exam_system.records.notes import note_bytes
from exam_system.records.paper import anchor
from exam_system.registration.models import Application


def interview_of(ctx: Context, application: Application) -> Interview:
    """The scored interview of an application; raises NotFound before there is one."""
    found = ctx.session.get(Interview, application.id)
    if found is None or found.note_id is None:
        raise NotFound("This candidate has no interview score yet")
    return found


def slip_note(ctx: Context, application: Application) -> bytes:
    """The signed note, as the publisher's key signed it on the spot."""
    return note_bytes(ctx.session, interview_of(ctx, application).note_id or 0)


def slip_pdf(ctx: Context, exam: Exam, post: Post, application: Application) -> bytes:
    """The slip to be read out and signed in the room."""
    interview, rules = interview_of(ctx, application), rules_of(exam)
    panel = ctx.session.scalars(
        select(Panel)
        .join(InterviewGroup, InterviewGroup.panel_id == Panel.id)
        .where(InterviewGroup.id == interview.group_id)
    ).one()
    dropped = tuple(place - 1 for place in dropped_places(interview))
    elements = sheets.elements_of(ctx.session, rules, application.id)
    data = InterviewSlip(
        bureau=ctx.config.bureau,
        exam=exam.name,
        number=str(interview.place),
        post=f"{post.unit} {post.title}（{post.code}）",
        panel=words.PANEL.format(panel=panel.code),
        scores=_scores(ctx, rules, interview, elements),
        dropped_high=dropped[: rules.drop_high],
        dropped_low=dropped[rules.drop_high :],
        rule=_rule(rules, elements),
        result=interview.result,
        anchor=anchor(ctx.session, ctx.config.origin, None),
        at=(interview.shown_at or ctx.clock.now()).astimezone(ctx.config.zone),
        signature=signing.drawn(interview),
    )
    return interview_slip_pdf(data, register(ctx.config.fonts_folder))


def _scores(
    ctx: Context, rules: RuleSet, interview: Interview, elements: Sequence[SheetElement]
) -> tuple[tuple[str, str], ...]:
    parts = sheets.dropped_parts(interview)
    by_element = bool(elements) and rules.interview_trimming == "element"
    return tuple(
        (
            (words.CHIEF if place == 1 else words.INTERVIEWER).format(place=place),
            _given(row, place, parts if by_element else (), bool(elements)),
        )
        for place, row in sheets.rows_of(ctx.session, interview).items()
    )


def _given(row: InterviewScore, place: int, parts: Sequence[Sequence[int]], several: bool) -> str:
    """The score; with elements their marks, those that were dropped in brackets, and the total."""
    if not several:
        return row.score
    marks = [
        words.DROPPED.format(mark=mark) if parts and place in parts[at] else mark
        for at, mark in enumerate(sheets.marks_of(row))
    ]
    return words.SHEET.format(marks="＋".join(marks), total=row.score)


def _rule(rules: RuleSet, elements: Sequence[SheetElement]) -> str:
    if elements:
        named = "、".join(
            words.ELEMENT.format(name=one.name, full=f"{one.full:f}", weight=f"{one.weight:f}")
            for one in elements
        )
        trimmed = words.BY_ELEMENT if rules.interview_trimming == "element" else words.BY_TOTAL
        rule = words.ELEMENTS_RULE
        return rule.format(elements=named) + trimmed.format(
            high=rules.drop_high,
            low=rules.drop_low,
            decimals=rules.decimals,
            rounding=words.ROUNDINGS[rules.rounding],
        )
    return words.RULE.format(
        count=rules.interviewers,
        high=rules.drop_high,
        low=rules.drop_low,
        decimals=rules.decimals,
        rounding=words.ROUNDINGS[rules.rounding],
    )
