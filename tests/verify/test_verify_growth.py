"""What was published stays: the monitor of a log, and two copies of a published folder."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_system.trust import notes
from exam_system.trust.acts import parse_entry
from exam_system.verify.commands import monitor, verify
from tests.verify.builder import Office, signer, write
from tests.verify.rotated import ended, successor


def grow(office: Office, count: int, what: str = "a") -> Office:
    for n in range(count):
        office.act("accounts.log_in", f"account:{what}{n}", {"n": n}, actor=what, exam="")
    return office


def show(office: Office, folder: Path) -> Path:
    """The log's folder as it is now; only files of this size."""
    shutil.rmtree(folder, ignore_errors=True)
    return write(folder, office.log_files())


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(monitor, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


@pytest.fixture(params=["folder", "http"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """The log at `tmp_path/published/log`, by folder or by a web server."""
    root = tmp_path / "published"
    if request.param == "folder":
        yield lambda: str(root / "log")
        return

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield lambda: f"http://127.0.0.1:{server.server_port}/log/"
        server.shutdown()
        thread.join()


def test_a_log_that_grows_is_kept_state_by_state(tmp_path: Path, place: Callable[[], str]) -> None:
    log, state, office = tmp_path / "published" / "log", tmp_path / "state", Office()
    told = []
    for more in (6, 250, 0, 300, 1):
        show(grow(office, more), log)
        told.append(run(place(), state))
    assert "trusts city.example/log from now on" in told[0]
    assert "6 acts, 6 new" in told[0]
    assert "256 acts, 0 new" in told[2]
    assert "556 acts, 300 new" in told[3]
    assert "trusts" not in told[4]
    sizes = sorted(int(path.name) for path in state.iterdir() if path.is_dir())
    assert sizes == [6, 256, 556, 557]
    for size in sizes:
        head = notes.open_note((state / str(size) / "checkpoint").read_bytes(), [
            office.log.verifier
        ])  # fmt: skip
        assert head.text.split("\n")[1] == str(size)


def shrunk(office: Office) -> Office:
    return Office(entries=office.entries[:250])


def forked(office: Office) -> Office:
    return grow(Office(entries=office.entries[:250]), 50, "b")


def forked_and_longer(office: Office) -> Office:
    return grow(Office(entries=office.entries[:290]), 500, "b")


def rewritten(office: Office) -> Office:
    return grow(Office(entries=[office.entries[1], *office.entries[1:]]), 50)


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (shrunk, "the log has shrunk: 300 acts were kept, now it shows 250"),
        (forked, "the log has forked: two heads of 300 acts"),
        (forked_and_longer, "the log was rewritten: act 290 is not the one that was kept"),
        (rewritten, "the log was rewritten: act 0 is not the one that was kept"),
    ],
)
def test_a_log_that_did_not_only_grow(
    tmp_path: Path, place: Callable[[], str], lie: Callable[[Office], Office], why: str
) -> None:
    log, state, office = tmp_path / "published" / "log", tmp_path / "state", grow(Office(), 300)
    show(office, log)
    run(place(), state)
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    changed = lie(office)
    show(changed, log)
    for _ in range(2):
        assert why in run(place(), state, code=1)
    after = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    evidence = set(after) - set(before)
    assert [after[path] for path in evidence] == [changed.head()]
    assert {path: after[path] for path in before} == before
    show(grow(office, 4), log)
    assert "304 acts, 4 new" in run(place(), state)


def test_old_acts_served_as_they_were_under_a_root_that_is_another(tmp_path: Path) -> None:
    office = grow(Office(), 300)
    log, state = show(office, tmp_path / "log"), tmp_path / "state"
    run(log, state)
    lying = rewritten(office)
    show(lying, log)
    for name, data in grow(Office(entries=list(office.entries)), 50).log_files().items():
        if "entries" in name:
            (log / name).write_bytes(data)
    assert "do not have the root that is signed" in run(log, state, code=1)


def test_files_that_do_not_fit_and_keys(tmp_path: Path) -> None:
    office, state = grow(Office(), 300), tmp_path / "state"
    log = show(office, tmp_path / "log")
    tile = log / "tile" / "0" / "000"
    data = tile.read_bytes()
    tile.write_bytes(data[:-1] + b"x")
    assert "tile/0/000 is not what the acts give" in run(log, state, code=1)
    tile.write_bytes(data)
    bundle = log / "tile" / "entries" / "001.p" / "44"
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:-1])
    assert "cut short" in run(log, tmp_path / "other", code=1)
    bundle.unlink()
    assert "cannot be read" in run(log, tmp_path / "third", code=2)
    bundle.write_bytes(whole)
    run(log, state)
    (log / "checkpoint").write_bytes(notes.sign(notes.parse(office.head()).text, signer(
        office.log.name, 66)))  # fmt: skip
    assert "signed by another key" in run(log, state, code=2)
    other = Office(log=signer(office.log.name, 66))
    (tmp_path / "keys.txt").write_bytes(other.keys)
    assert "kept with another key" in run(log, state, "--keys", tmp_path / "keys.txt", code=2)
    assert run(log, tmp_path / "fourth", "--keys", tmp_path / "keys.txt").count("trusts") == 1
    (log / "log.vkey").unlink()
    (log.parent / "keys.txt").write_bytes(office.keys)
    show_again = log / "checkpoint"
    show_again.write_bytes(office.head())
    assert "trusts" in run(log, tmp_path / "fifth")


def test_a_state_that_was_damaged_is_told(tmp_path: Path) -> None:
    office, state = grow(Office(), 20), tmp_path / "state"
    log = show(office, tmp_path / "log")
    run(log, state)
    path = state / "20" / "entries"
    data = path.read_bytes()
    path.write_bytes(data.replace(b"account:a3", b"account:b3"))
    assert "is damaged: its acts" in run(log, state, code=2)
    path.write_bytes(data[:-300])
    assert "is damaged: it does not hold 20 acts" in run(log, state, code=2)


def test_acts_are_found_by_who_what_and_where(tmp_path: Path) -> None:
    office = grow(grow(Office(), 5, "x"), 3, "y")
    office.act("draws.freeze_draw", "draw:2026-kp-seats:1", {"n": 1}, actor="o1")
    state = tmp_path / "state"
    run(show(office, tmp_path / "log"), state)
    assert run(state, "--find", "actor=y").endswith("\n3 acts\n")
    assert run(state, "--find", "kind=accounts.log_in", "actor=x").endswith("\n5 acts\n")
    told = run(state, "--find", "about=draw:2026-kp", "exam=2026-kp")
    entry = parse_entry(office.entries[8])
    assert told == f"8 {entry.at} draws.freeze_draw 2026-kp o1 draw:2026-kp-seats:1\n1 acts\n"
    assert run(state, "--find").endswith("\n9 acts\n")
    assert "search by" in run(state, "--find", "colour=red", code=2)
    assert "Give the log's URL" in run(state, code=2)


def against(old: Path, new: Path, code: int = 0) -> str:
    result = CliRunner().invoke(verify, ["--against", str(old), str(new)])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def copies(published: Path, tmp_path: Path) -> tuple[Path, Path]:
    for name in ("old", "new"):
        shutil.copytree(published, tmp_path / name)
    return tmp_path / "old", tmp_path / "new"


def test_a_new_copy_may_only_grow(copies: tuple[Path, Path], office: Office) -> None:
    old, new = copies
    assert "REFUSED" not in against(old, new)
    later = Office(entries=list(office.entries), others=[signer("city.example/later", 7, 4)])
    write(new / "log", grow(later, 30).log_files())
    (new / "keys.txt").write_bytes(later.keys)
    (old / "draw-2026-kp-order-1" / "x").mkdir()
    shutil.rmtree(old / "results-2026-kp-v3")
    assert "REFUSED" not in against(old, new)
    # and the other way round it shrank
    told = against(new, old, code=1)
    for what in ("results-2026-kp-v3/list.json: it was published before", "has 344", "keys.txt"):
        assert what in told


def test_whatever_was_published_before_stays(copies: tuple[Path, Path]) -> None:
    old, new = copies
    text = new / "announcement-2026-kp-v1" / "posts.csv"
    text.write_bytes(text.read_bytes() + b"\n")
    (new / "slip.tlog-proof").unlink()
    told = against(old, new, code=1)
    assert "V44 announcement-2026-kp-v1/posts.csv: it is not what was published before" in told
    assert "V44 slip.tlog-proof: it was published before and is not there any more" in told


def test_a_note_may_get_signatures_and_lose_none(copies: tuple[Path, Path], office: Office) -> None:
    old, new = copies
    name = "results-2026-kp-v1/publication.note"
    note = notes.parse((old / name).read_bytes())
    more = notes.sign(note.text, office.publisher, office.inspector, at=99)
    (new / name).write_bytes(more)
    assert f"V44 {name}: it is not what" in against(old, new, code=1)
    line = notes.parse(more).signatures[1].line
    (new / name).write_bytes(notes.with_line((old / name).read_bytes(), line))
    assert "V44" not in against(old, new)


def test_a_log_that_was_rewritten_or_taken_away(copies: tuple[Path, Path], office: Office) -> None:
    old, new = copies
    other = Office(entries=[office.entries[1], *office.entries[1:]])
    show(grow(other, 9), new / "log")
    told = against(old, new, code=1)
    assert "V44 log: its first 344 acts are not those that were published before" in told
    shutil.rmtree(new / "log")
    assert "V44 log: the log was published before" in against(old, new, code=1)


def test_the_log_gets_a_new_key(tmp_path: Path) -> None:
    """The monitor believes it only from a keys.txt that ends the old one, and from then on."""
    office, state, log = grow(Office(), 9), tmp_path / "state", tmp_path / "published" / "log"
    show(office, log)
    run(log, state)
    keys = tmp_path / "keys.txt"
    keys.write_bytes(ended(office, "log", 9, 1))
    grow(office, 3, "b")
    show(office, log)
    assert "a key that was retired" in run(log, state, "--keys", keys, code=2)
    show(replace(office, log=successor("log")), log)
    assert "signed by another key" in run(log, tmp_path / "old", "--keys", _first(office, tmp_path),
                                          code=2)  # fmt: skip
    assert "12 acts, 3 new" in run(log, state, "--keys", keys)
    grow(office, 2, "c")
    show(replace(office, log=successor("log")), log)
    assert "14 acts, 2 new" in run(log, state)
    assert "14 acts" in run("--find", state, "kind=accounts.log_in")
    keys.write_bytes(replace(office, log=signer(office.log.name, 77)).keys)
    assert "another key of the log" in run(log, state, "--keys", keys, code=2)


def _first(office: Office, folder: Path) -> Path:
    path = folder / "first.txt"
    path.write_bytes(office.keys)
    return path
