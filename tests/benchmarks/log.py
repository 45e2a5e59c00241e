"""How fast the log is, beside hashlib on the same bytes in the same run.

    python -m tests.benchmarks.log

Each figure is the best of three. Hashing is the yardstick: a machine twice as fast hashes twice
as fast, the ratios stay.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from exam_system.database import connect, writing
from exam_system.records.log import sequence, write
from exam_system.records.models import Act
from exam_system.records.tree import TileStore
from exam_system.tables import Base
from exam_system.trust import notes
from exam_system.trust.acts import entry, payload
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.keys import COSIGNATURE, Signer
from exam_system.trust.merkle import Levels, inclusion_proof, leaf_hash, verify_inclusion
from exam_system.trust.tiles import WIDTH, entries_path, pack_entries, tile_files
from exam_system.verify.run import verify

ACTS = 10_000
BATCH = 100  # acts a transaction
WAITING = 50_000
LARGE = 1_000_000
PUBLISHED = 70_000
PROOFS = 200
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
ORIGIN = "bench.example/log"


def best(work: Callable[[], None], times: int = 3) -> float:
    """Seconds of the fastest of some runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def hashing(data: list[bytes]) -> float:
    """Seconds that SHA-256 alone takes over the same entries, one digest each."""
    return best(lambda: [hashlib.sha256(one).digest() for one in data] and None)


def an_entry(n: int) -> bytes:
    """An act of ordinary length."""
    at = f"2026-03-02T01:{n // 60 % 60:02}:{n % 60:02}Z"
    digest = hashlib.sha256(str(n).encode()).hexdigest()
    return entry("fees.confirm_payment", "gy-2026", at, "system", f"order:2026{n:020}", digest)


def database(folder: Path, name: str) -> Session:
    """A fresh SQLite file with the product's tables and settings."""
    engine = connect(f"sqlite:///{folder / name}")
    Base.metadata.create_all(engine)
    return writing(engine)


def append(session: Session) -> None:
    """Acts as verbs write them, a transaction for each batch."""
    for start in range(0, ACTS, BATCH):
        for n in range(start, start + BATCH):
            write(
                session,
                kind="fees.confirm_payment",
                exam="gy-2026",
                at=AT,
                actor="system",
                subject=f"order:2026{n:020}",
                details={"fen": 10000, "transaction": f"4200{n:024}", "kept": True},
                salt=hashlib.sha256(str(n).encode()).digest(),
                rows_salt=bytes(32),
            )
        session.commit()


def measure_appending(folder: Path) -> str:
    """Acts a second in batches."""
    seconds = min(_once(folder, n, append) for n in range(3))
    salt, details = bytes(32), {"fen": 10000, "transaction": "4200" + "0" * 24, "kept": True}
    data = [an_entry(n) + payload(salt, details).encode() for n in range(ACTS)]
    return (
        f"append   {ACTS / seconds:9.0f} acts/s in batches of {BATCH} on SQLite, "
        f"{seconds / hashing(data):6.1f} x hashing"
    )


def _once(folder: Path, n: int, work: Callable[[Session], None]) -> float:
    with database(folder, f"{work.__name__}{n}.db") as session:
        return best(lambda: work(session), times=1)


def measure_sequencing(folder: Path) -> str:
    """Waiting acts given their places, a second."""
    data = [an_entry(n) for n in range(WAITING)]
    rows = [
        {"kind": "k", "exam": "", "at": AT, "actor": "a", "subject": "s", "entry": one}
        for one in data
    ]
    found = []
    for n in range(3):
        with database(folder, f"sequence{n}.db") as session:
            session.execute(insert(Act), rows)
            session.commit()
            found.append(best(lambda: _sequence(session), times=1))
    seconds = min(found)
    return (
        f"sequence {WAITING / seconds:9.0f} entries/s of {WAITING}, "
        f"{seconds / hashing(data):6.1f} x hashing"
    )


def _sequence(session: Session) -> None:
    if sequence(session) != WAITING:
        raise AssertionError("not every act got its place")
    session.commit()


def measure_proofs(folder: Path) -> str:
    """One proof from the tiles of a large log, each with a store of its own."""
    leaves = [hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(LARGE)]
    tree = Levels(leaves)
    for name, data in tile_files(LARGE, tree.node):
        _put(folder / "large" / name, data)
    root = tree.root()
    places = [n * 7919 % LARGE for n in range(PROOFS)]

    def prove() -> None:
        for place in places:
            store = TileStore(folder / "large", LARGE)
            proof = inclusion_proof(place, LARGE, store.node)
            verify_inclusion(leaves[place], place, LARGE, proof, root)

    seconds = best(prove) / PROOFS
    path = hashing([b"\x01" + bytes(64)] * 20 * PROOFS) / PROOFS
    return (
        f"proof    {seconds * 1000:9.2f} ms at {LARGE} entries, read from tiles and checked, "
        f"{seconds / path:6.1f} x hashing its path"
    )


def measure_verifying(folder: Path) -> str:
    """`exam verify` of a whole log folder beside hashing the bytes of its files."""
    published = folder / "published"
    keys = {role: Signer.generate(f"{ORIGIN}/{role}") for role in ("publisher", "officer")}
    keys = {"log": Signer.generate(ORIGIN), **keys}
    keys["inspector"] = Signer.generate("bench.example/inspector", COSIGNATURE)
    rows = [f"{role} {one.verifier.vkey}\n" for role, one in keys.items()]
    _put(published / "keys.txt", "".join(rows).encode())
    data = [an_entry(n) for n in range(PUBLISHED)]
    tree = Levels(map(leaf_hash, data))
    for name, tile in tile_files(PUBLISHED, tree.node):
        _put(published / "log" / name, tile)
    for start in range(0, PUBLISHED, WIDTH):
        part = data[start : start + WIDTH]
        _put(published / "log" / entries_path(start // WIDTH, len(part)), pack_entries(part))
    head = notes.sign(Checkpoint(ORIGIN, PUBLISHED, tree.root()).text, keys["log"])
    _put(published / "log" / "checkpoint", head)

    def check() -> None:
        if verify([published / "log"]).refused:
            raise AssertionError("the log was refused")

    nodes = [b"\x01" + bytes(64)] * (PUBLISHED - 1)
    seconds, only, whole = best(check), hashing(data), hashing(data + nodes)
    return (
        f"verify   {seconds:9.2f} s for {PUBLISHED} entries, {seconds / only:6.1f} x hashing the "
        f"entries, {seconds / whole:.1f} x hashing the whole tree"
    )


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for measure in (measure_appending, measure_sequencing, measure_proofs, measure_verifying):
            print(measure(folder), flush=True)


if __name__ == "__main__":
    main()
