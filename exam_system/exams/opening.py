"""The opening ratio: what becomes of posts with too few paid candidates once registration closed.

The rules are data of the exam: `opening_ratio` (paid candidates to one vacancy), `opening_ratios`
(the same for categories of posts that have another) and `opening_below`. "reduce" cuts the
vacancies to what the candidates carry and cancels a post that carries none (RULES 2.1: 2 vacancies,
5 paid, 3 : 1 → 1; 2 paid → cancelled); "cancel" cancels every post below; "keep" only shows the
ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid
from exam_system.exams import words
from exam_system.exams.changes import TABLES, Notice, prepare_notice
from exam_system.exams.differences import Item
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.exams.search import EVERY, Competition, competition
from exam_system.records.audit import require_whole
from exam_system.records.models import Release
from exam_system.registration.choosing import give_back, window
from exam_system.registration.models import Application
from exam_system.registration.states import move


@dataclass(frozen=True, slots=True)
class Below:
    """A post below the ratio and the vacancies that are left of it; 0 cancels it."""

    row: Competition
    left: int

    def item(self) -> Item:
        """As a line of the notice, with the number of paid candidates."""
        post, paid = self.row.post, str(self.row.paid)
        if self.left:
            return Item("post", post.code, "vacancies", str(post.vacancies), str(self.left), paid)
        return Item("cancelled", post.code, "", str(post.vacancies), "0", paid)


def vacancies_left(vacancies: int, paid: int, ratio: int, rule: str) -> int:
    """The vacancies of a post after the rule: all of them where the ratio is reached."""
    if rule == "keep" or paid >= ratio * vacancies:
        return vacancies
    return paid // ratio if rule == "reduce" else 0


def below(session: Session, exam: Exam) -> list[Below]:
    """The posts that the rule reduces or cancels, by code; counted on those who have paid."""
    rules = rules_of(exam)
    if rules.opening_below == "keep":
        return []
    rows = competition(session, exam, EVERY)
    found = [
        Below(row, vacancies_left(row.post.vacancies, row.paid, rules.opening_of(row.post.category),
                                  rules.opening_below))
        for row in rows
    ]  # fmt: skip
    return [one for one in found if one.left < one.row.post.vacancies]


@verb
def apply_opening_ratio(ctx: Context, *, code: str, choose_until: datetime) -> Release:
    """Prepare the change notice that reduces and cancels the posts below the ratio.

    Until `choose_until` whoever paid for a cancelled post chooses another one. Raises Conflict
    unless registration is closed and some post is below.
    """
    exam = open_exam(ctx.session, code, "closed")
    require_whole(ctx.session, *TABLES, "application", "payment", "fee_order")
    found = below(ctx.session, exam)
    if not found:
        raise Conflict("Every post has enough paid candidates: nothing is reduced or cancelled")
    _require_time(ctx, exam, choose_until)
    items = tuple(one.item() for one in found)
    notice = Notice("opening", items, choose_until=rfc3339(choose_until))
    return prepare_notice(ctx, exam, notice, words.OPENING_REASON)


def _require_time(ctx: Context, exam: Exam, until: datetime) -> None:
    query = select(func.min(ExamSession.starts_at)).where(ExamSession.exam_id == exam.id)
    first = ctx.session.scalars(query).one()
    if until <= ctx.due() or (first is not None and until >= first):
        raise Invalid("Choosing again ends later than now and before the first session").about(
            "until"
        )


def choosing(session: Session, exam: Exam) -> Sequence[Application]:
    """Whoever has not settled on another post yet, or whose choice waits for its review."""
    query = select(Application).where(
        Application.exam_id == exam.id,
        or_(
            Application.state == "choosing",
            Application.state.in_(("submitted", "second")) & Application.chosen_at.is_not(None),
        ),
    )
    return session.scalars(query.order_by(Application.id)).all()


def require_settled(session: Session, exam: Exam) -> None:
    """What the draw of seats begins with: the ratio is applied and nobody is choosing.

    Raises Conflict.
    """
    if found := below(session, exam):
        raise Conflict(
            "%(count)s posts are below the opening ratio, first of all %(code)s: publish the "
            "notice that reduces or cancels them first",
            count=len(found),
            code=found[0].row.post.code,
        )
    if waiting := choosing(session, exam):
        raise Conflict(
            "%(count)s candidates of cancelled posts are still choosing again", count=len(waiting)
        )


@verb
def end_choice(ctx: Context, *, code: str) -> int:
    """After its time: whoever chose no other post is out, and their money is owed back.

    Returns how many. Raises Conflict before the time, and while a choice waits for its review.
    """
    exam = open_exam(ctx.session, code, "closed")
    until = window(ctx.session, exam)
    if until is None or ctx.due() < until:
        raise Conflict("The time for choosing again is not over")
    waiting = choosing(ctx.session, exam)
    if any(application.state in ("submitted", "second") for application in waiting):
        raise Conflict("A choice waits for its review: decide on it first")
    for application in waiting:
        move(application, "withdrawn")
    owed = give_back(ctx, waiting)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", given_up=len(waiting), owed=owed)
    return len(waiting)
