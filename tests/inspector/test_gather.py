"""`exam log gather`: real witnesses on real sockets; what they answer is checked like an upload."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from exam_system.access import Role
from exam_system.cli import exam
from exam_system.inspector import InspectorFolder
from exam_system.inspector.serve import WitnessServer
from exam_system.oversight.service import register_inspector
from exam_system.oversight.waiting import waiting_notes
from exam_system.records.heads import cosigned_head, newest_head
from exam_system.records.models import Act, ActDetail
from exam_system.trust.keys import COSIGNATURE, Signer
from tests.inspector.test_dba_attacks import attack, cut
from tests.world import World

SECRET = b"secret"


@pytest.fixture
def desks(world: World, tmp_path: Path) -> list[InspectorFolder]:
    """Two witnesses whose keys are registered."""
    made = []
    for name in ("one", "two"):
        desk = InspectorFolder.create(tmp_path / name, f"tests.example/{name}", SECRET)
        desk.trust([world.keys.log.verifier.vkey])
        with world.acting(Role.ADMIN) as ctx:
            register_inspector(ctx, vkey=desk.verifier.vkey)
        made.append(desk)
    return made


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def witnesses(world: World, desks: list[InspectorFolder]) -> Iterator[list[str]]:
    one, two = (
        WitnessServer(("127.0.0.1", 0), desk, world.clock, lambda _line: None) for desk in desks
    )
    with running(one) as first, running(two) as second:
        yield [first, second]


@contextmanager
def liar(status: int, body: bytes) -> Iterator[str]:
    """Something on a port that always answers the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url


def gather(world: World, *urls: str, code: int = 0) -> str:
    words = ["--instance", str(world.folder), "log", "gather", *urls]
    result = CliRunner().invoke(exam, words)
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def test_two_witnesses_sign_the_same_head_and_again_when_it_has_grown(
    world: World, desks: list[InspectorFolder]
) -> None:
    names = {desk.verifier.vkey for desk in desks}
    with witnesses(world, desks) as urls:
        for name in ("a", "b"):
            world.fill_log(5, name)
            told = gather(world, urls[0], f"{urls[1]}/add-checkpoint")
            assert "tests.example/one cosigned" in told
            assert "tests.example/two cosigned" in told
    assert [len(InspectorFolder.history_of(desk.folder)) for desk in desks] == [2, 2]
    with world.context(world.people[Role.OFFICER]).session as db:
        head = newest_head(db)
        assert head is not None
        # two acts of gathering came after the head that both have signed
        both = cosigned_head(db, head.size - 2, needed=2, among=sorted(names))
        assert both is not None
        assert both.size == head.size - 2
        rows = db.execute(
            select(Act.actor, ActDetail.details)
            .join(ActDetail, ActDetail.act_id == Act.id)
            .where(Act.kind == "oversight.gather_cosignature")
        ).all()
        assert len(rows) == 4
        assert {row.actor for row in rows} == {"system"}
        assert urls[0] in rows[0].details
        # the world's own inspector has signed nothing and is still asked
        assert [one.missing for one in waiting_notes(db)] == [
            ["tests.example/inspector", "tests.example/one", "tests.example/two"]
        ]


def test_a_cut_log_is_told_with_the_numbers(world: World, desks: list[InspectorFolder]) -> None:
    world.fill_log(330, "u")
    with witnesses(world, desks) as urls:
        gather(world, *urls)
        attack(world, lambda db: cut(db, 300))
        told = gather(world, *urls, code=1)
    assert "has signed 3" in told
    assert "the log here has 300: it was cut or restored" in told


def test_a_witness_of_another_branch_is_told(world: World, desks: list[InspectorFolder]) -> None:
    world.fill_log(330, "u")
    with witnesses(world, desks) as urls:
        gather(world, urls[0])
        attack(world, lambda db: cut(db, 320))
        world.fill_log(60, "other")
        assert "answers 422: The larger tree does not extend" in gather(world, urls[0], code=1)


def test_one_that_fails_does_not_keep_the_other_from_signing(
    world: World, desks: list[InspectorFolder]
) -> None:
    world.seal()
    shutil.rmtree(desks[0].folder)
    with witnesses(world, desks) as urls:
        told = gather(world, "http://127.0.0.1:9", urls[0], "ftp://x/", urls[1], code=1)
    assert "http://127.0.0.1:9 cannot be reached" in told
    assert "ftp://x/ is no http or https address" in told
    assert "tests.example/two cosigned" in told


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, b"", "not a note signed by an inspector"),
        (200, b"hello\n", "answers no signature lines"),
        (200, "— tests.example/one AAAAAAAA\n".encode(), "not a note signed by an inspector"),
        (200, Signer.generate("x/y", COSIGNATURE).line(b"z\n", 1).encode(), "not a note signed"),
        (404, b"no such log\n", "answers 404: no such log"),
        (409, b"many\n", "answers 409 without the size"),
        (409, b"0\n", "answers 409"),
        (409, b"99999\n", "has signed 99999 acts"),
        (500, b"", "answers 500"),
    ],
)
def test_what_is_no_cosignature_is_not_stored(
    world: World, desks: list[InspectorFolder], status: int, body: bytes, why: str
) -> None:
    with world.acting(Role.ADMIN) as ctx:
        world.hire(ctx, Role.REVIEWER, "u")
    with liar(status, body) as url:
        assert why in gather(world, url, code=1)
    with world.context(world.people[Role.OFFICER]).session as db:
        assert not db.scalar(select(Act.id).where(Act.kind == "oversight.gather_cosignature"))
