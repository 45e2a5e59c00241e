"""The rows of lists that only pages show, with their columns (English message ids)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import aliased

from exam_system.accounts.models import Account, Person, is_staff
from exam_system.context import Context
from exam_system.draws.confidential import hidden
from exam_system.errors import Conflict
from exam_system.examday.late import without_seat as without
from exam_system.examday.plan import newest_attempt
from exam_system.examday.versions import versions as plan_versions
from exam_system.examday.withdrawals import withdrawn
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam, Post
from exam_system.exams.states import STATE_NAMES
from exam_system.fees.models import Statement
from exam_system.fees.reconciling import SOURCES
from exam_system.fees.refunds import refunds_of
from exam_system.fees.states import REFUND_STATES
from exam_system.interviews.listing import overview
from exam_system.interviews.models import Incompatibility, Interviewer
from exam_system.interviews.pool import RELATIONS
from exam_system.interviews.sealed import sealed_until
from exam_system.interviews.substitutes import waiting as panel_reserves
from exam_system.language import when, yuan
from exam_system.marking.destinations import drawn_bundles, groups_of
from exam_system.marking.papers import sets_of
from exam_system.marking.scripts import picked
from exam_system.marking.service import mark_rows
from exam_system.records.keys import rows_of
from exam_system.registration.models import Application
from exam_system.registration.states import STATES
from exam_system.sheets import Cell

Fields = Mapping[str, str]
Rows = Iterable[Sequence[Cell]]


def _exam(ctx: Context, fields: Fields) -> Exam:
    return exam_by_code(ctx.session, fields["code"])


EXAMS = ("Exam code", "Name in Chinese", "Name in English", "Area code", "State", "Created at")


def exams(ctx: Context, _fields: Fields) -> Rows:
    """Every exam, the newest first."""
    for one in ctx.session.scalars(select(Exam).order_by(Exam.created_at.desc(), Exam.id.desc())):
        state = _(STATE_NAMES[one.state])
        yield one.code, one.name, one.name_en, one.area_code, state, when(one.created_at)


USERS = ("Login name", "Name", "Role", "Office of the person", "State", "Created at")


def users(ctx: Context, _fields: Fields) -> Rows:
    """The members of staff; nothing of their passwords and factors."""
    query = select(Account).where(is_staff()).order_by(Account.username)
    for one in ctx.session.scalars(query):
        state = _("open") if one.active else _("closed")
        made = when(one.created_at)
        yield one.username, one.name, _(one.role), one.office, state, made


KEYS = ("Role", "Name", "Key", "State")


def keys(ctx: Context, _fields: Fields) -> Rows:
    """The public keys that are or were good."""
    for one in rows_of(ctx.session):
        yield _(one.role), one.name, one.vkey, _("retired") if one.retired_at else _("serves")


QUEUE = ("Application", "Name", "Exam code", "Post code", "Post title", "Submitted at")


def queue(ctx: Context, fields: Fields) -> Rows:
    """What waits for review, oldest first; of every exam when none is named."""
    query = (
        select(Application, Person.name, Exam.code, Post.code, Post.title)
        .join(Person, Person.id == Application.person_id)
        .join(Exam, Exam.id == Application.exam_id)
        .join(Post, Post.id == Application.post_id)
        .where(Application.state == "submitted")
        .order_by(Application.submitted_at, Application.id)
    )
    if fields["code"]:
        query = query.where(Exam.code == fields["code"])
    for one, *told in ctx.session.execute(query):
        yield one.ref, *told, when(one.submitted_at)


REFUNDS = ("Refund number", "Amount (yuan)", "State", "Ordered at", "Done at", "Transaction")


def refunds(ctx: Context, fields: Fields) -> Rows:
    """The refunds that were ordered, the newest first."""
    for known in refunds_of(ctx.session, _exam(ctx, fields)):
        one, transaction = known.refund, known.payment.transaction
        state, times = _(REFUND_STATES[one.state]), (when(one.ordered_at), when(one.done_at))
        yield one.number, yuan(one.fen)[1:], state, *times, transaction


STATEMENTS = (
    *("Day", "Source", "Version", "Received (yuan)", "Refunded (yuan)", "Lines that match"),
    *("Only in our books", "Only in theirs", "Amount differs", "Signed at"),
)


def statements(ctx: Context, _fields: Fields) -> Rows:
    """All signed statements, the newest day first."""
    order = (Statement.day.desc(), Statement.source, Statement.version.desc())
    for one in ctx.session.scalars(select(Statement).order_by(*order)):
        money = (yuan(one.received)[1:], yuan(one.refunded)[1:])
        counts = (one.matched, one.only_ours, one.only_theirs, one.differs)
        yield one.day, _(SOURCES[one.source]), one.version, *money, *counts, when(one.made_at)


VERSIONS = (
    *("Version", "When", "Asked by", "Approved by (person)", "Reason", "Seated candidates"),
    "Digest",
)


def versions(ctx: Context, fields: Fields) -> Rows:
    """Every version of the seating plan."""
    for one in plan_versions(ctx.session, _exam(ctx, fields)):
        who = (when(one.at), one.by, one.approved_by, one.reason)
        yield one.number, *who, one.people, one.digest


WITHDRAWN = ("Admission number", "Issue", "Name", "Reason", "Withdrawn at", "Another ticket")


def withdrawn_tickets(ctx: Context, fields: Fields) -> Rows:
    """The withdrawn admission tickets, the newest first."""
    for one, name in withdrawn(ctx.session, _exam(ctx, fields)):
        again = _("yes") if one.again else _("no")
        yield one.number, one.serial, name, one.reason, when(one.withdrawn_at), again


WITHOUT = ("Application", "Name", "Post code", "District", "State")


def without_seat(ctx: Context, fields: Fields) -> Rows:
    """Who could still be added to the plan."""
    for one in without(ctx.session, _exam(ctx, fields)):
        yield one.ref, one.name, one.post, one.district, _(STATES[one.state])


PAPER_SETS = ("Subject", "Set", "Seal", "Place")


def paper_sets(ctx: Context, fields: Fields) -> Rows:
    """The sealed sets by name and seal, with their drawn places once anybody may know them."""
    exam = _exam(ctx, fields)
    drawn = newest_attempt(ctx.session, exam, "papers")
    if drawn is not None and hidden(drawn[1]):
        raise Conflict("The draw of the paper sets is confidential: its list cannot be taken out")
    for one in sets_of(ctx.session, exam):
        yield one.subject, one.label, one.seal, one.place


MARKING_GROUPS = ("Group", "Name", "Own area", "Most bundles", "Bundles drawn")


def marking_groups(ctx: Context, fields: Fields) -> Rows:
    """The marking groups and what was drawn to each."""
    exam = _exam(ctx, fields)
    bundles = drawn_bundles(ctx.session, exam)
    for one, district in groups_of(ctx.session, exam):
        area = district.name if district else None
        yield one.code, one.name, area, one.most, " ".join(bundles.get(one.code, []))


RECOUNT = ("Subject", "Place", "Admission number", "Name", "Mark")


def recount(ctx: Context, fields: Fields) -> Rows:
    """The drawn sample of scripts to recount."""
    exam = _exam(ctx, fields)
    names = {one.code: one.name for one in rules_of(exam).subjects}
    for one in picked(ctx.session, exam):
        yield names[one.subject], one.place, one.number, one.name, one.mark


def marks(ctx: Context, fields: Fields) -> Rows:
    """The written marks that are in, in the columns of their table."""
    return mark_rows(ctx.session, _exam(ctx, fields)).values()


PANELS = (
    *("Panel", "State", "Group", "Candidates", "Heard", "Interviewers"),
    "With account",
)


def panels(ctx: Context, fields: Fields) -> Rows:
    """The panels with their counts; nobody is named."""
    words = {"waiting": _("session not begun"), "open": _("session open")}
    for one in overview(ctx.session, _exam(ctx, fields)):
        state = words.get(one.state) or _("session closed")
        people = (one.candidates, one.heard, one.interviewers, one.accounts)
        yield one.code, state, one.group, *people


RESERVES = ("Turn", "Name", "Certificate", "For the role", "Employer")


def reserves(ctx: Context, fields: Fields) -> Rows:
    """The reserves of the panels; refused while the panels are sealed."""
    exam = _exam(ctx, fields)
    if sealed_until(ctx, exam):
        raise Conflict("Who sits in which panel is sealed: its lists cannot be taken out yet")
    for turn, (person, role) in enumerate(panel_reserves(ctx.session, exam), 1):
        part = _("Chief interviewer") if role == "chief" else _("Member")
        yield turn, person.name, person.certificate, part, person.employer


PAIRS = ("Certificate", "Interviewer", "Other certificate", "Other interviewer", "Relation")


def pairs(ctx: Context, _fields: Fields) -> Rows:
    """The relations between interviewers that were declared."""
    first, second = aliased(Interviewer), aliased(Interviewer)
    query = (
        select(first, second, Incompatibility.relation)
        .join(first, first.id == Incompatibility.first_id)
        .join(second, second.id == Incompatibility.second_id)
        .order_by(Incompatibility.id)
    )
    for one, other, relation in ctx.session.execute(query):
        yield one.certificate, one.name, other.certificate, other.name, _(RELATIONS[relation])
