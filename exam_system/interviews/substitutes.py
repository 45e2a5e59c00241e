"""An interviewer cannot serve: the absence is on record first, then the next reserve is named.

The next is the first in the drawn line who keeps every rule of the panel and has no relation to a
candidate of the group that it hears (proctoring.standing_in). Nobody chooses: an inspector
approves that this rule is carried out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account, LoginSession
from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.draws.models import Attempt
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, open_exam
from exam_system.exams.models import Exam
from exam_system.interviews.lookup import begun, groups_of, panel_of, panels_of
from exam_system.interviews.models import (
    Interviewer,
    Panel,
    PanelAbsence,
    PanelReserve,
    PanelSeat,
)
from exam_system.interviews.panel_draw import apart_pairs, barred_groups
from exam_system.interviews.sealed import require_open
from exam_system.people import reason_line
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.verify.matching import match_part
from proctoring.standing_in import stand_in

LONGEST_REASON = 200
STATES = ("shortlisted", "interviewing")


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A seat of a panel whose interviewer cannot serve, not yet taken by a reserve."""

    exam: Exam
    panel: Panel
    seat: PanelSeat
    absence: PanelAbsence
    absent: Interviewer


@verb
def record_interviewer_absence(
    ctx: Context, *, code: str, certificate: str, reason: str
) -> PanelAbsence:
    """Put on record that a drawn interviewer or a reserve cannot serve, and why.

    Only then is the next reserve named. Raises NotFound when nobody of this certificate was drawn.
    """
    exam = open_exam(ctx.session, code, *STATES)
    query = select(Interviewer).where(Interviewer.certificate == certificate.strip())
    person = ctx.session.scalar(query)
    if person is None:
        raise NotFound("The pool has no interviewer with this certificate")
    return _record(ctx, exam, person, "absent", reason_line(reason, LONGEST_REASON))


def withdraw(ctx: Context, exam: Exam, person: Interviewer, relation: str) -> None:
    """Take an interviewer out of the panel because of a declared avoidance; the verb records."""
    _absence(ctx, exam, person, "avoidance", relation)


def _record(ctx: Context, exam: Exam, person: Interviewer, cause: str, reason: str) -> PanelAbsence:
    row = _absence(ctx, exam, person, cause, reason)
    ctx.record(
        exam=exam.code,
        subject=f"interviewer:{person.label}",
        cause=cause,
        why=reason,
        seat=row.panel_seat_id,
    )
    return row


def _absence(
    ctx: Context, exam: Exam, person: Interviewer, cause: str, reason: str
) -> PanelAbsence:
    seat = seat_of(ctx.session, exam, person)
    if seat is None and not _drawn_as_reserve(ctx.session, exam, person):
        raise NotFound("This interviewer was not drawn for this exam")
    known = select(PanelAbsence.id).where(
        PanelAbsence.exam_id == exam.id, PanelAbsence.interviewer_id == person.id
    )
    if ctx.session.scalar(known) is not None:
        raise Conflict("The absence of this interviewer is on record already")
    row = PanelAbsence(
        exam_id=exam.id,
        interviewer_id=person.id,
        panel_seat_id=seat.id if seat else None,
        cause=cause,
        reason=reason,
        recorded_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row


def seat_of(session: Session, exam: Exam, person: Interviewer) -> PanelSeat | None:
    """The person's seat in a panel of the exam; Conflict when that panel is closed."""
    query = (
        select(PanelSeat, Panel.state)
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .where(Panel.exam_id == exam.id, PanelSeat.interviewer_id == person.id)
    )
    row = session.execute(query).first()
    if row is not None and row.state == "closed":
        raise Conflict("The panel is closed")
    return row[0] if row else None


def _drawn_as_reserve(session: Session, exam: Exam, person: Interviewer) -> bool:
    query = select(PanelReserve.id).where(
        PanelReserve.exam_id == exam.id, PanelReserve.interviewer_id == person.id
    )
    return session.scalar(query) is not None


def vacancies(session: Session, exam: Exam) -> list[Vacancy]:
    """The seats that wait for a substitute, by panel and place."""
    query = (
        select(Panel, PanelSeat, PanelAbsence, Interviewer)
        .join(PanelSeat, PanelSeat.panel_id == Panel.id)
        .join(PanelAbsence, PanelAbsence.panel_seat_id == PanelSeat.id)
        .join(Interviewer, Interviewer.id == PanelAbsence.interviewer_id)
        .where(PanelAbsence.exam_id == exam.id, PanelAbsence.replaced_at.is_(None))
        .order_by(Panel.code, PanelSeat.place)
    )
    return [Vacancy(exam, *row) for row in session.execute(query)]


def next_reserve(ctx: Context, vacancy: Vacancy) -> Interviewer:
    """The reserve whose turn it is; Conflict when nobody is left who keeps the rules, while the
    groups are drawn, and before the panels' hour: a name tells who sits where."""
    exam, session = vacancy.exam, ctx.session
    require_open(ctx, exam)
    if begun(session, exam, "groups", applied=False):
        raise Conflict("The draw of the groups is under way: name the substitute when it is over")
    drawn = session.scalars(select(Attempt).where(Attempt.id == vacancy.seat.attempt_id)).one()
    group = json.loads(drawn.manifest)["groups"][0]
    if "people" not in group:
        raise Conflict("This draw of the interviewers was made without reserves")
    label = stand_in(_part(session, exam, group), _standing(session, exam), vacancy.absent.label)
    if label is None:
        raise Conflict(
            "No reserve is left who may sit at place %(place)s of panel %(panel)s",
            place=vacancy.seat.place,
            panel=vacancy.panel.code,
        )
    return session.scalars(select(Interviewer).where(Interviewer.label == label)).one()


def _part(session: Session, exam: Exam, group: Mapping[str, Any]) -> dict[str, Any]:
    """The frozen list with the relations that are declared by now."""
    labels = {label: at for at, label in enumerate(group["labels"])}
    rows = session.execute(select(Interviewer.id, Interviewer.label))
    place = {row.id: labels[row.label] for row in rows if row.label in labels}
    names = group["groups"]["id"]
    barred = [[one, names.index(name)] for one, name in barred_groups(session, exam, place)]
    return match_part(group) | {
        "apart": apart_pairs(session, place),
        "groups": {"id": names, "barred": barred},
    }


def _standing(session: Session, exam: Exam) -> dict[str, Any]:
    """The panels as they sit now, the reserves who can still come, the groups once drawn."""
    panels = {panel.id: panel.code for panel in panels_of(session, exam)}
    sitting: dict[str, list[str]] = {code: [] for code in panels.values()}
    seats = (
        select(PanelSeat.panel_id, Interviewer.label)
        .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
        .where(PanelSeat.panel_id.in_(panels))
        .order_by(PanelSeat.place)
    )
    for row in session.execute(seats):
        sitting[panels[row.panel_id]].append(row.label)
    return {
        "panels": [{"id": code, "labels": labels} for code, labels in sitting.items()],
        "reserve": [{"label": one.label, "role": role} for one, role in waiting(session, exam)],
        "groups": [
            {"id": group.code, "panel": panels[group.panel_id]}
            for group in groups_of(session, exam)
            if group.panel_id is not None
        ],
    }


def waiting(session: Session, exam: Exam) -> list[tuple[Interviewer, str]]:
    """The reserves who can still be called, with their role, in the order of the line."""
    gone = select(PanelAbsence.interviewer_id).where(PanelAbsence.exam_id == exam.id)
    called = select(PanelAbsence.substitute_id).where(
        PanelAbsence.exam_id == exam.id, PanelAbsence.substitute_id.is_not(None)
    )
    query = (
        select(Interviewer, PanelReserve.role)
        .join(PanelReserve, PanelReserve.interviewer_id == Interviewer.id)
        .where(PanelReserve.exam_id == exam.id)
        .where(Interviewer.id.not_in(gone), Interviewer.id.not_in(called))
        .order_by(PanelReserve.place)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def vacancy_of(session: Session, exam: Exam, panel: str, place: int) -> Vacancy:
    """The vacant seat at a place of a panel; raises NotFound."""
    for one in vacancies(session, exam):
        if (one.panel.code, one.seat.place) == (panel, place):
            return one
    raise NotFound("No absence is on record at this place of the panel")


def wanted_replacement(ctx: Context, *, code: str, panel: str, place: int) -> Wanted:
    """What an inspector approves: that the next reserve takes this seat."""
    exam = exam_by_code(ctx.session, code)
    vacancy = vacancy_of(ctx.session, exam, panel, place)
    substitute = next_reserve(ctx, vacancy)
    return Wanted(
        "interviews.replace_interviewer",
        code,
        _subject(vacancy),
        _digest(vacancy, substitute),
        (
            Sentence("Place %(place)s of panel %(panel)s", place=place, panel=panel),
            Sentence(CAUSES[vacancy.absence.cause]),
            Sentence(
                "The next reserve in the drawn line who keeps every rule of the panel: %(label)s",
                label=substitute.label,
            ),
        ),
    )


CAUSES = {
    "absent": "The drawn interviewer is absent",
    "avoidance": "The drawn interviewer has declared an avoidance of a candidate of this panel",
}


def _subject(vacancy: Vacancy) -> str:
    return f"panel:{vacancy.exam.code}:{vacancy.panel.code}:{vacancy.seat.place}"


def _digest(vacancy: Vacancy, substitute: Interviewer) -> str:
    document = {
        "absent": vacancy.absent.label,
        "cause": vacancy.absence.cause,
        "seat": _subject(vacancy),
        "substitute": substitute.label,
    }
    return sha256_hex(jcs(document))


@verb
def replace_interviewer(ctx: Context, *, code: str, panel: str, place: int) -> Interviewer:
    """The next reserve takes the seat of somebody whose absence is on record; returns who it is.

    Scores that are in stay; the one who left cannot enter any more. The substitute gets an account
    like the others (issue_accounts).
    """
    exam = open_exam(ctx.session, code, *STATES)
    panel_of(ctx.session, exam, panel, lock=True)
    vacancy = vacancy_of(ctx.session, exam, panel, place)
    substitute = next_reserve(ctx, vacancy)
    use(ctx, subject=_subject(vacancy), digest=_digest(vacancy, substitute))
    vacancy.seat.interviewer_id = substitute.id
    vacancy.absence.substitute_id = substitute.id
    vacancy.absence.replaced_at = ctx.clock.now()
    ctx.session.flush()
    _end_account(ctx, vacancy.absent)
    ctx.record(
        exam=code,
        subject=_subject(vacancy),
        absent=vacancy.absent.label,
        substitute=substitute.label,
        digest=_digest(vacancy, substitute),
    )
    return substitute


def _end_account(ctx: Context, person: Interviewer) -> None:
    """End the sessions of who left; the account too, unless they sit in another panel."""
    if person.account_id is None:
        return
    elsewhere = (
        select(PanelSeat.id)
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .where(PanelSeat.interviewer_id == person.id, Panel.state != "closed")
    )
    if ctx.session.scalar(elsewhere.limit(1)) is not None:
        return
    ctx.session.get_one(Account, person.account_id).active = False
    ctx.session.execute(
        update(LoginSession)
        .where(LoginSession.account_id == person.account_id, LoginSession.ended_at.is_(None))
        .values(ended_at=ctx.clock.now())
    )
