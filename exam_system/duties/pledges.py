"""The integrity pledge (廉政承诺书) of a role: whoever holds it signs before it becomes active.

PRACTICES 26 and 27. The first version of each text is a file of the program; further ones are
rows, and ask everybody of the role again. Whether somebody's pledge stands is a column of their
account, which comes with the actor, so that no verb has to look it up (`access.require`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exam_system.access import PLEDGED, Role
from exam_system.accounts import factors
from exam_system.accounts.models import Account, is_staff
from exam_system.context import Context, verb
from exam_system.duties.models import Pledge, PledgeText
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.people import require_text
from exam_system.trust.canonical import jcs, sha256_hex

LONGEST = 5_000
_FIRST = Path(__file__).with_name("pledges.json")


@dataclass(frozen=True, slots=True)
class Text:
    """One version of a role's pledge; `published_at` is None for the first."""

    role: str
    version: int
    zh: str
    en: str
    published_at: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the JCS object of role, version and both languages."""
        return sha256_hex(
            jcs({"en": self.en, "role": self.role, "version": self.version, "zh": self.zh})
        )


@cache
def first_text(role: str) -> Text:
    """The text that comes with the program: what all pledge, and what this role pledges besides."""
    found = json.loads(_FIRST.read_text(encoding="utf-8"))
    own = found["roles"].get(role, {"zh": [], "en": []})
    return Text(role, 1, _whole(found, own, "zh"), _whole(found, own, "en"))


def _whole(found: dict[str, dict[str, object]], own: dict[str, list[str]], language: str) -> str:
    lines = found["common"][language]
    assert isinstance(lines, list)
    numbered = [f"{n}. {line}" for n, line in enumerate([*lines, *own[language]], 1)]
    return "\n".join([str(found["opening"][language]), *numbered, str(found["closing"][language])])


def texts_of(session: Session, role: str) -> list[Text]:
    """All versions of a role's pledge, the newest first."""
    query = select(PledgeText).where(PledgeText.role == role).order_by(PledgeText.version.desc())
    later = [
        Text(role, row.version, row.zh, row.en, row.published_at) for row in session.scalars(query)
    ]
    return [*later, first_text(role)]


def in_force(session: Session, role: str) -> Text:
    """The newest version."""
    return texts_of(session, role)[0]


def occasion(ctx: Context, text: Text) -> factors.Occasion:
    """What the own password or a second factor confirms: the signature under exactly this text."""
    subject = f"account:{ctx.actor.ref} {text.version}"
    return factors.direct(ctx, "duties.sign_pledge", subject, text.digest)


@verb
def sign_pledge(ctx: Context, *, digest: str) -> Pledge:
    """Sign the pledge of one's own role as it was shown; from then on the role is active.

    `factors.prove_password`, or `prove` where there is a second factor, must have held for
    `occasion` in the same transaction. Raises Conflict when another text is in force by now.
    """
    text = in_force(ctx.session, ctx.actor.role.value)
    if text.digest != digest:
        raise Conflict("The pledge has changed since it was shown: read the text in force")
    if ctx.actor.account_id is None:
        raise Forbidden("Only people sign a pledge")
    account = ctx.session.get_one(Account, ctx.actor.account_id)
    if account.pledge == digest:
        raise Conflict("You have signed this pledge already")
    row = Pledge(
        account_id=account.id,
        version=text.version,
        digest=digest,
        proof=factors.take(ctx, occasion(ctx, text).about),
        signed_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    account.pledge = digest
    ctx.session.flush()
    ctx.record(
        exam="", subject=f"account:{account.ref}", pledge=digest, version=text.version, by=row.proof
    )
    return row


@verb
def publish_pledge(ctx: Context, *, role: str, zh: str, en: str) -> PledgeText:
    """Put the next version of a role's pledge in force: everybody of the role signs anew first."""
    if role not in PLEDGED:
        raise Invalid("There is no such post")
    now = in_force(ctx.session, role)
    text = Text(
        role, now.version + 1, require_text(zh, LONGEST, "zh"), require_text(en, LONGEST, "en")
    )
    if (text.zh, text.en) == (now.zh, now.en):
        raise Conflict("This is the text that is in force")
    row = PledgeText(
        role=role,
        version=text.version,
        zh=text.zh,
        en=text.en,
        digest=text.digest,
        published_by=ctx.actor.account_id,
        published_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    standing = Account.role == role, Account.pledge.is_not(None)
    ctx.session.execute(update(Account).where(*standing).values(pledge=None))
    ctx.session.flush()
    ctx.record(exam="", subject=f"pledge:{role}:{text.version}", digest=text.digest)
    return row


@dataclass(frozen=True, slots=True)
class Signed:
    """How many of a role have signed the text in force, and who has not."""

    role: Role
    text: Text
    count: int
    lacking: tuple[str, ...]


def signed_by_role(session: Session) -> list[Signed]:
    """Every role of staff that somebody holds, in the order of the table of roles."""
    query = select(Account.role, Account.name, Account.pledge).where(Account.active, is_staff())
    people: dict[str, list[tuple[str, str | None]]] = {}
    for role, name, pledge in session.execute(query.order_by(Account.id)):
        people.setdefault(role, []).append((name, pledge))
    return [
        Signed(
            role,
            in_force(session, role.value),
            sum(pledge is not None for _name, pledge in held),
            tuple(name for name, pledge in held if pledge is None),
        )
        for role in Role
        if (held := people.get(role.value))
    ]


def signature_of(session: Session, account_id: int | None, digest: str) -> Pledge | None:
    """Somebody's signature under a text."""
    query = select(Pledge).where(Pledge.account_id == account_id, Pledge.digest == digest)
    return session.scalar(query)
