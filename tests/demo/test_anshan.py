"""The second demonstration in small: every planted fault is found, and one more is noticed."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from exam_system.database import reading
from exam_system.demo.anshan import plans
from exam_system.demo.anshan.books import Line, Statements, line
from exam_system.demo.anshan.command import Bureau, opened, take_fees, tell
from exam_system.demo.anshan.paying import Till
from exam_system.errors import Fault
from exam_system.fees.gateway import BillLine
from exam_system.fees.models import Payment
from tests.conftest import FONTS

LAST = (
    r"anshan: 1 exams, 100 registrations, 10000\.00 yuan asked, 9900\.00 yuan kept, "
    r"100\.00 yuan waived, 100\.00 yuan refunded, 11 payments over HTTP, "
    r"7 planted faults found and no other, [4-6] signed statements"
)
WHOLE = {"waived": 22, "lost": 44, "twice": 22, "told_twice": 7, "signed_twice": 58}


def free_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@dataclass
class Played:
    """One exam of 100 registrations, whole."""

    bureau: Bureau
    till: Till
    statements: Statements

    def line(self, till: Till | None = None, statements: Statements | None = None) -> Line:
        with reading(self.bureau.cast.office.engine) as db:
            return line(db, till or self.till, statements or self.statements)


@contextmanager
def bureau(folder: Path, registrations: int) -> Iterator[Bureau]:
    year = plans.plans(plans.SEED, 1, registrations)
    values = {"base_url": free_url(), "database_url": "sqlite:///exam.db", "fonts": str(FONTS)}
    with opened(folder, year, plans.SEED, free_url(), values) as found:
        yield found


@pytest.fixture(scope="module")
def played(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """(`template` has made the fonts.)"""
    with bureau(tmp_path_factory.mktemp("anshan") / "instance", 100) as found:
        [plan] = plans.plans(plans.SEED, 1, 100)
        till = found.till(plan)
        statements = Statements(till)
        found.take_applications(till.road)
        take_fees(till, statements)
        yield Played(found, till, statements)


def test_the_year_is_as_it_was_told() -> None:
    year = plans.plans(plans.SEED, 21)
    assert len(year) == 21
    assert sum(plan.applicants for plan in year) == 20_160
    assert sum(plan.applicants * plan.fen for plan in year) == 201_600_000
    assert sum(len(plans.faults(plan).online) for plan in year) >= 2_000
    found = plans.faults(year[0])
    assert {name: len(getattr(found, name)) for name in WHOLE} == WHOLE
    parts = [place for name in found.__slots__ for place in getattr(found, name)]
    assert sorted(parts) == list(range(year[0].applicants))


def test_every_planted_fault_is_found_and_the_books_balance(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    told = played.line()
    assert told.wrong == ()
    assert (told.registered, told.lost, told.twice, told.told_twice) == (100, 2, 1, 3)
    tell(played.bureau.cast, [told])
    last = capsys.readouterr().out.rstrip("\n").split("\n")[-1]
    assert re.fullmatch(LAST, last), last


def test_one_fault_more_or_less_than_planted_is_named(played: Played) -> None:
    till, faults = played.till, played.till.faults
    lies = {
        "lines of the statement before": replace(
            till, faults=replace(faults, lost=faults.lost[1:])
        ),
        "payments found by asking": replace(till, found=till.found - 1),
        "callbacks that came twice": replace(till, told_twice=till.told_twice - 1),
        "second payments": replace(till, again=[*till.again, "4200"]),
        "refunded": replace(till, faults=replace(faults, twice=(*faults.twice, 0))),
        "waived": replace(till, faults=replace(faults, waived=())),
    }
    for said, lie in lies.items():
        assert any(said in sentence for sentence in played.line(lie).wrong), said
    more = replace(played.statements, left=[("only_ours", "payment", "4200")])
    assert [said for said in played.line(statements=more).wrong if "in the end" in said]


def test_money_that_is_written_by_hand_fails_the_command(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = played.bureau.cast.office.engine
    with reading(engine) as db:
        number = db.scalars(select(Payment.id).where(Payment.kept).limit(1)).one()
    change = "UPDATE payment SET fen = fen {} 1 WHERE id = :id"
    with engine.begin() as db:
        db.execute(text(change.format("+")), {"id": number})
    with pytest.raises(Fault, match="do not balance"):
        tell(played.bureau.cast, [played.line()])
    assert "is not as the log has it" in capsys.readouterr().err
    with engine.begin() as db:
        db.execute(text(change.format("-")), {"id": number})


def test_a_bill_with_a_line_that_nobody_planted_fails(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway forgets one payment: that is no fault of the plan, and it is noticed."""
    with bureau(tmp_path / "instance", 40) as found:
        whole = found.bank.days_bill

        def forgetful(day: object) -> tuple[BillLine, ...]:
            return whole(day)[1:]  # type: ignore[arg-type]

        monkeypatch.setattr(found.bank, "days_bill", forgetful)
        [plan] = plans.plans(plans.SEED, 1, 40)
        told = found.hold(plan)
    assert [said for said in told.wrong if "in the end" in said and "only_ours" in said]
