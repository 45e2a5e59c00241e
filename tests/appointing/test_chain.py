"""凡进必考: nobody is appointed without the whole chain, not even by hand in the database."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from exam_system.access import Role
from exam_system.appointing import noticing
from exam_system.appointing.models import Appointment, Objection, Proposed
from exam_system.appointing.service import appoint, ready
from exam_system.approvals.models import Approval
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code
from tests.appointing import setting
from tests.results.setting import CODE, number_of
from tests.world import World

# Every column that is a link, and what it is when that link is missing or not as it must be.
MISSING = {
    "exam_id": "999",
    "post_id": "999",
    "vacancies": "7",
    "application_id": "(SELECT min(id) FROM application WHERE id NOT IN"
    " (SELECT application_id FROM proposed))",
    "proposed_id": "999",
    "proposed_standing": "'lost'",
    "written_id": "999",
    "written_stage": "'final'",
    "shortlist_id": "999",
    "shortlist_stage": "'written'",
    "release_state": "'draft'",
    "medical_id": "999",
    "background_id": "999",
    "verdict": "'failed'",
    "notice_id": "999",
    "notice_state": "'running'",
    "person_id": "999",
    "person_standing": "'open'",
    "approval": "'none'",
    "approval_verb": "'results.publish_release'",
    "approval_state": "'approved'",
}

TAKEN_BACK = (
    "UPDATE medical SET verdict = 'failed'",
    "UPDATE background SET verdict = 'failed', why = 'x'",
    "UPDATE notice_person SET standing = 'open'",
    "UPDATE public_notice SET state = 'running', closed_on = NULL",
    "UPDATE proposed SET standing = 'lost'",
    "UPDATE release SET state = 'draft' WHERE stage = 'written'",
    "UPDATE approval SET state = 'approved', used_by = NULL, used_at = NULL"
    " WHERE verb = 'appointing.appoint'",
    "DELETE FROM release_record",
    "DELETE FROM medical",
    "UPDATE post SET vacancies = 2",
)


def refused(world: World, row: dict[str, object], **changes: str) -> bool:
    """Whether the database refuses an appointment put in by hand, past every verb."""
    columns = [name for name in row if name != "id"]
    values = [changes.get(name, f":{name}") for name in columns]
    into = f"INSERT INTO appointment ({', '.join(columns)}) VALUES ({', '.join(values)})"  # noqa: S608
    bound = {name: row[name] for name in columns if name not in changes}
    return fails(world, into, bound)


def fails(world: World, statement: str, bound: dict[str, object] | None = None) -> bool:
    """Whether a statement by hand breaks a constraint; it is rolled back in any case."""
    with world.engine.connect() as connection:
        try:
            connection.execute(text(statement), bound)
        except IntegrityError:
            return True
        finally:
            connection.rollback()
    return False


def test_the_database_refuses_an_appointment_with_any_link_missing(world: World) -> None:
    setting.begun(world)
    setting.close(world, setting.noticed(world))
    rows = setting.appointed(world)
    assert [(row.place, row.vacancies) for row in rows] == [(1, 1), (1, 1)]
    with world.engine.begin() as connection:
        row = dict(connection.execute(text("SELECT * FROM appointment")).mappings().first() or {})
        connection.execute(text("DELETE FROM appointment"))
    assert not refused(world, row)  # as it was it goes in
    assert [name for name in MISSING if not refused(world, row, **{name: MISSING[name]})] == []
    assert [name for name in MISSING if not refused(world, row, **{name: "NULL"})] == []
    assert refused(world, row, place="2")
    links = set(Appointment.__table__.c.keys()) - {"id", "ref", "place"}
    choice = {"choice_id", "choice_standing"}  # of some exams only: choosing/test_outcome
    assert set(MISSING) == links - choice - {"appointed_by", "appointed_at"}


@pytest.fixture
def whole(world: World) -> World:
    setting.begun(world)
    setting.close(world, setting.noticed(world))
    setting.appointed(world)
    return world


def test_no_link_can_be_taken_back_under_an_appointment(whole: World) -> None:
    assert [one for one in TAKEN_BACK if not fails(whole, one)] == []


def test_an_unanswered_objection_stands_in_the_way(world: World) -> None:
    setting.begun(world)
    notice = setting.noticed(world)
    number = sorted(setting.holders(world))[0]
    with world.acting(Role.OFFICER) as ctx:
        objection = noticing.take_objection(
            ctx, ref=notice.ref, number=number, who="王某某", text="其工作经历与报名表不符"
        )
    setting.close(world, notice)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        assert number not in [one.number for one in ready(ctx.session, exam)]
    assert fails(world, "UPDATE notice_person SET standing = 'clear'")
    with world.acting(Role.OFFICER) as ctx:
        row = noticing.answer_objection(
            ctx, ref=objection.ref, outcome="rejected", answer="经查，材料属实"
        )
        assert ctx.keys.vault.open(row.who_sealed) == "王某某"
    assert len(setting.appointed(world)) == 2


def test_an_objection_that_holds_takes_the_place_away(world: World) -> None:
    setting.begun(world)
    notice = setting.noticed(world)
    with world.acting(Role.OFFICER) as ctx:
        one = noticing.take_objection(
            ctx, ref=notice.ref, number=number_of(2), who="王某某", text="在职违纪"
        )
        noticing.answer_objection(ctx, ref=one.ref, outcome="upheld", answer="属实")
        with pytest.raises(Conflict, match="answered already"):
            noticing.answer_objection(ctx, ref=one.ref, outcome="rejected", answer="x")
    setting.close(world, notice)
    assert [row.place for row in setting.appointed(world)] == [1]
    with world.context(world.people[Role.OFFICER]).session as db:
        lost = db.scalars(select(Proposed).where(Proposed.standing == "lost")).one()
        assert db.scalars(select(Objection.holds)).one() is None
        assert lost.rank == 1


def test_nobody_is_appointed_without_an_approval_or_before_the_notice_ends(world: World) -> None:
    setting.begun(world)
    notice = setting.noticed(world)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="whole chain"):
        appoint(ctx, code=CODE)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="runs until"):
        noticing.close_notice(ctx, ref=notice.ref)
    setting.close(world, notice)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="approval of somebody"):
        appoint(ctx, code=CODE)
    assert len(setting.appointed(world)) == 2
    with world.context(world.people[Role.OFFICER]).session as db:
        used = db.scalars(select(Approval).where(Approval.verb == "appointing.appoint")).one()
        assert used.state == "used"
