"""What people are told: which acts concern whom, and what fills the places of their messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account, Person, Takeover
from exam_system.appointing.desk_models import Recheck
from exam_system.appointing.models import Proposed
from exam_system.cases.models import Letter, LetterTask
from exam_system.clock import rfc3339
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.fees.models import Order, Payment, Refund
from exam_system.fees.waiver_models import Waiver
from exam_system.messages.texts import KINDS
from exam_system.notices.models import Notice, NoticeVersion
from exam_system.registration.choosing import window
from exam_system.registration.lookup import rules_from
from exam_system.registration.models import Application
from exam_system.results.models import Result
from exam_system.trust.canonical import JSON
from exam_system.violations.models import ViolationCase

OUT = ("refused", "withdrawn")


@dataclass(frozen=True, slots=True)
class Told:
    """One person, which kind of message, and what fills its places."""

    account: int
    kind: str
    params: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Done:
    """An act as it is read for messages."""

    kind: str
    exam: str
    subject: str
    details: Mapping[str, Any]

    position: int
    at: datetime

    @property
    def name(self) -> str:
        """The subject's reference."""
        return self.subject.split(":", 1)[1]


Found = Iterable[tuple[Done, Told]]


def of_applications(*columns: Any) -> Select[Any]:
    """Applications with the account of who applied."""
    query = select(Person.account_id, *columns).select_from(Application)
    return query.join(Person, Person.id == Application.person_id)


def _each(db: Session, acts: Sequence[Done], query: Select[Any], name: Any) -> Iterable[Any]:
    """Every act with the row whose `name` is its subject's; one question for all of them."""
    wanted = {done.name for done in acts}
    rows = {row[-1]: row for row in db.execute(query.add_columns(name).where(name.in_(wanted)))}
    return ((done, rows[done.name]) for done in acts if done.name in rows)


def _rules(db: Session, acts: Sequence[Done]) -> dict[str, RuleSet]:
    """The rules of the exams that these acts are about, by the exams' codes."""
    query = select(Exam.code, Exam.rules).where(Exam.code.in_({done.exam for done in acts}))
    return {code: rules_from(text) for code, text in db.execute(query)}


def _registered(db: Session, acts: Sequence[Done]) -> Found:
    query = select(Account.id).where(Account.role == "candidate")
    for done, row in _each(db, acts, query, Account.ref):
        yield done, Told(row.id, "registered", {})


def _disputed(db: Session, acts: Sequence[Done]) -> Found:
    query = select(Person.account_id).join(Takeover, Takeover.id_blind == Person.id_blind)
    for done, row in _each(db, acts, query, Takeover.ref):
        yield done, Told(row.account_id, "disputed", {})


def _submitted(db: Session, acts: Sequence[Done]) -> Found:
    rules = _rules(db, acts)
    for done, row in _each(db, acts, of_applications(), Application.ref):
        yield done, Told(row.account_id, "submitted", {"days": rules[done.exam].review_days})


def _decided(db: Session, acts: Sequence[Done]) -> Found:
    rules = _rules(db, acts)
    for done, row in _each(db, acts, of_applications(), Application.ref):
        decision, account = done.details.get("decision"), row.account_id
        if decision in ("refused", "choosing"):
            yield done, Told(account, "refused", {"why": str(done.details.get("why", ""))})
        elif decision == "paid":
            yield done, Told(account, "confirmed", {})
        elif decision == "approved":  # any other: somebody has still to confirm it
            closes = rules[done.exam].payment_closes
            yield done, Told(account, "approved", {"pay_at": rfc3339(closes)})


def _payments(db: Session, acts: Sequence[Done]) -> Found:
    query = of_applications().join(Order, Order.application_id == Application.id)
    for done, row in _each(db, acts, query, Order.trade_no):
        yield done, Told(row.account_id, "paid" if done.details.get("kept") else "owed", {})


def _refunds(db: Session, acts: Sequence[Done]) -> Found:
    query = of_applications().join(Order, Order.application_id == Application.id)
    query = query.join(Payment, Payment.order_id == Order.id)
    query = query.join(Refund, Refund.payment_id == Payment.id)
    over = [done for done in acts if done.details.get("status") == "SUCCESS"]
    for done, row in _each(db, over, query, Refund.number):
        yield done, Told(row.account_id, "refunded", {})


def _moved(db: Session, acts: Sequence[Done]) -> Found:
    for done, row in _each(db, acts, of_applications(), Application.ref):
        yield done, Told(row.account_id, "moved", {"number": done.details["numbers"][1]})


def _reopened(db: Session, acts: Sequence[Done]) -> Found:
    for done, row in _each(db, acts, of_applications(), Application.ref):
        yield done, Told(row.account_id, "reopened", {})


def _waived(db: Session, acts: Sequence[Done]) -> Found:
    for done in acts:
        refs = [ref for _, ref, _ in done.details["waivers"]]
        for account in db.scalars(of_applications().where(Application.ref.in_(refs))):
            yield done, Told(account, "waived", {})


def _not_waived(db: Session, acts: Sequence[Done]) -> Found:
    rules = _rules(db, acts)
    query = of_applications().join(Waiver, Waiver.application_id == Application.id)
    for done, row in _each(db, acts, query, Waiver.ref):
        closes = rules[done.exam].payment_closes
        why = {"why": str(done.details["why"]), "pay_at": rfc3339(closes)}
        yield done, Told(row.account_id, "not_waived", why)


def _ticket(db: Session, acts: Sequence[Done]) -> Found:
    for done, row in _each(db, acts, of_applications(), Application.ref):
        if done.details.get("again"):
            yield done, Told(row.account_id, "ticket", {})


def _case_notices(db: Session, acts: Sequence[Done]) -> Found:
    query = of_applications().join(ViolationCase, ViolationCase.application_id == Application.id)
    for done, row in _each(db, acts, query, ViolationCase.ref):
        yield done, Told(row.account_id, "case_notice", {"due": str(done.details["due"])})


def _decisions(db: Session, acts: Sequence[Done]) -> Found:
    refs = {str(done.details["case"]): done for done in acts}
    query = of_applications(ViolationCase.ref)
    query = query.join(ViolationCase, ViolationCase.application_id == Application.id)
    for row in db.execute(query.where(ViolationCase.ref.in_(refs))):
        yield refs[row.ref], Told(row.account_id, "case_decided", {})


def _letter_steps(db: Session, acts: Sequence[Done]) -> Found:
    staff = list(db.scalars(select(Account.id).where(Account.role == "inspector", Account.active)))
    for done, row in _each(db, acts, select(Letter.owner_id), Letter.ref):
        kind = f"letter_{done.details.get('step')}"
        whom = staff if kind == "letter_escalate" else [row.owner_id] if row.owner_id else []
        about = {"number": str(done.details.get("number")), "due": str(done.details.get("due"))}
        if kind in KINDS:
            yield from ((done, Told(account, kind, about)) for account in whom)


def _letter_parts(db: Session, acts: Sequence[Done]) -> Found:
    found = {row.ref: row.account_id for row in db.scalars(
        select(LetterTask).where(LetterTask.ref.in_({done.details["task"] for done in acts}))
    )}  # fmt: skip
    for done in acts:
        about = {"number": str(done.details["number"]), "due": str(done.details["due"])}
        yield done, Told(found[str(done.details["task"])], "letter_part", about)


def _letter_replies(db: Session, acts: Sequence[Done]) -> Found:
    query = select(Letter.account_id).where(Letter.account_id.is_not(None))
    for done, row in _each(db, acts, query, Letter.ref):
        yield done, Told(row.account_id, "letter_replied", {"number": str(done.details["number"])})


def _offered(db: Session, acts: Sequence[Done]) -> Found:
    return _numbered(db, acts, "offered", "offer")


def _appointed(db: Session, acts: Sequence[Done]) -> Found:
    return _numbered(db, acts, "people", "appointed")


def _numbered(db: Session, acts: Sequence[Done], key: str, kind: str) -> Found:
    """Everybody whose admission number the act has under this key."""
    for done in acts:
        numbers = done.details.get(key) or ()
        for account in db.scalars(_everybody(done).where(Application.number.in_(numbers))):
            yield done, Told(account, kind, {})


def _called(db: Session, acts: Sequence[Done]) -> Found:
    return _proposed(db, acts, "people", "medical_call")


def _examined(db: Session, acts: Sequence[Done]) -> Found:
    yield from _proposed(db, acts, "medical", "medical_noted")
    yield from _offered(db, acts)


def _proposed(db: Session, acts: Sequence[Done], key: str, kind: str) -> Found:
    """Everybody whose place the act has under this key, by reference."""
    query = of_applications().join(Proposed, Proposed.application_id == Application.id)
    for done in acts:
        refs = list(done.details.get(key) or ())
        for account in db.scalars(query.where(Proposed.ref.in_(refs))):
            yield done, Told(account, kind, {})


def _rechecks(db: Session, acts: Sequence[Done]) -> Found:
    query = of_applications().join(Recheck, Recheck.application_id == Application.id)
    for done, row in _each(db, acts, query, Recheck.ref):
        yield done, Told(row.account_id, "rechecked", {})


def _everybody(done: Done, *columns: Any) -> Select[Any]:
    query = of_applications(*columns).join(Exam, Exam.id == Application.exam_id)
    return query.where(Exam.code == done.exam).order_by(Application.id)


def _changes(db: Session, acts: Sequence[Done]) -> Found:
    for done in acts:
        until = window(db, db.scalars(select(Exam).where(Exam.code == done.exam)).one())
        query = _everybody(done, Application.state).where(Application.state.not_in(OUT))
        for account, state in db.execute(query):
            if state == "choosing" and until is not None:
                yield done, Told(account, "choose", {"until_at": rfc3339(until)})
            else:
                yield done, Told(account, "change", {"version": done.details["version"]})


def _seats(db: Session, acts: Sequence[Done]) -> Found:
    for done in acts:
        if done.details["draw"] == f"{done.exam}-seats":
            query = _everybody(done, Application.number)
            for account, number in db.execute(query.where(Application.number.is_not(None))):
                yield done, Told(account, "seated", {"number": number})


def _results(db: Session, acts: Sequence[Done]) -> Found:
    for done in acts:
        stage = str(done.details["stage"])
        query = _everybody(done).where(Application.number.is_not(None))
        if stage in ("medical", "appointment"):  # only those who stand in the list
            query = query.join(Result, Result.application_id == Application.id)
            query = query.where(Result.stage == stage)
        for account in db.scalars(query):
            yield done, Told(account, stage, {})


def _notices(db: Session, acts: Sequence[Done]) -> Found:
    """Whoever has applied and not gone, of a notice of that exam and of its corrections."""
    for done in acts:
        ref, version = done.name.split(":")[:2]
        query = select(NoticeVersion.title).join(Notice, Notice.id == NoticeVersion.notice_id)
        number = NoticeVersion.version == int(version.removeprefix("v"))
        title = db.scalar(query.where(Notice.ref == ref, Notice.exam_id.is_not(None), number))
        kind = "notice" if version == "v1" else "notice_corrected"
        people = _everybody(done).where(Application.state.not_in(OUT)) if title else None
        for account in db.scalars(people) if people is not None else ():
            yield done, Told(account, kind, {"title": title, "number": ref})


ACTS: dict[str, Callable[[Session, Sequence[Done]], Found]] = {
    "accounts.register_candidate": _registered,
    "accounts.claim_account": _registered,
    "accounts.ask_takeover": _disputed,
    "registration.submit_application": _submitted,
    "registration.decide_application": _decided,
    "registration.confirm_decision": _decided,
    "registration.reopen_review": _reopened,
    "fees.confirm_payment": _payments,
    "fees.confirm_refund": _refunds,
    "fees.grant_waivers": _waived,
    "fees.refuse_waiver": _not_waived,
    "exams.publish_change": _changes,
    "draws.publish_draw": _seats,
    "examday.add_late_candidate": _moved,
    "examday.move_candidate": _moved,
    "examday.withdraw_ticket": _ticket,
    "results.publish_release": _results,
    "cases.carry_out": _letter_steps,
    "cases.ask_part": _letter_parts,
    "cases.reply_case": _letter_replies,
    "notices.publish_notice": _notices,
    "violations.notify_case": _case_notices,
    "violations.decide_case": _decisions,
    "appointing.call_medical": _called,
    "appointing.note_medical": _examined,
    "appointing.answer_recheck": _rechecks,
    "appointing.appoint": _appointed,
    **{
        f"appointing.{name}": _offered
        for name in (
            *("settle_medical", "note_background", "give_up", "note_giving_up"),
            *("answer_offer", "note_offer_answer", "expire_offers", "answer_objection"),
        )
    },
}
"""The acts that people are told of."""
