"""Blind marking from the sealed numbers to the written release that must follow from the marks."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.database import reading
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.marking_rules import read_questions
from exam_system.inspector.number_commands import numbers as open_numbers_command
from exam_system.marking.allotment import Paper, allot
from exam_system.marking.blind import markers_of, seal_of
from exam_system.marking.blind_models import (
    MarkerConflict,
    OpticalSheet,
    Script,
    ScriptMark,
    ScriptReserve,
)
from exam_system.marking.closing import close_marking
from exam_system.marking.corrections import correct_key, correct_mark
from exam_system.marking.markers import declare_relation, import_markers
from exam_system.marking.marks import Given, save_marks
from exam_system.marking.models import ScriptCode, WrittenMark
from exam_system.marking.optical import import_optical
from exam_system.marking.progress import by_marker, by_question
from exam_system.marking.publishing import publish_marks
from exam_system.marking.replacing import replace_marker
from exam_system.marking.sealing import seal_numbers
from exam_system.marking.service import import_written_scores
from exam_system.marking.written import require_logged
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application
from exam_system.results.service import prepare_release
from exam_system.sheets import SheetError, write_csv, write_xlsx
from exam_system.tables import Base
from exam_system.verify.run import verify
from tests.marking.blind_setting import (
    KEY,
    PEOPLE,
    QUESTIONS,
    Marked,
    begin,
    markers_table,
    read_sheets,
    seal,
)
from tests.results.play import carry_out
from tests.results.setting import CODE, number_of
from tests.tips.setting import SECRET
from tests.world import World, approve_in, disarm

NEAR = {("q1", 1): "40", ("q1", 2): "43", ("q2", 1): "30.5"}


def closed(world: World, folder: Path) -> Marked:
    """Everything is marked alike, and marking is closed."""
    stage = seal(begin(world, folder))
    read_sheets(stage)
    stage.give_all(NEAR)
    assert stage.close() == PEOPLE
    return stage


def marks(world: World) -> dict[str, dict[str, str]]:
    with world.acting(Role.OFFICER) as ctx:
        query = select(Application.number, WrittenMark.subject, WrittenMark.mark).join(WrittenMark)
        found: dict[str, dict[str, str]] = {}
        for number, subject, mark in ctx.session.execute(query):
            found.setdefault(str(number), {})[subject] = mark
        return found


def test_numbers_are_sealed_and_only_an_inspectors_machine_opens_them(
    world: World, tmp_path: Path
) -> None:
    stage = seal(begin(world, tmp_path))
    with reading(world.engine) as db:
        sealed = seal_of(db, stage.exam)
        assert sealed is not None
        assert sealed.secret == ""
        # Nothing in the database joins a number with a candidate, and no file has the key.
        secret = stage.secret()
        codes = dict(db.execute(select(ScriptCode.code, ScriptCode.application_id)).all())
        rows = list(db.scalars(select(Script).order_by(Script.id)))
        assert [one.number for one in rows] == sorted(one.number for one in rows)
        assert {one.number for one in rows} == set(codes)  # the same numbers, other owners
        for table in Base.metadata.sorted_tables:
            assert secret not in repr(db.execute(select(table)).all()), table.name
    for path in world.folder.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    box = tmp_path / "box"
    box.write_bytes(sealed.box)
    codes_file = tmp_path / "codes.csv"
    codes_file.write_text(
        "答卷密号,准考证号,科目\n" + "".join(f"2{n:05d},x{n},申论\n" for n in range(1, 7))
    )
    run = CliRunner(env={"EXAM_INSPECTOR_PASSPHRASE": SECRET.decode()})
    out = tmp_path / "labels.csv"
    arguments = [str(stage.folder), str(box), "--codes", str(codes_file), "-o", str(out)]
    answer = run.invoke(open_numbers_command, arguments)
    assert answer.exit_code == 0, answer.output
    lines = out.read_text("utf-8-sig").splitlines()
    assert lines[0] == "number,答卷密号,准考证号,科目"
    own = next(line for line in lines if line.startswith(stage.number_of(0)))
    assert own.split(",")[1] == "200006"  # candidate 0 was drawn last


def test_markers_come_from_elsewhere_and_never_get_whom_they_know(
    world: World, tmp_path: Path
) -> None:
    stage = begin(world, tmp_path)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(SheetError, match="area of the exam"):
        import_markers(ctx, code=CODE, name="m.csv", data=markers_table(4, stage.exam.area_code))
    for place in range(PEOPLE):
        with world.acting(Role.OFFICER) as ctx:
            known = {"marker": "P002", "number": number_of(place), "relation": "师生"}
            declare_relation(ctx, code=CODE, **known)
    seal(stage)
    with world.acting(Role.OFFICER) as ctx:
        assert ctx.session.query(MarkerConflict).count() == PEOPLE
    assert {label for _, _, _, label in stage.turns()} == {"P001", "P003", "P004"}


def test_too_few_markers_are_said_and_nothing_is_relaxed(world: World, tmp_path: Path) -> None:
    begin(world, tmp_path)
    for marker in ("P001", "P002"):
        with world.acting(Role.OFFICER) as ctx:
            known = {"marker": marker, "number": number_of(0), "relation": "亲属"}
            declare_relation(ctx, code=CODE, **known)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="needs 3 markers"):
        seal_numbers(ctx, code=CODE)


def test_a_marker_marks_only_their_own_and_sees_no_other_mark(world: World, tmp_path: Path) -> None:
    stage = seal(begin(world, tmp_path))
    number, question, _turn, label = next(t for t in stage.turns() if t[1] == "q1")
    other = next(x[3] for x in stage.turns() if x[:2] == (number, question) and x[3] != label)
    strange = ({"P001", "P002", "P003", "P004"} - {label, other}).pop()
    with pytest.raises(NotFound, match="not yours"):
        stage.give(strange, (number, question, "40"))  # the arbiter's turn is not open either
    for bad in ("60.5", "-1", "4o", "", "1.234"):
        with pytest.raises(Invalid, match="from 0 to 60"):
            stage.give(label, (number, question, bad))
    with world.acting(Role.MARKER) as ctx, pytest.raises(Conflict, match="question by question"):
        import_written_scores(ctx, code=CODE, name="m.csv", data=b"x")
    with pytest.raises(Forbidden), world.acting(Role.GRADER) as ctx:
        save_marks(ctx, code=CODE, marks=[Given(number, question, "40")])
    stage.give(label, (number, question, "40"))
    stage.give(label, (number, question, "41"))  # mended while nothing rests on it
    stage.give(other, (number, question, "44"))
    with pytest.raises(Conflict, match="settled"):
        stage.give(label, (number, question, "42"))


def test_a_third_marker_comes_only_where_two_lie_too_far_apart(
    world: World, tmp_path: Path
) -> None:
    stage = seal(begin(world, tmp_path))
    todo = [t for t in stage.turns() if t[1] == "q1"][:2]
    (number, question, _, first), (_, _, _, second) = todo
    stage.give(first, (number, question, "30"))
    assert not [t for t in stage.turns() if t[2] == 3]
    stage.give(second, (number, question, "50"))
    ((third, asked, turn, arbiter),) = [t for t in stage.turns() if t[2] == 3]
    assert (third, asked, turn) == (number, question, 3)
    assert arbiter not in (first, second)
    app = world.app()
    with world.acting(Role.OFFICER) as ctx:
        figures = by_question(ctx.session, stage.exam)[0]
        assert (figures.given, figures.third, figures.apart) == (2, 1, "20.00")
        assert {one.name for one in by_marker(ctx.session, stage.exam) if one.given} == {
            first,
            second,
        }
    page = world.client(app).get("/grading", follow_redirects=True)
    assert page.status_code == 200
    stage.give(arbiter, (number, question, "47"))
    assert not [t for t in stage.turns() if t[:2] == (number, question)]


def test_the_written_marks_are_the_function_of_sheets_marks_and_key(
    world: World, tmp_path: Path
) -> None:
    stage = seal(begin(world, tmp_path))
    read_sheets(stage)
    far = stage.number_of(2)
    given = {**NEAR, ("q1", 3): "50"}
    stage.give_all(given)
    for number, question, _turn, label in stage.turns():
        stage.give(label, (number, question, given[question, 3]))
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Conflict, match="closes at"):
        close_marking(ctx, code=CODE, secret=stage.secret())
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Conflict, match="not the key"):
        close_marking(ctx, code=CODE, secret="0" * 64)
    assert stage.close() == PEOPLE
    assert marks(world)[number_of(2)] == {"xc": "75.00", "sl": "72.00"}  # (40+43)/2 + 30.5
    assert far != stage.number_of(3)
    with pytest.raises(Conflict, match="closed"):
        stage.give("P001", (far, "q1", "60"))


def test_marking_does_not_close_while_a_mark_is_missing(world: World, tmp_path: Path) -> None:
    stage = seal(begin(world, tmp_path))
    read_sheets(stage)
    with pytest.raises(Conflict, match=r"18 marks are missing, first of all of script 200001"):
        stage.close()


def test_a_mark_changed_in_the_table_only_refuses_the_release_and_names_the_sheet(
    world: World, tmp_path: Path
) -> None:
    """THREATS S02."""
    stage = closed(world, tmp_path)
    world.seal()
    number = stage.number_of(1)
    with world.engine.begin() as db:
        disarm(db)
        ids = select(Script.id).where(Script.number == number).scalar_subquery()
        of = (ScriptMark.script_id == ids) & (ScriptMark.question == "q2")
        db.execute(update(ScriptMark).where(of).values(mark="40.00"))
    for act in (
        lambda ctx: prepare_release(ctx, code=CODE, stage="written"),
        lambda ctx: publish_marks(ctx, code=CODE),
    ):
        with (
            world.acting(Role.OFFICER) as ctx,
            pytest.raises(Conflict, match=f"Script {number}, question q2"),
        ):
            act(ctx)
    with world.engine.begin() as db:
        db.execute(update(ScriptMark).where(of).values(mark="30.50"))
        who = select(Application.id).where(Application.number == number_of(1)).scalar_subquery()
        own = (WrittenMark.application_id == who) & (WrittenMark.subject == "sl")
        db.execute(update(WrittenMark).where(own).values(mark="99.00"))
    with (
        world.acting(Role.OFFICER) as ctx,
        pytest.raises(Conflict, match=f"Sheet of {number_of(1)}, sl.*99.00.*72.00"),
    ):
        require_logged(ctx.session, stage.exam)


def test_a_corrected_key_scores_everybody_anew_by_two_people(world: World, tmp_path: Path) -> None:
    stage = closed(world, tmp_path)
    before = marks(world)
    new = {"code": CODE, "question": "xc1", "text": KEY.replace("1 A", "1 A/B"), "reason": "题有误"}
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="approval"):
        correct_key(ctx, **new)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "marking.correct_key", **new)
        row = correct_key(ctx, **new)
        assert (row.version, row.changed) == (2, 1)
    after = marks(world)
    changed = {number for number in before if before[number] != after[number]}
    assert changed == {number_of(3)}
    assert after[number_of(3)]["xc"] == "75.00"
    with world.acting(Role.OFFICER) as ctx:
        require_logged(ctx.session, stage.exam)


def test_a_wrong_mark_is_corrected_where_it_was_given(world: World, tmp_path: Path) -> None:
    stage = closed(world, tmp_path)
    wrong: dict[str, Any] = {"code": CODE, "number": stage.number_of(4), "question": "q1"}
    wrong["turn"] = 1
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "marking.correct_mark", **wrong, mark="10", reason="登分错误")
    with pytest.raises(Conflict, match="would not be settled"), world.acting(Role.OFFICER) as ctx:
        correct_mark(ctx, **wrong, mark="10", reason="登分错误")
    with world.acting(Role.OFFICER) as ctx:
        right = {**wrong, "turn": 2, "mark": "44", "reason": "登分错误"}
        approve_in(ctx, "marking.correct_mark", **right)
        correct_mark(ctx, **right)
    assert marks(world)[number_of(4)]["sl"] == "72.50"
    with world.acting(Role.OFFICER) as ctx:
        require_logged(ctx.session, stage.exam)
        last = ctx.session.scalars(
            select(ActDetail.details)
            .join(Act, Act.id == ActDetail.act_id)
            .where(Act.kind == "marking.correct_mark")
            .order_by(Act.id.desc())
        ).first()
        assert json.loads(last or "")["before"] == "43.00"


def test_a_stranger_computes_the_released_marks_and_finds_every_lie(
    world: World, tmp_path: Path
) -> None:
    closed(world, tmp_path)
    with world.acting(Role.OFFICER) as ctx:
        folder = publish_marks(ctx, code=CODE)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="none has changed"):
        publish_marks(ctx, code=CODE, reason="again")
    carry_out(world, "written")
    world.seal()
    outcome = verify([world.config.published])
    assert outcome.refused == []
    (line,) = [one for one in outcome.lines if "marks by script number" in one]
    assert line.endswith(f"18 marks, 12 scores, compared with results-{CODE}-v1)")
    for name, old, new in (
        ("marks.csv", ",43.00,", ",42.00,"),
        ("scores.csv", ",72.00", ",73.00"),
        ("codes.csv", ",200001\n", ",200002\n"),
        ("marks.note", " 5\n", " 6\n"),
    ):
        path = folder / name
        data = path.read_text()
        assert old in data, name
        path.write_text(data.replace(old, new, 1))
        assert verify([folder]).refused, name
        path.write_text(data)
    assert not verify([folder]).refused
    with zipfile.ZipFile(tmp_path / f"{folder.name}.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"{folder.name}/{path.name}")
    keys = world.config.published / "keys.txt"
    assert not verify([tmp_path / f"{folder.name}.zip"], keys).refused


def test_sheets_that_do_not_fit_the_machine_or_the_seats_are_named(
    world: World, tmp_path: Path
) -> None:
    stage = begin(world, tmp_path)
    rows = [(number_of(0), "ABCD"), ("999", "ABCD"), (number_of(1), "AB")]
    data = write_csv(("准考证号", "答案"), rows)
    with world.acting(Role.MARKER) as ctx, pytest.raises(SheetError) as caught:
        import_optical(ctx, code=CODE, question="xc1", name="omr.csv", data=data)
    assert len(caught.value.lines()) == 2
    read_sheets(stage)
    head = ("准考证号", "第1题", "第2题", "第3题", "第4题")
    items = [(number_of(0), "a", "Ｂ", "CA", ""), (number_of(1), "", "", "", "")]
    with world.acting(Role.MARKER) as ctx:
        data = write_xlsx("t", head, items)
        assert import_optical(ctx, code=CODE, question="xc1", name="o.xlsx", data=data) == 1
        sheet = ctx.session.scalars(select(OpticalSheet)).one()
        assert sheet.answers == "A,B,AC,-"


def drop_out(world: World, marker: str) -> dict[str, int]:
    words = {"code": CODE, "marker": marker, "reason": "突发疾病"}
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "marking.replace_marker", **words)
        return replace_marker(ctx, **words)


def test_reserves_take_over_what_a_marker_leaves_and_what_was_given_stays(
    world: World, tmp_path: Path
) -> None:
    stage = seal(begin(world, tmp_path))
    mine = [one for one in stage.turns() if one[3] == "P002"]
    (number, question, turn, _), *left = mine
    stage.give("P002", (number, question, "33"))
    lost = {"code": CODE, "marker": "P002", "reason": "突发疾病"}
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="approval"):
        replace_marker(ctx, **lost)
    by = drop_out(world, "P002")
    with reading(world.engine) as db:
        rows = list(db.scalars(select(ScriptMark)))
        own = next(one.id for one in markers_of(db, stage.exam) if one.label == "P002")
        assert [(one.turn, one.mark) for one in rows if one.marker_id == own] == [(turn, "33.00")]
    thirds = sum(by.values()) - len(left)  # arbiters' tasks that are not open yet pass on as well
    assert thirds > 0
    taken = {one[:3]: one[3] for one in stage.turns()}
    assert {taken[one[:3]] for one in left} <= set(by) <= {"P001", "P003", "P004"}
    for one in left:
        partners = [label for n, q, t, label in stage.turns() if (n, q) == one[:2]]
        assert len({*partners}) == len(partners)  # nobody marks a question twice
    with pytest.raises(Forbidden, match="mark no more"):
        stage.give("P002", (number, question, "34"))
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="already"):
        replace_marker(ctx, **lost)
    with pytest.raises(Conflict, match="have no reserve left"):
        drop_out(world, "P003")  # four markers, three for each question: there is one reserve
    read_sheets(stage)
    near = {**NEAR, ("q1", 3): "36"}
    for _ in range(2):
        stage.give_all(near)
    assert stage.close() == PEOPLE


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_reserve_has_no_relation_and_relations_do_not_show_in_what_is_stored(
    world: World, tmp_path: Path
) -> None:
    """Everybody knows somebody; the office, who has the relations, learns no number by them."""
    stage = begin(world, tmp_path, markers=6)
    known = {(f"P{n + 1:03}", n) for n in range(PEOPLE)}
    for marker, place in sorted(known):
        with world.acting(Role.OFFICER) as ctx:
            said = {"marker": marker, "number": number_of(place), "relation": "师生"}
            declare_relation(ctx, code=CODE, **said)
    seal(stage)
    with reading(world.engine) as db:
        labels = {one.id: one.label for one in markers_of(db, stage.exam)}
        numbers = dict(db.execute(select(Script.id, Script.number)).all())
        reserves = list(db.scalars(select(ScriptReserve)))
        tasks = [*reserves, *db.scalars(select(ScriptMark))]
        assert {one.place for one in reserves} == {1, 2}
        assert len(reserves) == 2 * 2 * PEOPLE  # two questions, the same number for every script
        everywhere = {(labels[one.marker_id], numbers[one.script_id]) for one in tasks}
    owners = {stage.number_of(place): place for place in range(PEOPLE)}
    assert not known & {(label, owners[number]) for label, number in everywhere}


@pytest.mark.parametrize("database", ["sqlite"])
def test_without_reserves_only_somebody_who_knows_no_candidate_takes_over(
    world: World, tmp_path: Path
) -> None:
    """One candidate whom three know leaves three of six: no script has a reserve of its first
    question, and these three take nothing over there."""
    stage = begin(world, tmp_path, markers=6)
    for marker in ("P001", "P002", "P003"):
        with world.acting(Role.OFFICER) as ctx:
            said = {"marker": marker, "number": number_of(0), "relation": "师生"}
            declare_relation(ctx, code=CODE, **said)
    seal(stage)
    first = [one for one in stage.turns() if one[1] == "q1" and one[3] in ("P001", "P002")]
    by = drop_out(world, "P001")
    assert sum(by.values()) > 0
    kept = {one[:3]: one[3] for one in stage.turns()}
    for number, question, turn, before in first:
        after = kept[number, question, turn]
        assert (after in ("P004", "P005", "P006")) if before == "P001" else (after == "P002")
    assert not [one for one in stage.turns() if one[3] == "P001"]


def test_tasks_are_even_and_their_order_follows_from_the_sealed_key_only() -> None:
    asked = read_questions(QUESTIONS)
    papers = [Paper(f"2{n:05d}", "sl", tuple(range(7))) for n in range(1, 211)]
    one, same, other = (list(allot(papers, asked, key)) for key in ("a" * 64, "a" * 64, "b" * 64))
    assert one == same != other
    for turns in ((1, 2), (3,), (4, 5)):
        loads = Counter(turn.marker for turn in one if turn.turn in turns)
        assert max(loads.values()) - min(loads.values()) <= 4, turns
    both: dict[str, set[int]] = {}
    for turn in one:
        if turn.question == "q1" and turn.turn < 3:
            both.setdefault(turn.number, set()).add(turn.marker)
    pairs = Counter(map(frozenset, both.values()))
    assert {len(pair) for pair in pairs} == {2}
    assert len(pairs) > 15  # partners change: 21 pairs there are
