"""The people of the year: each registers once and applies in several exams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from exam_system.context import PUBLIC, Actor, Context
from exam_system.demo import people, sources
from exam_system.demo.road import Road, batches, new_account


@dataclass
class Crowd:
    """Everybody, and the accounts that they have so far, by place."""

    everybody: Sequence[people.Made]
    accounts: dict[int, Actor] = field(default_factory=dict)
    met: int = 0

    def register(self, road: Road) -> None:
        """As many as the plan says apply in the exam, the next in turn, until a day before the
        close; who has no account registers first."""
        plan = road.plan
        wanted = sources.choices(plan, plan.applicants)
        road.at(plan.opens)
        pause = (plan.closes - road.cast.clock.now()) / (plan.applicants + 1)
        for batch in batches(list(enumerate(wanted, self.met))):
            with road.cast.acting(PUBLIC) as ctx:
                for place, post in batch:
                    road.applicants.append(self._apply(ctx, road, place, post))
                    road.at(road.cast.clock.now() + pause)
            road.tick(len(batch))
        self.met += plan.applicants

    def _apply(self, ctx: Context, road: Road, place: int, post: str) -> tuple[Actor, str]:
        place %= len(self.everybody)
        person = self.everybody[place]
        if place not in self.accounts:
            self.accounts[place] = new_account(ctx, person)
        return road.enter(ctx.as_actor(self.accounts[place]), person, post)
