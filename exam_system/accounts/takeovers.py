"""Takeovers: the holder of an ID number gets its account from whoever has it (RULES 2.12).

Anybody may ask, for every number alike: nothing tells whether it has an account, and while a
request waits nothing changes, or anybody could stop a candidate on the last evening. Two people
decide. Then the old account is closed and the person gets a new one. Where a stranger had
registered the number, applications that are not paid are withdrawn and may be made anew; paid
ones stay with the person, so that no money and no seat is lost. Where only the password or the
second factor was lost, all applications stay.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts import consents, takeover_files, tries
from exam_system.accounts.models import Account, LoginSession, Person, Signup, Takeover
from exam_system.accounts.phones import phone_key
from exam_system.accounts.service import end_sessions, parse_id, require_password
from exam_system.approvals.lookup import Wanted, use
from exam_system.chance import label, reference
from exam_system.context import Context, verb
from exam_system.database import one_row
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.exams.models import Exam
from exam_system.people import clean_name, clean_phone, narrow, reason_line
from exam_system.registration.models import Application
from exam_system.registration.states import MOVES, move
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.vault import decoy_hash, hash_password

CLAIMS = {
    "stranger": "Somebody else has registered my ID number",
    "lost": "The account is mine, but I have lost the password or the second factor",
}
STATES = {
    "waiting": "Waits for the office",
    "granted": "Granted: set your password",
    "refused": "Takeover refused",
    "done": "Granted, the new password is set",
}
MOST_WAITING = 2_000  # pictures of an ID card weigh some 500 KB
LONGEST_REASON = 200
_DIGITS = 16
_NONE = "There is no takeover with this reference and code"


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who asks, as stated: read from the sealed field."""

    number: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a grant would do: whose account is closed, what is withdrawn, what stays."""

    person: Person | None
    account: Account | None
    withdrawn: tuple[tuple[Application, str], ...] = ()
    kept: tuple[tuple[Application, str], ...] = ()


@verb
def ask_takeover(
    ctx: Context,
    *,
    claim: str,
    name: str,
    id_number: str,
    phone: str,
    pictures: Mapping[str, bytes],
    agreed: Collection[str],
) -> tuple[str, str]:
    """Ask for the account of an ID number; returns the reference and the pick-up code.

    `pictures` as takeover_files.PICTURES names them. The same is done for every number.
    """
    if claim not in CLAIMS:
        raise Invalid("Say why you ask for the takeover")
    number, digests = parse_id(ctx, id_number), consents.require(ctx, agreed)
    claimed = [number.number, clean_name(name), clean_phone(phone)]
    _require_room(ctx.session)
    ref, code = label(ctx.chance, "t"), _code(ctx)
    files = takeover_files.store(ctx, ref, pictures)
    row = Takeover(
        ref=ref,
        claim=claim,
        id_blind=ctx.keys.vault.blind(number.number),
        sealed=ctx.keys.vault.seal(json.dumps(claimed)),
        files=" ".join(files),
        agreed=" ".join(digests),
        code_blind=_code_blind(ctx, ref, code),
        state="waiting",
        reason="",
        asked_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam="", subject=f"takeover:{ref}", claim=claim, files=files, agreed=digests)
    return ref, code


def _require_room(session: Session) -> None:
    query = select(func.count()).select_from(Takeover).where(Takeover.state == "waiting")
    if (session.scalar(query) or 0) >= MOST_WAITING:
        raise Conflict("Too many takeovers wait at the moment: come to the office")


def _code(ctx: Context) -> str:
    return f"{int.from_bytes(ctx.chance.take(16), 'big') % 10**_DIGITS:0{_DIGITS}d}"


def _code_blind(ctx: Context, ref: str, code: str) -> str:
    digits = "".join(c for c in narrow(code) if c.isascii() and c.isdigit())
    return ctx.keys.vault.blind(f"takeover:{ref}:{digits}")


def claimed(ctx: Context, row: Takeover) -> Claimed:
    """Who asks, in clear; for what is masked or on record."""
    return Claimed(*json.loads(ctx.keys.vault.open(row.sealed)))


def find(session: Session, ref: str, *, lock: bool = False) -> Takeover:
    """One takeover for the office; raises NotFound. With `lock` nobody else decides meanwhile."""
    query = select(Takeover).where(Takeover.ref == ref)
    return one_row(session, query, NotFound("There is no such takeover"), lock=lock)


def pick_up(ctx: Context, ref: str, code: str) -> Takeover | None:
    """The takeover of a reference and its code; None when they are none's, which is counted.

    The caller commits, so that the failure counts. Raises TooMany while one has to wait.
    """
    name = narrow(ref).lower()
    key = ctx.keys.vault.blind(f"takeover:{name}")
    failure = tries.earlier_failures(ctx, key)
    blind = _code_blind(ctx, name, code)
    query = select(Takeover).where(Takeover.ref == name, Takeover.code_blind == blind)
    row = ctx.session.scalar(query)
    if row is None:
        tries.failed(ctx, key, failure)
    else:
        tries.held(ctx, failure)
    return row


def none_such() -> NotFound:
    """What is said of a reference and code that do not go together."""
    return NotFound(_NONE)


@verb
def open_takeover(ctx: Context, *, ref: str) -> dict[str, bytes]:
    """Look at the documents of a takeover (JPEG by name), which is on record each time."""
    row = find(ctx.session, ref, lock=True)
    if not row.files:
        raise NotFound("The pictures of this takeover are deleted")
    files = takeover_files.read(ctx, ref, row.files.split())
    row.opened_at = row.opened_at or ctx.clock.now()
    ctx.record(exam="", subject=f"takeover:{ref}", files=row.files.split())
    return files


def plan(ctx: Context, row: Takeover) -> Plan:
    """What granting this would do now."""
    found = ctx.session.execute(
        select(Person, Account)
        .join(Account, Account.id == Person.account_id)
        .where(Person.id_blind == row.id_blind)
    ).one_or_none()
    if found is None:
        return Plan(None, None)
    query = (
        select(Application, Exam.code)
        .join(Exam, Exam.id == Application.exam_id)
        .where(Application.person_id == found.Person.id)
        .order_by(Application.id)
        .with_for_update(of=Application)
        .execution_options(populate_existing=True)
    )
    pairs = [(one, code) for one, code in ctx.session.execute(query)]
    gone = [pair for pair in pairs if row.claim == "stranger" and _unpaid(pair[0])]
    kept = [pair for pair in pairs if pair not in gone]
    return Plan(found.Person, found.Account, tuple(gone), tuple(kept))


def _unpaid(application: Application) -> bool:
    """Whether it is under way and nothing was paid for it; who chose again has paid before."""
    paid = application.state in ("paid", "choosing") or application.chosen_at is not None
    return not paid and "withdrawn" in MOVES[application.state]


def wanted_takeover(ctx: Context, *, ref: str) -> Wanted:
    """What somebody of another office approves; raises Conflict before the documents were seen."""
    row = find(ctx.session, ref)
    if row.state != "waiting":
        raise Conflict("This takeover is decided already")
    if row.opened_at is None:
        raise Conflict("Look at the documents first")
    return _wanted(row, plan(ctx, row))


def _wanted(row: Takeover, will: Plan) -> Wanted:
    lines = [Sentence("The ID number of takeover %(ref)s goes over to whoever asked", ref=row.ref)]
    if will.account is None:
        lines.append(Sentence("No account has this number: a new one is made"))
    else:
        lines.append(Sentence("The account that has it now is closed and its sessions end"))
    lines.append(
        Sentence(
            "Applications that are withdrawn: %(withdrawn)s; that stay with the person: %(kept)s",
            withdrawn=len(will.withdrawn),
            kept=len(will.kept),
        )
    )
    lines.append(Sentence("The digest is that of the documents, the account and the applications"))
    digest = sha256_hex(jcs({
        "account": will.account.ref if will.account else "",
        "claim": row.claim,
        "files": row.files.split(),
        "kept": [[one.ref, one.state] for one, _ in will.kept],
        "takeover": row.ref,
        "withdrawn": [[one.ref, one.state] for one, _ in will.withdrawn],
    }))  # fmt: skip
    return Wanted("accounts.grant_takeover", "", f"takeover:{row.ref}", digest, tuple(lines))


@verb
def grant_takeover(ctx: Context, *, ref: str) -> Account:
    """Hand the number over, as it was approved; the new account gets its password by the code."""
    row = find(ctx.session, ref, lock=True)
    if row.state != "waiting":
        raise Conflict("This takeover is decided already")
    will = plan(ctx, row)
    use(ctx, subject=f"takeover:{ref}", digest=_wanted(row, will).digest)
    row.before = _before(ctx, will)
    account = _new_account(ctx, row, will)
    for application, exam in will.withdrawn:
        _withdraw(application)
        ctx.record(exam=exam, subject=f"application:{application.ref}", takeover=ref)
    _decide(ctx, row, "granted", account)
    ctx.record(
        exam="",
        subject=f"takeover:{ref}",
        closed=will.account.ref if will.account else "",
        account=account.ref,
        withdrawn=[one.ref for one, _ in will.withdrawn],
        kept=[one.ref for one, _ in will.kept],
    )
    return account


def _before(ctx: Context, will: Plan) -> bytes | None:
    if will.person is None or will.account is None:
        return None
    vault = ctx.keys.vault
    phone = vault.open(will.person.phone_sealed)
    return vault.seal(json.dumps([will.account.ref, will.person.name, phone]))


def _new_account(ctx: Context, row: Takeover, will: Plan) -> Account:
    """The number's new account, without a password, and its person; the old one is closed."""
    if will.account is not None:
        will.account.active = False
        will.account.username = f"closed:{will.account.ref}"
        end_sessions(ctx, LoginSession.account_id == will.account.id)
        ctx.session.flush()
    who = claimed(ctx, row)
    account = Account(
        ref=reference(ctx.chance),
        username=row.id_blind,
        name=who.name,
        role=Role.CANDIDATE.value,
        password_hash=decoy_hash(ctx.config.password_cost),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(account)
    ctx.session.flush()
    ctx.session.execute(delete(Signup).where(Signup.id_blind == row.id_blind))
    _move_person(ctx, row, account, will.person)
    consents.add_consent(ctx, account, row.agreed.split())
    return account


def _move_person(ctx: Context, row: Takeover, account: Account, person: Person | None) -> None:
    who, vault = claimed(ctx, row), ctx.keys.vault
    if person is None:
        number = parse_id(ctx, who.number)
        person = Person(
            sex=number.sex,
            birth=number.birth,
            id_sealed=vault.seal(number.number),
            id_blind=row.id_blind,
        )
        ctx.session.add(person)
    person.account_id, person.name = account.id, who.name
    person.phone_sealed, person.phone_blind = vault.seal(who.phone), phone_key(vault, who.phone)


def _withdraw(application: Application) -> None:
    """As if it had never been decided, without the stranger's photo: a new one may be made."""
    move(application, "withdrawn")
    application.photo, application.decided_at, application.decided_by = None, None, None
    application.proposal, application.proposed_by, application.refused_posts = None, None, None


def _decide(ctx: Context, row: Takeover, state: str, account: Account | None = None) -> None:
    row.state, row.decided_at, row.decided_by = state, ctx.clock.now(), ctx.actor.account_id
    row.account_id = account.id if account else None
    ctx.session.flush()


@verb
def refuse_takeover(ctx: Context, *, ref: str, reason: str) -> None:
    """Refuse a takeover with a reason, which the one who asked is shown."""
    row = find(ctx.session, ref, lock=True)
    if row.state != "waiting":
        raise Conflict("This takeover is decided already")
    row.reason = reason_line(reason, LONGEST_REASON)
    _decide(ctx, row, "refused")
    ctx.record(exam="", subject=f"takeover:{ref}", why=row.reason)


@verb
def forget_documents(ctx: Context, *, days: int) -> list[str]:
    """Give up the pictures of takeovers decided more than `days` ago; returns the digests of the
    files, which the caller deletes once this is committed. Raises Conflict when there are none."""
    before = ctx.clock.now() - timedelta(days=days)
    old = select(Takeover).where(Takeover.decided_at < before, Takeover.files != "")
    rows = ctx.session.scalars(old.order_by(Takeover.id).with_for_update()).all()
    if not rows:
        raise Conflict("No pictures of takeovers are as old as that")
    digests = [digest for row in rows for digest in row.files.split()]
    for row in rows:
        row.files = ""
    ctx.session.flush()
    ctx.record(exam="", subject="takeovers", takeovers=[row.ref for row in rows], files=digests)
    return digests


@verb
def redeem_takeover(ctx: Context, *, ref: str, code: str, password: str) -> None:
    """Set the password of the account that a granted takeover made, once, with the pick-up code."""
    require_password(password)
    row = pick_up(ctx, ref, code)
    if row is None:
        raise none_such()
    row = find(ctx.session, row.ref, lock=True)
    if row.state != "granted":
        raise Conflict("Nothing can be set here: the takeover is not granted, or it is done")
    account = ctx.session.get_one(Account, row.account_id)
    salt = ctx.chance.take(16)
    account.password_hash = hash_password(password, ctx.config.password_cost, salt)
    row.state = "done"
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{account.ref}", takeover=row.ref)
