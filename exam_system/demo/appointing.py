"""From the final lists to the appointments: all exams of the year together, in the autumn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import select

from exam_system.access import Role
from exam_system.appointing.examining import call_medical, note_background, note_medical
from exam_system.appointing.models import Proposed, PublicNotice
from exam_system.appointing.noticing import close_notice, start_notice
from exam_system.appointing.places import begin_stage
from exam_system.appointing.service import appoint, wanted_appointment
from exam_system.approvals.publications import wanted_publication
from exam_system.demo.cast import Cast
from exam_system.exams.lookup import exam_by_code
from exam_system.records import releases
from exam_system.results.after import prepare_list
from exam_system.results.service import STAGE_NAMES, publish_release

HOSPITAL = "安顺市人民医院体检中心（演示）"


def appoint_all(cast: Cast, codes: Sequence[str]) -> int:
    """Medical, background check, public notice, appointment; returns how many are appointed."""
    with cast.acting(Role.OFFICER) as ctx:
        for code in codes:
            begin_stage(ctx, code=code)
    _publish(cast, codes, "medical")
    at = cast.clock.now() + timedelta(days=3)
    for code in codes:
        with cast.acting(Role.OFFICER) as ctx:
            call_medical(ctx, code=code, refs=_refs(cast, code), at=at, place=HOSPITAL)
    cast.clock.set(at + timedelta(hours=6))
    for code in codes:
        refs = _refs(cast, code)
        with cast.acting(Role.OFFICER) as ctx:
            note_medical(ctx, code=code, findings=dict.fromkeys(refs, ()))
            note_background(ctx, code=code, findings=dict.fromkeys(refs, ""))
    _publish(cast, codes, "appointment")
    _wait(cast, codes)
    return sum(_appoint(cast, code) for code in codes)


def _refs(cast: Cast, code: str) -> list[str]:
    with cast.acting(Role.OFFICER) as ctx:
        query = select(Proposed.ref).where(
            Proposed.exam_id == exam_by_code(ctx.session, code).id, Proposed.standing == "holds"
        )
        return list(ctx.session.scalars(query.order_by(Proposed.id)))


def _publish(cast: Cast, codes: Sequence[str], stage: str) -> None:
    """Prepare the list of every exam, have all cosigned at once, publish each."""
    versions = {}
    for code in codes:
        with cast.acting(Role.OFFICER) as ctx:
            exam = exam_by_code(ctx.session, code)
            chosen = select(Proposed.application_id).where(Proposed.exam_id == exam.id)
            people = sorted(ctx.session.scalars(chosen))
            release = prepare_list(ctx, code=code, stage=stage, chosen=people)
            versions[code] = release.version
    cast.cosign()
    for code, version in versions.items():
        _publish_one(cast, code, version, stage)


def _publish_one(cast: Cast, code: str, version: int, stage: str) -> None:
    with cast.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, code)
        release = releases.by_version(ctx.session, exam.id, "results", version)
    verb, name = "results.publish_release", STAGE_NAMES[stage]
    cast.approve(lambda ctx: wanted_publication(ctx, verb, exam, release, name))
    with cast.acting(Role.OFFICER) as ctx:
        publish_release(ctx, code=code, version=version)


def _wait(cast: Cast, codes: Sequence[str]) -> None:
    """The public notices run and end on the day after their last."""
    with cast.acting(Role.OFFICER) as ctx:
        notices = [start_notice(ctx, code=code) for code in codes]
    last = max(notice.ends for notice in notices if notice.ends is not None)
    zone = cast.office.config.zone
    cast.clock.set(datetime.combine(last + timedelta(days=1), time(9), zone))
    with cast.acting(Role.OFFICER) as ctx:
        for ref in ctx.session.scalars(select(PublicNotice.ref).order_by(PublicNotice.id)).all():
            close_notice(ctx, ref=ref)


def _appoint(cast: Cast, code: str) -> int:
    cast.approve(lambda ctx: wanted_appointment(ctx, code=code))
    with cast.acting(Role.OFFICER) as ctx:
        return appoint(ctx, code=code)
