"""What an interviewer gives: one score, or a sheet of marks for the elements of the post's class.

Both are scored by `scoring.elements`: a single score is a sheet of one element.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.errors import Gathered, Invalid
from exam_system.exams.interview_rules import SheetElement, class_of
from exam_system.exams.models import Post
from exam_system.exams.rules import RuleSet
from exam_system.interviews.models import Interview, InterviewScore, PanelSeat
from exam_system.registration.models import Application
from scoring.elements import Element, Scheme, interview_score, sheet_total
from scoring.elements import InterviewScore as Scored
from scoring.rounding import BadScore, show, to_decimal

DECIMALS = 2
HIGHEST = Decimal(100)
NO_SCORE = "A score is a number from 0 to 100 with at most two decimals, like 85.50"
NO_MARK = (
    "The sheet is not complete: %(name)s needs a number from 0 to %(full)s with at most two "
    "decimals. Nothing was entered"
)
_WHOLE = Element("", "", HIGHEST, Decimal(1))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A complete sheet as it is stored: the total, and the marks (None: one score)."""

    total: str
    marks: str | None


def elements_for(rules: RuleSet, category: str | None) -> tuple[SheetElement, ...]:
    """The elements that posts of a category are interviewed by; none: interviewers give a score."""
    elements = rules.interview_elements
    named = class_of(elements, category)
    return tuple(one for one in elements if one.post_class == named)


def elements_of(session: Session, rules: RuleSet, application_id: int) -> tuple[SheetElement, ...]:
    """The same for the post of an application."""
    if not rules.interview_elements:
        return ()
    query = select(Post.category).join(Application, Application.post_id == Post.id)
    return elements_for(rules, session.scalar(query.where(Application.id == application_id)))


def scheme_of(rules: RuleSet, elements: Sequence[SheetElement]) -> Scheme:
    """How these sheets are scored."""
    named = tuple(Element(one.code, one.name, one.full, one.weight) for one in elements)
    return Scheme(
        elements[0].post_class if elements else "",
        named or (_WHOLE,),
        rules.interviewers,
        rules.interview_trimming if elements else "total",
        rules.drop_high,
        rules.drop_low,
        rules.decimals,
        rules.rounding,
        rules.basis["interview_elements"],
    )


def read_score(text: str) -> str:
    """The score with two decimals ("85" is "85.00"); raises Invalid."""
    value = _two_decimals(text)
    if value is None or Decimal(value) > HIGHEST:
        raise Invalid(NO_SCORE).about("score")
    return value


def read_sheet(
    rules: RuleSet, elements: Sequence[SheetElement], score: str, marks: Mapping[str, str] | None
) -> Sheet:
    """What came from the tablet as it is stored; Invalid names the element that is wrong.

    A sheet is complete or refused: every element has a mark, and nothing else has one.
    """
    if not elements:
        if marks:
            raise Invalid("Interviewers of this exam give one score, not marks for elements")
        return Sheet(read_score(score), None)
    given = marks or {}
    if strangers := sorted(set(given) - {one.code for one in elements}):
        raise Invalid("There is no element %(code)s in this interview", code=strangers[0])
    read, wrong = {}, Gathered()
    for one in elements:
        with wrong.about():
            read[one.code] = _mark(one, given.get(one.code, ""))
    wrong.tell()
    total = sheet_total(
        scheme_of(rules, elements), {code: Decimal(mark) for code, mark in read.items()}
    )
    return Sheet(shown_total(total), " ".join(read.values()))


def _mark(element: SheetElement, text: str) -> str:
    value = _two_decimals(text)
    if value is None or Decimal(value) > element.full:
        raise Invalid(NO_MARK, name=element.name, full=f"{element.full:f}").about(
            f"mark.{element.code}"
        )
    return value


def _two_decimals(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    try:
        return show(to_decimal(unicodedata.normalize("NFKC", text).strip()), DECIMALS)
    except BadScore:
        return None


def shown_total(total: Decimal) -> str:
    """A total with at least two decimals and no more than it needs."""
    for decimals in range(DECIMALS, 6):
        try:
            return show(total, decimals)
        except BadScore:
            continue
    return show(total, 6)


def rows_of(session: Session, interview: Interview) -> dict[int, InterviewScore]:
    """What is in of an interview, by the interviewer's place."""
    query = (
        select(PanelSeat.place, InterviewScore)
        .join(InterviewScore, InterviewScore.panel_seat_id == PanelSeat.id)
        .where(InterviewScore.application_id == interview.application_id)
        .order_by(PanelSeat.place)
        .execution_options(populate_existing=True)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def marks_of(row: InterviewScore) -> tuple[str, ...]:
    """The marks of the elements; for one score, that."""
    return tuple((row.sheet or row.score).split())


def scored(
    rules: RuleSet, elements: Sequence[SheetElement], rows: Sequence[InterviewScore]
) -> Scored:
    """The result of the sheets of all interviewers, in the order of their places."""
    scheme = scheme_of(rules, elements)
    codes = [element.code for element in scheme.elements]
    sheets = [
        {code: Decimal(mark) for code, mark in zip(codes, marks_of(row), strict=True)}
        for row in rows
    ]
    return interview_score(scheme, sheets)


def dropped_text(found: Scored) -> str:
    """The dropped places as Interview.dropped keeps them: "2 3|1 5" for two elements."""
    return "|".join(" ".join(str(at + 1) for at in part.dropped) for part in found.parts)


def dropped_parts(interview: Interview) -> tuple[tuple[int, ...], ...]:
    """The dropped places of every element (of the totals, where these are trimmed)."""
    return tuple(tuple(map(int, part.split())) for part in interview.dropped.split("|"))
