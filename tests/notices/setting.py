"""People for every level of a notice, and a notice on its way."""

from __future__ import annotations

from typing import Any

from exam_system.access import Role
from exam_system.context import Actor
from exam_system.notices.lookup import notice_of
from exam_system.notices.service import draft_notice, pass_level, publish_notice
from exam_system.notices.writing import Content
from tests.world import World

TEXT = Content("关于资格复审安排的通知", "资格复审于三月十二日在考试中心进行。\n请携带身份证原件。")


def hands(world: World) -> list[Actor]:
    """The author, the head of the section, secrecy review, the leader."""
    with world.acting(Role.ADMIN) as ctx:
        others = [world.hire(ctx, Role.OFFICER, f"level{n}", f"科室{n}") for n in range(2)]
    return [world.people[Role.OFFICER], others[0], world.people[Role.INSPECTOR], others[1]]


def drafted(world: World, content: Content = TEXT, **about: Any) -> tuple[str, str]:
    """A notice as its author hands it to the first level; its number and the text's digest."""
    with world.acting(Role.OFFICER) as ctx:
        version = draft_notice(ctx, content=content, **{"category": "other", **about})
        return notice_of(ctx.session, version).ref, version.digest


def passed(world: World, ref: str, who: list[Actor], digest: str) -> None:
    """Every level passes the text, each by its own person."""
    for actor in who:
        with world.acting(actor) as ctx:
            pass_level(ctx, ref=ref, digest=digest)


def posted(world: World, who: list[Actor], content: Content = TEXT, **about: Any) -> str:
    """A published notice; returns its number."""
    ref, digest = drafted(world, content, **about)
    passed(world, ref, who[1:], digest)
    with world.acting(Role.OFFICER) as ctx:
        publish_notice(ctx, ref=ref)
    return ref
