"""A simulated exam with planted pairs: all found, nobody else, and rechecked by a stranger."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.errors import Conflict, Fault, Forbidden, Invalid
from exam_system.forensics.bundle import take_bundle, zipped
from exam_system.forensics.evidence import bars_of
from exam_system.forensics.fit import fit_of
from exam_system.forensics.models import CaseFile, FlaggedPair, Screening, ScreeningPart
from exam_system.forensics.parameters import Parameters
from exam_system.forensics.running import run_screening
from exam_system.forensics.screening import freeze_screening, publish_figures
from exam_system.marking.models import WrittenMark
from exam_system.records.models import Act
from exam_system.registration.models import Application
from exam_system.trust import notes
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.trust.similarity_note import parse_screened
from exam_system.verify.run import verify
from exam_system.violations.models import ScoreEffect, ViolationCase
from proctoring.similarity import Progress
from tests.forensics.stage import BASIS, COPIERS, SUBJECT, freeze, office, set_stage, take_in
from tests.results.setting import CODE, number_of
from tests.world import World


@pytest.fixture
def staged(world: World) -> World:
    """Everything is in; nobody has signed in, which is then not compared."""
    take_in(world, set_stage(world))
    return world


def planted(world: World) -> set[frozenset[str]]:
    """The flagged pairs by admission number."""
    with world.acting(Role.OFFICER) as ctx:
        numbers = {one.id: str(one.number) for one in ctx.session.scalars(select(Application))}
        pairs = ctx.session.scalars(select(FlaggedPair)).all()
        return {frozenset((numbers[one.first_id], numbers[one.second_id])) for one in pairs}


WANTED = {frozenset(map(number_of, pair)) for pair in COPIERS.items()}


def test_the_planted_pairs_are_found_and_nobody_else(staged: World) -> None:
    row = run_screening(office(staged), freeze(staged))
    assert planted(staged) == WANTED
    told = json.loads(row.flags or "")
    tiers = {frozenset((p["first"], p["second"])): p["tier"] for p in told["pairs"]}
    assert sorted(tiers.values()) == ["everywhere", "room", "room"]
    assert sum(pair["adjacent"] for pair in told["pairs"]) == 2
    assert row.compared == 120 * 119
    with staged.acting(Role.OFFICER) as ctx:
        states = ctx.session.scalars(select(CaseFile.state)).all()
        assert states == ["open"] * 3
        # Nothing but evidence: no case of a violation, no effect, no mark.
        for table in (ViolationCase, ScoreEffect, WrittenMark, ScreeningPart):
            assert ctx.session.scalars(select(func.count()).select_from(table)).one() == 0
        odd = fit_of(ctx, ctx.session.scalars(select(Screening)).one())
        assert 1 <= len(odd) <= 2
        assert odd == sorted(odd, key=lambda one: float(one.ht))
        kinds = ctx.session.scalars(
            select(Act.kind).where(Act.subject == f"screening:{row.ref}").order_by(Act.id)
        ).all()
        assert kinds == ["forensics.freeze_screening", "forensics.finish_screening"]
        with pytest.raises(Conflict, match="not decided on 3"):
            publish_figures(ctx, ref=row.ref)
    with pytest.raises(Conflict, match="done"):
        run_screening(office(staged), row.ref)


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_run_that_was_stopped_goes_on_and_finds_the_same(staged: World) -> None:
    ref = freeze(staged)

    class Stopped(Exception):
        pass

    steps: list[str] = []

    def stop(step: Progress) -> None:
        steps.append(f"{step.step} {step.done}")
        if step.step.startswith("second"):
            raise Stopped

    with pytest.raises(Stopped):
        run_screening(office(staged), ref, pause=0.0, tell=stop)
    first = list(steps)
    with staged.acting(Role.OFFICER) as ctx:
        kept = ctx.session.scalars(select(func.count()).select_from(ScreeningPart)).one()
        row = ctx.session.scalars(select(Screening)).one()
        assert (row.state, row.flags) == ("frozen", None)
    assert kept > 3
    page = staged.client(staged.app(), Role.OFFICER).get(
        f"/office/exams/{CODE}/similarity/runs/{ref}"
    )
    assert f"共保存{kept}个部分" in page.text
    steps.clear()
    done = run_screening(office(staged), ref, pause=0.0, tell=lambda step: steps.append(step.step))
    assert planted(staged) == WANTED
    assert any(step.startswith("second") for step in steps)
    assert len(first) > 3
    again = freeze(staged)
    whole = run_screening(office(staged), again)

    def found(row: Screening) -> list[Any]:
        told = json.loads(row.flags or "")
        return sorted((p["matches"], p["wrong"], p["mutual"]["gbt"]) for p in told["pairs"])

    assert found(done) == found(whole)
    assert (done.number, whole.number) == (1, 2)


@pytest.mark.parametrize("database", ["sqlite"])
def test_nothing_frozen_can_be_changed_unseen(staged: World) -> None:
    ref = freeze(staged)
    with staged.acting(Role.OFFICER) as ctx:
        row = ctx.session.scalars(select(Screening)).one()
        told = json.loads(row.parameters)
        assert sha256_hex(row.parameters.encode()) in notes.parse(row.frozen).text
        assert told["budgets"] == {"room": "0.05", "site": "0.05", "everywhere": "0.05"}
        assert told["basis"] == BASIS
        assert set(told["software"]) == {"exam-system", "numpy", "python"}
        told["inputs"]["answers"] = "0" * 64
        row.parameters = jcs(told).decode()
    with pytest.raises(Fault, match="not those it was frozen on"):
        run_screening(office(staged), ref)


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"room": "0"}, "above 0"),
        ({"site": "x"}, "not a number"),
        ({"everywhere": "1.5"}, "above 0 and not above 1"),
        ({"copied": "1"}, "between 0 and 1"),
        ({"least": 3}, "at least 10"),
        ({"basis": " "}, "reason"),
    ],
)
def test_parameters_make_sense(staged: World, given: dict[str, Any], said: str) -> None:
    parameters = Parameters(**{"basis": BASIS, **given})
    with staged.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match=said):
        freeze_screening(ctx, code=CODE, subject=SUBJECT, parameters=parameters)
    with staged.acting(Role.MARKER) as ctx, pytest.raises(Forbidden):
        freeze_screening(ctx, code=CODE, subject=SUBJECT, parameters=Parameters(basis=BASIS))


def test_the_null_is_a_poisson_binomial() -> None:
    bars = bars_of([0.5, 0.5, 0.2], 2)
    mass = np.array(bars.heights)
    assert np.allclose(mass / mass.sum(), [0.2, 0.45, 0.3, 0.05])
    assert (bars.first, bars.seen) == (0, 2)
    assert np.isclose(bars.mean, 1.2)


# ---- a stranger's recheck


@pytest.fixture
def bundle(staged: World) -> tuple[World, str, dict[str, bytes]]:
    """The files of a finished screening with all sheets."""
    ref = run_screening(office(staged), freeze(staged)).ref
    with staged.acting(Role.INSPECTOR) as ctx:
        data = take_bundle(ctx, ref=ref, answers=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    return staged, ref, files


def checked(world: World, ref: str, files: dict[str, bytes], folder: Path) -> list[str]:
    """The numbers of the checks that refuse a bundle."""
    path = folder / f"similarity-{ref}.zip"
    path.write_bytes(zipped(f"similarity-{ref}", files))
    keys = world.folder / "published" / "keys.txt"
    outcome = verify([path], keys)
    return [refused.check.id for refused in outcome.refused]


def resigned(world: World, files: dict[str, bytes], flags: dict[str, Any]) -> dict[str, bytes]:
    """What the office itself could sign: other flags, with their true digest."""
    data = jcs(flags)
    said = notes.parse(files["screened.note"]).text
    text = said.replace(parse_screened(said).flags, sha256_hex(data))
    note = notes.sign(text, world.keys.publisher)
    return {**files, "flags.json": data, "screened.note": note}


def require_nameless(world: World, files: dict[str, bytes]) -> None:
    """Nothing in the files tells whose sheet it is, not even their order."""
    with world.acting(Role.OFFICER) as ctx:
        people = ctx.session.scalars(select(Application).order_by(Application.id)).all()
    text = b"\n".join(files.values()).decode()
    assert not any(str(one.number) in text or one.ref in text for one in people)
    rows = [line.split(",") for line in files["answers.csv"].decode().splitlines()[1:]]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    rooms = [row[2] for row in rows]
    assert len(rows) == 120
    assert rooms != sorted(rooms)


Change = Callable[[dict[str, Any]], None]


def _count(told: dict[str, Any]) -> None:
    told["pairs"][0]["wrong"] += 1


def _tail(told: dict[str, Any]) -> None:
    told["pairs"][0]["gbt"][1] = "1.000000e-30"


def _mutual(told: dict[str, Any]) -> None:
    told["pairs"][0]["mutual"]["gbt"] = "1.000000e-30"


def _chance(told: dict[str, Any]) -> None:
    told["people"][0]["chances"][0][0] = "9.900000000000e-01"


def _sheet(told: dict[str, Any]) -> None:
    person = told["people"][0]
    person["answers"] = ("A" if person["answers"][0] != "A" else "B") + person["answers"][1:]


def _ring(told: dict[str, Any]) -> None:
    told["rings"][0].append(told["rings"][1][0])


def _tests(told: dict[str, Any]) -> None:
    told["tiers"][0]["tests"] -= 2
    told["tiers"][1]["tests"] += 2


def _dropped(told: dict[str, Any]) -> None:
    told["pairs"].pop()


CHANGES: list[tuple[Change, str]] = [
    (_count, "V90"),
    (_tail, "V91"),
    (_mutual, "V91"),
    (_chance, "V91"),
    (_sheet, "V90"),
    (_ring, "V90"),
    (_tests, "V89"),
    (_dropped, "V89"),
]


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_stranger_rechecks_the_bundle(
    bundle: tuple[World, str, dict[str, bytes]], tmp_path: Path
) -> None:
    world, ref, files = bundle
    assert checked(world, ref, files, tmp_path) == []
    require_nameless(world, files)
    without = {name: data for name, data in files.items() if name != "answers.csv"}
    assert checked(world, ref, without, tmp_path) == []
    for change, check in CHANGES:
        told = json.loads(files["flags.json"])
        change(told)
        lied = resigned(world, files, told)
        assert checked(world, ref, lied, tmp_path) == [check], change.__name__
    assert checked(world, ref, {**files, "flags.json": b"{}"}, tmp_path) == ["V89"]
    assert checked(world, ref, {**files, "more.txt": b""}, tmp_path) == ["V2"]
    sheets = files["answers.csv"].replace(b"A", b"B", 1)
    assert checked(world, ref, {**files, "answers.csv": sheets}, tmp_path) == ["V89"]
    other = json.loads(files["parameters.json"])
    other["copied"] = "0.4"
    assert checked(world, ref, {**files, "parameters.json": jcs(other)}, tmp_path) == ["V89"]
    note = tmp_path / "screened.note"
    note.write_bytes(files["screened.note"])
    assert not verify([note], world.folder / "published" / "keys.txt").refused
