"""A final list that is corrected after places were given, and the public's own objections."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.appointing import following, noticing
from exam_system.appointing.following import under
from exam_system.appointing.models import NoticePerson, Objection
from exam_system.appointing.place_models import PlaceEvent, PlaceOffer
from exam_system.approvals.models import Approval
from exam_system.cases.models import Letter
from exam_system.errors import Conflict
from scoring.replacement import Event, Ranked, ReplacementPolicy
from tests.accounts.doors import puzzle_of, solve
from tests.appointing import setting
from tests.results.play import MARKS, carry_out
from tests.results.setting import CODE, number_of, set_marks
from tests.world import World, approve_in, give_approval

POLICY = ReplacementPolicy(frozenset({"medical", "background"}), None, "公告")
WHY = {"code": CODE, "why": "登分更正后名次变化"}


@pytest.fixture
def database() -> str:
    return "sqlite"


def test_the_past_is_replayed_under_the_corrected_ranks() -> None:
    ranked = [Ranked("b", 1), Ranked("a", 2), Ranked("c", 3)]
    # a held the place and lost it; by the corrected ranks it was never theirs.
    assert under(POLICY, 1, ranked, {"a": "medical"}, {"b": "accepted"}) == ()
    # b lost it: a is next and had declined, so c is offered it.
    lost, answers = {"b": "medical"}, {"a": "declined"}
    past = (Event("lost", "b", "medical"), Event("declined", "a"))
    assert under(POLICY, 1, ranked, lost, answers) == past
    both = {"b": "medical", "a": "background"}
    found = under(POLICY, 1, ranked, both, {"a": "accepted", "c": "accepted"})
    assert [(one.kind, one.ref) for one in found] == [
        ("lost", "b"),
        ("accepted", "a"),
        ("lost", "a"),
        ("accepted", "c"),
    ]


def test_an_offer_moves_with_the_ranks_and_appointments_go_on(world: World) -> None:
    setting.begun(world, interview_pass="")
    setting.background(world, setting.ref_of(world, 2), "档案材料造假")  # candidate 0 is offered
    officer = world.client(world.app(), Role.OFFICER)
    page = f"/office/exams/{CODE}/appointing"
    set_marks(world, {**MARKS, 0: ("50", "50"), 6: ("100", "100")})
    for stage in ("written", "shortlist", "final"):
        carry_out(world, stage, reason="登分更正")
    assert "总成绩名单已更正" in officer.get(page).text
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="approval"):
        following.follow_correction(ctx, **WHY)
    assert f"撤回对{number_of(0)}的递补通知" in officer.get(f"{page}?why=登分更正").text
    step = f"{page}/follow?why=登分更正"
    officer.post(step, data={"ask": "1"})
    with world.acting(Role.INSPECTOR) as ctx:
        give_approval(
            ctx,
            ctx.session.scalars(
                select(Approval.ref).where(Approval.verb == following.FOLLOW)
            ).one(),
        )
    officer.post(step)
    assert "已按更正后的名单调整人选" in officer.get(page).text
    with world.context(world.people[Role.OFFICER]).session as db:
        assert [one.answer for one in db.scalars(select(PlaceOffer).order_by(PlaceOffer.id))] == [
            "withdrawn",
            None,
        ]
        kinds = [(one.kind, one.follow_id) for one in db.scalars(select(PlaceEvent))]
        assert kinds == [("lost", None), ("lost", 1)]
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="nothing to follow"):
        approve_in(ctx, "appointing.follow_correction", **WHY)


def test_nobody_who_is_appointed_loses_the_post_by_a_list(world: World) -> None:
    setting.begun(world)
    setting.close(world, setting.noticed(world))
    setting.appointed(world)
    set_marks(world, {**MARKS, 0: ("100", "100")})
    for stage in ("written", "shortlist", "final"):
        carry_out(world, stage, reason="登分更正")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="appointed already"):
        following.wanted_following(ctx, **WHY)


def test_the_public_objects_with_a_service_number(world: World) -> None:
    setting.begun(world)
    notice = setting.noticed(world)
    public = world.app().test_client()
    page = f"/exams/{CODE}/public-notice"
    found = re.search(rf'href="({page}/\w+/object)"', public.get(page).text)
    assert found is not None
    about = {"number": number_of(2), "text": "学历存疑，请核实毕业证书", "name": "", "phone": ""}

    def proof() -> str:
        return solve(puzzle_of(public.get(found[1]).text))

    assert "要求实名提出异议" in public.post(found[1], data={**about, "altcha": proof()}).text
    named = {**about, "name": "李某", "phone": "13800138000", "altcha": proof()}
    taken = public.post(found[1], data=named).text
    assert "您的异议已受理" in taken
    (number,) = set(re.findall(r"FW\d+", taken))
    with world.context(world.people[Role.OFFICER]).session as db:
        row, letter = db.scalars(select(Objection)).one(), db.scalars(select(Letter)).one()
        assert (row.letter_id, row.taken_by, letter.kind) == (letter.id, None, "objection")
        assert letter.number == number
        standing = select(NoticePerson.standing).where(NoticePerson.id == row.person_id)
        assert db.scalars(standing).one() == "open"
        assert b"\xe6\x9d\x8e" not in row.who_sealed
    officer = world.client(world.app(), Role.OFFICER)
    assert number in officer.get(f"/office/notices/{notice.ref}").text
    world.clock.advance(days=30)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="is over"):
        noticing.concerned(ctx, notice.ref, number_of(2))
