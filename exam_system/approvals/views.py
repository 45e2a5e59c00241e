"""Pages of approvals, and what the pages of acts with two people show of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system import access
from exam_system.accounts.factors import Occasion
from exam_system.accounts.models import Account
from exam_system.approvals import lookup, service
from exam_system.approvals.lookup import Wanted
from exam_system.approvals.models import Approval
from exam_system.approvals.states import NAMES
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.web import actor, confirmed, flash_refusal, looking, say, trying

bp = Blueprint("approvals", __name__)
ACTS = {
    "accounts.grant_takeover": "Takeover of an account",
    "draws.freeze_draw": "Start of a draw",
    "examday.replace_invigilator": "Substitute for an absent invigilator",
    "draws.publish_draw": "Publication of a draw",
    "fees.refund_payments": "Refund of payments",
    "fees.grant_waivers": "Waiver of fees",
    "fees.take_bank_file": "Taking in a file of the bank",
    "fees.count_takings": "Count of the money at the counter",
    "interviews.publish_lots": "Publication of sealed lots",
    "exams.publish_announcement": "Publication of the announcement",
    "exams.publish_change": "Publication of a change notice",
    "results.publish_release": "Publication of results",
    "violations.decide_case": "Decision on a violation",
    "registration.bar_people": "Entries in the register of barred people",
    "registration.lift_bar": "Lifting an entry of the register of barred people",
    "marking.correct_written_scores": "Correction of written scores",
    "marking.correct_mark": "Correction of a mark",
    "marking.correct_key": "Correction of an answer key",
    "marking.replace_marker": "Replacement of a marker",
    "examday.add_late_candidate": "Late addition",
    "examday.move_candidate": "Change of a seat",
    "interviews.replace_interviewer": "Substitution of an interviewer",
    "cases.extend_case": "More time for a letter",
    "duties.publish_sheet": "Another text of a duty sheet",
    "duties.hold_accountable": "Measure in the register of accountability",
    "custody.allow_opening": "Leave to open a spare or a bag",
    "appointing.follow_correction": "Places after a corrected final list",
    "choosing.open_session": "Opening of a session for choosing places",
    "choosing.reopen_turn": "Correction in a session for choosing places",
    "choosing.close_session": "Closing of a session for choosing places",
}
"""What an act is called before it is done; others by the sentence of the record."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One approval on the page."""

    row: Approval
    said: str
    state_name: str
    asker: str
    office: str
    lines: list[str]
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class Asked:
    """How far the approval of an act is that a page offers; `who` approved it."""

    wanted: Wanted
    state: str
    approval: Approval | None
    lines: list[str]
    approvers: str
    who: str


def asked(wanted: Wanted) -> Asked:
    """What the page of an act shows of its approval, see approvals/parts.html."""
    db = looking().session
    found = lookup.standing(db, wanted)
    approval = found.approval
    decided = db.get(Account, approval.decided_by) if approval and approval.decided_by else None
    return Asked(
        wanted,
        found.state,
        approval,
        [say(line) for line in wanted.summary],
        say(lookup.approver_names(wanted.verb)),
        f"{decided.name}（{decided.office}）" if decided else "",
    )


def ask(ctx: Context, wanted: Wanted) -> None:
    """Ask for approval and say so on the next page."""
    service.ask_approval(ctx, wanted=wanted)
    flash(_("Approval is asked for. It appears on the approver's page “Approvals”."), "info")


def _shown(rows: Sequence[Approval]) -> list[Shown]:
    wanted = select(Account).where(Account.id.in_({row.asked_by for row in rows}))
    askers = {one.id: one for one in looking().session.scalars(wanted)} if rows else {}
    found = []
    for row in rows:
        asker = askers[row.asked_by]
        found.append(
            Shown(
                row,
                ACTS.get(row.verb, access.VERBS[row.verb].said),
                NAMES[row.state],
                asker.name,
                asker.office or "",
                [say(line) for line in lookup.summary_of(row)],
                service.about(row),
            )
        )
    return found


@bp.get("/approvals")
def index() -> ResponseReturnValue:
    """What waits for the actor's approval, what they asked for, what they decided."""
    db, who = looking().session, actor()
    approves = who.role in access.VERBS["approvals.approve"].roles
    asks = who.role in access.VERBS["approvals.ask_approval"].roles
    return render_template(
        "approvals/index.html",
        approves=approves,
        asks=asks,
        waiting=_shown(lookup.waiting(db, who)) if approves else [],
        mine=_shown(lookup.asked_by(db, who)) if asks else [],
        decided=_shown(lookup.decided_by(db, who)) if approves else [],
    )


@bp.post("/approvals/<ref>/approve")
def approve(ref: str) -> ResponseReturnValue:
    """Approve, with a fresh second factor."""
    try:
        confirmed(
            lambda ctx: service.about(lookup.find(ctx.session, ref)),
            lambda ctx: service.approve(ctx, ref=ref),
        )
        flash(_("Approved. Whoever asked can carry it out now."), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("approvals.index"))


@bp.post("/approvals/<ref>/refuse")
def refuse(ref: str) -> ResponseReturnValue:
    """Refuse and say why."""
    with trying() as ctx:
        service.refuse(ctx, ref=ref, reason=request.form.get("reason", ""))
    return redirect(url_for("approvals.index"))


@bp.post("/approvals/<ref>/withdraw")
def withdraw(ref: str) -> ResponseReturnValue:
    """Take one's own request back."""
    with trying() as ctx:
        service.withdraw_approval(ctx, ref=ref)
    return redirect(url_for("approvals.index"))
