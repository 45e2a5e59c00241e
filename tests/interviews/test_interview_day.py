"""The interview day: sheets of elements, tablets, roll call, signing, what is put right after."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Post
from exam_system.interviews import differences, fairness, rectifying, roll, service, slips
from exam_system.interviews.models import Interview, InterviewScore, Panel, ScoreCorrection
from exam_system.interviews.signing import read, sign_slip
from exam_system.records.notes import note_bytes
from exam_system.registration.models import Application
from exam_system.results.gather import _scores
from exam_system.results.rows import Entry, rows_of
from exam_system.trust.interview_note import parse_sheets
from exam_system.trust.notes import open_note
from exam_system.vault import hash_password
from exam_system.verify.checks import Refused
from exam_system.verify.interview import interview_sheets
from scoring import recompute
from tests.interviews import setting
from tests.interviews.setting import CODE, call, enter, hear
from tests.world import PASSWORD, World, approve_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"])
FIVE = [
    {"post_class": "*", "code": code, "name": name, "full": "20", "weight": "1"}
    for code, name in zip("abcde", ("仪表", "表达", "分析", "应变", "组织"), strict=True)
]
SHENZHEN = [(16, 17, 15, 18, 14)] * 6 + [(20, 20, 20, 20, 20)]


def marks(values: Sequence[int]) -> dict[str, str]:
    return dict(zip("abcde", map(str, values), strict=True))


def mark(world: World, seat: int, place: int, given: Mapping[str, str]) -> Interview:
    with world.acting(setting.interviewer(world, seat)) as ctx:
        return service.enter_score(ctx, code=CODE, panel="01", place=place, marks=given)


def hear_sheets(world: World, place: int, sheets: Sequence[Sequence[int]]) -> Interview:
    call(world, place)
    for seat, values in enumerate(sheets, 1):
        row = mark(world, seat, place, marks(values))
    return row


def note_of(world: World, row: Interview) -> str:
    with world.acting(Role.OFFICER) as ctx:
        assert row.note_id is not None
        data = note_bytes(ctx.session, row.note_id)
        return open_note(data, [ctx.keys.publisher.verifier]).text


def test_shenzhen_every_element_of_every_sheet_counts(world: World) -> None:
    """2012: the program added four of five elements (RULES 2.12)."""
    setting.begin(world, interview_elements=FIVE, interview_trimming="element")
    row = hear_sheets(world, 1, SHENZHEN)
    assert row.result == "80.00"  # 16 + 17 + 15 + 18 + 14, the 20s and one of each dropped
    said = parse_sheets(note_of(world, row))
    assert said.totals == ("80.00",) * 6 + ("100.00",)
    assert said.dropped == ((7, 1),) * 5
    assert "80.00" in interview_sheets("note", said.text, None)
    for old, new in (
        ("result 80.00", "result 66.00"),  # four of five
        ("dropped 7 1", "dropped 2 1"),
        ("18.00 14.00 80.00", "18.00 14.00 81.00"),
        ("element e 20 1", "element e 20 2"),
    ):
        assert old in said.text
        with pytest.raises(Refused):
            interview_sheets("note", said.text.replace(old, new, 1), None)


def test_a_sheet_is_complete_or_refused(world: World) -> None:
    setting.begin(world, interview_elements=FIVE)
    call(world, 1)
    whole = marks((16, 17, 15, 18, 14))
    for wrong, why in (
        ({**whole, "c": ""}, "分析"),
        ({k: v for k, v in whole.items() if k != "e"}, "组织"),
        ({**whole, "a": "20.01"}, "仪表"),
        ({**whole, "f": "1"}, "no element f"),
    ):
        with pytest.raises(Invalid, match=why):
            mark(world, 1, 1, wrong)
    with pytest.raises(Invalid):
        enter(world, 1, 1, "80.00")
    assert mark(world, 1, 1, whole).state == "called"


def test_elements_trimmed_by_total_and_the_slip(world: World) -> None:
    setting.begin(world, interview_elements=FIVE, rounding="truncate")
    sheets = [(16, 17, 15, 18, n) for n in (14, 10, 12, 13, 19, 11, 20)]
    row = hear_sheets(world, 1, sheets)
    assert row.result == "79.80"  # 66 + (14 + 12 + 13 + 19 + 11) / 5
    assert row.dropped == "7 2"
    with world.acting(Role.OFFICER) as ctx:
        application = ctx.session.get_one(Application, row.application_id)
        sign_slip(ctx, code=CODE, ref=application.ref, signature="[[10,20,200,90,400,30,590,180]]")
        exam = exam_by_code(ctx.session, CODE)
        post = ctx.session.get_one(Post, application.post_id)
        pdf = slips.slip_pdf(ctx, exam, post, application)
    assert pdf.startswith(b"%PDF")
    with (
        pytest.raises(Conflict, match="signed the slip already"),
        world.acting(Role.OFFICER) as ctx,
    ):
        sign_slip(ctx, code=CODE, ref=application.ref, signature="paper")


@pytest.mark.parametrize("drawn", ["", "[]", "[[1,2]]", "[[1,2,700,5,6,7,8,9]]", "[[1.5,2]]", "{}"])
def test_what_is_no_signature(world: World, drawn: str) -> None:
    with pytest.raises(Invalid):
        read(drawn)


# ------------------------------------------------------------------ tablets

ONE = "0b5e1c7a-1111-4222-8333-444455556666"


def tablet(world: World, seat: int) -> Any:
    """The browser of an interviewer, logged in."""
    actor = setting.interviewer(world, seat)
    with world.acting(Role.OFFICER) as ctx:
        account = ctx.session.get_one(Account, actor.account_id)
        account.password_hash = hash_password(PASSWORD, "cheapest", bytes(16))
        name = account.username
    client = world.client(world.app())
    client.post("/login", data={"login": name, "password": PASSWORD})
    return client


def send(client: Any, place: int, score: str, uuid: str = ONE) -> dict[str, Any]:
    sheet = {"client": uuid, "place": place, "score": score}
    answer = client.post("/interview/sheets", json={"code": CODE, "panel": "01", "sheets": [sheet]})
    found: dict[str, Any] = json.loads(answer.data)["taken"][0]
    return found


def test_67_9_a_tablet_cannot_score_before_the_session_opens_or_after_it_closed(
    world: World,
) -> None:
    """67.9 x 0.4 + 70 x 0.6 = 69.16 stood in the sheet before the interview (2012)."""
    setting.ready(world, (1,))
    one = tablet(world, 1)
    early = send(one, 1, "70.00")
    assert early["outcome"] == "refused"
    with world.acting(Role.OFFICER) as ctx:
        service.open_panel(ctx, code=CODE, panel="01")
        assert ctx.session.scalars(select(InterviewScore)).all() == []
    call(world, 1)
    assert send(one, 1, "85")["outcome"] == "taken"
    assert send(one, 1, "85")["outcome"] == "taken"  # sent twice, taken in once
    assert send(one, 1, "99", ONE.replace("1", "2"))["outcome"] == "refused"
    for seat in range(2, 8):
        enter(world, seat, 1, "80.00")
    with world.acting(setting.interviewer(world, 1)) as ctx:
        service.close_panel(ctx, code=CODE, panel="01")
    after = send(one, 1, "95.00", ONE.replace("1", "3"))
    assert after["outcome"] == "refused"
    assert send(one, 1, "85")["outcome"] == "taken"
    with world.acting(Role.OFFICER) as ctx:
        found = [(row.score, row.client) for row in ctx.session.scalars(select(InterviewScore))]
    assert found == [("85.00", ONE)] + [("80.00", None)] * 6


@pytest.mark.parametrize("sent", ["[]", '{"sheets": 1}', "x"])
def test_what_no_tablet_sends(world: World, sent: str) -> None:
    setting.ready(world, (1,))
    answer = tablet(world, 1).post("/interview/sheets", data=sent, content_type="application/json")
    assert answer.status_code == 400


# ------------------------------------------------------------------ corrections


def test_a_wrong_score_is_put_right_by_two_people_only(world: World) -> None:
    setting.begin(world, (1,))
    row = hear(world, 1, ("85.00", "86.00", "84.50", "90.00", "70.00", "85.50", "81.00"))
    before, ref = (row.result, row.note_id), setting.ref_of(world, 1)
    with world.acting(setting.interviewer(world, 1)) as ctx:
        service.close_panel(ctx, code=CODE, panel="01")
    right = rectifying.Right(ref, 7, "评分表为85分，录入时误为81分", "85.00")
    words: dict[str, Any] = {"code": CODE, "right": right}
    with pytest.raises(Conflict, match="approval"), world.acting(Role.OFFICER) as ctx:
        rectifying.correct_score(ctx, **words)
    with pytest.raises(Forbidden), world.acting(setting.interviewer(world, 7)) as ctx:
        rectifying.correct_score(ctx, **words)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "interviews.correct_score", **words)
        with pytest.raises(Conflict, match="not what stands"):
            rectifying.correct_score(ctx, code=CODE, right=replace(right, score="89.00"))
        after = rectifying.correct_score(ctx, **words)
        kept = ctx.session.scalars(select(ScoreCorrection)).one()
        assert (kept.before, kept.after, kept.note_id) == ("81.00", "85.00", before[1])
        assert (before[0], after.result) == ("84.40", "85.20")
        assert after.note_id != before[1]


# ------------------------------------------------------------------ the last hour


def test_whoever_is_late_at_the_roll_call_is_out(world: World) -> None:
    setting.ready(world, (3,))
    begins = world.clock.now() + timedelta(hours=2)
    ref, other = setting.ref_of(world, 1), setting.ref_of(world, 2)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="Set the time"):
            roll.arrive(ctx, code=CODE, panel="01", ref=ref)
        roll.set_panel_time(ctx, code=CODE, panel="01", begins_at=begins)
        roll.arrive(ctx, code=CODE, panel="01", ref=ref)
        with pytest.raises(Conflict, match="not time"):
            roll.lock_waiting_room(ctx, code=CODE, panel="01")
        with pytest.raises(Conflict, match="roll"):
            service.open_panel(ctx, code=CODE, panel="01")
    world.clock.set(begins - timedelta(minutes=30))
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="late"):
            roll.arrive(ctx, code=CODE, panel="01", ref=other)
        out = roll.lock_waiting_room(ctx, code=CODE, panel="01")
        assert sorted((one.place, one.state, one.late) for one in out) == [
            (2, "absent", True),
            (3, "absent", True),
        ]
        service.open_panel(ctx, code=CODE, panel="01")
        panel = ctx.session.scalars(select(Panel)).one()
        steps = roll.steps_of(rules_of(exam_by_code(ctx.session, CODE)), begins, world.clock.now())
    assert panel.locked_at == begins - timedelta(minutes=30)
    assert [(one.minutes, one.due) for one in steps] == [
        (45, True),
        (30, True),
        (20, False),
        (15, False),
    ]


# ------------------------------------------------------------------ differences between panels


def test_the_announced_correction_and_the_fairness_report(world: World) -> None:
    """二次平均法: R = (80 + 90) / 2 = 85, coefficients 85/80 and 85/90, to four decimals."""
    setting.begin(
        world,
        (4, 4),
        panels=2,
        panel_correction="secondary_mean",
        panel_mean_decimals="4",
        panel_coefficient_decimals="4",
    )
    with world.acting(Role.OFFICER) as ctx:
        service.open_panel(ctx, code=CODE, panel="02")
    for panel, results in (("01", (70, 80, 90, 80)), ("02", (85, 90, 95, 90))):
        for place, result in enumerate(results, 1):
            ref = setting.ref_of(world, place, panel)
            with world.acting(Role.OFFICER) as ctx:
                service.call_candidate(ctx, code=CODE, ref=ref)
            for seat in range(1, 8):
                enter(world, seat, place, f"{result + (seat - 4) / 2:.2f}", panel)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        rules = rules_of(exam)
        (group,) = differences.corrected(ctx.session, exam, rules)
        report = fairness.report(ctx.session, exam, rules)
        scores = differences.corrected_scores(ctx.session, exam, rules)
        sources = differences.sources(ctx.session, exam, rules)
        given = _scores(ctx.session, exam)
    assert [str(one.coefficient) for one in group.correction.panels] == ["1.0625", "0.9444"]
    told = [sorted(scores[one.application_id] for one in people) for people in group.people]
    assert told == [["74.38", "85.00", "85.00", "95.63"], ["80.27", "85.00", "85.00", "89.72"]]
    assert len(report.panels) == 2
    assert report.classes[0].means
    severities = [one.severity for one in report.panels[0].scorers]
    assert severities == ["+1.50", "+1.00", "+0.50", "+0.00", "-0.50", "-1.00", "-1.50"]

    marks = {subject.code: "70" for subject in rules.subjects}
    entries = [
        Entry(
            *(one.application_id, one.number, one.post, marks, tuple(given[one.application_id])),
            *(sources[one.application_id].score, sources[one.application_id].row),
        )
        for people in group.people
        for one in people
    ]
    vacancies = {"101": 1, "102": 1}
    rows = rows_of("final", rules, entries, vacancies)
    assert recompute.check(rules.document(), "final", rows, vacancies) == []
    assert {row["interview"] for row in rows} == {*told[0], *told[1]}
    first = rows[0]["interview_from"]
    rows[0]["interview_from"] = {**first, "panel": "02" if first["panel"] == "01" else "01"}
    columns = {one.column for one in recompute.check(rules.document(), "final", rows, vacancies)}
    assert "interview" in columns
