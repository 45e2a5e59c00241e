"""One exam of the demonstration is marked blind: a machine's sheets, and an essay marked twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.attendance.lookup import present
from exam_system.context import Actor, Context
from exam_system.demo.duties import sign_issued
from exam_system.demo.lot import Lot
from exam_system.demo.people import name
from exam_system.demo.road import Road
from exam_system.demo.tip import SECRET
from exam_system.errors import Fault
from exam_system.exams.lookup import exam_by_code
from exam_system.inspector.numbers import open_numbers
from exam_system.inspector.reports import make_sealing_key
from exam_system.marking.answer_keys import set_key
from exam_system.marking.blind import admission_numbers, drawn_codes, markers_of, seal_of
from exam_system.marking.blind_models import Script, ScriptMark
from exam_system.marking.closing import close_marking
from exam_system.marking.corrections import correct_key, wanted_key
from exam_system.marking.markers import declare_relation, import_markers, issue_marker_accounts
from exam_system.marking.marks import Given, save_marks
from exam_system.marking.optical import import_optical
from exam_system.marking.publishing import publish_marks, publish_recount
from exam_system.marking.scripts import picked
from exam_system.marking.sealing import count_scripts, seal_numbers
from exam_system.marking.service import ABSENT
from exam_system.sheets import write_csv
from exam_system.tips.service import register_sealing_key
from exam_system.trust import masks

ITEMS = "ABCDDCBABCADACDBADCB"
AREA = "520100"
MARKERS = 5


def mark_blind(road: Road) -> None:
    """From the markers to the closing by the inspector, ten days after the exam."""
    _markers(road)
    _seal(road)
    _count(road)
    _sheets(road)
    for _round in range(2):  # the second round are the arbiters
        _mark(road)
    _close(road)


def show_marks(road: Road) -> None:
    """The sample is recounted, and strangers get every mark by script number."""
    with road.cast.acting(Role.OFFICER) as ctx:
        sample = picked(ctx.session, exam_by_code(ctx.session, road.code))
        rows = [(one.number, one.subject, _counted(one.mark)) for one in sample]
        data = write_csv(["准考证号", "科目", "复核分"], rows)
        publish_recount(ctx, code=road.code, name="recount.csv", data=data)
        publish_marks(ctx, code=road.code)


def _counted(mark: str) -> str:
    return "0" if mark == ABSENT else mark


def _asked(road: Road, kind: str) -> dict[str, str]:
    """The exam's one question of a kind."""
    found: list[dict[str, str]] = road.plan.rules["marking_questions"]
    return next(one for one in found if one["kind"] == kind)


def _markers(road: Road) -> None:
    lot = road.plan.lot("markers")
    rows = [(f"评{n:03}", name(lot), "省城高校", AREA) for n in range(MARKERS)]
    data = write_csv(["证号", "姓名", "工作单位", "行政区划代码"], rows)
    with road.cast.acting(Role.OFFICER) as ctx:
        import_markers(ctx, code=road.code, name="markers.csv", data=data)
        known = {"marker": "P001", "number": road.numbers(ctx)[0], "relation": "曾为师生"}
        declare_relation(ctx, code=road.code, **known)
        sign_issued(ctx, issue_marker_accounts(ctx, code=road.code))


def _seal(road: Road) -> None:
    cast = road.cast
    at = int(cast.clock.now().timestamp())
    note = make_sealing_key(cast.inspector, SECRET, at, seed=cast.chance.take(32))
    with cast.acting(Role.INSPECTOR) as ctx:
        register_sealing_key(ctx, note=note)
    with cast.acting(Role.OFFICER) as ctx:
        seal_numbers(ctx, code=road.code)


def _secret(road: Road, ctx: Context) -> str:
    """The key, as the inspector's own machine opens it."""
    seal = seal_of(ctx.session, exam_by_code(ctx.session, road.code))
    if seal is None:
        raise Fault("the demonstration's numbers are not sealed")
    return open_numbers(road.cast.inspector.folder, SECRET, seal.box)[1]


def _there(ctx: Context, road: Road, subject: str) -> frozenset[int]:
    """Who signed in; everybody with a seat where no sign-in was kept."""
    exam = exam_by_code(ctx.session, road.code)
    found = present(ctx.session, exam, subject)
    return found or frozenset(admission_numbers(ctx.session, exam))


def _count(road: Road) -> None:
    """The scripts of everybody who signed in come in; the inspector put the numbers on them."""
    with road.cast.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, road.code)
        drawn = drawn_codes(ctx.session, exam)
        essay = _asked(road, "subjective")["subject"]
        there = _there(ctx, road, essay)
        numbers = masks.numbers(_secret(road, ctx), drawn)
        rows = [
            (numbers[code],) for code, (who, of) in drawn.items() if of == essay and who in there
        ]
        count_scripts(
            ctx, code=road.code, name="scripts.csv", data=write_csv(["密号"], sorted(rows))
        )


def _sheets(road: Road) -> None:
    lot, asked = road.plan.lot("sheets"), _asked(road, "objective")
    with road.cast.acting(Role.MARKER) as ctx:
        exam = exam_by_code(ctx.session, road.code)
        there = _there(ctx, road, asked["subject"])
        numbers = admission_numbers(ctx.session, exam)
        rows = [(numbers[who], _answers(lot)) for who in sorted(there, key=lambda w: numbers[w])]
        data = write_csv(["准考证号", "答案"], rows)
        import_optical(ctx, code=road.code, question=asked["code"], name="omr.csv", data=data)
    key = "\n".join(f"{n} {right} 5" for n, right in enumerate(ITEMS, 1))
    with road.cast.acting(Role.OFFICER) as ctx:
        set_key(ctx, code=road.code, question=asked["code"], text=key)
    changed: dict[str, Any] = {
        "code": road.code,
        "question": asked["code"],
        "reason": "第7题两个选项均可",
        "text": key.replace("7 B 5", "7 A/B 5"),
    }
    road.cast.approve(lambda ctx: wanted_key(ctx, **changed))
    with road.cast.acting(Role.OFFICER) as ctx:
        correct_key(ctx, **changed)


def _answers(lot: Lot) -> str:
    return "".join(right if lot.percent(68) else lot.pick("ABCD") for right in ITEMS)


def _mark(road: Road) -> None:
    """Every marker saves what is open to them, in one batch."""
    todo: dict[int, list[Given]] = {}
    essay = _asked(road, "subjective")["code"]
    with road.cast.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, road.code)
        query = (
            select(Script.number, ScriptMark.turn, ScriptMark.marker_id)
            .join(Script, Script.id == ScriptMark.script_id)
            .where(Script.exam_id == exam.id, Script.arrived_at.is_not(None))
            .where(ScriptMark.opened_at.is_not(None), ScriptMark.mark.is_(None))
            .order_by(Script.number, ScriptMark.turn)
        )
        for number, turn, marker in ctx.session.execute(query):
            mark = Given(number, essay, _mark_of(road, number, turn))
            todo.setdefault(marker, []).append(mark)
        people = {m.id: _account(ctx, m.account_id) for m in markers_of(ctx.session, exam)}
    for marker, given in todo.items():
        road.cast.clock.advance(minutes=40)
        with road.cast.acting(people[marker]) as ctx:
            save_marks(ctx, code=road.code, marks=given)


def _mark_of(road: Road, number: str, turn: int) -> str:
    """What a script deserves follows from its number, what a marker sees also from the turn."""
    worth = Lot(f"{road.plan.seed}:essay:{number}").around(64, 6)
    return str(max(0, min(100, Lot(f"{road.plan.seed}:{number}:{turn}").around(worth, 2))))


def _account(ctx: Context, account_id: int | None) -> Actor:
    return actor_for(ctx.session.get_one(Account, account_id))


def _close(road: Road) -> None:
    road.at(road.plan.written_on + timedelta(days=10))
    with road.cast.acting(Role.INSPECTOR) as ctx:
        close_marking(ctx, code=road.code, secret=_secret(road, ctx))
