"""Texts on personal data, by version, and the candidates' consent to those in force.

PIPL 14 and 17: consent follows from being told, and is asked for again when what was told changes.
PIPL 29: sensitive data need a consent of their own. The first version of each text is a file of
the program; further ones are rows.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account, Consent, ConsentText
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid
from exam_system.people import require_text
from exam_system.trust.canonical import jcs, sha256_hex

KINDS = ("registration", "sensitive")
LONGEST = 10_000
_LATER = select(ConsentText)
_FIRST = Path(__file__).with_name("consents.json")
_CHANGED = "The texts on personal data have changed: read those in force and agree to them"
_LACKING = "To go on, agree to each text on personal data, or come to the office"


@dataclass(frozen=True, slots=True)
class Text:
    """One version of a text; `published_at` is None for the first, which came with the program."""

    kind: str
    version: int
    zh: str
    en: str
    published_at: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the JCS object of kind, version and both languages."""
        return sha256_hex(
            jcs({"en": self.en, "kind": self.kind, "version": self.version, "zh": self.zh})
        )


@cache
def first_texts() -> tuple[Text, ...]:
    """The first version of each text."""
    found = json.loads(_FIRST.read_text(encoding="utf-8"))
    return tuple(Text(kind, 1, found[kind]["zh"], found[kind]["en"]) for kind in KINDS)


def every_text(session: Session) -> list[Text]:
    """All versions, the newest of each kind first."""
    rows = session.scalars(_LATER)
    later = [Text(row.kind, row.version, row.zh, row.en, row.published_at) for row in rows]
    return sorted([*first_texts(), *later], key=lambda one: (KINDS.index(one.kind), -one.version))


def in_force(session: Session) -> list[Text]:
    """The newest version of each kind, in the order of KINDS."""
    newest: dict[str, Text] = {}
    for text in every_text(session):
        newest.setdefault(text.kind, text)
    return list(newest.values())


def require(ctx: Context, agreed: Collection[str] | None) -> list[str]:
    """The digests of all texts in force, each of which must be in `agreed`; raises Invalid.

    None is for people of a demonstration, who agree to everything.
    """
    wanted = [text.digest for text in in_force(ctx.session)]
    if agreed is None and ctx.config.demonstration:
        return wanted
    given = set(agreed or ())
    if not given.issuperset(wanted):
        raise Invalid(_LACKING if given.issubset(wanted) else _CHANGED)
    return wanted


def add_consent(ctx: Context, account: Account, digests: Collection[str]) -> None:
    """Keep that somebody agreed to these texts."""
    texts = " ".join(digests)
    ctx.session.add(Consent(account_id=account.id, texts=texts, agreed_at=ctx.clock.now()))


def lacking(session: Session, account_id: int) -> bool:
    """Whether the account has still to agree to a text in force."""
    rows = session.scalars(select(Consent.texts).where(Consent.account_id == account_id))
    agreed = {digest for row in rows for digest in row.split()}
    return any(text.digest not in agreed for text in in_force(session))


@verb
def publish_text(ctx: Context, *, kind: str, zh: str, en: str) -> ConsentText:
    """Put the next version of a text in force; candidates are asked for it at their next login."""
    now = next((text for text in in_force(ctx.session) if text.kind == kind), None)
    if now is None:
        raise Invalid("There is no such text")
    text = Text(
        kind, now.version + 1, require_text(zh, LONGEST, "zh"), require_text(en, LONGEST, "en")
    )
    if (text.zh, text.en) == (now.zh, now.en):
        raise Conflict("This is the text that is in force")
    row = ConsentText(
        kind=kind,
        version=text.version,
        zh=text.zh,
        en=text.en,
        digest=text.digest,
        published_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam="", subject=f"text:{kind}:{text.version}", digest=text.digest)
    return row
