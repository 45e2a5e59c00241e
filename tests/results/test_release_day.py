"""From freezing to score day: the minute, the embargo, lists after the totals, pick-up codes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.marking.models import WrittenMark
from exam_system.oversight.service import cosign_notes
from exam_system.records import releases
from exam_system.records.models import Act, ActDetail, Release
from exam_system.registration.models import Application
from exam_system.results.after import prepare_list
from exam_system.results.codes import give_codes, own_code, renew_code
from exam_system.results.gather import standing
from exam_system.results.lookup import export_lookup
from exam_system.results.models import PickUpCode
from exam_system.results.rows import Row
from exam_system.results.screen import personal_numbers, require_clean, require_lines
from exam_system.results.service import prepare_release, publish_release
from exam_system.results.timing import (
    arm_release,
    discard_release,
    due,
    freeze_stage,
    look_at_draft,
    lookers,
)
from exam_system.trust.errors import Malformed
from exam_system.trust.pickup import ALPHABET, new_code, read_code, shown
from exam_system.verify.run import Door, verify
from tests.results.play import INTERVIEWS, carry_out, exam_with_marks, prepare, publish
from tests.results.setting import CODE, candidate, cosign, hold_interviews, number_of
from tests.world import World, approve_in


def cosigned(world: World, release: Release) -> None:
    with world.acting(Role.INSPECTOR) as ctx:
        cosign_notes(ctx, files=cosign(world, release.note_id, release.root_note_id))


def change_mark(world: World, number: str, mark: str) -> None:
    """Somebody writes another mark into the table, with an act that says nothing of it."""
    with world.acting(Role.OFFICER) as ctx:
        who = ctx.session.scalars(select(Application.id).where(Application.number == number)).one()
        ctx.session.execute(
            update(WrittenMark)
            .where(WrittenMark.application_id == who, WrittenMark.subject == "xc")
            .values(mark=mark)
        )
        freeze_stage(ctx, code=CODE, stage="written")


def ids(world: World, *places: int) -> list[int]:
    with world.acting(Role.OFFICER) as ctx:
        numbers = {row.number: row.id for row in ctx.session.scalars(select(Application))}
    return [numbers[number_of(place)] for place in places]


def final(world: World, **rules: object) -> Exam:
    exam = exam_with_marks(world, **rules)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    carry_out(world, "final")
    return exam


# ----- freezing


def test_what_was_frozen_and_changed_since_is_not_signed(world: World) -> None:
    exam_with_marks(world)
    with world.acting(Role.OFFICER) as ctx:
        freeze_stage(ctx, code=CODE, stage="written")
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.execute(update(WrittenMark).where(WrittenMark.mark == "66.5").values(mark="99"))
        with pytest.raises(Conflict, match="frozen"):
            prepare_release(ctx, code=CODE, stage="written")
        ctx.session.rollback()


def test_a_mark_changed_under_a_signed_list_stops_its_publication_and_is_named(
    world: World,
) -> None:
    exam_with_marks(world)
    release = prepare(world, "written")
    cosigned(world, release)
    change_mark(world, number_of(1), "99")
    with pytest.raises(Conflict, match=number_of(1)):
        publish(world, release.version)


# ----- the announced minute


def announced(world: World, **delta: float) -> Release:
    minute = (world.clock.now() + timedelta(**delta)).replace(second=0, microsecond=0)
    with world.acting(Role.OFFICER) as ctx:
        release = prepare_release(ctx, code=CODE, stage="written", publish_at=minute)
    cosigned(world, release)
    return release


def test_nothing_is_published_before_its_minute_and_seconds_late_are_kept(world: World) -> None:
    exam_with_marks(world)
    release = announced(world, hours=2)
    assert release.publish_at is not None
    world.clock.set(release.publish_at - timedelta(seconds=1))
    with pytest.raises(Conflict, match="cannot be published before"):
        publish(world, release.version)
    world.clock.set(release.publish_at + timedelta(seconds=3))
    publish(world, release.version)
    with world.acting(Role.OFFICER) as ctx:
        assert ctx.session.scalars(select(Release.late).where(Release.late.is_not(None))).one() == 3


def test_the_minute_is_carried_out_as_the_act_of_who_ordered_it(world: World) -> None:
    exam_with_marks(world)
    release = announced(world, hours=2)
    assert release.publish_at is not None
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="not approved"):
            arm_release(ctx, code=CODE, version=release.version)
        ctx.session.rollback()
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "results.publish_release", code=CODE, version=release.version)
        arm_release(ctx, code=CODE, version=release.version)
        assert due(ctx.session, release.publish_at - timedelta(seconds=1)) == []
    world.clock.set(release.publish_at)
    with world.acting(Role.OFFICER) as ctx:
        [(code, version, officer)] = due(ctx.session, ctx.due())
        assert (code, version, officer) == (CODE, release.version, ctx.actor)
        publish_release(ctx, code=code, version=version)
        assert due(ctx.session, ctx.due()) == []


@pytest.mark.parametrize("delta", [{"hours": -1}, {"days": 61}])
def test_a_minute_is_one_to_come_and_not_far(world: World, delta: dict[str, float]) -> None:
    exam_with_marks(world)
    with pytest.raises(Invalid, match="whole minute"):
        announced(world, **delta)


def test_a_wrong_draft_is_thrown_away_and_the_next_one_has_its_number(world: World) -> None:
    exam_with_marks(world)
    first = prepare(world, "written")
    with world.acting(Role.OFFICER) as ctx:
        discard_release(ctx, code=CODE, version=1, why="标题有误")
    second = prepare(world, "written")
    assert (first.version, second.version) == (1, 1)
    assert first.note_id != second.note_id
    cosigned(world, second)
    folder = publish(world, 1)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="published already"):
            discard_release(ctx, code=CODE, version=1, why="太迟")
        ctx.session.rollback()
    assert not verify([folder], world.folder / "published" / "keys.txt").refused


# ----- Hangzhou 2023: 1,500 names of a shortlist went round before it was published


def test_hangzhou_2023_whoever_sees_a_list_before_its_publication_stands_in_the_log(
    world: World,
) -> None:
    exam_with_marks(world)
    release = prepare(world, "written")
    with world.acting(Role.INSPECTOR) as ctx:
        data = look_at_draft(ctx, code=CODE, version=1).decode()
        name = ctx.actor.name
    assert number_of(0) in data
    assert name in data.splitlines()[-1]
    with world.acting(Role.OFFICER) as ctx:
        assert [who for who, _ in lookers(ctx.session, CODE, release)] == [name]
    for role in (Role.MARKER, Role.ADMIN):
        with world.acting(role) as ctx, pytest.raises(Forbidden):
            look_at_draft(ctx, code=CODE, version=1)
    cosigned(world, release)
    publish(world, 1)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="published already"):
            look_at_draft(ctx, code=CODE, version=1)
        ctx.session.rollback()


# ----- Harbin 2025: below the line in the medical list, identity numbers in the notice


def test_harbin_2025_nobody_below_the_line_comes_into_the_medical_list(world: World) -> None:
    exam = final(world)
    with world.acting(Role.OFFICER) as ctx:
        release = releases.newest(ctx.session, exam.id, "results", stage="final")
        assert release is not None
        rows = json.loads(releases.file_data(ctx.session, release, "list.json"))["rows"]
        rules = rules_of(exam)
    chosen: list[Row] = [{**row, "outcome": "invited"} for row in rows if row["rank"] == 1]
    require_lines(rules, "medical", chosen)
    for score in ("38.4", "37.2", "59.99", ""):
        low = [{**chosen[0], "interview": score}]
        with pytest.raises(Invalid, match=chosen[0]["admission"]):
            require_lines(rules, "medical", low)
    below, absent = ids(world, 6, 4)
    for who in (below, absent):
        with world.acting(Role.OFFICER) as ctx:
            with pytest.raises(Invalid, match="no rank"):
                prepare_list(ctx, code=CODE, stage="medical", chosen=[who])
            ctx.session.rollback()


def test_harbin_2025_no_identity_or_telephone_number_is_published(world: World) -> None:
    number, phone = "11010519491231002X", "13812345678"
    for text in (
        number,
        f"张三（{number.lower()}）",
        f"电话：{phone}",
        "+86 138-1234-5678",
        "１３８１２３４５６７８",
    ):
        assert personal_numbers(text), text
        with pytest.raises(Invalid, match=r"notice\.pdf"):
            require_clean({"notice.pdf": [text]})
    for text in ("110105194912310021", "20270102030415", "01010101", "63.50", "a" * 64):
        assert personal_numbers(text) == []
    exam_with_marks(world)
    carry_out(world, "written")
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Invalid, match=r"110\*+2X"):
            prepare_release(ctx, code=CODE, stage="written", reason=f"更正 {number} 的成绩")
        ctx.session.rollback()


# ----- lists after the totals


def after(world: World, stage: str, chosen: list[int], reason: str = "") -> Path:
    with world.acting(Role.OFFICER) as ctx:
        release = prepare_list(ctx, code=CODE, stage=stage, chosen=chosen, reason=reason)
    cosigned(world, release)
    return publish(world, release.version)


def test_medical_and_appointment_lists_are_versions_of_the_one_chain(world: World) -> None:
    exam = final(world)
    first, second, other = ids(world, 2, 0, 1)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="must be published first"):
            prepare_list(ctx, code=CODE, stage="appointment", chosen=[first])
        ctx.session.rollback()
    medical = after(world, "medical", [first, other])
    again = after(world, "medical", [second, other], reason="第1名放弃，依次递补")
    with world.acting(Role.OFFICER) as ctx:
        assert set(standing(ctx.session, exam, "medical")) == {second, other}
        with pytest.raises(Invalid, match="no rank"):
            prepare_list(ctx, code=CODE, stage="appointment", chosen=[first])
        ctx.session.rollback()
    last = after(world, "appointment", [second, other])
    assert [folder.name for folder in (medical, again, last)] == [
        f"results-{CODE}-v{version}" for version in (4, 5, 6)
    ]
    rows = json.loads((last / "list.json").read_bytes())["rows"]
    assert [(row["rank"], row["outcome"]) for row in rows] == [(2, "appointed"), (1, "appointed")]
    outcome = verify([last.parent])
    # The announcement of these tests is a row only, and so is the log's folder.
    assert not outcome.refused, outcome.lines
    assert any("SUPERSEDED by version 5" in line for line in outcome.lines)


def test_an_appointment_list_has_no_more_people_than_vacancies(world: World) -> None:
    final(world)
    people = ids(world, 2, 0)
    after(world, "medical", people)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Invalid, match="1 vacancy and 2 people"):
            prepare_list(ctx, code=CODE, stage="appointment", chosen=people)
        ctx.session.rollback()


# ----- pick-up codes and the static look-up


class Counter:
    def __init__(self) -> None:
        self.taken = 0

    def take(self, size: int) -> bytes:
        self.taken += 1
        return (7 * self.taken << 90 | self.taken).to_bytes(size, "big")


def test_a_code_has_120_bits_and_a_check_character_that_finds_every_slip() -> None:
    source = Counter()
    codes = [new_code(source.take) for _ in range(200)]
    assert len(set(codes)) == 200
    for code in codes[:20]:
        assert len(code) == 25
        assert read_code(f" {shown(code).lower()} ") == code
        for place in range(24):
            other = ALPHABET[(ALPHABET.index(code[place]) + 1) % 32]
            with pytest.raises(Malformed):
                read_code(code[:place] + other + code[place + 1 :])
            if code[place] != code[place + 1] and place < 23:
                swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
                with pytest.raises(Malformed):
                    read_code(swapped)
    assert read_code(codes[0].replace("0", "o").replace("1", "L")) == codes[0]


def test_codes_are_given_once_sealed_and_follow_from_nothing(world: World) -> None:
    exam_with_marks(world)
    with world.acting(Role.OFFICER) as ctx:
        assert give_codes(ctx, code=CODE) == 8
        with pytest.raises(Conflict, match="already"):
            give_codes(ctx, code=CODE)
        ctx.session.rollback()
    with world.acting(Role.OFFICER) as ctx:
        give_codes(ctx, code=CODE)
        rows = list(ctx.session.scalars(select(PickUpCode)))
        opened = [ctx.keys.vault.open(row.sealed) for row in rows]
        assert len(set(opened)) == 8
        told = "".join(ctx.session.scalars(select(ActDetail.details)))
        assert not any(code in told or shown(code) in told for code in opened)
        app = ctx.session.get_one(Application, rows[0].application_id)
        before, ref = own_code(ctx, app), app.ref
    with world.acting(candidate(world, int(ref[3:]))) as ctx:
        renew_code(ctx, ref=ref)
        app = ctx.session.scalars(select(Application).where(Application.ref == ref)).one()
        assert own_code(ctx, app) != before
    with world.acting(Role.OFFICER) as ctx:
        kinds = ctx.session.scalars(select(Act.kind).order_by(Act.id.desc()).limit(1)).one()
        assert kinds == "results.renew_code"


def exported(world: World, tmp_path: Path) -> tuple[Path, str]:
    exam_with_marks(world)
    carry_out(world, "written")
    folder = tmp_path / "lookup"
    with world.acting(Role.OFFICER) as ctx:
        give_codes(ctx, code=CODE)
        export_lookup(ctx, code=CODE, folder=folder)
        app = ctx.session.scalars(
            select(Application).where(Application.number == number_of(2))
        ).one()
        return folder, own_code(ctx, app)


def test_a_look_up_is_checked_without_codes_and_opened_with_one(
    world: World, tmp_path: Path
) -> None:
    folder, code = exported(world, tmp_path)
    whole = verify([folder])
    assert not whole.refused, whole.lines
    assert any("8 sealed records" in line for line in whole.lines)
    opened = verify([folder], door=Door(code=code))
    assert any(f"slip of {number_of(2)}" in line for line in opened.lines)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert [one.check.id for one in verify([folder], door=Door(code=wrong)).refused] == ["V97"]
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="not empty"):
            export_lookup(ctx, code=CODE, folder=folder)
        ctx.session.rollback()
    again = tmp_path / "again"
    with world.acting(Role.OFFICER) as ctx:
        export_lookup(ctx, code=CODE, folder=again)
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert all((folder / one).read_bytes() == (again / one).read_bytes() for one in files)


def test_nothing_of_anybody_stands_readable_in_the_files(world: World, tmp_path: Path) -> None:
    folder, _ = exported(world, tmp_path)
    whole = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for place in range(8):
        assert number_of(place).encode() not in whole
    lengths = {path.stat().st_size for path in folder.rglob("*.bin")}
    assert len(lengths) == 1


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("shards/0000/000000.bin", "V96"),
        ("lookup.js", "V95"),
        ("verify.js", "V95"),
        ("root.note", "V95"),
        ("lookup.note", "V5"),
    ],
)
def test_a_changed_look_up_is_refused(world: World, tmp_path: Path, name: str, check: str) -> None:
    folder, _ = exported(world, tmp_path)
    path = folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(bytes(data))
    refused = verify([folder], world.folder / "published" / "keys.txt").refused
    assert refused
    assert refused[0].check.id == check
