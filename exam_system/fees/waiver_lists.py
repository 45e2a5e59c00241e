"""Finding requests for a waiver, and the list of those that two people grant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.approvals.lookup import Listed, Wanted, list_to_approve
from exam_system.context import Context
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, FeeItem
from exam_system.fees.waiver_models import Waiver, WaiverDocument
from exam_system.language import yuan
from exam_system.registration.models import Application
from exam_system.trust.canonical import JSON, jcs, sha256_hex

VERB = "fees.grant_waivers"
MOST = 200  # requests in one list
NOTHING = "No request can be granted: first look at the documents of each"
STATES = {
    "asked": "Waiting for the office",
    "granted": "Fee waived",
    "refused": "Fee not waived",
    "withdrawn": "Taken back",
}


def fee_of(session: Session, exam: Exam) -> FeeItem | None:
    """The fee that an order of the exam asks for; None where nothing is asked."""
    query = select(FeeItem).where(FeeItem.exam_id == exam.id).order_by(FeeItem.id).limit(1)
    item = session.scalar(query)
    return item if item is not None and item.fen else None


def newest(session: Session, application: str) -> Waiver | None:
    """The last request of an application."""
    query = (
        select(Waiver)
        .join(Application, Application.id == Waiver.application_id)
        .where(Application.ref == application)
        .order_by(Waiver.id.desc())
        .limit(1)
    )
    return session.scalar(query)


@dataclass(frozen=True, slots=True)
class Request:
    """A request with what it belongs to."""

    waiver: Waiver
    application: Application
    exam: Exam
    name: str


REQUEST = (
    select(Waiver, Application, Exam, Person.name)
    .join(Application, Application.id == Waiver.application_id)
    .join(Exam, Exam.id == Application.exam_id)
    .join(Person, Person.id == Application.person_id)
)


def request_of(session: Session, ref: str, *, lock: bool = False) -> Request:
    """One request; raises NotFound."""
    query = REQUEST.where(Waiver.ref == ref)
    if lock:
        query = query.with_for_update(of=Waiver).execution_options(populate_existing=True)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such request")
    return Request(*row)


def requests_of(session: Session, exam: Exam, *states: str) -> list[Request]:
    """The oldest MOST requests of an exam in these states."""
    query = REQUEST.where(Exam.id == exam.id, Waiver.state.in_(states))
    return [Request(*row) for row in session.execute(query.order_by(Waiver.id).limit(MOST))]


def documents_of(session: Session, waiver: Waiver) -> Sequence[WaiverDocument]:
    """The documents of a request, deleted ones too."""
    query = select(WaiverDocument).where(WaiverDocument.waiver_id == waiver.id)
    return session.scalars(query.order_by(WaiverDocument.id)).all()


def ready(session: Session, exam: Exam, upto: Waiver | None = None) -> list[Request]:
    """The MOST requests that can be granted, as long as all documents were looked at, in the
    order in which that was; none that came later than `upto`."""
    query = REQUEST.where(
        Exam.id == exam.id,
        Exam.state == "announced",
        Application.state == "approved",
        Waiver.state == "asked",
        Waiver.looked_at.is_not(None),
    )
    if upto is not None:
        earlier = Waiver.looked_at < upto.looked_at
        same = and_(Waiver.looked_at == upto.looked_at, Waiver.id <= upto.id)
        query = query.where(or_(earlier, same))
    query = query.order_by(Waiver.looked_at, Waiver.id).limit(MOST)
    return [Request(*row) for row in session.execute(query)]


def list_of(session: Session, exam: Exam) -> tuple[list[Request], Wanted | None]:
    """The list to be approved or granted now, and what its approval says; None when empty.

    What is looked at after a list was handed to the approver waits for the next list.
    """

    def upto(last: str | None) -> Listed[Request]:
        rows = _ready_upto(session, exam, last) if last else ready(session, exam)
        return rows, _wanted(session, exam, rows)

    return list_to_approve(session, VERB, exam.code, upto)


def _ready_upto(session: Session, exam: Exam, ref: str) -> list[Request]:
    last = session.scalar(select(Waiver).where(Waiver.ref == ref))
    return ready(session, exam, last) if last and last.looked_at else []


def wanted_waivers(ctx: Context, *, code: str) -> Wanted:
    """The approval that the office asks for; raises Conflict when nothing can be granted."""
    wanted = list_of(ctx.session, exam_by_code(ctx.session, code))[1]
    if wanted is None:
        raise Conflict(NOTHING)
    return wanted


def _wanted(session: Session, exam: Exam, rows: Sequence[Request]) -> Wanted | None:
    item = fee_of(session, exam)
    if not rows or item is None:
        return None
    lines: JSON = [[row.waiver.ref, row.application.ref, row.waiver.ground] for row in rows]
    return Wanted(
        VERB,
        exam.code,
        f"waivers:{exam.code}:{rows[-1].waiver.ref}",
        sha256_hex(jcs({"exam": exam.code, "fen": item.fen, "waivers": lines})),
        (
            Sentence("%(count)s candidates need not pay the fee", count=len(rows)),
            Sentence("Together %(amount)s", amount=yuan(item.fen * len(rows))),
            Sentence("The digest is that of the list of requests, applications and grounds"),
        ),
    )


def kept(session: Session) -> set[str]:
    """References of all documents that are not given up."""
    query = select(WaiverDocument.ref).where(WaiverDocument.deleted_at.is_(None))
    return set(session.scalars(query))
