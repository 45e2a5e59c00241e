"""The pool that bureaus share: signed there, checked here, never taken twice or by halves."""

from __future__ import annotations

from copy import copy
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.interviews import service
from exam_system.interviews.exchange import preview
from exam_system.interviews.models import Incompatibility, Interviewer
from exam_system.interviews.pool_file import Row, write_pool
from exam_system.sheets import write_csv
from exam_system.trust.keys import Signer
from tests.interviews import setting
from tests.interviews.setting import HEADER, pool_row
from tests.world import World

OTHER = "guiyang.example"
KEY = Signer.from_seed(f"{OTHER}/publisher", bytes(32))


def row(place: int, **changes: object) -> Row:
    values = {
        "certificate": f"GY{place:04d}",
        "name": f"考官{chr(0x5000 + place)}",
        "sex": "female",
        "area_code": "520100",
        "employer": f"贵阳单位{place}",
        "chief": False,
        "trained_on": date(2025, 9, 1),
        "last_served": None,
    }
    apart = changes.pop("apart", ())
    return Row({**values, **changes}, tuple(apart))  # type: ignore[arg-type]


def file(world: World, *rows: Row, signer: Signer = KEY) -> bytes:
    made = world.clock.now()
    return write_pool(signer, origin=OTHER, bureau="贵阳市人事考试中心", made=made, rows=rows)


def register(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        service.register_bureau(ctx, title="贵阳市", vkey=KEY.verifier.vkey)


def take(world: World, data: bytes, name: str = "pool.note") -> None:
    with world.acting(Role.OFFICER) as ctx:
        service.import_pool(ctx, name=name, data=data)


def pool(world: World) -> dict[str, Interviewer]:
    with world.acting(Role.OFFICER) as ctx:
        return {one.certificate: one for one in ctx.session.scalars(select(Interviewer))}


def test_one_bureau_exports_and_another_takes_in(world: World, tmp_path: Path) -> None:
    setting.fill_pool(world, 1, 2)
    with world.acting(Role.OFFICER) as ctx:
        one = ctx.session.scalars(select(Interviewer)).first()
        assert one is not None
        one.trained_on, one.last_served = date(2025, 3, 1), date(2024, 6, 7)
        service.declare_incompatibility(ctx, first="KG0000", second="KG0101", relation="school")
        data, vkey = service.export_pool(ctx), ctx.keys.publisher.verifier.vkey
        own, title = ctx.keys.publisher.name, ctx.config.bureau
    sent = pool(world)
    # the other bureau is this one before it had a pool, under another name
    with world.acting(Role.OFFICER) as ctx:
        for table in (Incompatibility, Interviewer):
            for gone in ctx.session.scalars(select(table)):
                ctx.session.delete(gone)
            ctx.session.flush()
        ctx.keys = copy(ctx.keys)  # worlds of a test run share theirs
        object.__setattr__(ctx.keys, "publisher", KEY)
        service.register_bureau(ctx, title=title, vkey=vkey)
        shown = preview(ctx, name="pool.note", data=data)
        assert (len(shown.added), shown.changed, shown.conflicts) == (3, (), ())
        service.import_pool(ctx, name="pool.note", data=data)
        assert len(ctx.session.scalars(select(Incompatibility)).all()) == 1
    here = pool(world)
    assert {one.bureau for one in here.values()} == {own}
    for certificate, one in sent.items():
        for key in ("name", "sex", "area_code", "employer", "chief", "trained_on", "last_served"):
            assert getattr(one, key) == getattr(here[certificate], key)
        assert one.label != here[certificate].label  # labels are every bureau's own


def test_a_preview_shows_added_changed_conflicting_and_missing(world: World) -> None:
    register(world)
    take(world, file(world, row(1), row(2), row(3)))
    with world.acting(Role.OFFICER) as ctx:
        data = [pool_row(7), ("GY0009", "考官甲", "男", "410100", "本地", "否")]
        service.import_interviewers(ctx, name="pool.csv", data=write_csv(HEADER, data))
    world.clock.advance(days=1)
    newer = file(
        world, row(1, employer="新单位", last_served=date(2026, 1, 5)), row(2), row(4), row(9)
    )
    with world.acting(Role.OFFICER) as ctx:
        found = preview(ctx, name="pool.note", data=newer)
    assert [one.values["certificate"] for one in found.added] == ["GY0004"]
    assert [(c.row.values["certificate"], c.fields) for c in found.changed] == [
        ("GY0001", ("employer", "last_served"))
    ]
    assert [c.row.values["certificate"] for c in found.conflicts] == ["GY0009"]
    assert (found.same, found.missing) == (1, ("GY0003",))
    take(world, newer)
    here = pool(world)
    assert here["GY0001"].employer == "新单位"
    assert here["GY0009"].employer == "本地"
    assert "GY0003" in here


def damaged(data: bytes, old: str, new: str) -> bytes:
    assert old.encode() in data
    return data.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("贵阳单位2", "贵阳单位8", "x.note is damaged at row 2"),
        ("贵阳市人事考试中心", "遵义市人事考试中心", "changed after it was signed"),
        ("\n\n", "\n", "no signed pool"),
        ("/publisher ", "/stranger ", "not registered here"),
    ],
)
def test_a_damaged_file_is_refused_by_name_and_row(
    world: World, old: str, new: str, says: str
) -> None:
    register(world)
    data = damaged(file(world, row(1), row(2), row(3)), old, new)
    with pytest.raises(Invalid, match=says):
        take(world, data, "x.note")
    assert pool(world) == {}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"area_code": "52"}, "x.note, row 2: An area code"),
        ({"sex": "unknown"}, "row 2"),
        ({"certificate": "GY0001"}, "row 2: the certificate GY0001 stands there twice"),
        ({"apart": (("GY0001", "enemy"),)}, "row 2: the relation enemy"),
    ],
)
def test_a_signed_row_that_makes_no_sense_is_named(
    world: World, wrong: dict[str, object], says: str
) -> None:
    register(world)
    with pytest.raises(Invalid, match=says):
        take(world, file(world, row(1), row(2, **wrong)), "x.note")


def test_an_older_export_is_refused_after_a_newer_one(world: World) -> None:
    register(world)
    older = file(world, row(1))
    world.clock.advance(days=1)
    newer = file(world, row(1, employer="新单位"))
    take(world, newer)
    for again in (older, newer):
        with pytest.raises(Conflict, match="an older one cannot come after it"):
            take(world, again)
    assert pool(world)["GY0001"].employer == "新单位"


def test_a_stranger_with_the_registered_name_is_refused(world: World) -> None:
    register(world)
    forger = Signer.from_seed(KEY.name, bytes([1]) * 32)
    with pytest.raises(Invalid, match="not signed by the key"):
        take(world, file(world, row(1), signer=forger))


def test_only_the_office_shares_the_pool(world: World) -> None:
    setting.fill_pool(world, 1, 1)
    for role in (Role.ADMIN, Role.INSPECTOR, Role.INTERVIEWER):
        with pytest.raises(Forbidden), world.acting(role) as ctx:
            service.export_pool(ctx)


def test_an_export_tells_no_scores_and_no_candidates(world: World) -> None:
    setting.begin(world)
    setting.hear(world, 1, ["80.00", "81.00", "82.00", "83.00", "84.00", "85.00", "86.00"])
    with world.acting(Role.OFFICER) as ctx:
        text = service.export_pool(ctx).decode()
    assert setting.FAMILY not in text
    assert "83.00" not in text
