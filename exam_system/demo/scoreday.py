"""Score day: frozen, announced for a minute, published then, and looked up with random codes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from exam_system.access import Role
from exam_system.demo.cast import Cast
from exam_system.errors import Fault
from exam_system.exams.lookup import exam_by_code
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.results.codes import own_code
from exam_system.results.lookup import export_lookup
from exam_system.results.models import PickUpCode
from exam_system.results.service import CHAIN, publish_release
from exam_system.results.timing import arm_release, due, freeze_stage
from exam_system.verify.run import Door, verify

HOUR = 9


def minute(cast: Cast, code: str, stage: str) -> datetime:
    """Freeze what the list is made from; nine o'clock of the next day is announced."""
    with cast.acting(Role.OFFICER) as ctx:
        freeze_stage(ctx, code=code, stage=stage)
    tomorrow = cast.clock.now().astimezone(cast.office.config.zone) + timedelta(days=1)
    return tomorrow.replace(hour=HOUR, minute=0, second=0, microsecond=0)


def publish(cast: Cast, code: str, version: int, at: datetime) -> None:
    """The officer orders it, and the minute carries it out as `exam release publish` does."""
    with cast.acting(Role.OFFICER) as ctx:
        arm_release(ctx, code=code, version=version)
    cast.clock.set(at)
    with cast.acting(Role.OFFICER) as ctx:
        armed = due(ctx.session, ctx.due())
    for name, number, officer in armed:
        with cast.acting(officer) as ctx:
            publish_release(ctx, code=name, version=number)


def look_up(cast: Cast, code: str, folder: Path) -> str:
    """Export the written scores, open one with the code of a ticket; a line about it."""
    with cast.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, code)
        release = releases.newest(ctx.session, exam.id, CHAIN, stage="written", state="published")
        if release is None:
            raise Fault(f"the written scores of {code} are not public")
        target = folder / f"lookup-{code}-v{release.version}"
        tree = export_lookup(ctx, code=code, folder=target, version=release.version)
        query = (
            select(Application)
            .join(PickUpCode, PickUpCode.application_id == Application.id)
            .where(Application.exam_id == exam.id)
            .order_by(Application.number)
            .limit(1)
        )
        ticket = own_code(ctx, ctx.session.scalars(query).one())
    outcome = verify([target], door=Door(code=ticket))
    if outcome.refused:
        raise Fault(f"the look-up does not verify: {outcome.refused[0]}")
    count = f"{tree.note.records} sealed records in {len(tree.shards)} files"
    return f"scores to look up: {count}; one was opened with its pick-up code"
