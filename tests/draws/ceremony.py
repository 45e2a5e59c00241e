"""A ceremony with known secrets and dice, step by step; every step can be asked for again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from exam_system.access import Role
from exam_system.clock import RehearsalClock
from exam_system.context import PUBLIC, Context
from exam_system.database import connect
from exam_system.draws import outside, service
from exam_system.draws.models import Attempt, Draw
from exam_system.draws.recipes import Recipe
from exam_system.exams.models import Exam
from exam_system.exams.rules import defaults
from exam_system.oversight.service import cosign_notes
from exam_system.records.heads import cosigned_head, newest_head
from exam_system.records.notes import missing_cosigners, note_bytes
from exam_system.trust.notes import parse, with_line
from tests.world import World, approve_in, confirm_in

EXAM = "2026-kp"
DRAW = f"{EXAM}-order"
SECRETS = {
    "officer": "0f" * 32,
    "inspector": "a7" * 32,
    "candidate": "1c" * 32,
    "journalist": "2d" * 32,
}
DICE = "31415926535897932384"
PEOPLE = {"g1": 12, "g2": 7}


def labels(group: str, size: int) -> list[str]:
    """Labels of a group, sorted."""
    return [f"k-{group}-{n:02d}" for n in range(size)]


def build(_ctx: Context, _exam: Exam) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The test recipe's list: two groups, places for all but two."""
    groups = [
        {
            "id": group,
            "labels": labels(group, size),
            "slots": [
                {"id": f"{group}-a", "capacity": 4},
                {"id": f"{group}-b", "capacity": size - 5},
            ],
        }
        for group, size in PEOPLE.items()
    ]
    return groups, {"area": "out-of-area only"}


def apply(ctx: Context, exam: Exam, attempt: Attempt, groups: list[dict[str, Any]]) -> None:
    """The test recipe's effect: a row that a second run would make twice."""
    first = groups[0]["slots"][0]["labels"][0]
    exam.name_en = f"{exam.name_en}+{attempt.number}:{first}"


RECIPE = Recipe("order", "order/v1", "order", build, apply, ())


def make_exam(world: World, state: str = "closed", cosigners: int = 1) -> None:
    """An exam past its registration, as far as draws look at it."""
    document = defaults("civil_service")
    for day, key in enumerate(("registration_opens", "registration_closes", "payment_closes"), 1):
        document[key]["value"] = f"2026-01-0{day}T00:00:00Z"
    document["cosigners"]["value"] = cosigners
    rules = json.dumps(document)
    with world.context(world.people[Role.OFFICER]).session as db:
        row = Exam(
            code=EXAM,
            name="二〇二六年公开招聘",
            name_en="Recruitment",
            area_code="520400",
            state=state,
            rules=rules,
            rules_digest=hashlib.sha256(rules.encode()).hexdigest(),
            created_at=world.clock.now(),
        )
        db.add(row)
        db.commit()


def commitment(role: str, number: int = 1, draw: str = DRAW) -> str:
    """C of PROTOCOLS.md section 4 step 2, with hashlib alone."""
    text = f"exam-system/draw/v1 commit\n{draw}\n{number}\n{role}\n{SECRETS.get(role)}\n"
    return hashlib.sha256(text.encode()).hexdigest()


def freeze(ctx: Context, number: int) -> None:
    approve_in(ctx, "draws.freeze_draw", code=EXAM, kind="order")
    service.freeze_draw(ctx, code=EXAM, kind="order")


def commit(ctx: Context, number: int) -> None:
    value = commitment(ctx.actor.role.value, number)
    service.commit_secret(ctx, draw=DRAW, number=number, commitment=value)


def choose(world: World, *roles: str, drand_at: datetime | None = None) -> None:
    """Further contributors, and a round of drand, for the next attempt."""
    with world.acting(Role.OFFICER) as ctx:
        outside.choose_sources(ctx, code=EXAM, kind="order", contributors=roles, drand_at=drand_at)


def link(world: World, role: str, number: int = 1) -> str:
    """The token of a contributor's new link."""
    with world.acting(Role.OFFICER) as ctx:
        return outside.invite_contributor(ctx, draw=DRAW, number=number, role=role)


def commit_by(world: World, token: str, role: str, number: int = 1) -> None:
    """A further contributor commits."""
    with world.acting(PUBLIC) as ctx:
        value = commitment(role, number)
        service.commit_secret(ctx, draw=DRAW, number=number, commitment=value, token=token)


def reveal_by(world: World, token: str, role: str, number: int = 1) -> None:
    """A further contributor reveals."""
    with world.acting(PUBLIC) as ctx:
        secret = SECRETS[role]
        service.reveal_secret(ctx, draw=DRAW, number=number, secret=secret, token=token)


def roll(ctx: Context, number: int) -> None:
    service.record_dice(ctx, draw=DRAW, number=number, digits=DICE)


def confirm(ctx: Context, number: int) -> None:
    service.confirm_dice(ctx, draw=DRAW, number=number, digits=DICE)


def reveal(ctx: Context, number: int) -> None:
    secret = SECRETS.get(ctx.actor.role.value, "0" * 64)
    service.reveal_secret(ctx, draw=DRAW, number=number, secret=secret)


def finish(ctx: Context, number: int) -> None:
    service.finish_draw(ctx, draw=DRAW, number=number)


def publish(ctx: Context, number: int) -> None:
    approve_in(ctx, "draws.publish_draw", draw=DRAW, number=number)
    service.publish_draw(ctx, draw=DRAW, number=number)


def void(ctx: Context, number: int) -> None:
    confirm_in(ctx, "draws.void_draw", draw=DRAW, number=number)
    service.void_draw(ctx, draw=DRAW, number=number, reason="两位监督员未到场")


def approve(ctx: Context, number: int) -> None:
    confirm_in(ctx, "draws.approve_redraw", draw=DRAW, number=number)
    service.approve_redraw(ctx, draw=DRAW, number=number, reason="监督员已到场，同意重抽")


Step = tuple[str, Role, Callable[[Context, int], None]]
STEPS: tuple[Step, ...] = (
    ("frozen", Role.OFFICER, freeze),
    ("frozen", Role.OFFICER, commit),
    ("committed", Role.INSPECTOR, commit),
    ("rolled", Role.OFFICER, roll),
    ("confirmed", Role.INSPECTOR, confirm),
    ("confirmed", Role.OFFICER, reveal),
    ("revealed", Role.INSPECTOR, reveal),
    ("finished", Role.OFFICER, finish),
    ("published", Role.OFFICER, publish),
)
BEFORE_PUBLISHING = len(STEPS) - 1


def run(world: World, first: int = 0, last: int = BEFORE_PUBLISHING, number: int = 1) -> None:
    """Take the steps first..last-1, each in its own transaction, the log sealed after each."""
    for _, role, act in STEPS[first:last]:
        with world.acting(role) as ctx:
            act(ctx, number)
        world.clock.advance(seconds=30)
        world.seal()


def attempt(world: World, number: int = 1) -> Attempt:
    """The attempt as it is in the database now."""
    with world.context(world.people[Role.OFFICER]).session as db:
        found = db.query(Attempt).join(Draw, Draw.id == Attempt.draw_id)
        return found.filter(Draw.code == DRAW, Attempt.number == number).one()


def cosign(world: World, number: int = 1, *, head: bool = True) -> None:
    """The inspector signs the draw's note and (unless `head` is false) the log's newest head."""
    with world.acting(Role.INSPECTOR) as ctx:
        db, found = ctx.session, attempt(world, number)
        newest = newest_head(db)
        assert newest is not None
        assert found.note_id is not None
        wanted = [found.note_id, newest.note_id] if head else [found.note_id]
        files = []
        for note_id in wanted:
            if missing_cosigners(db, note_id):
                files.append(_signed(world, note_bytes(db, note_id)))
        if files:
            cosign_notes(ctx, files=files)


def _signed(world: World, data: bytes) -> bytes:
    text = parse(data).text.encode()
    return with_line(data, world.inspector.line(text, int(world.clock.now().timestamp())))


def covered(world: World) -> bool:
    """Whether a cosigned head exists at all."""
    with world.context(world.people[Role.OFFICER]).session as db:
        return cosigned_head(db, 1) is not None


def expected(number: int = 1) -> tuple[list[str], Callable[[str], dict[str, list[str]]]]:
    """Nothing of the program under test: order by hashlib from a manifest's digest."""

    def order(manifest_digest: str) -> dict[str, list[str]]:
        seed = hashlib.sha256(transcript(manifest_digest, number)).hexdigest()
        return {
            group: sorted(
                labels(group, size),
                key=lambda one: (hashlib.sha256(f"{seed}:order:{one}".encode()).digest(), one),
            )
            for group, size in PEOPLE.items()
        }

    return sorted(PEOPLE), order


def transcript(manifest_digest: str, number: int = 1) -> bytes:
    """The transcript's bytes as PROTOCOLS.md writes them."""
    return (
        f"exam-system/draw/v1\ndraw {DRAW}\nattempt {number}\nmanifest {manifest_digest}\n"
        f"officer {SECRETS['officer']}\ninspector {SECRETS['inspector']}\ndice {DICE}\n"
    ).encode()


def drawn(result: str | bytes) -> dict[str, list[str]]:
    """Group → labels in drawn order, from a result document."""
    document = json.loads(result)
    return {
        group["id"]: [one for slot in group["slots"] for one in slot["labels"]] + group["reserve"]
        for group in document["groups"]
    }


def bundle(world: World, number: int = 1) -> Path:
    """Where the bundle lies."""
    return world.config.published / f"draw-{DRAW}-{number}"


def again(world: World) -> World:
    """The same instance seen by another process: own engine, own keys in memory, own clock."""
    return World(
        world.folder,
        world.config,
        world.keys,
        connect(world.config.database),
        RehearsalClock(world.clock.now()),
        world.chance,
        world.inspector,
        world.people,
    )


def published(world: World, number: int = 1) -> Path:
    """A whole ceremony; returns the bundle's folder."""
    run(world, number=number)
    cosign(world, number)
    run(world, BEFORE_PUBLISHING, BEFORE_PUBLISHING + 1, number)
    return bundle(world, number)


def acts_of(folder: Path) -> list[dict[str, Any]]:
    """The acts of a bundle."""
    acts: list[dict[str, Any]] = json.loads((folder / "commits.json").read_bytes())["acts"]
    return acts
