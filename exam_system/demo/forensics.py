"""Answer sheets of one session with two planted pairs, their screening, and what experts hold."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.service import create_account
from exam_system.context import Actor, Context
from exam_system.demo.cast import Cast
from exam_system.demo.duties import sign_in
from exam_system.demo.road import Road
from exam_system.examday.models import Seat
from exam_system.exams.lookup import exam_by_code
from exam_system.forensics.answers import NAMES, import_answers
from exam_system.forensics.experts import appoint_expert, decide_case, give_opinion
from exam_system.forensics.lookup import cases_of, screening_by
from exam_system.forensics.paper import LETTERS, MASTER
from exam_system.forensics.paper_table import set_paper
from exam_system.forensics.parameters import Parameters
from exam_system.forensics.presence import absent_from, present_at
from exam_system.forensics.running import run_screening
from exam_system.forensics.screening import freeze_screening, publish_figures
from exam_system.instance import DEMONSTRATION_PASSWORD
from exam_system.marking.service import ABSENT, marks_of
from exam_system.registration.models import Application
from exam_system.sheets import write_csv

ITEMS, OPTIONS = 60, 4
SHARES = (0.85, 0.75)  # of the items that the first and the second copier took over
BASIS = "省级人事考试机构雷同甄别试行规程（演示）"
EXPERTS = (
    ("expert1", "阅卷专家程予", "贵阳市人事考试中心", "520100"),
    ("expert2", "阅卷专家石青", "遵义市人事考试中心", "520300"),
    ("expert3", "阅卷专家白露", "昆明市人事考试中心", "530100"),
)
OPINIONS = (
    (3, "错误答案大面积相同，且两人座位相邻，认定雷同"),
    (1, "相同错误集中于同一题型，不足以排除共同复习所致"),
)
"""How many of the three confirm the first and the second case file, and the reasons."""
Whole = npt.NDArray[np.int64]


def screen_answers(road: Road) -> None:
    """The sheets of the first session come in, are screened, and the experts decide."""
    cast, subject = road.cast, road.sessions[0][0]
    with cast.acting(Role.OFFICER) as ctx:
        who = _people(ctx, road.code, subject)
        key = _bytes(cast, ITEMS) % OPTIONS
        sheets = _sheets(cast, who, key)
        forms = {one.form for one in who}
        table = _paper(key, sorted(forms - {MASTER}))
        set_paper(ctx, code=road.code, subject=subject, name="items.csv", data=table)
        data = _table(who, sheets)
        import_answers(ctx, code=road.code, subject=subject, name="scan.csv", data=data)
        given = Parameters(basis=BASIS)
        ref = freeze_screening(ctx, code=road.code, subject=subject, parameters=given).ref
    run_screening(cast.office, ref)
    _decide(road, ref)


class _Person:
    """Somebody who was there: number, form, room and seat, and the mark as a measure of ability."""

    def __init__(self, number: str, seat: Seat, mark: str) -> None:
        self.number, self.form = number, seat.form or MASTER
        self.place = (seat.room_id, seat.number)
        self.ability = (float(mark) - 62) / 8


def _people(ctx: Context, code: str, subject: str) -> list[_Person]:
    """Everybody who signed in or, where no sign-in was kept, has a mark; by room and seat."""
    exam = exam_by_code(ctx.session, code)
    marks = {who: own.get(subject, ABSENT) for who, own in marks_of(ctx.session, exam.id).items()}
    came = present_at(ctx.session, exam, subject) - absent_from(ctx.session, exam, subject)
    came = came or frozenset(who for who, mark in marks.items() if mark != ABSENT)
    query = (
        select(Application.id, Application.number, Seat)
        .join(Seat, Seat.application_id == Application.id)
        .where(Application.exam_id == exam.id)
        .order_by(Seat.room_id, Seat.number)
    )
    marks = {who: mark for who, mark in marks.items() if mark != ABSENT}
    return [
        _Person(str(number), seat, marks.get(who, "62"))
        for who, number, seat in ctx.session.execute(query)
        if who in came
    ]


def _bytes(cast: Cast, count: int) -> Whole:
    return np.frombuffer(cast.chance.take(count), dtype=np.uint8).astype(np.int64)


def _sheets(cast: Cast, who: list[_Person], key: Whole) -> Whole:
    """(people, items) options of honest work, -1 for an omit; then two copy from a neighbour."""
    shape = (len(who), ITEMS)
    hard = _bytes(cast, ITEMS) / 128 - 0.6
    ability = np.array([one.ability for one in who])
    luck, wrong = (_bytes(cast, shape[0] * ITEMS).reshape(shape) for _ in range(2))
    right = luck / 256 < 1 / (1 + np.exp(hard - ability[:, None]))
    # Of the wrong options the next one draws twice as many as each of the others.
    step = np.array([1, 1, 2, 3])[wrong % OPTIONS]
    sheets = np.where(right, key, (key + step) % OPTIONS)
    sheets[wrong > 251] = -1
    for (copier, source), share in zip(_neighbours(who), SHARES, strict=False):
        taken = _bytes(cast, ITEMS) < 256 * share
        sheets[copier, taken] = sheets[source, taken]
    return sheets


def _neighbours(who: list[_Person]) -> list[tuple[int, int]]:
    """Pairs on consecutive seats of one room, no two of them with anybody in common."""
    pairs: list[tuple[int, int]] = []
    for at in range(1, len(who), 5):
        (room, seat), (other, before) = who[at].place, who[at - 1].place
        if room == other and seat == before + 1:
            pairs.append((at, at - 1))
    return pairs


def _turn(form: int, item: int) -> tuple[int, list[int]]:
    """Where a form prints an item, and the master's options in the order in which it does."""
    order = [(option + form - MASTER) % OPTIONS for option in range(OPTIONS)]
    return (item + 7 * (form - MASTER)) % ITEMS, order


def _paper(key: Whole, forms: list[int]) -> bytes:
    head = ["题号", "选项数", "答案"]
    for form in forms:
        letter = LETTERS[form - 1]
        head += [f"{letter}卷题号", f"{letter}卷选项"]
    rows = []
    for item in range(ITEMS):
        cells: list[str | int] = [item + 1, OPTIONS, LETTERS[key[item]]]
        for form in forms:
            at, order = _turn(form, item)
            cells += [at + 1, "".join(LETTERS[one] for one in order)]
        rows.append(cells)
    return write_csv(head, rows)


def _table(who: list[_Person], sheets: Whole) -> bytes:
    """The scanner's table: every sheet as its form prints it."""
    rows = []
    for one, sheet in zip(who, sheets, strict=True):
        printed = ["-"] * ITEMS
        for item, answer in enumerate(sheet):
            at, order = _turn(one.form, item)
            printed[at] = "-" if answer < 0 else LETTERS[order.index(int(answer))]
        rows.append((one.number, LETTERS[one.form - 1], "".join(printed)))
    return write_csv(NAMES, rows)


def _decide(road: Road, ref: str) -> None:
    """Three experts give their opinions, the group decides, the figures are published."""
    cast = road.cast
    group = [_appoint(cast, road.code, *one) for one in EXPERTS]
    with cast.acting(Role.OFFICER) as ctx:
        row, _paper, _exam = screening_by(ctx.session, ref)
        cases = [case.ref for case in cases_of(ctx.session, row)]
    road.at(cast.clock.now() + timedelta(hours=2))
    for number, case in enumerate(cases):
        confirming, reason = OPINIONS[min(number, 1)]
        for place, actor in enumerate(group):
            finding = "confirm" if place < confirming else "dismiss"
            with cast.acting(actor) as ctx:
                give_opinion(ctx, ref=case, finding=finding, reason=reason)
        with cast.acting(group[0]) as ctx:
            decide_case(ctx, ref=case, reason=reason)
    with cast.acting(Role.OFFICER) as ctx:
        publish_figures(ctx, ref=ref)


def _appoint(cast: Cast, code: str, username: str, name: str, unit: str, area: str) -> Actor:
    with cast.acting(Role.ADMIN) as ctx:
        account = create_account(
            ctx,
            username=username,
            name=name,
            role=Role.MARKER,
            password=DEMONSTRATION_PASSWORD,
            office=unit,
        )
        actor = sign_in(ctx, account, DEMONSTRATION_PASSWORD)
    with cast.acting(Role.OFFICER) as ctx:
        appoint_expert(ctx, code=code, username=username, unit=unit, area_code=area)
    return actor
