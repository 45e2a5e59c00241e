"""Verbs of cases: taken in with a service number, assigned, handled, replied, followed up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.cases import words
from exam_system.cases.kinds import kind_of, require_topic
from exam_system.cases.lookup import (
    FOLDER,
    answers_of,
    away_on,
    code_blind,
    exam_code,
    find_letter,
    require_desk,
    staff_of,
)
from exam_system.cases.models import Letter, LetterAnswer, LetterDocument
from exam_system.cases.states import STATES, move
from exam_system.cases.tasks import require_parts_done
from exam_system.cases.terms import set_due
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Gathered, Invalid, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.people import clean_line, clean_name, clean_phone, reason_line
from exam_system.registration.documents import Document, store_document, take_in_document
from exam_system.registration.models import ReviewerAbsence
from exam_system.registration.reviewing import today
from exam_system.trust.canonical import sha256_hex

MOST_DOCUMENTS = 5
LONGEST_ABSENCE = 366
GRADES = range(1, 6)
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Taken:
    """A case that was taken in, and the code with which whoever wrote asks how far it is."""

    letter: Letter
    code: str


@verb
def register_case(
    ctx: Context,
    *,
    kind: str,
    topic: str,
    title: str,
    text: str,
    name: str,
    phone: str = "",
    exam: str = "",
    channel: str = "web",
    documents: Sequence[tuple[str, bytes]] = (),
) -> Taken:
    """Take a letter in: it gets its service number, owner, deputy and deadline at once."""
    wrong = Gathered()
    with wrong.about("kind"):
        _require_way(ctx, kind, channel)
    with wrong.about("topic"):
        require_topic(topic)
    with wrong.about("exam"):
        about = exam_by_code(ctx.session, exam) if exam else None
    with wrong.about():
        sealed = _sealed(ctx, name, phone, title, text)
    with wrong.about("files"):
        kept = _taken_in(documents)
    wrong.tell()
    letter = _new_letter(ctx, kind, topic, sealed)
    letter.channel, letter.exam_id = channel, about.id if about else None
    ctx.session.add(letter)
    ctx.session.flush()
    code = _number(ctx, letter)
    _give_owner(ctx, letter)
    _keep(ctx, letter, kept)
    ctx.session.flush()
    told = {"number": letter.number, "case": kind, "channel": channel, "due": str(letter.due)}
    files = [document.sha256 for document in kept]
    ctx.record(exam=exam, subject=f"letter:{letter.ref}", files=files, **told)
    return Taken(letter, code)


def _sealed(ctx: Context, name: str, phone: str, title: str, text: str) -> bytes:
    wrong = Gathered()
    with wrong.about("title"):
        line = _headline(title)
    with wrong.about("text"):
        body = words.body(text)
    with wrong.about("name"):
        who = clean_name(name)
    with wrong.about("phone"):
        number = clean_phone(phone) if phone.strip() else ""
    wrong.tell()
    return ctx.keys.vault.seal(json.dumps([who, number, line, body], ensure_ascii=False))


def _headline(title: str) -> str:
    line = clean_line(title, words.LONGEST_TITLE)
    if not line:
        raise Invalid(
            "Give a title of at most %(most)s characters", most=words.LONGEST_TITLE
        ).about("title")
    return line


def _taken_in(documents: Sequence[tuple[str, bytes]]) -> list[Document]:
    if len(documents) > MOST_DOCUMENTS:
        raise Invalid("Hand in at most %(most)s documents", most=MOST_DOCUMENTS).about("files")
    return [take_in_document(named, data) for named, data in documents]


def _new_letter(ctx: Context, kind: str, topic: str, sealed: bytes) -> Letter:
    ref = reference(ctx.chance)
    candidate = ctx.actor.role is Role.CANDIDATE
    letter = Letter(
        ref=ref,
        number=ref,  # until the row has its place
        kind=kind,
        topic=topic,
        account_id=ctx.actor.account_id if candidate else None,
        sealed=sealed,
        code_blind="",
        state="registered",
        day=today(ctx),
        due=today(ctx),
        extended=False,
        marks=0,
        registered_at=ctx.clock.now(),
    )
    set_due(ctx.session, letter)
    return letter


def _number(ctx: Context, letter: Letter) -> str:
    """Give a letter its service number; returns the code that goes with it."""
    code = f"{int.from_bytes(ctx.chance.take(16), 'big') % 10**_DIGITS:0{_DIGITS}d}"
    letter.number = f"FW{letter.day.year}{letter.id:06d}"
    letter.code_blind = code_blind(ctx, letter.number, code)
    return code


def _keep(ctx: Context, letter: Letter, documents: Sequence[Document]) -> None:
    for document in documents:
        row = LetterDocument(
            ref=reference(ctx.chance),
            letter_id=letter.id,
            kind=document.kind,
            sha256=document.sha256,
        )
        ctx.session.add(row)
        store_document(ctx.config, ctx.keys.vault, row.ref, document, FOLDER)


def _require_way(ctx: Context, kind: str, channel: str) -> None:
    """Everybody writes online; what comes another way the office enters."""
    found, staff = kind_of(kind), ctx.actor.role in (Role.OFFICER, Role.INSPECTOR)
    if channel not in words.CHANNELS or (channel == "web") == staff:
        raise Invalid("Choose how the letter came in").about("channel")
    if not (staff or ctx.actor.role is Role.OBSERVER or found.open):
        raise Invalid("Choose from the list what your letter is").about("kind")


def _give_owner(ctx: Context, letter: Letter) -> None:
    """Those of the desk who are there take turns by the letter's number; the next is deputy."""
    away = away_on(ctx.session, today(ctx))
    there = [one.id for one in staff_of(ctx.session, kind_of(letter.kind).desk)]
    there = [one for one in there if one not in away] or there
    if there:
        letter.owner_id = there[letter.id % len(there)]
        letter.deputy_id = there[(letter.id + 1) % len(there)] if len(there) > 1 else None


def _own(ctx: Context, ref: str) -> Letter:
    letter = find_letter(ctx.session, ref, lock=True)
    require_desk(ctx, letter)
    return letter


def _require_turn(ctx: Context, letter: Letter) -> None:
    """Raise Conflict unless the actor is the owner or the deputy."""
    if ctx.actor.account_id not in (letter.owner_id, letter.deputy_id):
        raise Conflict("This letter has another owner and deputy: have it assigned to you first")


def _at_desk(ctx: Context, letter: Letter, username: str) -> Account:
    for account in staff_of(ctx.session, kind_of(letter.kind).desk):
        if account.username == username:
            return account
    raise Invalid("Choose the owner and the deputy from the people of this desk").about(
        "owner deputy"
    )


@verb
def assign_case(ctx: Context, *, ref: str, owner: str, deputy: str, reason: str = "") -> Letter:
    """Take a case up and say who does it (A) and who stands in (B); by login name.

    Assigning it once more, or after a reply, needs a reason.
    """
    letter = _own(ctx, ref)
    first, second = (_at_desk(ctx, letter, name) for name in (owner, deputy))
    if first.id == second.id:
        raise Invalid("Owner and deputy are two people").about("deputy")
    before = letter.state
    why = "" if before == "registered" else reason_line(reason, 200)
    move(letter, "assigned")
    letter.owner_id, letter.deputy_id = first.id, second.id
    if before == "registered":
        letter.assigned_at = ctx.clock.now()
        set_due(ctx.session, letter)
    ctx.session.flush()
    told = {"owner": first.ref, "deputy": second.ref, "due": str(letter.due), "why": why}
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", **told)
    return letter


@verb
def handle_case(ctx: Context, *, ref: str, finding: str) -> Letter:
    """Write down what was found out and done; the office's own note."""
    letter = _own(ctx, ref)
    _require_turn(ctx, letter)
    move(letter, "handled")
    text = words.body(finding)
    letter.finding, letter.handled_at = ctx.keys.vault.seal(text), ctx.clock.now()
    ctx.session.flush()
    digest = sha256_hex(letter.finding)
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", finding=digest)
    return letter


@verb
def reply_case(ctx: Context, *, ref: str, text: str) -> LetterAnswer:
    """Answer a case, or answer it once more: the new version stands beside the earlier ones."""
    letter = _own(ctx, ref)
    _require_turn(ctx, letter)
    require_parts_done(ctx.session, letter)
    move(letter, "replied")
    if ctx.actor.account_id is None:
        raise Forbidden("Only people answer letters")
    answer = LetterAnswer(
        letter_id=letter.id,
        version=len(answers_of(ctx.session, letter)) + 1,
        sealed=ctx.keys.vault.seal(words.body(text)),
        by=ctx.actor.account_id,
        at=ctx.clock.now(),
    )
    letter.replied_at = ctx.clock.now()
    ctx.session.add(answer)
    ctx.session.flush()
    told = {"version": answer.version, "number": letter.number, "digest": sha256_hex(answer.sealed)}
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", **told)
    return answer


@verb
def follow_up(
    ctx: Context, *, ref: str, code: str, grade: int, remark: str = "", again: bool = False
) -> Letter:
    """Whoever wrote says how content they are (1 to 5): it ends the case, or brings it back once
    more with what is still open (`again`), with the same owner."""
    letter = find_letter(ctx.session, ref, lock=True)
    if letter.code_blind != code_blind(ctx, letter.number, code):
        raise Forbidden("The code is not that of this letter")
    if grade not in GRADES:
        raise Invalid("Say how content you are, from 1 to 5").about("grade")
    if letter.state != "replied":
        raise Conflict("It is %(state)s: this step cannot be taken now", state=_state(letter))
    said = remark.strip()
    letter.satisfaction = grade
    letter.remark = ctx.keys.vault.seal(words.body(said, 1000)) if said or again else None
    if again:
        move(letter, "assigned")
        letter.day, letter.extended, letter.extension_why = today(ctx), False, None
        set_due(ctx.session, letter)
    else:
        move(letter, "closed")
        letter.closed_at = ctx.clock.now()
    ctx.session.flush()
    told = {"grade": grade, "again": again, "due": str(letter.due)}
    ctx.record(exam=exam_code(ctx.session, letter), subject=f"letter:{ref}", **told)
    return letter


def _state(letter: Letter) -> Sentence:
    return Sentence(STATES[letter.state])


@verb
def note_away(ctx: Context, *, begins: date, ends: date, username: str = "") -> ReviewerAbsence:
    """Say on which days somebody of the desk is away, both included: oneself or a colleague.

    From the first day on their cases go to the deputies.
    """
    if not begins <= ends or (ends - begins).days > LONGEST_ABSENCE or ends < today(ctx):
        sentence = "Give the first and the last day; the absence is at most a year"
        raise Invalid(sentence).about("ends")
    desk = staff_of(ctx.session, ctx.actor.role)
    if username:
        found = [one for one in desk if one.username == username]
    else:
        found = [one for one in desk if one.id == ctx.actor.account_id]
    if not found:
        raise Invalid("Choose who is away from the people of this desk").about("username")
    row = ReviewerAbsence(
        account_id=found[0].id, begins=begins, ends=ends, declared_at=ctx.clock.now()
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{found[0].ref}", begins=str(begins), ends=str(ends))
    return row
