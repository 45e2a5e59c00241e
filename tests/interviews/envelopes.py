"""A session of sealed lots as officer and inspector hold it, with known secrets."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from exam_system.access import Role
from exam_system.clock import RehearsalClock
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews import lots, service
from exam_system.interviews.lots import Held, newest_lots
from exam_system.oversight.service import cosign_notes
from exam_system.oversight.waiting import waiting_notes
from exam_system.records.notes import note_bytes
from exam_system.trust.canonical import jcs
from exam_system.trust.notes import parse, with_line
from tests.conftest import START
from tests.interviews import setting
from tests.interviews.setting import CODE
from tests.world import World, approve_in

GROUP = "G01"
SECRET = "c0ffee" + "0" * 58


def set_up(world: World, size: int = 4, how: str = "lots") -> None:
    """One panel and one group, interviewers and groups drawn."""
    setting.add_exam(world, (size,), rooms=1, interview_order=how)
    setting.fill_pool(world, 3, 9)
    with world.acting(Role.OFFICER) as ctx:
        service.create_panels(ctx, code=CODE, panels=1)
    for kind in ("interviewers", "groups"):
        setting.hold(world, kind)


def commitment(world: World, secret: str = SECRET) -> str:
    """The commitment with hashlib alone."""
    with world.acting(Role.INSPECTOR) as ctx:
        text = lots.next_list(ctx, exam_by_code(ctx.session, CODE), GROUP)
    attempt = json.loads(text)["attempt"]
    listed = hashlib.sha256(text).hexdigest()
    said = f"exam-system/lots/v1 commit\n{CODE}\n{GROUP}\n{attempt}\n{listed}\n{secret}\n"
    return hashlib.sha256(said.encode()).hexdigest()


def commit(world: World, secret: str = SECRET) -> None:
    """Fix the envelopes."""
    value = commitment(world, secret)
    with world.acting(Role.OFFICER) as ctx:
        lots.commit_lots(ctx, code=CODE, group=GROUP, commitment=value)


def pick(world: World, *envelopes: int | None) -> None:
    """One after the other picks."""
    for envelope in envelopes:
        with world.acting(Role.OFFICER) as ctx:
            lots.pick_lot(ctx, code=CODE, group=GROUP, envelope=envelope)


def open_all(world: World, secret: str = SECRET) -> None:
    """Show the secret."""
    with world.acting(Role.OFFICER) as ctx:
        lots.open_lots(ctx, code=CODE, group=GROUP, secret=secret)
    world.seal()


def held(world: World) -> Held:
    """The newest attempt as it stands now."""
    with world.acting(Role.OFFICER) as ctx:
        found = newest_lots(ctx.session, exam_by_code(ctx.session, CODE), GROUP)
    assert found is not None
    return found


def cosign(world: World) -> None:
    """The inspector signs whatever waits for a signature."""
    with world.acting(Role.INSPECTOR) as ctx:
        found = [note_bytes(ctx.session, one.note.id) for one in waiting_notes(ctx.session)]
        cosign_notes(ctx, files=[_signed(world, data) for data in found])
    world.seal()


def _signed(world: World, data: bytes) -> bytes:
    text = parse(data).text.encode()
    return with_line(data, world.inspector.line(text, int(world.clock.now().timestamp())))


def publish(world: World) -> Path:
    """Cosign and publish; the bundle's folder."""
    cosign(world)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "interviews.publish_lots", code=CODE, group=GROUP)
        path = lots.publish_lots(ctx, code=CODE, group=GROUP)
    world.seal()
    return path


def slow_places(secret: str, size: int) -> dict[int, int]:
    """lots/v1 once more, from its text: the place in every envelope."""
    keyed = sorted(
        (hashlib.sha256(f"{secret}:lot:{n}".encode()).hexdigest(), n) for n in range(1, size + 1)
    )
    return {n: place for place, (_, n) in enumerate(keyed, 1)}


def slow_result(
    secret: str, labels: Sequence[str], picks: Sequence[int | None]
) -> dict[str, tuple[int, int]]:
    """Envelope and place of everybody, from its text."""
    place, free = slow_places(secret, len(labels)), list(range(1, len(labels) + 1))
    for one in picks:
        if one is not None:
            free.remove(one)
    found = {}
    for label, one in zip(labels, picks, strict=True):
        envelope = free.pop(0) if one is None else one
        found[label] = (envelope, place[envelope])
    return found


def published(folder: Path, template: Path) -> Path:
    """The published folder of a fresh instance with the lots of one group."""
    shutil.copytree(template, folder)
    world = World.open(folder, RehearsalClock(START))
    set_up(world, 3)
    commit(world)
    pick(world, 2, None, 1)
    open_all(world)
    publish(world)
    world.engine.dispose()
    return world.config.published


NAME = f"lots-{CODE}-{GROUP}"


def _json(folder: Path, file: str, change: Callable[[Any], object]) -> None:
    path = folder / NAME / file
    value = json.loads(path.read_bytes())
    change(value)
    path.write_bytes(jcs(value))


def _swap(value: dict[str, list[dict[str, object]]]) -> None:
    one, other = value["lots"][:2]
    one["place"], other["place"] = other["place"], one["place"]


def _text(file: str, old: str, new: str) -> Callable[[Path], object]:
    def lie(folder: Path) -> None:
        path = folder / NAME / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return lie


def _never_opened(folder: Path) -> None:
    _json(folder, "commits.json", lambda value: value["acts"].pop())
    (folder / NAME / "log/4.tlog-proof").unlink()


LIES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "another list": ("V60", lambda f: _json(f, "list.json", lambda v: v["labels"].reverse())),
    "never opened": ("V61", _never_opened),
    "places swapped": ("V64", lambda f: _json(f, "result.json", _swap)),
    "picks changed": ("V63", _text("picks.csv", ",2\n", ",3\n")),
    "result table": ("V64", _text("result.csv", ",yes\n", ",no\n")),
    "minutes": ("V23", lambda f: (f / NAME / "certificate.pdf").write_bytes(b"%PDF")),
    "something else": ("V2", lambda f: (f / NAME / "manifest.json").write_bytes(b"{}")),
    "no picks": ("V3", lambda f: (f / NAME / "picks.csv").unlink()),
    "details": (
        "V11",
        lambda f: _json(f, "commits.json", lambda v: v["acts"][1]["details"].update(envelope=3)),
    ),
    "another name": ("V4", lambda f: (f / NAME).rename(f / f"lots-{CODE}-G02")),
}
