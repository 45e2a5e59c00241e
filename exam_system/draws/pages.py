"""What the pages of draws show, read from rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from exam_system.approvals.lookup import Wanted
from exam_system.context import Context
from exam_system.draws import confidential
from exam_system.draws.asking import freezing
from exam_system.draws.bundle import ceremony_acts, folder_name
from exam_system.draws.computing import transcript_of
from exam_system.draws.lookup import Held, attempts_of, contributions, cosigning
from exam_system.draws.manifest import next_manifest, rehearse
from exam_system.draws.models import Attempt, Contribution, Draw
from exam_system.draws.paper import example_label
from exam_system.draws.parties import parties, values_of, waits_for_drand
from exam_system.draws.recipes import KINDS, RECIPES
from exam_system.errors import NotFound, Sentence
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.records.heads import cosigned_head
from exam_system.records.notes import missing_cosigners
from exam_system.trust.tickets import ticket
from exam_system.verify.matching import frequencies_of

STATE_NAMES = {
    "frozen": "List frozen",
    "committed": "Commitments in",
    "rolled": "Dice typed in",
    "confirmed": "Dice confirmed",
    "revealed": "Secrets revealed",
    "finished": "Result computed",
    "published": "Bundle published",
    "void": "Attempt void",
}
TONES = {"published": "good", "void": "bad", "finished": "info"}
ORDER = ("frozen", "committed", "rolled", "confirmed", "revealed", "finished", "published")
STEPS = (
    ("The frozen list", "frozen"),
    ("Commitments", "committed"),
    ("Dice", "confirmed"),
    ("Secrets", "revealed"),
    ("Result of the draw", "finished"),
    ("Publication of the bundle", "published"),
)
MOST_SLOTS = 200


@dataclass(frozen=True, slots=True)
class Story:
    """One attempt as the public sees it."""

    held: Held
    manifest: dict[str, Any]
    parts: dict[str, Contribution]
    transcript: str
    groups: Sequence[dict[str, Any]]
    attempts: Sequence[Attempt]
    hidden_until: datetime | None = None
    """Until when a confidential draw shows no list and no result."""

    @property
    def state(self) -> str:
        """The attempt's state."""
        return self.held.attempt.state

    @property
    def stamp(self) -> str:
        """Changes whenever the page has something new to show."""
        secrets = [part.revealed_at for part in self.parts.values()]
        return _stamp(self.held.attempt, secrets, len(self.attempts))

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """The six steps as (name, done|now|next, note)."""
        return [(name, self._stage(end), "") for name, end in STEPS]

    def _stage(self, end: str) -> str:
        if self.state == "void":
            return "next"
        ends = [state for _, state in STEPS]
        reached = ORDER.index(self.state)
        if reached >= ORDER.index(end):
            return "done"
        waiting = next(state for state in ends if ORDER.index(state) > reached)
        return "now" if end == waiting else "next"

    @property
    def parties(self) -> list[str]:
        """The roles that make a secret, in the manifest's order."""
        return parties(self.manifest)

    @property
    def goes_on(self) -> bool:
        """Whether there may still be news: after a void attempt another one may follow."""
        newest = self.held.attempt.number == len(self.attempts)
        return self.state != "published" and (self.state != "void" or newest)

    @property
    def people(self) -> int:
        """How many labels are in the draw."""
        return sum(len(group["labels"]) for group in self.manifest["groups"])

    @property
    def chances(self) -> list[dict[str, Any]]:
        """The exact chances of a lottery, known before it is drawn; else empty."""
        return [] if self.hidden_until else frequencies_of(self.manifest)

    @property
    def example(self) -> str:
        """The label whose ticket stands as an example."""
        return example_label(self.manifest)

    @property
    def example_ticket(self) -> str:
        """The example's ticket, hex."""
        return ticket(self.held.attempt.seed, self.manifest["purpose"], self.example).hex()

    @property
    def command(self) -> str:
        """A line that prints the transcript and its digest without any file of ours."""
        text = self.transcript.replace("\n", "\\n")
        return f"printf '{text}' | sha256sum"

    @property
    def folder(self) -> str:
        """The bundle's folder below `published`."""
        return folder_name(self.held)


def stamp_of(session: Session, draw: str, number: int) -> str:
    """`Story.stamp` by a look that loads no list; raises NotFound."""
    query = (
        select(Attempt)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Draw.code == draw, Attempt.number == number)
        .options(defer(Attempt.manifest), defer(Attempt.result))
    )
    attempt = session.scalar(query)
    if attempt is None:
        raise NotFound("There is no such attempt of a draw")
    secrets = [part.revealed_at for part in contributions(session, attempt).values()]
    count = select(func.count(Attempt.id)).where(Attempt.draw_id == attempt.draw_id)
    return _stamp(attempt, secrets, session.scalars(count).one())


def _stamp(attempt: Attempt, secrets: Sequence[datetime | None], attempts: int) -> str:
    shown = sum(1 + bool(secret) for secret in secrets)
    again = "-again" if attempt.redraw_approved else ""
    value = f"{attempt.dice}{'-drand' if attempt.drand else ''}"
    return f"{attempt.state}-{shown}-{value}-{attempts}{again}"


def story_of(session: Session, held: Held, now: datetime | None = None) -> Story:
    """Everything of an attempt that may be seen now; see confidential.hidden for `now`."""
    parts = contributions(session, held.attempt)
    hidden = confidential.hidden(held.attempt, now)
    if hidden:
        held, parts = confidential.shadow(held), confidential.without_secrets(parts)
    manifest, attempt = held.manifest, held.attempt
    text = ""
    if attempt.seed:
        values = values_of(attempt, parts)
        text = transcript_of(manifest, attempt.manifest_digest, values).decode()
    groups = json.loads(attempt.result)["groups"] if attempt.result else []
    known = {draw.id: rows for draw, rows in attempts_of(session, held.exam)}
    until = attempt.opens_at if hidden else None
    return Story(held, manifest, parts, text, groups, known[held.draw.id], until)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of draw on the office's page."""

    kind: str
    draw: Draw | None
    attempts: list[Attempt]
    problem: Sentence | None = None
    wanted: Wanted | None = None
    """What has to be approved before it begins."""

    @property
    def newest(self) -> Attempt | None:
        """The attempt that counts."""
        return self.attempts[-1] if self.attempts else None

    @property
    def may_freeze(self) -> bool:
        """Whether an attempt may begin."""
        newest = self.newest
        return newest is None or (newest.state == "void" and newest.redraw_approved)


def office_lines(ctx: Context, exam: Exam) -> list[Line]:
    """Every kind of draw with its attempts and what keeps it from beginning."""
    known = {draw.kind: (draw, rows) for draw, rows in attempts_of(ctx.session, exam)}
    lines = []
    for kind in (name for name in KINDS if name in RECIPES):
        draw, rows = known.get(kind, (None, []))
        if draw is None and not RECIPES[kind].asked(rules_of(exam)):
            continue
        line = Line(kind, draw, rows)
        lines.append(_beginning(ctx, exam, line) if line.may_freeze else line)
    return lines


def _beginning(ctx: Context, exam: Exam, line: Line) -> Line:
    """A draw that may begin: what is to be approved, or what is in its way."""
    try:
        manifest = next_manifest(ctx, exam, line.kind)
        rehearse(ctx, exam, manifest)
    except Sentence as error:
        return replace(line, problem=error)
    return replace(line, wanted=freezing(manifest))


def task_of(story: Story, role: str) -> str:
    """What this role has to do now; `wait` when it is somebody else's turn."""
    state = story.state
    if state == "frozen":
        return "wait" if role in story.parts else "commit"
    if state == "confirmed" and waits_for_drand(story.manifest, story.held.attempt):
        return "drand"
    if state == "confirmed":
        return "unseal" if story.parts[role].revealed_at else "reveal"
    tasks = {
        ("committed", "officer"): "dice",
        ("rolled", "officer"): "redo-dice",
        ("rolled", "inspector"): "confirm",
        ("revealed", "officer"): "finish",
        ("finished", "officer"): "publish",
        ("finished", "inspector"): "cosign",
        ("void", "inspector"): "wait" if story.held.attempt.redraw_approved else "approve",
        ("published", role): "over",
    }
    return tasks.get((state, role), "wait")


def contribution_of(story: Story, role: str) -> str:
    """What a further contributor has to do now: commit, reveal, wait, or nothing more (over)."""
    part = story.parts.get(role)
    if story.state == "frozen":
        return "wait" if part else "commit"
    if story.state == "confirmed" and part and not part.revealed_at:
        return "wait" if waits_for_drand(story.manifest, story.held.attempt) else "reveal"
    return "wait" if story.state in ("committed", "rolled", "confirmed") else "over"


def missing_for_publication(session: Session, held: Held) -> list[Sentence]:
    """What publication still waits for."""
    note_id = held.attempt.note_id
    if held.attempt.state != "finished" or note_id is None:
        return []
    enough = cosigning(held.manifest)
    found: list[Sentence] = [
        Sentence("the signature of %(who)s under the draw's result", who=name)
        for name in missing_cosigners(session, note_id, **enough)
    ]
    rows = ceremony_acts(session, held)
    if cosigned_head(session, rows[-1][2] + 1, **enough) is None:
        found.append(Sentence("the inspector's signature under the newest head of the log"))
    return found
