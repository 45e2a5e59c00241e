"""The director's mailbox of 2008: 23 letters in four months, each answered within three working
days (the seed's own figures), some of them made public questions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from exam_system.access import Role
from exam_system.cases import questions, service
from exam_system.cases.ticking import tick
from exam_system.context import PUBLIC, SYSTEM
from exam_system.demo.cast import Cast
from exam_system.workdays import is_working_day

EVERY = 3  # each third letter becomes a public question
WHO = "黔中居民"


@dataclass(frozen=True, slots=True)
class Planned:
    """A letter of the data: `day` from the opening of the mailbox, answered `later` working days
    after it came, graded 1 to 5."""

    day: int
    topic: str
    title: str
    text: str
    answer: str
    later: int
    grade: int


def planned() -> list[Planned]:
    """The letters in the order in which they came."""
    path = Path(__file__).with_name("letters.json")
    return [Planned(*one) for one in json.loads(path.read_text(encoding="utf-8"))]


def replay_letters(cast: Cast) -> int:
    """All letters from the next morning on; returns how many. The clock is 9:00 at work days."""
    opens = _morning(cast, cast.clock.now() + timedelta(days=1))
    letters = planned()
    waiting: list[tuple[datetime, int, service.Taken]] = []
    for n, one in enumerate(letters):
        came = _morning(cast, opens + timedelta(days=one.day))
        _answer_until(cast, waiting, letters, came)
        _to(cast, came)
        waiting.append((_after(cast, came, one.later), n, _came(cast, one)))
    _answer_until(cast, waiting, letters, None)
    cast.clock.advance(days=20)
    with cast.acting(SYSTEM) as ctx:
        tick(ctx)
    return len(letters)


def _morning(cast: Cast, day: datetime) -> datetime:
    """9:00 of the first working day from `day` on."""
    local = day.astimezone(cast.office.config.zone).replace(hour=9, minute=0, second=0)
    while not is_working_day(local.date()):
        local += timedelta(days=1)
    return local


def _after(cast: Cast, came: datetime, days: int) -> datetime:
    found = came
    for _ in range(days):
        found = _morning(cast, found + timedelta(days=1))
    return found + timedelta(hours=6)


def _to(cast: Cast, moment: datetime) -> None:
    if moment > cast.clock.now():
        cast.clock.set(moment)


def _came(cast: Cast, one: Planned) -> service.Taken:
    given = {"kind": "letter", "topic": one.topic, "title": one.title, "text": one.text}
    with cast.acting(PUBLIC) as ctx:
        taken = service.register_case(ctx, **given, name=WHO)  # type: ignore[arg-type]
    with cast.acting(Role.OFFICER) as ctx:
        service.assign_case(ctx, ref=taken.letter.ref, owner="officer", deputy="officer2")
    return taken


def _answer_until(
    cast: Cast,
    waiting: list[tuple[datetime, int, service.Taken]],
    letters: list[Planned],
    until: datetime | None,
) -> None:
    """Answer what is planned before `until`, in order; everything without it."""
    for when, n, taken in sorted(waiting, key=lambda item: item[:2]):
        if until is None or when < until:
            waiting.remove((when, n, taken))
            _to(cast, when)
            _answered(cast, letters[n], taken, public=n % EVERY == 0)


def _answered(cast: Cast, one: Planned, taken: service.Taken, *, public: bool) -> None:
    ref = taken.letter.ref
    with cast.acting(Role.OFFICER) as ctx:
        service.handle_case(ctx, ref=ref, finding="已核对公告和有关规定。")
        service.reply_case(ctx, ref=ref, text=one.answer)
        if public:
            questions.publish_question(ctx, ref=ref, asked=one.text, answer=one.answer)
    with cast.acting(PUBLIC) as ctx:
        service.follow_up(ctx, ref=ref, code=taken.code, grade=one.grade)
