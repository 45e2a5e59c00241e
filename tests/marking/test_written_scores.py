"""Written marks: whole or not at all, every problem with its place, corrections with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from io import BytesIO

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.models import Exam
from exam_system.marking.models import WrittenMark
from exam_system.marking.service import (
    correct_written_scores,
    import_written_scores,
    marks_of,
)
from exam_system.records.models import Act, ActDetail, Release
from exam_system.registration.models import Application
from exam_system.sheets import SheetError, write_csv, write_xlsx
from tests.importing import take_in
from tests.results.setting import CODE, add_candidates, add_exam, number_of
from tests.world import World, approve_in, fresh_code

HEADER = ("准考证号", "行政职业能力测验", "申论")


def table(marks: Mapping[str, tuple[str, str]]) -> bytes:
    return write_csv(HEADER, [(number, *pair) for number, pair in marks.items()])


def three(**changes: tuple[str, str]) -> dict[str, tuple[str, str]]:
    marks = {number_of(n): (f"{60 + n}", "71.5") for n in range(3)}
    return {**marks, **{number_of(int(key[1:])): pair for key, pair in changes.items()}}


def send(world: World, marks: Mapping[str, tuple[str, str]], *, who: Role = Role.MARKER) -> int:
    with world.acting(who) as ctx:
        return import_written_scores(ctx, code=CODE, name="marks.csv", data=table(marks))


def correct(world: World, marks: Mapping[str, tuple[str, str]], reason: str = "登分错误") -> int:
    """The correction with the inspector's approval."""
    asked = {"code": CODE, "name": "marks.csv", "data": table(marks), "reason": reason}
    with world.acting(Role.MARKER) as ctx:
        approve_in(ctx, "marking.correct_written_scores", **asked)
        return correct_written_scores(ctx, **asked)


def stored(world: World) -> dict[str, dict[str, str]]:
    with world.acting(Role.MARKER) as ctx:
        exam = ctx.session.scalars(select(Exam)).one()
        numbers = {a.id: str(a.number) for a in ctx.session.scalars(select(Application))}
        return {numbers[who]: own for who, own in marks_of(ctx.session, exam.id).items()}


def add_release(world: World, exam: Exam, state: str) -> None:
    """A results release as rows only: its making is tested elsewhere."""
    with world.acting(Role.OFFICER) as ctx:
        from exam_system.records.notes import put_note

        now = ctx.clock.now()
        note = put_note(
            ctx.session,
            purpose="publication",
            title="t",
            exam=CODE,
            text="t\n",
            signers=[],
            at=now,
        )
        ctx.session.add(
            Release(
                exam_id=exam.id,
                chain="results",
                version=1,
                stage="written",
                state=state,
                rules_digest="0" * 64,
                note_id=note.id,
                prepared_at=now,
            )
        )


def test_marks_come_in_with_two_decimals_and_absences(world: World) -> None:
    add_candidates(world, add_exam(world), 3)
    assert send(world, three(n1=("缺考", "71.25"), n2=("absent", "缺考"))) == 3
    assert stored(world) == {
        number_of(0): {"xc": "60.00", "sl": "71.50"},
        number_of(1): {"xc": "absent", "sl": "71.25"},
        number_of(2): {"xc": "absent", "sl": "absent"},
    }
    with world.acting(Role.MARKER) as ctx:
        act = ctx.session.scalars(select(Act).where(Act.subject == f"exam:{CODE}")).one()
        assert (act.kind, act.exam) == ("marking.import_written_scores", CODE)
        assert b"60" not in act.entry.partition(b"payload")[0]
        assert json.loads(ctx.session.get_one(ActDetail, act.id).details)["candidates"] == 3


def test_an_xlsx_with_codes_as_headers_will_do(world: World) -> None:
    add_candidates(world, add_exam(world), 1)
    data = write_xlsx("t", ("admission number", "xc", "sl"), [(number_of(0), 55, "66.6")])
    with world.acting(Role.MARKER) as ctx:
        import_written_scores(ctx, code=CODE, name="marks.xlsx", data=data)
    assert stored(world) == {number_of(0): {"xc": "55.00", "sl": "66.60"}}


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("100.01", "full marks are 100"),
        ("-1", "number such as"),
        ("65.505", "number such as"),
        ("1e2", "number such as"),
        ("", "must be filled in"),
        ("作弊", "number such as"),
    ],
)
def test_a_bad_mark_refuses_the_whole_table(world: World, mark: str, said: str) -> None:
    add_candidates(world, add_exam(world), 3)
    send(world, three())
    before = stored(world)
    with pytest.raises(SheetError) as caught:
        correct(world, three(n0=("1", "1"), n1=(mark, "60")))
    (line,) = caught.value.lines()
    assert "row 3, column B 行政职业能力测验" in line
    assert said in line
    assert stored(world) == before


def test_everybody_seated_is_there_exactly_once(world: World) -> None:
    add_candidates(world, add_exam(world), 3)
    strangers = {**three(), "999999999": ("1", "1")}
    del strangers[number_of(2)]
    with pytest.raises(SheetError) as caught:
        send(world, strangers)
    stranger, missing = caught.value.lines()
    assert "row 4" in stranger
    assert "999999999" in stranger
    assert missing.startswith("marks.csv: 1 seated candidates are not in the table, first of all")
    assert number_of(2) in missing
    twice = table(three()) + f"{number_of(1)},1,1\n".encode()
    with world.acting(Role.MARKER) as ctx, pytest.raises(SheetError, match="already in"):
        import_written_scores(ctx, code=CODE, name="marks.csv", data=twice)
    assert stored(world) == {}


@pytest.mark.parametrize("state", ["draft", "announced", "closed"])
def test_no_marks_before_seats(world: World, state: str) -> None:
    add_candidates(world, add_exam(world, state=state), 3)
    with pytest.raises(Conflict):
        send(world, three())


def test_only_a_marker_sends_marks(world: World) -> None:
    add_candidates(world, add_exam(world), 3)
    with pytest.raises(Forbidden):
        send(world, three(), who=Role.OFFICER)


def test_a_later_table_that_changes_marks_is_a_correction_with_two_people(world: World) -> None:
    add_candidates(world, add_exam(world), 3)
    send(world, three())
    assert send(world, three()) == 3  # the same once more changes nothing
    with pytest.raises(Conflict, match=f"2 marks .* {number_of(1)}"):
        send(world, three(n1=("80", "缺考")))
    asked = {"code": CODE, "name": "marks.csv", "reason": "登分错误"}
    with world.acting(Role.MARKER) as ctx, pytest.raises(Conflict, match="an inspector"):
        correct_written_scores(ctx, **asked, data=table(three(n1=("80", "缺考"))))
    with pytest.raises(Conflict, match="nothing to correct"):
        correct(world, three())
    assert correct(world, three(n1=("80", "缺考"))) == 2
    assert stored(world)[number_of(1)] == {"xc": "80.00", "sl": "absent"}
    with world.acting(Role.MARKER) as ctx:
        last = ctx.session.scalars(select(ActDetail).order_by(ActDetail.act_id.desc())).first()
        assert last is not None
        assert json.loads(last.details)["changed"] == [
            [number_of(1), "xc", "61.00", "80.00"],
            [number_of(1), "sl", "71.50", "absent"],
        ]
        assert ctx.session.query(WrittenMark).count() == 6


def test_marks_stand_still_while_a_release_waits(world: World) -> None:
    exam = add_exam(world)
    add_candidates(world, exam, 3)
    send(world, three())
    add_release(world, exam, "draft")
    for act in (send, correct):
        with pytest.raises(Conflict, match="not yet published"):
            act(world, three(n1=("80", "80")))


def test_published_marks_change_only_with_a_reason_and_as_approved(world: World) -> None:
    exam = add_exam(world)
    add_candidates(world, exam, 3)
    send(world, three())
    add_release(world, exam, "published")
    with pytest.raises(Invalid, match="Give the reason"):
        correct(world, three(n1=("80", "80")), reason="  ")
    asked = {"code": CODE, "name": "marks.csv", "data": table(three(n1=("80", "80")))}
    world.approved("marking.correct_written_scores", Role.MARKER, **asked, reason="登分错误")
    for other in ({"data": table(three(n1=("99", "80")))}, {"reason": "另一个理由"}):
        with world.acting(Role.MARKER) as ctx, pytest.raises(Conflict, match="not what stands"):
            correct_written_scores(ctx, **{"reason": "登分错误", **asked, **other})
    assert stored(world)[number_of(1)] == {"xc": "61.00", "sl": "71.50"}
    with world.acting(Role.MARKER) as ctx:
        correct_written_scores(ctx, **asked, reason="登分错误")
    assert stored(world)[number_of(1)] == {"xc": "80.00", "sl": "80.00"}


def test_the_page_asks_for_a_correction_and_then_carries_it_out(world: World) -> None:
    add_candidates(world, add_exam(world), 3)
    send(world, three())
    app = world.app()
    client, inspector = (world.client(app, role) for role in (Role.MARKER, Role.INSPECTOR))
    for one in (client, inspector):
        one.set_cookie("language", "en")

    def post(**more: str) -> str:
        file = BytesIO(table(three(n1=("80", "80")))), "marks.csv"
        data = {"file": file, "reason": "misread sheet", **more}
        return client.post(f"/marking/{CODE}", data=data, follow_redirects=True).text

    assert "approval of somebody else" in post(submit="1")
    assert f"{number_of(1)}, xc: 61.00 becomes 80.00" in post(ask="1")
    page = inspector.get("/approvals").text
    assert f"{number_of(1)}, xc: 61.00 becomes 80.00" in page
    (ref,) = re.findall("/approvals/([a-z2-7]+)/approve", page)
    with world.acting(Role.INSPECTOR) as ctx:
        code = fresh_code(ctx)
    inspector.post(f"/approvals/{ref}/approve", data={"code": code})
    assert "2 marks were corrected" in post(submit="1")
    assert stored(world)[number_of(1)] == {"xc": "80.00", "sl": "80.00"}


def test_the_page_takes_a_table_and_shows_what_is_wrong_with_it(world: World) -> None:
    add_candidates(world, add_exam(world), 3)
    client = world.client(world.app(), Role.MARKER)
    assert CODE in client.get("/marking").text
    bad = client.post(
        f"/marking/{CODE}",
        data={"file": (BytesIO(table(three(n1=("101", "1")))), "marks.csv")},
        headers={"Accept-Language": "zh"},
    )
    assert bad.status_code == 422
    assert "满分为100分" in bad.text
    assert stored(world) == {}
    assert client.post(f"/marking/{CODE}", data={}).status_code == 422
    good = take_in(client, f"/marking/{CODE}", table(three(n1=("缺考", "71.5"))))
    assert good.status_code == 302
    page = client.get(f"/marking/{CODE}").text
    assert "122.00" in page  # 60 + 62, the absent one left out
    assert client.get("/marking/nothing").status_code == 404


def test_other_roles_do_not_see_the_page(world: World) -> None:
    add_exam(world)
    app = world.app()
    assert world.client(app, Role.OFFICER).get(f"/marking/{CODE}").status_code == 403
    assert app.test_client().get(f"/marking/{CODE}").status_code == 302
