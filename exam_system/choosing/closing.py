"""Corrections before the closing, the closing itself, and the signed result for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, use
from exam_system.choosing.lookup import Held, document, find
from exam_system.choosing.models import ChoicePick, ChoiceSession, ChoiceTurn
from exam_system.choosing.service import add_event, running, tell
from exam_system.clock import rfc3339
from exam_system.config import Config
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.models import Exam
from exam_system.people import reason_line
from exam_system.records.folders import check_folder, write_whole
from exam_system.results.screen import require_clean
from exam_system.trust import notes
from exam_system.trust.canonical import JSON, jcs, sha256_hex
from exam_system.trust.choice_note import CHOICES, NONE, NOTE, ChoiceNote
from exam_system.verify.choosing import results_of

REOPEN, CLOSE = "choosing.reopen_turn", "choosing.close_session"
LONGEST_REASON = 200


def wanted_reopening(
    ctx: Context, *, ref: str, number: str, why: str, present: bool = False
) -> Wanted:
    """What is approved of a correction: from whose turn on everything is held anew, and why."""
    one = find(ctx.session, ref)
    position = _position(one, number)
    undone = [
        result.ref for result in one.state.results[position:] if result.outcome != "none_left"
    ]
    said: JSON = {
        "session": ref,
        "acts": len(one.events),
        "turn": position,
        "number": number,
        "present": present,
        "why": reason_line(why, LONGEST_REASON),
    }
    told = (
        Sentence(
            "From the turn of %(number)s on all turns are void and held anew: %(numbers)s",
            number=number,
            numbers=", ".join(undone),
        ),
        Sentence("The reason: %(why)s", why=why),
        Sentence("The digest is that of the session, the turn and the reason"),
    )
    return Wanted(REOPEN, one.exam.code, f"choice:{ref}", sha256_hex(jcs(said)), told)


def _position(one: Held, number: str) -> int:
    """How many turns had ended before that of this admission number."""
    for position, result in enumerate(one.state.results):
        if result.ref == number:
            return position
    raise NotFound("The turn of %(number)s has not ended", number=number)


@verb
def reopen_turn(
    ctx: Context, *, ref: str, number: str, why: str, present: bool = False
) -> ChoiceTurn:
    """Take a turn and all after it back, as approved: before the closing, never after it.

    `present`: who was noted absent was there in time.
    """
    one = running(ctx, ref)
    wanted = wanted_reopening(ctx, ref=ref, number=number, why=why, present=present)
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    turn, position = one.turn_of(number), _position(one, number)
    reason = reason_line(why, LONGEST_REASON)
    require_clean({CHOICES: [reason]})
    void = [one.turn_of(result.ref).id for result in one.state.results[position:]]
    more = {"position": position, "present": int(present), "why": reason}
    add_event(ctx, one, "reopen", turn, **more)
    ctx.session.execute(
        update(ChoicePick)
        .where(ChoicePick.session_id == one.row.id, ChoicePick.turn_id.in_(void))
        .values(standing="void")
    )
    tell(ctx, one, turn, why=reason, present=present)
    return turn


def result_of(one: Held, version: int) -> dict[str, Any]:
    """choice.json with how every turn ended; raises Conflict while somebody has had none."""
    if not one.state.finished:
        raise Conflict("%(number)s has not had a turn yet", number=one.state.current)
    told = {**document(one), "version": version}
    return {**told, "results": results_of(told)}


def wanted_closing(ctx: Context, *, ref: str) -> Wanted:
    """What is approved of closing a session: exactly the result that becomes public."""
    one = find(ctx.session, ref)
    made = result_of(one, _next(ctx.session, one.exam))
    chosen = sum(row["outcome"] == "chosen" for row in made["results"])
    told = (
        Sentence(
            "Post %(post)s: %(count)s of %(people)s people have chosen",
            post=one.post.code,
            count=chosen,
            people=len(one.turns),
        ),
        Sentence("The result becomes public; after that nothing of it is corrected"),
        Sentence("The digest is that of choice.json"),
    )
    return Wanted(CLOSE, one.exam.code, f"choice:{ref}", sha256_hex(jcs(made)), told)


def _next(session: Session, exam: Exam) -> int:
    query = select(func.max(ChoiceSession.version)).where(ChoiceSession.exam_id == exam.id)
    return (session.scalar(query) or 0) + 1


@verb
def close_session(ctx: Context, *, ref: str) -> ChoiceSession:
    """Close a session in which everybody had a turn and sign its result, as approved.

    `show_choices` writes the folder afterwards.
    """
    one = running(ctx, ref)
    ctx.session.execute(select(Exam.id).where(Exam.id == one.exam.id).with_for_update())
    version = _next(ctx.session, one.exam)
    text = jcs(result_of(one, version))
    use(ctx, subject=f"choice:{ref}", digest=sha256_hex(text))
    row, now = one.row, ctx.clock.now()
    said = ChoiceNote(
        ctx.config.origin,
        one.exam.code,
        version,
        one.post.code,
        one.release.version,
        one.list_digest,
        one.release.rules_digest,
        sha256_hex(text),
        rfc3339(now),
        _previous(ctx.session, one.exam, version),
    )
    row.note, row.document = notes.sign(said.text, ctx.keys.publisher), text.decode()
    row.state, row.closed_at, row.version = "closed", now, version
    ctx.session.execute(
        update(ChoicePick)
        .where(ChoicePick.session_id == row.id, ChoicePick.standing == "made")
        .values(standing="closed")
    )
    ctx.session.flush()
    digest = sha256_hex(said.text.encode())
    told = {"version": version, "digest": digest, "choices": said.choices}
    ctx.record(exam=one.exam.code, subject=f"choice:{ref}", **told)
    return row


def _previous(session: Session, exam: Exam, version: int) -> str:
    if version == 1:
        return NONE
    query = select(ChoiceSession.note).where(
        ChoiceSession.exam_id == exam.id, ChoiceSession.version == version - 1
    )
    note = session.scalars(query).one() or b""
    return sha256_hex(notes.parse(note).text.encode())


def folder_files(row: ChoiceSession) -> Mapping[str, bytes]:
    """The files of a closed session's folder."""
    assert row.document is not None
    assert row.note is not None
    return {CHOICES: row.document.encode(), NOTE: row.note}


def show_choices(session: Session, config: Config) -> list[str]:
    """Write the folders of closed sessions that are not there yet; returns their names.

    Raises Fault when a file of one that is there is another than was published.
    """
    query = (
        select(ChoiceSession, Exam.code)
        .join(Exam, Exam.id == ChoiceSession.exam_id)
        .where(ChoiceSession.state == "closed")
        .order_by(ChoiceSession.id)
    )
    written = []
    for found in session.execute(query):
        row = found.ChoiceSession
        target = config.published / f"choice-{found.code}-v{row.version}"
        if target.exists():
            check_folder(target, folder_files(row))
        else:
            write_whole(target, folder_files(row))
            written.append(target.name)
    return written
