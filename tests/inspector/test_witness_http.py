"""The witness over HTTP and on files: one table of answers, one memory, one winner."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_system.clock import RehearsalClock
from exam_system.inspector import Declined, InspectorFolder
from exam_system.inspector import folder as module
from exam_system.inspector.commands import inspector
from exam_system.inspector.serve import WitnessServer
from exam_system.trust import notes
from exam_system.trust.canonical import b64, sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.witness import Request
from tests.inspector.desk import LOG, OFFICE, ORIGIN, PUBLISHER, GrowingLog, key

NAME = "city.example/inspector"
SECRET = b"a passphrase"
CLOCK = RehearsalClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
AT = int(CLOCK.now().timestamp())


@pytest.fixture
def desk(tmp_path: Path) -> InspectorFolder:
    made = InspectorFolder.create(tmp_path / "desk", NAME, SECRET)
    made.trust([signer.verifier.vkey for signer in OFFICE])
    return made


@contextmanager
def served(desk: InspectorFolder) -> Iterator[int]:
    """The witness on a real socket; its port."""
    with WitnessServer(("127.0.0.1", 0), desk, CLOCK, lambda _line: None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def post(port: int, data: bytes, path: str = "/add-checkpoint") -> tuple[int, str, bytes]:
    """Status, content type, body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, data)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type", ""), answer.read()


def kept(desk: InspectorFolder) -> tuple[bytes, bytes]:
    return (desk.folder / "heads.json").read_bytes(), (desk.folder / "history.jsonl").read_bytes()


LOG20 = GrowingLog().grown(20)
FORK = LOG20.grown(15).grown(30, "other")


def changed(request: bytes, old: bytes, new: bytes) -> bytes:
    assert old in request
    return request.replace(old, new, 1)


def stranger(size: int = 20) -> bytes:
    """A head of the right origin under a wrong key of the same name."""
    head = notes.sign(Checkpoint(ORIGIN, size, LOG20.tree.root()).text, key(ORIGIN, 99))
    return Request(20, (), head).encode()


TREE30 = LOG20.grown(30)
# what the witness is asked that has signed 20 acts, and what it answers
TABLE: dict[str, tuple[bytes, int]] = {
    "longer": (TREE30.request(20), 200),
    "the same head again": (LOG20.request(20), 200),
    "no request": (b"hello", 400),
    "nothing": (b"", 400),
    "old size missing": (b"\n" + LOG20.head, 400),
    "old size with a zero in front": (changed(TREE30.request(20), b"20", b"020"), 400),
    "old size negative": (changed(TREE30.request(20), b"20", b"-1"), 400),
    "a hash too short": (b"old 20\n" + b64(b"x" * 31).encode() + b"\n\n" + TREE30.head, 400),
    "64 hashes": (b"old 20\n" + b64(b"x" * 32).encode().join([b""] + [b"\n"] * 64) + b"\n", 400),
    "no checkpoint": (b"old 20\n\n", 400),
    "not signed at all": (b"old 20\n\n" + notes.parse(LOG20.head).text.encode(), 400),
    "old above new": (changed(LOG20.request(20), b"old 20", b"old 21"), 400),
    "a wrong key": (stranger(), 403),
    "only another trusted key": (
        b"old 20\n\n" + notes.sign(notes.parse(LOG20.head).text, PUBLISHER),
        403,
    ),
    "a bad signature of the right key": (
        changed(TREE30.request(20), b"\n30\n", b"\n31\n"),
        403,
    ),
    "another log": (
        b"old 0\n\n" + notes.sign(f"other/log\n1\n{'A' * 43}=\n", key("other/log", 9)),
        404,
    ),
    "old size too small": (TREE30.request(15), 409),
    "from the beginning": (TREE30.request(0), 409),
    "old size too large": (TREE30.request(25), 409),
    "truncated": (LOG20.grown(12).request(0), 409),
    "truncated and consistent with itself": (LOG20.grown(12).request(12), 409),
    "forked": (FORK.request(20), 422),
    "forked at equal size": (FORK.grown(20).request(20), 422),
    "rewritten": (GrowingLog([b"x", *LOG20.entries[1:]]).grown(30).request(20), 422),
    "proof missing": (b"old 20\n\n" + TREE30.head, 422),
    "proof for equal sizes": (b"old 20\n" + b64(b"x" * 32).encode() + b"\n\n" + LOG20.head, 422),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_every_answer_is_the_protocols_and_files_say_the_same(
    desk: InspectorFolder, tmp_path: Path, case: str
) -> None:
    request, status = TABLE[case]
    desk.cosign(LOG20.request(0), AT)
    before = kept(desk)
    with served(desk) as port:
        got, kind, data = post(port, request)
    assert got == status, data
    if status == 200:
        text = Request(20, (), request.partition(b"\n\n")[2]).checkpoint
        signed = notes.with_line(text, data.decode())
        assert notes.open_note(signed, [desk.verifier]).times == {NAME: AT}
        assert data.decode().startswith(f"— {NAME} ")
    else:
        assert kept(desk) == before
        assert data
    if status == 409:
        assert (kind, data) == ("text/x.tlog.size", b"20\n")
    # the same bytes as a file
    again = InspectorFolder.create(tmp_path / "other", NAME, SECRET)
    again.trust([signer.verifier.vkey for signer in OFFICE])
    again.cosign(LOG20.request(0), AT)
    if not request.startswith(b"old "):
        return  # a file that is no request may be a note; that table is in test_inspector_desk
    if status == 200:
        assert again.cosign(request, AT)
    else:
        with pytest.raises(Declined) as refused:
            again.cosign(request, AT)
        assert (refused.value.status, refused.value.body.encode()) == (status, data)
    assert (again.folder / "heads.json").read_bytes() == kept(desk)[0]


def test_only_one_path_and_bounded_bodies(desk: InspectorFolder) -> None:
    with served(desk) as port:
        assert post(port, LOG20.request(0), "/add-entry")[0] == 404
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        for length in ("1000001", "x", "-1"):
            connection.putrequest("POST", "/add-checkpoint")
            connection.putheader("Content-Length", length)
            connection.endheaders()
            assert connection.getresponse().status == 400
            connection.close()
    assert json.loads(kept(desk)[0])["heads"] == {}


def test_without_its_memory_the_witness_answers_500(desk: InspectorFolder) -> None:
    (desk.folder / "heads.json").unlink()
    with served(desk) as port:
        status, _, body = post(port, LOG20.request(0))
    assert (status, b"nothing is signed without it" in body) == (500, True)


def race(desk: InspectorFolder) -> list[int]:
    """Two branches of 30 acts, each asked for at the same moment."""
    statuses: list[int] = []
    gate = threading.Barrier(2)

    def ask(port: int, request: bytes) -> None:
        gate.wait()
        statuses.append(post(port, request)[0])

    with served(desk) as port:
        requests = (TREE30.request(20), LOG20.grown(31, "other").request(20))
        threads = [threading.Thread(target=ask, args=(port, data)) for data in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sorted(statuses)


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging takes long enough for another request to come in between."""
    whole, waits = module.witness.judge, iter((0.3, 0.6))

    def judge(*words: object) -> object:
        verdict = whole(*words)  # type: ignore[arg-type]
        time.sleep(next(waits))
        return verdict

    monkeypatch.setattr(module.witness, "judge", judge)


def test_of_two_branches_at_once_exactly_one_is_signed(
    desk: InspectorFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.cosign(LOG20.request(0), AT)
    slow(monkeypatch)
    assert race(desk) == [200, 409]
    assert len(InspectorFolder.history_of(desk.folder)) == 2


def test_without_the_lock_both_branches_would_be_signed(
    desk: InspectorFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def open_door(_self: InspectorFolder) -> Iterator[None]:
        yield

    desk.cosign(LOG20.request(0), AT)
    slow(monkeypatch)
    # red: this is what the lock is there for
    monkeypatch.setattr(InspectorFolder, "_alone", open_door)
    assert race(desk) == [200, 200]


DIES = """
import os, signal, sys
from pathlib import Path
from exam_system.inspector.folder import InspectorFolder
from exam_system.trust.keys import Signer
Signer.line = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
desk = InspectorFolder.open(Path(sys.argv[1]), b"a passphrase")
desk.cosign(sys.stdin.buffer.read(), 1772413200)
"""


def test_killed_between_storing_and_answering_it_remembers(desk: InspectorFolder) -> None:
    desk.cosign(LOG20.request(0), AT)
    words = [sys.executable, "-c", DIES, str(desk.folder)]
    gone = subprocess.run(words, input=TREE30.request(20), check=False)
    assert gone.returncode == -9
    again = InspectorFolder.open(desk.folder, SECRET)
    with pytest.raises(Declined, match="409"):
        again.cosign(LOG20.grown(31, "other").request(20), AT)
    assert again.cosign(TREE30.request(30), AT)
    assert [row["size"] for row in InspectorFolder.history_of(desk.folder)] == [20, 30]


def test_the_history_keeps_everything_and_heals_a_torn_line(desk: InspectorFolder) -> None:
    desk.cosign(LOG20.request(0), AT)
    path = desk.folder / "history.jsonl"
    first = path.read_bytes()
    path.write_bytes(first + b'{"at":"2026-')
    desk.cosign(TREE30.request(20), AT + 60)
    assert path.read_bytes().startswith(first)
    rows = InspectorFolder.history_of(desk.folder)
    assert [row["size"] for row in rows] == [20, 30]
    assert rows[1] == {
        "at": "2026-03-02T01:01:00Z",
        "digest": sha256_hex(notes.parse(TREE30.head).text.encode()),
        "origin": ORIGIN,
        "root": b64(TREE30.tree.root()),
        "size": 30,
    }


def test_history_is_on_disk_before_memory_and_both_before_the_signature(
    desk: InspectorFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = (desk.folder / "heads.json").read_bytes()
    monkeypatch.setattr(module.os, "fsync", full)
    with served(desk) as port:
        status, _, body = post(port, LOG20.request(0))
    assert (status, b"No space left" in body) == (500, True)
    assert (desk.folder / "heads.json").read_bytes() == before


def run(*words: object) -> str:
    env = {"EXAM_INSPECTOR_PASSPHRASE": SECRET.decode()}
    result = CliRunner().invoke(inspector, [str(word) for word in words], env=env)
    assert result.exit_code == 0, result.output
    return result.output


def test_status_says_what_was_signed(desk: InspectorFolder) -> None:
    assert "0 notes signed" in run("status", desk.folder)
    desk.cosign(LOG20.request(0), AT)
    desk.cosign(TREE30.request(20), AT + 60)
    root = notes.sign(f"{ORIGIN}/results/2026-kp/v1\n3\n{'A' * 43}=\n", PUBLISHER)
    desk.cosign(root, AT + 120)
    told = run("status", desk.folder)
    assert f"fingerprint {sha256_hex(desk.verifier.vkey.encode())}" in told
    assert f"log {ORIGIN}: 30 acts, root {b64(TREE30.tree.root())}" in told
    assert "2 heads signed, 2026-03-02T01:00:00Z to 2026-03-02T01:01:00Z" in told
    assert "1 notes signed, the last 2026-03-02T01:02:00Z: root" in told
    assert LOG.name in told


def test_served_from_the_command_line(desk: InspectorFolder) -> None:
    words = [sys.executable, "-m", "exam_system.cli", "inspector", "serve", str(desk.folder)]
    env = {"EXAM_INSPECTOR_PASSPHRASE": SECRET.decode(), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*words, "--bind", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True, env=env
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        assert post(port, LOG20.request(0))[0] == 200
        assert post(port, LOG20.grown(10).request(0))[2] == b"20\n"
        server.kill()
