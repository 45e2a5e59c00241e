"""Sealed lots of the demonstration: every group picks its envelopes."""

from __future__ import annotations

from exam_system.access import Role
from exam_system.context import Context
from exam_system.demo.road import Road
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews import lots as verbs
from exam_system.interviews.lookup import groups_of
from exam_system.trust import lots
from exam_system.trust.canonical import parse_jcs, sha256_hex


def pick_envelopes(road: Road) -> None:
    """From the commitment to the published bundle, group by group."""
    with road.cast.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, road.code)
        groups = [group.code for group in groups_of(ctx.session, exam)]
        for group in groups:
            _session(road, ctx, group)
    road.cast.cosign()
    for group in groups:
        _publish(road, group)


def _session(road: Road, ctx: Context, group: str) -> None:
    """Everybody of one group picks."""
    secret = road.cast.chance.take(32).hex()
    text = verbs.next_list(ctx, exam_by_code(ctx.session, road.code), group)
    listed = parse_jcs(text)
    assert isinstance(listed, dict)
    value = lots.commitment(road.code, group, 1, sha256_hex(text), secret)
    verbs.commit_lots(ctx, code=road.code, group=group, commitment=value)
    left = list(range(1, len(listed["labels"]) + 1))
    lot = road.plan.lot(f"envelopes {group}")
    while left:
        envelope = left.pop(lot.below(len(left)))
        verbs.pick_lot(ctx, code=road.code, group=group, envelope=envelope)
    verbs.open_lots(ctx, code=road.code, group=group, secret=secret)


def _publish(road: Road, group: str) -> None:
    code = road.code
    road.cast.approve(lambda ctx: verbs.wanted_publication(ctx, code=code, group=group))
    with road.cast.acting(Role.OFFICER) as ctx:
        verbs.publish_lots(ctx, code=code, group=group)
