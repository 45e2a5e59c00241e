"""A draw as officer, inspector and further contributors carry it out.

A representative of the candidates takes part in the seats. The order of interviews also takes a
round of a beacon, which is the demonstration's own: its time is another than that of drand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta

from exam_system.access import Role
from exam_system.context import PUBLIC
from exam_system.demo.beacon import Beacon
from exam_system.demo.cast import Cast
from exam_system.draws import outside
from exam_system.draws import service as draws
from exam_system.draws.asking import wanted_freeze, wanted_publish
from exam_system.draws.lookup import find
from exam_system.trust.tickets import commitment

BOTH = (Role.OFFICER, Role.INSPECTOR)
DICE = 20
CONTRIBUTORS = {"seats": ["candidate"], "order": ["candidate", "journalist"]}
WITH_BEACON = "order"
SOON = timedelta(minutes=10)
BEACON = Beacon("the beacon of the demonstration", 1_199_145_600)  # 2008-01-01T00:00:00Z


def run_draw(cast: Cast, code: str, kind: str) -> None:
    """The whole ceremony of one draw, from freezing to the published bundle."""
    publish_draw(cast, f"{code}-{kind}", hold_draw(cast, code, kind))


def hold_draw(cast: Cast, code: str, kind: str) -> int:
    """The ceremony from freezing to the cosigned result; returns the attempt's number."""
    number = freeze(cast, code, kind)
    draw = f"{code}-{kind}"
    tokens = invite(cast, draw, number, CONTRIBUTORS.get(kind, []))
    secrets = {role: cast.chance.take(32) for role in (*BOTH, *tokens)}
    commit(cast, draw, number, secrets, tokens)
    roll(cast, draw, number)
    if kind == WITH_BEACON:
        enter_round(cast, draw, number)
    reveal(cast, draw, number, secrets, tokens)
    with cast.acting(Role.OFFICER) as ctx:
        draws.finish_draw(ctx, draw=draw, number=number)
    cast.cosign()
    return number


def publish_draw(cast: Cast, draw: str, number: int) -> None:
    """Publish a cosigned result; a confidential one after its hour."""
    cast.approve(lambda ctx: wanted_publish(ctx, draw=draw, number=number))
    with cast.acting(Role.OFFICER) as ctx:
        draws.publish_draw(ctx, draw=draw, number=number)


def freeze(cast: Cast, code: str, kind: str) -> int:
    """The officer chooses who takes part, and freezes what the inspector approved."""
    at = cast.clock.now() + SOON if kind == WITH_BEACON else None
    with own_beacon(cast):
        with cast.acting(Role.OFFICER) as ctx:
            outside.choose_sources(
                ctx, code=code, kind=kind, contributors=CONTRIBUTORS.get(kind, []), drand_at=at
            )
        cast.approve(lambda ctx: wanted_freeze(ctx, code=code, kind=kind))
        with cast.acting(Role.OFFICER) as ctx:
            return draws.freeze_draw(ctx, code=code, kind=kind).number


@contextmanager
def own_beacon(cast: Cast) -> Iterator[None]:
    """The instance takes the demonstration's beacon for drand; afterwards quicknet again."""
    path = cast.office.config.instance / outside.CHAIN_FILE
    path.write_text(json.dumps(asdict(BEACON.chain)), encoding="utf-8")
    try:
        yield
    finally:
        path.unlink()


def invite(cast: Cast, draw: str, number: int, roles: list[str]) -> dict[str, str]:
    """The token of each further contributor's link, by role."""
    tokens = {}
    for role in roles:
        with cast.acting(Role.OFFICER) as ctx:
            tokens[role] = outside.invite_contributor(ctx, draw=draw, number=number, role=role)
    return tokens


def commit(
    cast: Cast, draw: str, number: int, secrets: Mapping[str, bytes], tokens: Mapping[str, str]
) -> None:
    """Everybody commits to their secret."""
    for role, secret in secrets.items():
        digest, token = commitment(draw, number, str(role), secret), tokens.get(role, "")
        with cast.acting(PUBLIC if token else Role(role)) as ctx:
            draws.commit_secret(ctx, draw=draw, number=number, commitment=digest, token=token)


def enter_round(cast: Cast, draw: str, number: int) -> None:
    """Everybody waits for the beacon's round, and the officer types its signature in."""
    with cast.acting(Role.OFFICER) as ctx:
        signature = BEACON.sign(find(ctx.session, draw, number).manifest["drand"]["round"])
        cast.clock.advance(seconds=SOON.total_seconds())
        outside.record_drand(ctx, draw=draw, number=number, signature=signature)


def reveal(
    cast: Cast, draw: str, number: int, secrets: Mapping[str, bytes], tokens: Mapping[str, str]
) -> None:
    """Everybody shows their secret."""
    for role, secret in secrets.items():
        token = tokens.get(role, "")
        with cast.acting(PUBLIC if token else Role(role)) as ctx:
            draws.reveal_secret(ctx, draw=draw, number=number, secret=secret.hex(), token=token)


def roll(cast: Cast, draw: str, number: int) -> None:
    """The dice fall, the officer types them, the inspector confirms."""
    dice = "".join(str(byte % 10) for byte in cast.chance.take(DICE))
    with cast.acting(Role.OFFICER) as ctx:
        draws.record_dice(ctx, draw=draw, number=number, digits=dice)
    with cast.acting(Role.INSPECTOR) as ctx:
        draws.confirm_dice(ctx, draw=draw, number=number, digits=dice)
