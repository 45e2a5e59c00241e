"""Finding sessions of choice, and what state they are in: replayed from their events, always."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.choosing.models import (
    ChoiceEvent,
    ChoicePick,
    ChoicePlace,
    ChoiceProxy,
    ChoiceSession,
    ChoiceTurn,
)
from exam_system.clock import rfc3339
from exam_system.database import one_row
from exam_system.errors import Conflict, NotFound
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam, Post
from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.trust.canonical import sha256_hex
from exam_system.verify.choosing import states_of
from scoring.post_choice import ChoiceState
from scoring.rounding import BadScore

SELF = "self"
VALID = ("made", "closed")


@dataclass(slots=True)
class Held:
    """A session with everything its state follows from; `people` are by turn, `hands` accounts."""

    row: ChoiceSession
    exam: Exam
    post: Post
    release: Release
    list_digest: str
    places: list[ChoicePlace]
    turns: list[ChoiceTurn]
    numbers: Mapping[int, str]
    """Admission numbers by turn id."""
    events: list[ChoiceEvent]
    hands: dict[int, str]
    proxies: dict[int, str]
    _memory: dict[int, ChoiceState] = field(default_factory=dict)

    def turn_of(self, number: str) -> ChoiceTurn:
        """The turn of an admission number; raises NotFound."""
        for turn in self.turns:
            if self.numbers[turn.id] == number:
                return turn
        raise NotFound("Nobody with the admission number %(number)s chooses here", number=number)

    def place_of(self, code: str) -> ChoicePlace:
        """The place of a code; raises NotFound."""
        for place in self.places:
            if place.code == code:
                return place
        raise NotFound("There is no such place to choose")

    @property
    def state(self) -> ChoiceState:
        """How it stands after its events; raises Conflict when one of them was not allowed."""
        if len(self.events) not in self._memory:
            try:
                self._memory[len(self.events)] = states_of(document(self))[-1]
            except BadScore as error:
                raise Conflict(
                    "The rules of the choice do not allow this: %(why)s", why=error
                ) from None
        return self._memory[len(self.events)]

    @property
    def current(self) -> ChoiceTurn | None:
        """Whose turn it is; None when everybody had one."""
        number = self.state.current
        return None if number is None else self.turn_of(number)

    @property
    def signed(self) -> bool:
        """Whether the post that is named was signed, and waits for its witness."""
        kinds = [event.kind for event in self.events if event.kind != "arrive"]
        return bool(kinds) and kinds[-1] == "sign"


def find(session: Session, ref: str, *, lock: bool = False) -> Held:
    """A session by its reference; with `lock` nobody else acts in it meanwhile."""
    query = select(ChoiceSession).where(ChoiceSession.ref == ref)
    return held(session, one_row(session, query, NotFound("There is no such session"), lock=lock))


def held(session: Session, row: ChoiceSession) -> Held:
    """A session with its rows."""
    release = session.get_one(Release, row.release_id)
    places = select(ChoicePlace).where(ChoicePlace.session_id == row.id).order_by(ChoicePlace.code)
    turns = (
        select(ChoiceTurn, Application.number)
        .join(Application, Application.id == ChoiceTurn.application_id)
        .where(ChoiceTurn.session_id == row.id)
        .order_by(ChoiceTurn.position)
    )
    found = session.execute(turns).all()
    events = select(ChoiceEvent).where(ChoiceEvent.session_id == row.id).order_by(ChoiceEvent.seq)
    hands = select(Account.id, Account.ref, Account.role).join(
        ChoiceEvent, ChoiceEvent.by == Account.id
    )
    proxies = select(ChoiceProxy.id, ChoiceProxy.ref).join(
        ChoiceEvent, ChoiceEvent.proxy_id == ChoiceProxy.id
    )
    return Held(
        row,
        session.get_one(Exam, row.exam_id),
        session.get_one(Post, row.post_id),
        release,
        releases.release_digest(session, release),
        list(session.scalars(places)),
        [one.ChoiceTurn for one in found],
        {one.ChoiceTurn.id: str(one.number) for one in found},
        list(session.scalars(events)),
        {
            one.id: hand(one.role, one.ref)
            for one in session.execute(hands.where(ChoiceEvent.session_id == row.id))
        },
        {
            one.id: one.ref
            for one in session.execute(proxies.where(ChoiceEvent.session_id == row.id))
        },
    )


def hand(role: str, ref: str) -> str:
    """Who acted, as it is published: staff by reference, candidates are not told apart."""
    return SELF if role == Role.CANDIDATE else ref


def sessions_of(session: Session, exam: Exam) -> list[Held]:
    """The sessions of an exam, newest first."""
    query = select(ChoiceSession).where(ChoiceSession.exam_id == exam.id)
    rows = session.scalars(query.order_by(ChoiceSession.id.desc())).all()
    return [held(session, row) for row in rows]


def document(one: Held) -> dict[str, Any]:
    """choice.json of a session as it stands, without the results."""
    row = one.row
    left_out = json.loads(row.left_out)
    return {
        "v": 1,
        "exam": one.exam.code,
        "version": row.version or 0,
        "post": one.post.code,
        "list": {"version": one.release.version, "digest": one.list_digest},
        "rules": {
            "seconds": row.seconds,
            "late_seconds": row.late_seconds,
            "missed": row.missed,
        },
        "starts_at": rfc3339(row.starts_at),
        "places": [
            {"code": place.code, "name": place.name, "count": place.announced, "free": place.free}
            for place in one.places
        ],
        "queue": [
            {"admission": one.numbers[turn.id], "rank": turn.rank, "lot": turn.lot}
            for turn in one.turns
        ],
        "out": [{"admission": who, "why": why, "place": place} for who, why, place in left_out],
        "acts": [_act(one, event) for event in one.events],
        "results": [],
    }


def _act(one: Held, event: ChoiceEvent) -> dict[str, Any]:
    told = {
        "act": event.kind,
        "admission": one.numbers[event.turn_id],
        "at": rfc3339(event.at),
        "by": one.hands[event.by],
    }
    if event.kind == "choose":
        codes = {place.id: place.code for place in one.places}
        return {**told, "place": codes[event.place_id or 0]}
    if event.kind == "sign":
        return {**told, "signature": sha256_hex((event.signature or "").encode())}
    if event.kind == "arrive":
        return {**told, "proxy": one.proxies.get(event.proxy_id or 0, "")}
    if event.kind == "reopen":
        more = {"turn": event.position, "present": bool(event.present), "why": event.why or ""}
        return {**told, **more}
    return told


def require_current_list(session: Session, one: Held) -> None:
    """Raise Conflict when the final list was corrected after the session was opened."""
    newest = releases.newest(session, one.exam.id, "results", stage="final", state="published")
    if newest is None or newest.id != one.row.release_id:
        raise Conflict(
            "The final list was corrected since this session was opened: the places follow it "
            "first, on the page after the final list"
        )


def posts_of(session: Session, exam: Exam) -> list[Post]:
    """The posts of an exam whose places are chosen in order of score."""
    codes = {place.post for place in rules_of(exam).choice_places}
    query = select(Post).where(Post.exam_id == exam.id, Post.code.in_(codes)).order_by(Post.code)
    return list(session.scalars(query))


def picks_of(session: Session, exam: Exam) -> dict[int, tuple[ChoicePick, ChoicePlace]]:
    """The choices that count, by application id, each with its place."""
    query = (
        select(ChoicePick, ChoicePlace)
        .join(ChoicePlace, ChoicePlace.id == ChoicePick.place_id)
        .join(ChoiceSession, ChoiceSession.id == ChoicePick.session_id)
        .where(ChoiceSession.exam_id == exam.id, ChoicePick.standing.in_(VALID))
    )
    return {
        row.ChoicePick.application_id: (row.ChoicePick, row.ChoicePlace)
        for row in session.execute(query)
    }


def owner_of(session: Session, turn: ChoiceTurn) -> int | None:
    """The account of whose turn it is."""
    query = select(Person.account_id).join(Application, Application.person_id == Person.id)
    return session.scalar(query.where(Application.id == turn.application_id))
