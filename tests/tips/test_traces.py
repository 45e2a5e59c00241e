"""T01: after a report, nothing anywhere tells who sent it, from where, with what, and when.

The same search finds what was put there on purpose: it can fail.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import MetaData, select, text

from exam_system.access import Role
from exam_system.accounts.service import create_account
from exam_system.inspector import InspectorFolder
from exam_system.inspector.reports import open_report
from exam_system.tips import lookup
from tests.conftest import ROOT
from tests.tips.setting import SECRET, found, inspector_folder, next_day
from tests.world import World

WORDS = "Kennwort-Tulpenzwiebel"
AGENT = "Markierter-Browser/77"
ADDRESS = "203.0.113.77"
COOKIE = "Krumel-4711"
NAME = "Anhang-Rosenkohl.docx"
MARKS = (WORDS, AGENT, ADDRESS, COOKIE, NAME)
ZONES = (UTC, ZoneInfo("Asia/Shanghai"))
BOUNDARY = "grenze"


@pytest.fixture
def desk(world: World, tmp_path: Path) -> InspectorFolder:
    return inspector_folder(world, tmp_path / "desk", "city.example/inspector-1")


def body() -> bytes:
    """A form with the marked text and a marked attachment too large for werkzeug's memory."""
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="'
    head = f'{part}text"\r\n\r\n{WORDS}\r\n{part}files"; filename="{NAME}"\r\n\r\n'
    return head.encode() + WORDS.encode() * 60_000 + f"\r\n--{BOUNDARY}--\r\n".encode()


HEADERS = {
    "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    "User-Agent": AGENT,
    "X-Forwarded-For": ADDRESS,
    "Referer": f"https://{WORDS}.example/",
    "Cookie": f"exam={COOKIE}; language=en",
}


def seconds(at: datetime) -> list[bytes]:
    """A second as text: the clock in both zones, and POSIX."""
    clocks = [at.astimezone(zone).strftime("%H:%M:%S") for zone in ZONES]
    return [word.encode() for word in (*clocks, str(int(at.timestamp())))]


def cells(world: World) -> Iterator[tuple[str, bytes]]:
    """Every column of every row of every table, by reflection."""
    tables = MetaData()
    tables.reflect(world.engine)
    with world.engine.connect() as connection:
        for table in tables.tables.values():
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    yield f"{table.name}.{name}", _plain(value)


def _plain(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, datetime):
        at = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return b" ".join(seconds(at))
    return (value.isoformat() if isinstance(value, date) else str(value)).encode()


def files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if path.is_file():
                yield str(path), path.read_bytes()


def places(world: World, marks: list[bytes], *folders: Path) -> list[tuple[str, bytes]]:
    """Where a mark stands."""
    return [
        (place, mark)
        for source in (cells(world), files(world.folder, *folders))
        for place, data in source
        for mark in marks
        if mark in data
    ]


def postgres_log(world: World) -> list[Path]:
    if world.engine.dialect.name != "postgresql":
        return []
    with world.engine.connect() as connection:
        data = Path(str(connection.scalar(text("SHOW data_directory"))))
    return [data.parent / "log"]


def test_a_report_leaves_no_trace(
    world: World, desk: InspectorFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = world.app()
    with world.acting(Role.ADMIN) as ctx:  # an act that waits for its seal, as on any day
        create_account(ctx, **_account("某某"))
    world.clock.advance(hours=2, minutes=47, seconds=11)
    at = world.clock.now()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))  # nothing may go to a disk
    answer = app.test_client().post(
        "/report", data=body(), headers=HEADERS, environ_base={"REMOTE_ADDR": ADDRESS}
    )
    assert answer.status_code == 200, answer.text
    monkeypatch.undo()
    world.clock.advance(minutes=30)
    world.client(app, Role.OFFICER)
    next_day(world)
    world.seal()
    marks = [mark.encode() for mark in MARKS] + seconds(at)
    assert places(world, marks, *postgres_log(world)) == []
    with world.context(world.people[Role.INSPECTOR]).session as db:
        row = lookup.reports(db)[0]
        assert lookup.by_digest(db, row.digest)
        data = lookup.by_digest(db, row.digest).data  # type: ignore[union-attr]
    assert open_report(desk.folder, SECRET, data).files[0][0] == NAME


def test_the_search_finds_what_is_there(world: World, desk: InspectorFolder) -> None:
    world.clock.advance(hours=2, minutes=47, seconds=11)
    with world.acting(Role.ADMIN) as ctx:
        create_account(ctx, **_account(WORDS))
    world.seal()
    (world.folder / "log.txt").write_text(ADDRESS)
    where = places(world, [WORDS.encode(), ADDRESS.encode(), *seconds(world.clock.now())])
    assert {place for place, mark in where if mark == WORDS.encode()} >= {"account.name"}
    assert "act.at" in {place for place, _ in where}
    assert "note.made_at" in {place for place, _ in where}
    assert str(world.folder / "log.txt") in {place for place, _ in where}


def _account(name: str) -> dict[str, object]:
    import inspect

    known = {"username": "named", "name": name, "role": Role.REVIEWER, "password": "long enough!"}
    wanted = inspect.signature(create_account).parameters
    return known | ({"office": "exams"} if "office" in wanted else {})


@contextmanager
def serving(world: World, folder: Path) -> Iterator[str]:
    """`exam serve` as it runs in earnest, its output and temporary files below `folder`."""
    (folder / "tmp").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "exam_system.cli", "--instance", str(world.folder)]
    with open(folder / "output.txt", "wb") as output:
        process = subprocess.Popen(
            [*command, "serve", "--bind", bind],
            stdout=output,
            stderr=output,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
            cwd=ROOT,
        )
        try:
            _wait_for(f"http://{bind}/report")
            yield f"http://{bind}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urlopen(url, timeout=5).close()
            return
        except OSError:  # not there yet, or slow to begin with
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def test_a_running_server_keeps_no_trace(
    world: World, desk: InspectorFolder, tmp_path: Path
) -> None:
    out = tmp_path / "server"
    with serving(world, out) as url:
        time.sleep(2.1)  # the server's own start may say when it was
        before = datetime.now(UTC)
        answer = urlopen(Request(f"{url}/report", body(), HEADERS), timeout=60)
        page = answer.read().decode()
        refused = Request(f"{url}/report", b"broken", HEADERS)
        with pytest.raises(URLError, match="422"):
            urlopen(refused, timeout=60)
        after = datetime.now(UTC)
        assert "Set-Cookie" not in answer.headers
        digest = found(r'id="digest"><code class="digest">([0-9a-f]{64})<', page)
        during = list(files(out / "tmp"))
        time.sleep(2.1)
    took = int((after - before).total_seconds()) + 1
    times = [seconds(before + timedelta(seconds=n)) for n in range(took + 1)]
    marks = [mark.encode() for mark in MARKS] + [word for words in times for word in words]
    assert not [place for place, data in during if WORDS.encode() in data]
    assert places(world, marks, out, *postgres_log(world)) == []
    with world.context(world.people[Role.INSPECTOR]).session as db:
        row = lookup.by_digest(db, digest)
        assert row is not None
        assert open_report(desk.folder, SECRET, row.data).text == WORDS
