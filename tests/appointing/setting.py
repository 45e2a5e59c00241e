"""From the published final list on: two posts of one vacancy, candidates 2 and 1 or 7 first."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.appointing import examining, noticing, places
from exam_system.appointing.models import Appointment, Proposed, PublicNotice
from exam_system.appointing.service import appoint
from exam_system.oversight.service import cosign_notes
from exam_system.registration.models import Application
from exam_system.results.after import prepare_list
from tests.results.play import INTERVIEWS, carry_out, exam_with_marks, publish
from tests.results.setting import CODE, cosign, hold_interviews, number_of
from tests.world import World, approve_in


def finished(world: World, **rules: object) -> None:
    """An exam whose final list is published."""
    exam = exam_with_marks(world, **rules)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    carry_out(world, "final")


def begun(world: World, **rules: object) -> None:
    """… and whose proposed people are taken over."""
    finished(world, **rules)
    with world.acting(Role.OFFICER) as ctx:
        places.begin_stage(ctx, code=CODE)


def holders(world: World) -> dict[str, Proposed]:
    """Who holds a place, by admission number."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = (
            select(Application.number, Proposed)
            .join(Application, Application.id == Proposed.application_id)
            .where(Proposed.standing == "holds")
            .order_by(Application.number)
        )
        return {str(number): row for number, row in db.execute(query)}


def ref_of(world: World, place: int) -> str:
    """The reference of the place that candidate `place` holds."""
    return holders(world)[number_of(place)].ref


def call(world: World, *refs: str) -> None:
    """Call these people to a medical examination, which begins an hour later: now."""
    with world.acting(Role.OFFICER) as ctx:
        at = world.clock.now() + timedelta(hours=1)
        examining.call_medical(ctx, code=CODE, refs=refs, at=at, place="市人民医院体检中心")
    world.clock.advance(hours=1)


def medical(world: World, ref: str, *items: str) -> None:
    """Note a medical examination: the items not passed."""
    with world.acting(Role.OFFICER) as ctx:
        examining.note_medical(ctx, code=CODE, findings={ref: items})


def background(world: World, ref: str, why: str = "") -> None:
    """Note a background check."""
    with world.acting(Role.OFFICER) as ctx:
        examining.note_background(ctx, code=CODE, findings={ref: why})


def publish_list(world: World, stage: str, reason: str = "") -> None:
    """Publish the list of everybody who holds a place."""
    with world.acting(Role.OFFICER) as ctx:
        chosen = sorted(row.application_id for row in holders(world).values())
        release = prepare_list(ctx, code=CODE, stage=stage, chosen=chosen, reason=reason)
    with world.acting(Role.INSPECTOR) as ctx:
        cosign_notes(ctx, files=cosign(world, release.note_id, release.root_note_id))
    publish(world, release.version)


def noticed(world: World) -> PublicNotice:
    """Everybody passes everything; the list is published and its notice runs."""
    publish_list(world, "medical")
    refs = [row.ref for row in holders(world).values()]
    call(world, *refs)
    with world.acting(Role.OFFICER) as ctx:
        examining.note_medical(ctx, code=CODE, findings=dict.fromkeys(refs, ()))
        examining.note_background(ctx, code=CODE, findings=dict.fromkeys(refs, ""))
    publish_list(world, "appointment")
    with world.acting(Role.OFFICER) as ctx:
        return noticing.start_notice(ctx, code=CODE)


def close(world: World, notice: PublicNotice) -> None:
    """The notice ends on the day after its last."""
    world.clock.advance(days=(notice.ends - notice.published_on).days + 1)  # type: ignore[operator]
    with world.acting(Role.OFFICER) as ctx:
        noticing.close_notice(ctx, ref=notice.ref)


def appointed(world: World) -> list[Appointment]:
    """Appoint everybody who is ready, as approved."""
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "appointing.appoint", code=CODE)
        appoint(ctx, code=CODE)
        return list(ctx.session.scalars(select(Appointment).order_by(Appointment.id)))
