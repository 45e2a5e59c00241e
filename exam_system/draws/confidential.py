"""Draws whose list and result stay confidential until an hour; who looks before it is on record.

Digests, counts, commitments and dice are public at once. Labels may be guessed, so the secrets and
the seed stay hidden as well: with a list and the seed anybody could compute the result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.clock import parse_rfc3339, rfc3339
from exam_system.context import Context, verb
from exam_system.draws.lookup import Held, find
from exam_system.draws.models import Attempt, Contribution, Draw
from exam_system.draws.recipes import Recipe
from exam_system.errors import Conflict
from exam_system.exams.models import Exam
from exam_system.people import reason_line
from exam_system.records.models import Act, ActDetail
from exam_system.trust.canonical import jcs

RULE = "confidential_until"
_LONGEST_REASON = 200
_PLACEHOLDER = "—"
_SHOWN = (
    *("id", "draw_id", "number", "state", "manifest_digest", "dice", "drand", "note_id"),
    *("reason", "redraw_reason", "redraw_approved"),
    *("opens_at", "frozen_at", "finished_at", "published_at"),
)


def rule_of(ctx: Context, exam: Exam, recipe: Recipe) -> dict[str, str]:
    """What the manifest's rules say about the hour; nothing where it has come already."""
    at = recipe.opens(ctx, exam)
    return {RULE: rfc3339(at)} if at and at > ctx.clock.now() else {}


def opening(manifest: Mapping[str, Any]) -> datetime | None:
    """The hour that a manifest names; None where the draw is public."""
    text = manifest["rules"].get(RULE)
    return parse_rfc3339(text) if text else None


def hidden(attempt: Attempt, now: datetime | None = None) -> bool:
    """Whether list and result are shown to nobody: until publication, and of a void attempt until
    the hour (for ever where `now` is not given)."""
    if attempt.opens_at is None or attempt.state == "published":
        return False
    return not (attempt.state == "void" and now is not None and now >= attempt.opens_at)


def require_hour(ctx: Context, attempt: Attempt) -> None:
    """Raise Conflict before the hour: the signed result stands, its files come later."""
    if attempt.opens_at is not None and ctx.due() < attempt.opens_at:
        at = attempt.opens_at.astimezone(ctx.config.zone)
        raise Conflict(
            "This draw stays confidential until %(at)s: its files are published then",
            at=f"{at:%Y-%m-%d %H:%M}",
        )


def shadow(held: Held) -> Held:
    """The attempt as everybody may see it: without labels, seed and result. Not stored."""
    manifest = held.manifest
    groups = [_counted(group) for group in manifest["groups"]]
    rules = {RULE: manifest["rules"].get(RULE, "")}
    text = jcs({**manifest, "groups": groups, "rules": rules}).decode()
    known = {name: getattr(held.attempt, name) for name in _SHOWN}
    return Held(held.exam, held.draw, Attempt(**known, manifest=text, seed="", result=""))


def _counted(group: Mapping[str, Any]) -> dict[str, Any]:
    slots = [{key: slot[key] for key in ("id", "capacity")} for slot in group["slots"]]
    return {"id": group["id"], "labels": [_PLACEHOLDER] * len(group["labels"]), "slots": slots}


def without_secrets(parts: Mapping[str, Contribution]) -> dict[str, Contribution]:
    """Commitments, and when each secret came in. Not stored."""
    kept = ("id", "attempt_id", "role", "commitment", "committed_at", "revealed_at")
    return {
        role: Contribution(**{name: getattr(part, name) for name in kept})
        for role, part in parts.items()
    }


@verb
def look_at_result(ctx: Context, *, draw: str, number: int, reason: str) -> list[dict[str, Any]]:
    """The drawn groups of a confidential draw before its hour; that somebody looked stays on
    record with the reason. Raises Conflict when there is nothing to look at or all may see it."""
    held = find(ctx.session, draw, number)
    if not held.attempt.result:
        raise Conflict("The draw is not finished")
    if not hidden(held.attempt):
        raise Conflict("This draw is not confidential any more: its page shows everything")
    ctx.record(
        exam=held.exam.code,
        subject=held.subject,
        draw=draw,
        attempt=number,
        why=reason_line(reason, _LONGEST_REASON),
    )
    found: list[dict[str, Any]] = json.loads(held.attempt.result)["groups"]
    return found


@dataclass(frozen=True, slots=True)
class Glance:
    """Somebody looked at a confidential result."""

    at: datetime
    subject: str
    name: str
    office: str
    why: str


def glances(session: Session, *subjects: str) -> list[Glance]:
    """Who looked, oldest first; of these attempts, of all when none is named."""
    query = (
        select(Act.at, Act.subject, Account.name, Account.office, ActDetail.details)
        .join(Account, Account.ref == Act.actor)
        .outerjoin(ActDetail, ActDetail.act_id == Act.id)
        .where(Act.kind == "draws.look_at_result")
        .order_by(Act.id)
    )
    if subjects:
        query = query.where(Act.subject.in_(subjects))
    return [
        Glance(at, subject, name, office or "", json.loads(details or "{}").get("why", ""))
        for at, subject, name, office, details in session.execute(query)
    ]


def withheld(session: Session, act: Act) -> bool:
    """Whether an act's details would tell a confidential result (secrets, seed)."""
    if act.kind not in ("draws.reveal_secret", "draws.finish_draw"):
        return False
    draw, _, number = act.subject.removeprefix("draw:").rpartition(":")
    query = select(Attempt).join(Draw, Draw.id == Attempt.draw_id)
    attempt = session.scalar(query.where(Draw.code == draw, Attempt.number == int(number)))
    return attempt is not None and hidden(attempt)
