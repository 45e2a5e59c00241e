"""The rows of registers and money lists that only pages show, as in `rows`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from exam_system.accounts.models import Person
from exam_system.attendance.staff import place_of
from exam_system.context import Context
from exam_system.exams.lookup import exam_by_code
from exam_system.fees.models import Order
from exam_system.fees.waiver_lists import STATES as WAIVER_STATES
from exam_system.fees.waiver_models import Waiver
from exam_system.fees.way_models import BankFile, Taking
from exam_system.language import when, yuan
from exam_system.messages.listing import counts
from exam_system.messages.words import CHANNELS
from exam_system.messages.words import STATES as MESSAGE_STATES
from exam_system.people import mask_id
from exam_system.registration.bar_table import REGIMES
from exam_system.registration.models import Application, Barred
from exam_system.sheets import Cell
from exam_system.violations.listing import case_rows, incident_rows

Fields = Mapping[str, str]
Rows = Iterable[Sequence[Cell]]

BARRED = ("Name", "ID number", "Exams", "Basis", "What happened", "From", "Until", "Lifted at")


def barred(ctx: Context, _fields: Fields) -> Rows:
    """The register of barred people, ID numbers masked."""
    for one in ctx.session.scalars(select(Barred).order_by(Barred.id)):
        number = mask_id(ctx.keys.vault.open(one.id_sealed))
        told = (one.basis, one.why, one.begins, one.ends or _("for life"), when(one.lifted_at))
        yield one.name, number, _(REGIMES[one.regime]), *told


WAIVERS = ("Application", "Name", "Ground", "State", "Asked at", "Decided at", "Reason")


def waivers(ctx: Context, fields: Fields) -> Rows:
    """The requests for a waiver of an exam, in the order in which they came."""
    query = (
        select(Waiver, Application.ref, Person.name)
        .join(Application, Application.id == Waiver.application_id)
        .join(Person, Person.id == Application.person_id)
        .where(Application.exam_id == exam_by_code(ctx.session, fields["code"]).id)
        .order_by(Waiver.id)
    )
    for one, ref, name in ctx.session.execute(query):
        times = (when(one.asked_at), when(one.decided_at))
        yield ref, name, one.ground, _(WAIVER_STATES[one.state]), *times, one.reason


BANK_FILES = ("Day", "File", "Payments", "Amount (yuan)", "State", "Read at", "Digest")


def bank_files(ctx: Context, _fields: Fields) -> Rows:
    """The bank's files that were read, the newest first."""
    for one in ctx.session.scalars(select(BankFile).order_by(BankFile.id.desc())):
        state = _("taken in") if one.state == "taken" else _("only read")
        told = (one.count, yuan(one.fen)[1:], state, when(one.read_at), one.digest)
        yield one.day, one.name, *told


TAKINGS = ("Receipt", "Order number", "Name", "Amount (yuan)", "Paid in", "State", "Taken at")


def takings(ctx: Context, fields: Fields) -> Rows:
    """What was taken at the counter for an exam, struck out receipts too."""
    query = (
        select(Taking, Order.trade_no, Person.name)
        .join(Order, Order.id == Taking.order_id)
        .join(Application, Application.id == Order.application_id)
        .join(Person, Person.id == Application.person_id)
        .where(Application.exam_id == exam_by_code(ctx.session, fields["code"]).id)
        .order_by(Taking.id)
    )
    for one, trade_no, name in ctx.session.execute(query):
        told = (yuan(one.fen)[1:], one.means, one.state, when(one.taken_at))
        yield one.number, trade_no, name, *told


MESSAGES = ("Exam", "Way", "State", "Messages")


def messages(ctx: Context, _fields: Fields) -> Rows:
    """How many messages of each exam were sent each way, and how many were not."""
    for exam, channel, state, count in counts(ctx.session):
        yield exam, str(CHANNELS[channel]), str(MESSAGE_STATES[state]), count


def cases(ctx: Context, fields: Fields) -> Rows:
    """The cases of an exam, newest first."""
    return case_rows(ctx, exam_by_code(ctx.session, fields["code"]))


def incidents(ctx: Context, fields: Fields) -> Rows:
    """The incidents that the actor may see, newest first."""
    return incident_rows(ctx, place_of(ctx, ctx.actor.account_id, fields["code"]))
