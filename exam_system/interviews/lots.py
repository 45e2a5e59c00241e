"""Verbs of sealed lots (lots/v1): commit to the envelopes, pick, open, publish."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from exam_system.accounts import factors
from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.draws.lookup import cosigning
from exam_system.draws.manifest import named_keys
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.interviews.lookup import panels_of, require_panels
from exam_system.interviews.lots_files import subject_of, write_lots
from exam_system.interviews.lots_paper import minutes_of, slips_of
from exam_system.interviews.models import Interview, InterviewGroup, LotPick, Lots
from exam_system.people import reason_line
from exam_system.records.audit import require_whole
from exam_system.records.models import Note
from exam_system.records.notes import put_note, require_cosigned
from exam_system.registration.models import Application
from exam_system.trust import lots
from exam_system.trust.canonical import digest_text, jcs, sha256_hex
from exam_system.trust.draw_note import DrawNote
from exam_system.trust.errors import TrustError

MOST = 999
_LONGEST_REASON = 200
TABLES = ("panel", "interview_group", "interview")
OWN = ("lots", "lot_pick")
STATES = {
    "committed": "the envelopes are filled, people pick",
    "opened": "the envelopes are open, publication is awaited",
    "published": "the lots are published",
    "void": "these envelopes are void",
}


@dataclass(frozen=True, slots=True)
class Held:
    """The lots of one group with their exam; `people` by turn, `picks` of those who had theirs."""

    exam: Exam
    group: InterviewGroup
    row: Lots
    people: Sequence[Application]
    picks: Sequence[LotPick]

    @property
    def listed(self) -> dict[str, Any]:
        """The list, read."""
        found: dict[str, Any] = json.loads(self.row.listed)
        return found

    @property
    def turn(self) -> int | None:
        """Whose turn it is, from 1; None when all have had theirs."""
        done = len(self.picks)
        return done + 1 if done < len(self.people) else None


def group_of(session: Session, exam: Exam, group: str) -> InterviewGroup:
    """A group of the exam; raises NotFound."""
    query = select(InterviewGroup).where(
        InterviewGroup.exam_id == exam.id, InterviewGroup.code == group
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no group %(group)s in this exam", group=group)
    return found


def people_of(session: Session, group: InterviewGroup) -> list[Application]:
    """The group's candidates by admission number: the order in which they come up."""
    query = (
        select(Application)
        .join(Interview, Interview.application_id == Application.id)
        .where(Interview.group_id == group.id)
        .order_by(Application.number)
    )
    return list(session.scalars(query))


def newest_lots(session: Session, exam: Exam, group: str, *, lock: bool = False) -> Held | None:
    """The newest attempt of a group's lots, also a void one; None before the first."""
    found = group_of(session, exam, group)
    query = select(Lots).where(Lots.group_id == found.id).order_by(Lots.number.desc()).limit(1)
    if lock:  # SQLite's writer is alone anyway
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None:
        return None
    picks = select(LotPick).where(LotPick.lots_id == row.id).order_by(LotPick.turn)
    people = {one.label: one for one in people_of(session, found)}
    turns = [people[label] for label in json.loads(row.listed)["labels"]]  # the list is fixed
    return Held(exam, found, row, turns, list(session.scalars(picks)))


def _held(ctx: Context, code: str, group: str, *states: str) -> Held:
    """The lots of a group, locked; Conflict unless they are in one of these states."""
    held = newest_lots(ctx.session, exam_by_code(ctx.session, code), group, lock=True)
    if held is None:
        raise Conflict("The envelopes of this group have not been filled yet")
    if held.row.state not in states:
        raise Conflict("Not now: %(state)s", state=Sentence(STATES[held.row.state]))
    return held


def next_list(ctx: Context, exam: Exam, group: str) -> bytes:
    """The list that committing would fix now; raises what is in its way. Writes nothing."""
    open_exam(ctx.session, exam.code, "shortlisted")
    if rules_of(exam).interview_order != "lots":
        raise Conflict("The rule set of this exam has the order drawn, not picked")
    require_panels(ctx.session, exam)
    found = group_of(ctx.session, exam, group)
    codes = {panel.id: panel.code for panel in panels_of(ctx.session, exam)}
    if found.panel_id is None:
        raise Conflict("The groups must be drawn first")
    last = newest_lots(ctx.session, exam, group)
    if last is not None and last.row.state != "void":
        raise Conflict("Not now: %(state)s", state=Sentence(STATES[last.row.state]))
    labels = [one.label for one in people_of(ctx.session, found)]
    if len(labels) > MOST:
        raise Invalid("A group has at most %(most)s envelopes", most=MOST)
    return jcs(
        {
            "v": 1,
            "algorithm": lots.ALGORITHM,
            "exam": exam.code,
            "group": group,
            "panel": codes[found.panel_id],
            "attempt": last.row.number + 1 if last else 1,
            "labels": labels,
            "keys": named_keys(ctx),
            "cosigners": rules_of(exam).cosigners,
        }
    )


@verb
def commit_lots(ctx: Context, *, code: str, group: str, commitment: str) -> Lots:
    """Fix the list and log the digest of the secret by which the envelopes were filled."""
    exam = exam_by_code(ctx.session, code)
    require_whole(ctx.session, *TABLES)
    text = next_list(ctx, exam, group)
    try:
        value = digest_text("".join(commitment.split()).lower())
    except TrustError:
        raise Invalid("This must be 64 characters from 0-9 and a-f").about(
            "commitment secret"
        ) from None
    if ctx.session.scalar(select(Lots.id).where(Lots.commitment == value)) is not None:
        raise Conflict("This commitment has been used before: make a secret of your own")
    row = Lots(
        group_id=group_of(ctx.session, exam, group).id,
        number=json.loads(text)["attempt"],
        state="committed",
        listed=text.decode(),
        list_digest=sha256_hex(text),
        commitment=value,
        committed_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    details = {"list": row.list_digest, "commit": value}
    _record(ctx, exam, group, row.number, **details)
    return row


def _record(ctx: Context, exam: Exam, group: str, number: int, **details: Any) -> None:
    subject = subject_of(exam.code, group)
    ctx.record(exam=exam.code, subject=subject, group=group, attempt=number, **details)


@verb
def pick_lot(ctx: Context, *, code: str, group: str, envelope: int | None) -> LotPick:
    """Record the envelope that whoever's turn it is took; None when they are not there."""
    held = _held(ctx, code, group, "committed")
    turn = held.turn
    if turn is None:
        raise Conflict("Everybody has had their turn: open the envelopes")
    if envelope is not None and not 1 <= envelope <= len(held.people):
        raise Invalid("There are envelopes 1 to %(most)s", most=len(held.people)).about("envelope")
    if envelope is not None and envelope in {pick.envelope for pick in held.picks}:
        raise Conflict("Envelope %(number)s is taken: another one must be picked", number=envelope)
    person = held.people[turn - 1]
    pick = LotPick(
        lots_id=held.row.id,
        turn=turn,
        application_id=person.id,
        envelope=envelope,
        picked_at=ctx.clock.now(),
    )
    ctx.session.add(pick)
    ctx.session.flush()
    _record(ctx, held.exam, group, held.row.number, turn=turn, envelope=envelope or 0)
    return pick


@verb
def print_lots(ctx: Context, *, code: str, group: str, secret: str) -> bytes:
    """The slips that go into the envelopes (PDF), before the session; the secret is not kept."""
    held = _held(ctx, code, group, "committed")
    if held.picks:
        raise Conflict("People are picking already: the envelopes are filled and closed")
    value = _secret(held, secret)
    data = slips_of(ctx, held.exam, group, lots.places(value, len(held.people)))
    _record(ctx, held.exam, group, held.row.number, slips=len(held.people))
    return data


def _secret(held: Held, text: str) -> str:
    """The typed secret, when it is the one that was committed to."""
    value = "".join(text.split()).lower()
    row = held.row
    try:
        made = lots.commitment(held.exam.code, held.group.code, row.number, row.list_digest, value)
    except TrustError:
        raise Invalid("This must be 64 characters from 0-9 and a-f").about(
            "commitment secret"
        ) from None
    if made != row.commitment:
        raise Conflict("This is not the secret that was committed to: nothing was stored")
    return value


@verb
def open_lots(ctx: Context, *, code: str, group: str, secret: str) -> None:
    """Open all envelopes when everybody has had their turn; the places follow and are signed."""
    held = _held(ctx, code, group, "committed")
    if held.turn is not None:
        raise Conflict("Turn %(turn)s comes first: not everybody has picked", turn=held.turn)
    require_whole(ctx.session, *TABLES, *OWN)
    row, exam = held.row, held.exam
    value = _secret(held, secret)
    settled = lots.settle(value, held.listed["labels"], [one.envelope for one in held.picks])
    text = lots.result_text(exam.code, group, row.number, settled)
    row.secret, row.result, row.opened_at = value, text.decode(), ctx.clock.now()
    row.certificate = minutes_of(ctx, exam, group, row, settled)
    row.state, row.note_id = "opened", _sign(ctx, held).id
    ids = {one.label: one.id for one in held.people}
    rows = [{"application_id": ids[lot.label], "place": lot.place} for lot in settled]
    ctx.session.execute(update(Interview), rows)
    _record(ctx, exam, group, row.number, secret=value, result=sha256_hex(text))


def _sign(ctx: Context, held: Held) -> Note:
    row, code = held.row, held.exam.code
    name = lots.name_of(code, held.group.code)
    note = DrawNote(
        draw=name,
        attempt=row.number,
        attempts=row.number,
        algorithm=lots.ALGORITHM,
        manifest=row.list_digest,
        seed=row.secret,
        result=sha256_hex(row.result.encode()),
        sources=lots.SOURCES,
        certificate=sha256_hex(row.certificate or b""),
    )
    return put_note(
        ctx.session,
        purpose="draw",
        title=f"draw {name} attempt {row.number}",
        exam=code,
        text=note.text,
        signers=[ctx.keys.officer],
        at=ctx.clock.now(),
    )


@verb
def publish_lots(ctx: Context, *, code: str, group: str) -> Path:
    """Write the bundle; needs the inspectors' signatures under the result and under the log."""
    held = _held(ctx, code, group, "opened")
    note = ctx.session.get_one(Note, held.row.note_id)
    enough = cosigning(held.listed)
    require_cosigned(ctx.session, note.id, **enough)
    require_whole(ctx.session, *OWN)
    use(ctx, subject=subject_of(code, group), digest=note.digest)
    path = write_lots(ctx.session, ctx.config, held.exam, held.group, held.row)
    held.row.state, held.row.published_at = "published", ctx.clock.now()
    _record(ctx, held.exam, group, held.row.number, note=note.digest)
    return path


def wanted_publication(ctx: Context, *, code: str, group: str) -> Wanted:
    """What somebody of another office approves: the signed result."""
    held = newest_lots(ctx.session, exam_by_code(ctx.session, code), group)
    if held is None or held.row.state != "opened":
        raise Conflict("The envelopes of this group are not open yet")
    return Wanted(
        "interviews.publish_lots",
        code,
        subject_of(code, group),
        ctx.session.get_one(Note, held.row.note_id).digest,
        (
            Sentence("Sealed lots of group %(group)s", group=group),
            Sentence("The signed result becomes public; that cannot be taken back"),
            Sentence("The digest is that of the text of draw.note"),
        ),
    )


@verb
def void_lots(ctx: Context, *, code: str, group: str, reason: str) -> None:
    """An inspector ends an attempt whose secret is lost or whose envelopes were disturbed; the
    attempt and its picks stay on record, and a new one may begin. Needs a fresh second factor."""
    held = _held(ctx, code, group, "committed")
    text = reason_line(reason, _LONGEST_REASON)
    factor = factors.take(ctx, voiding(ctx, code, group).about)
    held.row.state, held.row.reason = "void", text
    _record(ctx, held.exam, group, held.row.number, why=text, factor=factor)


def voiding(ctx: Context, code: str, group: str) -> factors.Occasion:
    """What the inspector's second factor confirms."""
    held = _held(ctx, code, group, "committed")
    subject = f"{subject_of(code, group)}:{held.row.number}"
    return factors.direct(ctx, "interviews.void_lots", subject, held.row.list_digest)


def attempts(session: Session, group: InterviewGroup) -> int:
    """How many attempts a group's lots had."""
    query = select(func.count(Lots.id)).where(Lots.group_id == group.id)
    return session.scalar(query) or 0
