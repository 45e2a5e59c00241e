"""A draw as officer and inspector carry it out."""

from __future__ import annotations

from exam_system.access import Role
from exam_system.demo.cast import Cast
from exam_system.draws import service as draws
from exam_system.draws.asking import wanted_freeze, wanted_publish
from exam_system.trust.tickets import commitment

BOTH = (Role.OFFICER, Role.INSPECTOR)
DICE = 20


def run_draw(cast: Cast, code: str, kind: str) -> None:
    """The whole ceremony of one draw, from freezing to the published bundle."""
    cast.approve(lambda ctx: wanted_freeze(ctx, code=code, kind=kind))
    with cast.acting(Role.OFFICER) as ctx:
        attempt = draws.freeze_draw(ctx, code=code, kind=kind)
        number = attempt.number
    draw = f"{code}-{kind}"
    secrets = {role: cast.chance.take(32) for role in BOTH}
    commit(cast, draw, number, secrets)
    roll(cast, draw, number)
    for role in BOTH:
        with cast.acting(role) as ctx:
            draws.reveal_secret(ctx, draw=draw, number=number, secret=secrets[role].hex())
    with cast.acting(Role.OFFICER) as ctx:
        draws.finish_draw(ctx, draw=draw, number=number)
    cast.cosign()
    cast.approve(lambda ctx: wanted_publish(ctx, draw=draw, number=number))
    with cast.acting(Role.OFFICER) as ctx:
        draws.publish_draw(ctx, draw=draw, number=number)


def commit(cast: Cast, draw: str, number: int, secrets: dict[Role, bytes]) -> None:
    """Both commit to their secrets."""
    for role in BOTH:
        with cast.acting(role) as ctx:
            digest = commitment(draw, number, role.value, secrets[role])
            draws.commit_secret(ctx, draw=draw, number=number, commitment=digest)


def roll(cast: Cast, draw: str, number: int) -> None:
    """The dice fall, the officer types them, the inspector confirms."""
    dice = "".join(str(byte % 10) for byte in cast.chance.take(DICE))
    with cast.acting(Role.OFFICER) as ctx:
        draws.record_dice(ctx, draw=draw, number=number, digits=dice)
    with cast.acting(Role.INSPECTOR) as ctx:
        draws.confirm_dice(ctx, draw=draw, number=number, digits=dice)
