"""Statements, counts and receipts as `exam verify` reads them, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from exam_system.access import Role
from exam_system.context import PUBLIC
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import counter, reconciling
from exam_system.fees.comparing import Line
from exam_system.fees.receipts import own_receipt
from exam_system.fees.signed import verifiable
from exam_system.records.keys import keys_text
from exam_system.records.notes import note_bytes
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex
from exam_system.verify.checks import Check
from exam_system.verify.run import verify
from tests.fees.books import paid, taken_in
from tests.fees.test_ways import applicant, at, bank_csv, issue, read, set_up, take
from tests.registration.setting import CODE, FEE, add_exam
from tests.world import World

Change = Callable[[bytes, bytes], tuple[bytes, bytes]]


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture
def made(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """keys.txt, a statement and a count as zips, and a receipt for each of three ways."""
    tmp_path = tmp_path_factory.mktemp("money")
    set_up(world)
    add_exam(world)
    people = [applicant(world, n) for n in (11, 13, 15)]
    taken_in(world, paid(world, people[0][1], "4200000001"))
    code = issue(world, people[1][0], people[1][2])
    take(world, read(world, bank_csv((code, "1", "100.00", at(world)))))
    with world.acting(Role.OFFICER) as ctx:
        counter.take_at_counter(ctx, code=CODE, trade_no=people[2][1].trade_no, means="cash")
    world.approved("fees.count_takings", code=CODE, cash=FEE, card=0)
    with world.acting(Role.OFFICER) as ctx:
        note = counter.count_takings(ctx, code=CODE)
    day = world.clock.now().astimezone(reconciling.BEIJING).date()
    theirs = [
        Line("payment", "4200000001", people[0][1].trade_no, FEE),
        Line("payment", "4200000099", "nobody", 1),
    ]
    with world.acting(Role.OFFICER) as ctx:
        done = reconciling.reconcile_day(ctx, day=day, source="gateway", theirs=theirs)
    with world.context(PUBLIC).session as db:
        (tmp_path / "keys.txt").write_text(keys_text(db))
        rows = counter.counted(db, exam_by_code(db, CODE))[note.id]
        _put(tmp_path, f"takings-{CODE}-00001", note_bytes(db, note.id), counter.lines_of(rows))
        name = f"statement-{day}-gateway-v1"
        _put(tmp_path, name, note_bytes(db, done.note_id), done.lines.encode())
    for number, (who, _, application) in enumerate(people):
        with world.acting(who) as ctx:
            receipt = own_receipt(ctx, application.ref)
        (tmp_path / f"receipt-{number}.note").write_text(receipt.payload)
    return tmp_path


def _put(folder: Path, name: str, note: bytes, lines: bytes) -> None:
    kind = name.partition("-")[0]
    (folder / f"{name}.zip").write_bytes(verifiable(name, kind, note, lines))
    (folder / "parts").mkdir(exist_ok=True)
    (folder / "parts" / f"{kind}.note").write_bytes(note)
    (folder / "parts" / f"{kind}.csv").write_bytes(lines)


def test_everything_signed_about_money_is_verified(made: Path) -> None:
    files = [path for path in sorted(made.iterdir()) if path.name != "parts"]
    outcome = verify(files, made / "keys.txt")
    assert outcome.refused == []
    told = "\n".join(outcome.lines)
    assert "daily statement, received 10001, refunded 0, match 1" in told
    assert "count at the counter, count 1, cash 10000, card 0" in told
    assert len(re.findall(r"receipt of order \w{26}, gk-2026: 10000 fen", told)) == 3
    alone = verify([made / "parts" / "statement.note"], made / "keys.txt")
    assert "its list is not here" in alone.lines[-1]


STATEMENT: dict[str, tuple[Change, Check]] = {
    "a line more": (
        lambda note, lines: (note, lines + b"match,payment,9,9,1,1\n"),
        Check.STATEMENT,
    ),
    "an amount": (lambda note, lines: (note, lines.replace(b"10000", b"10001")), Check.STATEMENT),
    "the note's sum": (lambda note, lines: (note.replace(b"10001", b"10000"), lines), Check.NOTE),
    "no list": (lambda note, lines: (note, b""), Check.STATEMENT),
}


@pytest.mark.parametrize("lie", sorted(STATEMENT))
def test_a_changed_statement_is_refused(made: Path, lie: str) -> None:
    change, check = STATEMENT[lie]
    [path] = made.glob("statement-*.zip")
    note, lines = ((made / "parts" / f"statement.{end}").read_bytes() for end in ("note", "csv"))
    path.write_bytes(verifiable(path.stem, "statement", *change(note, lines)))
    [refused] = verify([path], made / "keys.txt").refused
    assert refused.check is check


def test_what_the_office_itself_would_sign_wrongly_is_refused(world: World, made: Path) -> None:
    """The signature holds, the sums do not: a publisher who lies is found by adding up."""
    lies = {
        "statement": (Check.STATEMENT, [(b"received 10001", b"received 10002"),
                                        (b"match 1", b"match 2"), (b"day 2", b"day x2")]),
        "takings": (Check.TAKINGS, [(b"cash 10000", b"cash 20000"), (b"count 1", b"count 2")]),
    }  # fmt: skip
    for kind, (check, changes) in lies.items():
        [path] = made.glob(f"{kind}-*.zip")
        note, lines = ((made / "parts" / f"{kind}.{end}").read_bytes() for end in ("note", "csv"))
        for old, new in changes:
            text = notes.parse(note).text.replace(old.decode(), new.decode())
            signed = notes.sign(text, world.keys.publisher)
            path.write_bytes(verifiable(path.stem, kind, signed, lines))
            [refused] = verify([path], made / "keys.txt").refused
            assert refused.check is check, (kind, old)
        twice = lines + lines.splitlines(keepends=True)[-1]
        text = notes.parse(note).text.replace(sha256_hex(lines), sha256_hex(twice))
        path.write_bytes(verifiable(path.stem, kind, notes.sign(text, world.keys.publisher), twice))
        [refused] = verify([path], made / "keys.txt").refused
        assert refused.check is check
        path.write_bytes(verifiable(f"{kind}-other", kind, note, lines))
        assert [one.check for one in verify([path], made / "keys.txt").refused] == [Check.NAME]
    receipt = made / "receipt-0.note"
    text = notes.parse(receipt.read_bytes()).text
    receipt.write_bytes(notes.sign(text.replace("fen 10000\n", "fen 0\n"), world.keys.publisher))
    assert [one.check for one in verify([receipt], made / "keys.txt").refused] == [Check.RECEIPT]
