"""A release of 300,000 records, and looking one of them up on score day.

`python -m tests.benchmarks.release [records]`; core-seconds of one process. Making: salts, leaves,
root, list.json, list.csv, their digests and every slip. Verifying: the files by the verifier's own
readers (digests, schema, order, table, every number once more, records, root). Looking up: requests
for each core-second of the server's own CPU, read from /proc: nginx with one shard asked again and
again, nginx with all shards in random order, and the same look-up by Flask and SQLAlchemy under
gunicorn.
Without nginx (in PATH, or NGINX_BINARY) the look-up is left out.
"""

from __future__ import annotations

import http.client
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any

from sqlalchemy import create_engine, insert

from exam_system.chance import SystemChance
from exam_system.exams.rules import RuleSet, defaults, parse_rules
from exam_system.records import releases
from exam_system.results import lists
from exam_system.results.lookup import make_tree, write_tree
from exam_system.results.rows import Entry, Row, rows_of
from exam_system.trust.bulk import undisturbed
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.trust.merkle import Levels, leaf_hashes
from exam_system.trust.pickup import new_code, shard_name
from exam_system.trust.proof import bodies
from exam_system.trust.publication import FileDigest, Publication, Root, digest_file
from exam_system.verify.files import Bag
from exam_system.verify.lists import read_list, require_csv
from exam_system.verify.numbers import require_numbers
from exam_system.verify.records import require_records
from tests.benchmarks.served import serving, spent
from tests.benchmarks.served_apps import Base, Slip

RECORDS, POSTS, ASKED = 300_000, 3_000, 4_000
LIMITS = {"made": 20_000.0, "static": 0.65, "flask": 30.0}
ORIGIN, EXAM = "bench.example/log", "gwy-2026"
NOTE = b"bench.example/log/results/gwy-2026/v1\n1\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 k AAAAAAA=\n"
TIMES = ("registration_opens", "registration_closes", "payment_closes")


def rules() -> RuleSet:
    """The defaults of the civil service."""
    document = defaults("civil_service")
    for day, key in enumerate(TIMES, 2):
        document[key]["value"] = f"2026-03-0{day}T01:00:00Z"
    return parse_rules(document)


def rows(count: int, rule: RuleSet) -> tuple[list[Row], dict[str, int]]:
    """A written list of so many candidates, each with marks of two subjects."""
    vacancies = {f"{1000 + post}": 1 for post in range(POSTS)}
    entries = (
        Entry(n, f"{n:011}", f"{1000 + n % POSTS}", {"xc": f"{n * 7 % 79 + 20}.5", "sl": "61"})
        for n in range(count)
    )
    return rows_of("written", rule, entries, vacancies), vacancies


def make(rule: RuleSet, listed: list[Row]) -> tuple[dict[str, bytes], Levels, list[bytes]]:
    """The files of the release, its tree, and every slip."""
    exam: Any = SimpleNamespace(code=EXAM, name="")
    ctx: Any = SimpleNamespace(chance=SystemChance())
    draft: Any = SimpleNamespace(exam=exam, stage="written", version=1)
    lines = [line for _, line in releases._salted(ctx, draft, list(enumerate(listed)))]
    tree = Levels(leaf_hashes(lines))
    tree.root()
    files = lists.list_files(exam, rule, "written", 1, listed)
    files["records.jsonl"] = b"".join(line + b"\n" for line in lines)
    digests(files)
    return files, tree, [body + NOTE for body in bodies(tree, lines)]


def digests(files: dict[str, bytes]) -> tuple[FileDigest, ...]:
    """Both digests of every file."""
    return tuple(digest_file(name, files[name]) for name in sorted(files))


def check(files: dict[str, bytes], tree: Levels, rule: RuleSet, vacancies: dict[str, int]) -> None:
    """Verify the files as `exam verify` does."""
    document = rule.document()
    root = Root(tree.size, tree.root())
    said = Publication(
        ORIGIN, EXAM, "written", "results", 1, sha256_hex(jcs(document)), digests(files), root
    )
    bag = Bag("publication", "", "results", files, Path())
    listed = read_list(bag, said)
    require_csv(bag, document, listed)
    require_numbers(bag, document, listed, vacancies)
    require_records(bag, said, listed)


@contextmanager
def nginx(binary: str, folder: Path) -> Iterator[tuple[int, int]]:
    """One worker of nginx on a folder, set up as docs/OPERATIONS.md says; its port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = Path(tempfile.mkdtemp())
    temporary = "".join(
        f"{kind}_temp_path {place}/{kind}; "
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (place / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {place}/pid; error_log {place}/error; user root;"
        f"events {{ worker_connections 64; }} http {{ access_log off; sendfile on; "
        f"open_file_cache max=300000 inactive=1h; keepalive_requests 1000000; {temporary}"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"
    )
    process = subprocess.Popen([binary, "-c", f"{place}/nginx.conf", "-e", f"{place}/error"])
    time.sleep(1)
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(place)


def rate(port: int, pid: int, paths: Sequence[str]) -> float:
    """Requests for each core-second of the server; each is asked once before, to be warm."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for turn in range(2):
        before = spent(pid)
        for path in paths:
            link.request("GET", path)
            answer = link.getresponse()
            if answer.status != 200 or not answer.read():
                raise RuntimeError(f"{path}: {answer.status}")
        if turn:
            return len(paths) / (spent(pid) - before)
    raise AssertionError


def look_up(binary: str, lines: Sequence[bytes], slips: Sequence[bytes]) -> dict[str, float]:
    """The rates of one hot file, of random shards, and of Flask with SQLAlchemy."""
    chance, chosen = SystemChance(), random.Random(7)
    codes = [new_code(chance.take) for _ in lines]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        began = process_time()
        tree = make_tree(ORIGIN, EXAM, "written", 1, list(zip(codes, lines, strict=True)), {})
        found = {"sealed": len(lines) / (process_time() - began)}
        write_tree(folder, tree, b"note")
        full = [shard_name(n) for n, data in enumerate(tree.shards) if data]
        with nginx(binary, folder) as (port, pid):
            found["hot"] = rate(port, pid, [f"/{full[0]}"] * ASKED)
            asked = [f"/{chosen.choice(full)}" for _ in range(ASKED)]
            found["static"] = rate(port, pid, asked)
        url = f"sqlite:///{folder}/slips.sqlite"
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        with engine.begin() as db:
            pairs = zip(codes, slips, strict=True)
            db.execute(insert(Slip), [{"code": c, "text": s.decode()} for c, s in pairs])
        with serving("looked_up", url) as (port, pid):
            asked = [f"/{chosen.choice(codes)}" for _ in range(ASKED // 4)]
            found["flask"] = rate(port, pid, asked)
    return found


def run(count: int = RECORDS) -> Iterator[tuple[str, str]]:
    """Name and figure of each part."""
    rule = rules()
    listed, vacancies = rows(count, rule)
    began = process_time()
    with undisturbed():
        files, tree, slips = make(rule, listed)
    made = process_time() - began
    yield (
        f"{count} records made a core-second (at least {LIMITS['made']:.0f})",
        f"{count / made:.0f}",
    )
    began = process_time()
    with undisturbed():
        check(files, tree, rule, vacancies)
    checked = process_time() - began
    yield "records verified a core-second (no fewer than made)", f"{count / checked:.0f}"
    binary = shutil.which(os.environ.get("NGINX_BINARY", "nginx"))
    if binary is None:
        yield "static look-up", "no nginx here: not measured"
        return
    some = min(count, 40_000)
    lines = files["records.jsonl"].splitlines()[:some]
    found = look_up(binary, lines, slips[:some])
    yield "records sealed into shards a core-second", f"{found['sealed']:.0f}"
    for what in ("hot", "static", "flask"):
        yield f"look-ups a core-second of the server: {what}", f"{found[what]:.0f}"
    yield (
        f"static of one hot file (at least {LIMITS['static']})",
        f"{found['static'] / found['hot']:.2f}",
    )
    yield (
        f"static of Flask and SQLAlchemy (at least {LIMITS['flask']:.0f} times)",
        f"{found['static'] / found['flask']:.0f}",
    )


if __name__ == "__main__":
    for what, figure in run(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS):
        print(f"{what:<70} {figure}", flush=True)
