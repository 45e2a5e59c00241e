"""The homes of those who work at a desk: reviewers, takers of scores, markers, the outside."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import and_, func, select

from exam_system.context import Context
from exam_system.duties.pledges import signed_by_role
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.forensics.lookup import cases_of, screenings_of
from exam_system.forensics.models import Expert, ExpertOpinion
from exam_system.homes.parts import (
    Block,
    Home,
    Task,
    acts_of,
    count_acts,
    midnight,
    name,
    own_approvals,
    together,
)
from exam_system.marking.blind import seal_of
from exam_system.marking.blind_models import Marker, Script, ScriptMark, TypedTable
from exam_system.marking.desk import piles_of
from exam_system.marking.models import WrittenMark
from exam_system.marking.service import WRITTEN_STATES
from exam_system.observing.lookup import invitations_of, remarks_of
from exam_system.registration.models import Application, ReviewerAbsence
from exam_system.registration.reviewing import today
from exam_system.registration.states import WAITING


def reviewer(ctx: Context) -> Home:
    """Cases by exam with their last day, second reviews, own decisions that wait for a second."""
    me = ctx.actor.account_id
    second = Application.state == "second"
    mine = select(func.count()).where(second, Application.proposed_by == me)
    own = ctx.session.scalars(mine).one()
    others = ctx.session.scalars(
        select(func.count()).where(second, Application.proposed_by != me)
    ).one()
    seconds = url_for("registration.queue", show="second")
    tasks = [*_cases(ctx)]
    if others:
        note = _("decisions of colleagues: %(n)s", n=others)
        tasks.append(Task(_("Second reviews"), seconds, note=note, state=_("to be done")))
    what = _("decisions of mine: %(n)s", n=own)
    blocks = [Block(what, _("a second reviewer"), seconds)] if own else []
    decided = acts_of(ctx, ("registration.decide_application",))
    confirmed = acts_of(ctx, ("registration.confirm_decision", "registration.return_decision"))
    done = [(decided, _("first decisions")), (confirmed, _("second reviews"))]
    return Home(tasks, [*_away(ctx), *blocks], done)


def _cases(ctx: Context) -> Iterator[Task]:
    me, day = ctx.actor.account_id, today(ctx)
    submitted = Application.state == "submitted"
    mine = and_(submitted, Application.owner_id == me)
    query = (
        select(
            Exam,
            func.count().filter(mine),
            func.min(Application.review_due).filter(mine),
            func.count().filter(and_(mine, Application.review_due < day)),
            func.count(),
        )
        .join(Application, Application.exam_id == Exam.id)
        .where(Application.state.in_(WAITING), submitted)
        .group_by(Exam.id)
        .order_by(Exam.id)
    )
    for exam, own, due, late, every in ctx.session.execute(query):
        whose = "mine" if own else None
        yield Task(
            _("Applications to review"),
            url_for("registration.queue", exam=exam.code, whose=whose),
            exam,
            due=due,
            note=_("%(own)s are mine, %(all)s wait altogether", own=own, all=every),
            state=_("late") if late else _("to be done"),
            tone="bad" if late else "wait",
        )


def _away(ctx: Context) -> Iterator[Block]:
    """An own absence, during which no cases are given."""
    query = select(ReviewerAbsence).where(
        ReviewerAbsence.account_id == ctx.actor.account_id, ReviewerAbsence.ends >= today(ctx)
    )
    for one in ctx.session.scalars(query.order_by(ReviewerAbsence.begins)):
        said = _("you are away from %(begins)s to %(ends)s", begins=one.begins, ends=one.ends)
        yield Block(_("New cases"), said, url_for("registration.queue"))


def marker(ctx: Context) -> Home:
    """Tables of marks to take in or to type a second time, case files, approvals asked for."""
    return together(_tables(ctx), Home([*_files(ctx)]), own_approvals(ctx))


def _tables(ctx: Context) -> Home:
    marked = (
        select(WrittenMark.id)
        .join(Application, Application.id == WrittenMark.application_id)
        .where(Application.exam_id == Exam.id)
        .exists()
    )
    query = (
        select(Exam, TypedTable.account_id, marked)
        .outerjoin(TypedTable, TypedTable.exam_id == Exam.id)
        .where(Exam.state.in_(WRITTEN_STATES[:2]))
        .order_by(Exam.id.desc())
    )
    tasks, blocks = [], []
    for exam, typist, taken in ctx.session.execute(query):
        url, due = url_for("marking.scores", code=exam.code), rules_of(exam).marking_closes
        if typist == ctx.actor.account_id:
            what = _("Marks of %(exam)s", exam=name(exam))
            blocks.append(Block(what, _("somebody else types them a second time"), url))
            continue
        state = _("marks are in") if taken else _("to be done")
        what = _("Type the marks a second time") if typist else _("Take the written marks in")
        tone = "good" if taken and not typist else "wait"
        tasks.append(Task(what, url, exam, due=due, state=state, tone=tone))
    return Home(tasks, blocks)


def _files(ctx: Context) -> Iterator[Task]:
    """Case files on identical answers of which the expert has said nothing yet, and the others."""
    query = select(Exam, Expert).join(Expert, Expert.exam_id == Exam.id)
    mine = query.where(Expert.account_id == ctx.actor.account_id).order_by(Exam.id.desc())
    for exam, expert in ctx.session.execute(mine):
        given = select(ExpertOpinion.case_id).where(ExpertOpinion.expert_id == expert.id)
        known = set(ctx.session.scalars(given))
        for screening, _paper in screenings_of(ctx.session, exam):
            for case in cases_of(ctx.session, screening):
                tone = "good" if case.id in known or case.state != "open" else "wait"
                state = _("decided") if tone == "good" else _("your opinion is missing")
                url = url_for("experts.case", ref=case.ref)
                yield Task(_("Case file on identical answers"), url, exam, state=state, tone=tone)


def grader(ctx: Context) -> Home:
    """Scripts by question until marking closes; what has not been sealed or counted in yet."""
    tasks = []
    exams = {exam.code: exam for exam, _own in _marked_exams(ctx)}
    for one in piles_of(ctx.session, ctx.actor.account_id):
        exam = exams[one.exam]
        closed, rest = one.closed, one.waiting
        state = _("Marking is closed") if closed else _("to be marked") if rest else _("all marked")
        url = url_for("grading.sheet", code=one.exam, question=one.question)
        tasks.append(
            Task(
                one.name,
                url_for("grading.desk") if closed else url,
                exam,
                due=rules_of(exam).marking_closes,
                note=_("%(waiting)s wait, %(given)s are marked", waiting=rest, given=one.given),
                state=state,
                tone="wait" if rest and not closed else "good",
            )
        )
    given = acts_of(ctx, ("marking.save_marks",))
    return Home(tasks, [*_unsealed(ctx)], [(given, _("pages of marks saved"))])


def _marked_exams(ctx: Context) -> list[tuple[Exam, Marker]]:
    query = select(Exam, Marker).join(Marker, Marker.exam_id == Exam.id)
    mine = query.where(Marker.account_id == ctx.actor.account_id, Marker.out_at.is_(None))
    return [(exam, own) for exam, own in ctx.session.execute(mine.order_by(Exam.id.desc()))]


def _unsealed(ctx: Context) -> Iterator[Block]:
    for exam, own in _marked_exams(ctx):
        what = _("Scripts of %(exam)s", exam=name(exam))
        if seal_of(ctx.session, exam) is None:
            yield Block(what, _("the office seals the numbers of the scripts"))
            continue
        missing = (
            select(func.count())
            .select_from(ScriptMark)
            .join(Script, Script.id == ScriptMark.script_id)
            .where(ScriptMark.marker_id == own.id, Script.arrived_at.is_(None))
            .where(ScriptMark.opened_at.is_not(None))
        )
        number = ctx.session.scalars(missing).one()
        if number:
            said = _("%(n)s have not been counted in", n=number)
            yield Block(what, said)


def observer(ctx: Context) -> Home:
    """The exams that may be watched: what comes next of each, until when, the own remarks."""
    now, remarks, tasks = ctx.clock.now(), 0, []
    for invitation, _who, exam in invitations_of(ctx):
        remarks += len(remarks_of(ctx.session, invitation))
        coming = select(ExamSession).where(
            ExamSession.exam_id == exam.id, ExamSession.ends_at > now
        )
        following = ctx.session.scalars(coming.order_by(ExamSession.starts_at)).first()
        tasks.append(
            Task(
                _("Watch this exam"),
                url_for("observing.home"),
                exam,
                begins=following.starts_at if following else None,
                ends=following.ends_at if following else None,
                due=invitation.until,
                state=_("invited"),
            )
        )
    looks = acts_of(ctx, ("observing.look",))
    return Home(tasks, (), [(looks, _("looks")), (remarks, _("remarks"))])


def auditor(ctx: Context) -> Home:
    """What came into the record today, and the board of promises."""
    count = count_acts(ctx.session, midnight(ctx))
    note = _("acts since midnight: %(n)s", n=count)
    tasks = [
        Task(_("Record of acts"), url_for("oversight.acts"), note=note),
        Task(_("Integrity board"), url_for("oversight.board")),
        Task(_("Accounts and keys"), url_for("accounts.users")),
    ]
    return Home(tasks, (), [(acts_of(ctx, ("oversight.export_acts",)), _("exports"))])


def admin(ctx: Context) -> Home:
    """Accounts and keys; who cannot work yet because a pledge is not signed."""
    tasks = [Task(_("Accounts and keys"), url_for("accounts.users"))]
    lacking = sum(len(one.lacking) for one in signed_by_role(ctx.session))
    what = _("members of staff: %(n)s", n=lacking)
    said = _("they sign the integrity pledge of their post")
    blocks = [Block(what, said, url_for("accounts.users"))] if lacking else []
    made = acts_of(ctx, ("accounts.create_account",))
    return together(Home(tasks, blocks, [(made, _("accounts created"))]), own_approvals(ctx))
