"""Reads what is happening in an exam: what is on, which draw is next, the last acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.access import VERBS
from exam_system.choosing.lookup import held
from exam_system.choosing.models import ChoiceSession
from exam_system.draws.asking import KIND_NAMES
from exam_system.draws.lookup import attempts_of
from exam_system.draws.models import Attempt, Draw
from exam_system.draws.pages import stamp_of
from exam_system.draws.recipes import KINDS, RECIPES
from exam_system.exams import figures
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.interviews.listing import overview
from exam_system.interviews.models import Interview, InterviewGroup, Panel
from exam_system.notices.disclosures import everything
from exam_system.observing.dates import dates_of, planned_draws
from exam_system.observing.shown import ActLine, ChoiceLine, DrawLine, Live, NextDraw, PanelLine
from exam_system.observing.timeline import Entry, entries
from exam_system.records.models import Act, Leaf, Release

FAMILIES = ("draws", "results")
"""Features of which every act is told one by one."""
SINGLE = (
    "exams.publish_announcement", "exams.publish_change", "exams.close_registration",
    "exams.apply_opening_ratio", "exams.publish_figures", "examday.publish_withdrawn",
    "examday.print_tickets", "custody.publish_statement", "marking.seal_numbers",
    "marking.close_marking", "marking.import_written_scores", "marking.correct_written_scores",
    "marking.correct_mark", "marking.correct_key", "forensics.freeze_screening",
    "forensics.publish_figures", "interviews.create_panels", "interviews.open_panel",
    "interviews.close_panel", "interviews.correct_score", "interviews.open_lots",
    "interviews.publish_lots", "appointing.begin_stage", "appointing.start_notice",
    "appointing.close_notice", "appointing.appoint", "notices.publish_notice",
    "notices.close_exam", "observing.invite_observers", "observing.withdraw_observer",
    "observing.plan_dates", "approvals.approve", "approvals.refuse",
)  # fmt: skip
"""Further acts that are; what happens by the thousand (registration, fees, marks) is counted."""
_NEVER = ("results.give_codes", "results.renew_code", "results.look_at_draft")
TOLD = tuple(
    sorted({kind for kind in VERBS if kind.partition(".")[0] in FAMILIES} - {*_NEVER} | {*SINGLE})
)
ABOUT = ("draw", "release", "notice")
"""What an act may be about where that is said."""
LAST = 12
SHOWN = timedelta(minutes=15)  # a draw stays on the screen after its publication


def live_of(session: Session, exam: Exam, now: datetime, zone: ZoneInfo) -> Live:
    """What everybody may see of an announced exam at this moment."""
    rules = rules_of(exam)
    lines = draw_lines(session, exam)
    show = _on_show(lines, now)
    return Live(
        exam.code,
        exam.name,
        exam.name_en,
        exam.state,
        tuple(timeline_of(session, exam, rules, now, zone)),
        _next_draw(session, exam, rules, lines),
        tuple(last_acts(session, exam, LAST)),
        tuple(_counts(session, exam, rules, now)),
        tuple(one for one in panel_lines(session, exam) if one.state == "open"),
        tuple(choice_lines(session, exam)),
        show,
        stamp_of(session, show.code, show.number) if show else "",
    )


def timeline_of(
    session: Session, exam: Exam, rules: RuleSet, now: datetime, zone: ZoneInfo
) -> list[Entry]:
    """Every date of an exam as it stands now."""
    return entries(dates_of(session, exam, rules, everything(session, exam), zone), now)


def draw_lines(session: Session, exam: Exam) -> list[DrawLine]:
    """Every attempt of every draw, oldest draw first."""
    return [
        DrawLine(
            *(KIND_NAMES[draw.kind], draw.code, one.number, one.state),
            *(one.frozen_at, one.published_at),
        )
        for draw, attempts in attempts_of(session, exam)
        for one in attempts
    ]


def _going_on(line: DrawLine) -> bool:
    return line.state not in ("published", "void")


def _on_show(lines: Sequence[DrawLine], now: datetime) -> DrawLine | None:
    """The ceremony that began last of those under way, else the one that has just ended."""
    going = [one for one in lines if _going_on(one)]
    if going:
        return max(going, key=lambda one: one.frozen_at)
    ended = [one for one in lines if one.published_at and now < one.published_at + SHOWN]
    return max(ended, key=lambda one: one.published_at or now, default=None)


def _next_draw(
    session: Session, exam: Exam, rules: RuleSet, lines: Sequence[DrawLine]
) -> NextDraw | None:
    """The one under way; else the one planned first; else the next in the order of an exam."""
    for line in lines:
        if _going_on(line):
            return NextDraw(line.what, None, line)
    done = _published(session, exam)
    hours = {kind: at for kind, at in planned_draws(session, exam).items() if kind not in done}
    if hours:
        kind = min(hours, key=lambda one: hours[one])
        return NextDraw(KIND_NAMES[kind], hours[kind], None)
    if exam.state in ("draft", "final"):
        return None
    after = max((KINDS.index(kind) for kind in done), default=-1)
    for kind in KINDS[after + 1 :]:
        if kind in RECIPES and RECIPES[kind].asked(rules):
            return NextDraw(KIND_NAMES[kind], None, None)
    return None


def _published(session: Session, exam: Exam) -> set[str]:
    query = (
        select(Draw.kind)
        .join(Attempt, Attempt.draw_id == Draw.id)
        .where(Draw.exam_id == exam.id, Attempt.state == "published")
    )
    return set(session.scalars(query))


def last_acts(session: Session, exam: Exam, limit: int) -> list[ActLine]:
    """The newest acts of an exam that are told one by one, newest first."""
    query = (
        select(Leaf.position, Act.at, Act.kind, Act.subject)
        .outerjoin(Leaf, Leaf.act_id == Act.id)
        .where(Act.exam == exam.code, Act.kind.in_(TOLD))
        .order_by(Act.id.desc())
        .limit(limit)
    )
    return [
        ActLine(position, at, VERBS[kind].said, _about(subject))
        for position, at, kind, subject in session.execute(query)
    ]


def _about(subject: str) -> str:
    return subject if subject.partition(":")[0] in ABOUT else ""


def panel_lines(session: Session, exam: Exam) -> list[PanelLine]:
    """Every panel with how far it is."""
    called = (
        select(Panel.code, Interview.place)
        .join(InterviewGroup, InterviewGroup.panel_id == Panel.id)
        .join(Interview, Interview.group_id == InterviewGroup.id)
        .where(Panel.exam_id == exam.id, Interview.state == "called")
    )
    places = {row[0]: row[1] for row in session.execute(called)}
    return [
        PanelLine(one.code, one.state, one.candidates, one.heard, places.get(one.code))
        for one in overview(session, exam)
    ]


def choice_lines(session: Session, exam: Exam) -> list[ChoiceLine]:
    """Every open session of post choice with how far it is."""
    query = select(ChoiceSession).where(
        ChoiceSession.exam_id == exam.id, ChoiceSession.state == "open"
    )
    found = []
    for row in session.scalars(query.order_by(ChoiceSession.id)):
        one = held(session, row)
        state = one.state
        left = sum(state.places.values())
        found.append(ChoiceLine(one.post.code, row.ref, state.turn, len(state.order), left))
    return found


def _counts(session: Session, exam: Exam, rules: RuleSet, now: datetime) -> list[tuple[str, int]]:
    """The figures of the exam's own page, by message id; of applicants after the closing only."""
    posts, vacancies = figures.vacancies(session, [exam]).get(exam.id, (0, 0))
    found = [("posts", posts), ("vacancies", vacancies)]
    if now >= rules.registration_closes:
        states = figures.applications(session, exam)
        left = states.get("withdrawn", 0) + states.get("draft", 0)
        found.append(("applicants", sum(states.values()) - left))
        found.append(("taking part", states.get("paid", 0)))
    draws = select(func.count(Attempt.id)).join(Draw, Draw.id == Attempt.draw_id)
    drawn = draws.where(Draw.exam_id == exam.id, Attempt.state == "published")
    listed = select(func.count(Release.id)).where(
        Release.exam_id == exam.id, Release.state == "published"
    )
    found.append(("draws published", session.scalar(drawn) or 0))
    found.append(("releases published", session.scalar(listed) or 0))
    return found
