"""From raw marks to published lists: numbers, order of the stages, corrections, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.interviews.models import Interview
from exam_system.marking.models import WrittenMark
from exam_system.records import releases
from exam_system.records.models import Act, Release
from exam_system.registration.models import Application
from exam_system.results import lists
from exam_system.results.models import Result
from exam_system.results.rows import Entry, rows_of
from exam_system.results.service import prepare_release, publish_release
from exam_system.trust.canonical import jcs, parse_jcs
from scoring import recompute
from tests.results.play import (
    INTERVIEWS,
    MARKS,
    carry_out,
    exam_with_marks,
    prepare,
    publish,
)
from tests.results.setting import (
    CODE,
    add_announcement,
    add_candidates,
    add_exam,
    hold_interviews,
    number_of,
    set_marks,
)
from tests.world import World


def rows_in(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "list.json").read_bytes())["rows"]
    return rows


def brief(folder: Path, *keys: str) -> list[tuple[Any, ...]]:
    places = {number_of(n): n for n in range(8)}
    return [(places[row["admission"]], *(row[key] for key in keys)) for row in rows_in(folder)]


def state(world: World) -> str:
    with world.acting(Role.OFFICER) as ctx:
        return ctx.session.scalars(select(Exam.state)).one()


def test_three_lists_from_the_raw_numbers(world: World) -> None:
    exam = exam_with_marks(world)
    written = carry_out(world, "written")
    assert brief(written, "post", "written", "rank", "outcome") == [
        (0, "101", "75.00", 1, "scored"),
        (2, "101", "70.00", 2, "scored"),
        (4, "101", "60.00", 3, "scored"),
        (6, "101", "60.00", 3, "scored"),
        (1, "102", "68.25", 1, "scored"),
        (7, "102", "57.78", 2, "scored"),
        (5, "102", "50.00", 3, "scored"),
        (3, "102", "", None, "absent"),
    ]
    assert state(world) == "written"
    shortlist = carry_out(world, "shortlist")
    assert brief(shortlist, "rank", "outcome") == [
        (0, 1, "shortlisted"),
        (2, 2, "shortlisted"),
        (4, 3, "shortlisted"),
        (6, 3, "shortlisted"),
        (1, 1, "shortlisted"),
        (7, 2, "shortlisted"),
        (5, 3, "shortlisted"),
    ]
    assert state(world) == "shortlisted"
    hold_interviews(world, exam, INTERVIEWS)
    final = carry_out(world, "final")
    assert brief(final, "interview", "total", "rank", "outcome") == [
        (2, "92.00", "81.00", 1, "proposed"),
        (0, "82.00", "78.50", 2, "not"),
        (4, "", "", None, "absent"),
        (6, "50.00", "55.00", None, "below"),
        (1, "70.17", "69.21", 1, "proposed"),
        (7, "79.00", "68.39", 2, "not"),
        (5, "60.00", "55.00", 3, "not"),
    ]
    assert state(world) == "final"
    assert rows_in(final)[0]["interview_scores"] == ["90", "91", "92", "93", "94"]


def test_the_files_agree_and_a_stranger_can_recompute_them(world: World) -> None:
    exam_with_marks(world)
    folder = carry_out(world, "written")
    whole = json.loads((folder / "list.json").read_bytes())
    assert jcs(whole) == (folder / "list.json").read_bytes()
    assert {key: whole[key] for key in ("v", "exam", "stage", "version")} == {
        "v": 1,
        "exam": CODE,
        "stage": "written",
        "version": 1,
    }
    rules = json.loads((folder / "rules.json").read_bytes())
    assert recompute.check(rules, "written", whole["rows"], {"101": 1, "102": 1}) == []
    assert set(whole["rows"][0]) == {
        "admission",
        "post",
        "subjects",
        "written",
        "interview_scores",
        "interview",
        "total",
        "rank",
        "outcome",
    }
    records = [parse_jcs(line) for line in (folder / "records.jsonl").read_bytes().splitlines()]
    added = {"v", "exam", "stage", "version", "salt"}
    stripped = [{key: r[key] for key in r if key not in added} for r in records]
    assert sorted(stripped, key=lambda r: r["admission"]) == sorted(
        whole["rows"], key=lambda r: r["admission"]
    )
    lines = (folder / "list.csv").read_bytes().decode("utf-8-sig").split("\n")
    assert lines[0] == "准考证号,岗位代码,行政职业能力测验,申论,笔试成绩,岗位排名,结果"
    assert lines[1] == f"{number_of(0)},101,80,70,75.00,1,有效"
    assert lines[8] == f"{number_of(3)},102,缺考,88,,,缺考"
    assert lines[9:] == [""]


def test_candidates_see_nothing_before_the_list_is_published(world: World) -> None:
    exam_with_marks(world)
    release = prepare(world, "written")
    with world.acting(Role.OFFICER) as ctx:
        assert ctx.session.query(Result).count() == 0
    with pytest.raises(Conflict, match="signature of"):
        publish(world, release.version)
    assert state(world) == "seated"
    with world.acting(Role.OFFICER) as ctx:
        assert ctx.session.query(Result).count() == 0


def test_a_tie_at_the_last_place_stays_out_where_the_rules_say_so(world: World) -> None:
    exam_with_marks(world, ties_enter=False)
    carry_out(world, "written")
    shortlist = carry_out(world, "shortlist")
    assert brief(shortlist, "outcome")[:4] == [
        (0, "shortlisted"),
        (2, "shortlisted"),
        (4, "not"),
        (6, "not"),
    ]


def test_below_the_written_pass_mark_nobody_is_ranked(world: World) -> None:
    exam_with_marks(world, written_pass="60")
    written = carry_out(world, "written")
    assert brief(written, "written", "rank", "outcome")[-3:] == [
        (3, "", None, "absent"),
        (5, "50.00", None, "below"),
        (7, "57.78", None, "below"),
    ]
    shortlist = carry_out(world, "shortlist")
    assert [place for (place,) in brief(shortlist)] == [0, 2, 4, 6, 1]


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("stage", ["written", "shortlist", "final"])
@pytest.mark.parametrize(
    "found",
    ["draft", "announced", "closed", "seated", "written", "shortlisted", "interviewing", "final"],
)
def test_each_list_has_its_state(world: World, found: str, stage: str) -> None:
    right = {"written": "seated", "shortlist": "written", "final": "interviewing"}
    exam = exam_with_marks(world)
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.get_one(Exam, exam.id).state = found
    if found == "seated" and stage == "written":
        assert prepare(world, stage).version == 1
        return
    said = "must be published first" if right[stage] == found else "cannot be done now"
    with pytest.raises(Conflict, match=said):
        prepare(world, stage)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["written"], [(0, "76.00", 1, "proposed"), (2, "76.00", 2, "not")]),
        (["interview"], [(2, "76.00", 1, "proposed"), (0, "76.00", 2, "not")]),
        ([], [(0, "76.00", 1, "not"), (2, "76.00", 1, "not")]),
    ],
)
def test_equal_totals_are_told_apart_by_the_rules_or_by_people(
    world: World, order: list[str], expected: list[tuple[object, ...]]
) -> None:
    exam = exam_with_marks(world, tie_order=order)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    scores = dict.fromkeys((1, 4, 5, 6, 7), ()) | {0: ("77",) * 5, 2: ("82",) * 5}
    hold_interviews(world, exam, scores)
    final = carry_out(world, "final")
    assert brief(final, "total", "rank", "outcome")[:2] == expected


def test_what_is_missing_is_named(world: World) -> None:
    exam = exam_with_marks(world)
    set_marks(world, {n: MARKS[n] for n in range(8) if n not in (3, 5)})
    with pytest.raises(
        Conflict, match=f"2 candidates, first of all {number_of(3)}, {number_of(5)}"
    ):
        prepare(world, "written")
    set_marks(world, MARKS)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, {n: INTERVIEWS[n] for n in INTERVIEWS if n != 7})
    with pytest.raises(Conflict, match=f"1 interview .* {number_of(7)}"):
        prepare(world, "final")


def test_an_interview_that_is_still_open_is_missing(world: World) -> None:
    exam = exam_with_marks(world)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.query(Interview).filter_by(state="absent").one().state = "called"
    with pytest.raises(Conflict, match=number_of(4)):
        prepare(world, "final")


def test_a_number_that_does_not_follow_from_the_raw_ones_stops_the_list(world: World) -> None:
    exam = exam_with_marks(world)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    with world.acting(Role.OFFICER) as ctx:
        who = ctx.session.query(Application).filter_by(number=number_of(2)).one().id
        ctx.session.get_one(Interview, who).result = "92.01"
    with pytest.raises(Invalid) as caught:
        prepare(world, "final")
    assert str(caught.value).startswith(f"{number_of(2)}, interview: the list says 92.01")
    assert "92.00" in str(caught.value)
    with world.acting(Role.OFFICER) as ctx:
        assert ctx.session.query(Release).filter_by(stage="final").count() == 0


@pytest.mark.parametrize("mark", ["101", "eighty", ""])
def test_a_mark_changed_behind_the_programs_back_stops_the_list(world: World, mark: str) -> None:
    exam_with_marks(world)
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.query(WrittenMark).filter_by(mark="66.5").one().mark = mark
    with pytest.raises(Invalid, match=number_of(1)):
        prepare(world, "written")


def test_rules_that_were_not_announced_compute_nothing(world: World) -> None:
    exam = add_exam(world)
    add_candidates(world, exam, 8)
    set_marks(world, MARKS)
    with pytest.raises(Conflict, match="no published announcement"):
        prepare(world, "written")
    add_announcement(world, exam, rules="{}")
    with pytest.raises(Fault, match="not the announced one"):
        prepare(world, "written")


def test_a_correction_is_chained_and_what_rests_on_it_waits_for_its_own(world: World) -> None:
    exam = exam_with_marks(world)
    first = carry_out(world, "written")
    before = (first / "list.json").read_bytes()
    set_marks(world, {**MARKS, 5: ("80", "80")})
    with pytest.raises(Conflict, match=f"{number_of(5)} are not those of the published list"):
        prepare(world, "shortlist")
    with pytest.raises(Invalid, match="needs a reason"):
        prepare(world, "written")
    second = carry_out(world, "written", "5号考生登分错误")
    assert second.name == f"results-{CODE}-v2"
    assert (first / "list.json").read_bytes() == before
    assert state(world) == "written"
    with world.acting(Role.OFFICER) as ctx:
        who = ctx.session.query(Application).filter_by(number=number_of(5)).one().id
        result = ctx.session.query(Result).filter_by(application_id=who).one()
        assert (result.written, result.rank) == ("80.00", 1)
        assert result.release_id == releases.by_version(ctx.session, exam.id, "results", 2).id
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    carry_out(world, "written", "再次复核，无变化")
    with pytest.raises(Conflict, match="Shortlist for the interview"):
        prepare(world, "final")
    carry_out(world, "shortlist", "随笔试成绩更正")
    assert carry_out(world, "final").name == f"results-{CODE}-v6"


def test_many_long_subject_names_still_make_a_notice(world: World) -> None:
    subjects = [
        {
            "code": f"s{n}",
            "name": "综合应用能力专业知识测试" * 3,
            "full_marks": "100",
            "weight": "0.125",
        }
        for n in range(8)
    ]
    for n, subject in enumerate(subjects):
        subject["name"] += str(n)
    exam = add_exam(world, subjects=subjects, tie_order=["written"])
    rules = rules_of(exam)
    columns = lists.notice_table(rules, "written", []).columns
    assert [column.title for column in columns][2:4] == ["科目1", "科目2"]
    assert f"科目8：{subjects[7]['name']}" in lists.notice_body(exam, rules, "written", [])[1]
    marks = {subject["code"]: "100.00" for subject in subjects}
    entry = Entry(1, "01020304050607080910", "10101010101010101010", marks, ("100.00",) * 5, "100")
    for version, stage in enumerate(("written", "shortlist", "final"), 1):
        rows = rows_of(stage, rules, [entry], {entry.post: 1})
        with world.acting(Role.OFFICER) as ctx:
            made = releases.prepare(
                ctx,
                exam=exam,
                chain="results",
                stage=stage,
                files={},
                title="t",
                table=lists.notice_table(rules, stage, rows),
                body=lists.notice_body(exam, rules, stage, rows),
            )
            ctx.session.get_one(Release, made.id).state = "published"
        assert (made.version, len(rows)) == (version, 1)


def test_verbs_of_results_are_the_officers_and_leave_acts(world: World) -> None:
    exam_with_marks(world)
    with world.acting(Role.MARKER) as ctx, pytest.raises(Forbidden):
        prepare_release(ctx, code=CODE, stage="written")
    with pytest.raises(Invalid):
        prepare(world, "announcement")
    with pytest.raises(NotFound):
        publish(world, 1)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(NotFound):
        prepare_release(ctx, code="nothing", stage="written")
    carry_out(world, "written")
    refused = pytest.raises(Conflict, match="published already")
    with refused, world.acting(Role.OFFICER) as ctx:
        publish_release(ctx, code=CODE, version=1)
    with world.acting(Role.OFFICER) as ctx:
        kinds = ctx.session.scalars(
            select(Act.kind).where(Act.subject == f"release:{CODE}:results:v1").order_by(Act.id)
        ).all()
    assert kinds == ["results.prepare_release", "results.publish_release"]


def test_a_city_of_candidates_is_released_whole(world: World) -> None:
    exam = add_exam(world, posts=400)
    add_announcement(world, exam)
    add_candidates(world, exam, 4413)
    set_marks(world, {n: (f"{40 + n % 5000 / 100:.2f}", f"{n * 7 % 100}") for n in range(4413)})
    release = prepare(world, "written")
    with world.acting(Role.OFFICER) as ctx:
        root = releases.root_of(ctx.session, release)
        assert root is not None
        assert root.size == 4413
