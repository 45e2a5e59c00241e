"""Random sessions of post choice over a random final list, played with `scoring.post_choice`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from random import Random
from typing import Any

from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.trust.choice_note import NONE, ChoiceNote
from scoring import post_choice
from scoring.post_choice import ChoiceRules, ChoiceState
from tests.verify.builder import ORIGIN, Office
from tests.verify.cases import changed_values
from tests.verify.publications import digest_of
from tests.verify_page.made import Exam, Files, in_folder

Row = dict[str, Any]
START = 1_200_000_000
AT = "2026-03-02T09:00:00Z"


class Choosing(Exam):
    """An exam whose first post has places to choose among, one for each vacancy and one more."""

    most = 5

    def __init__(self, rng: Random, office: Office) -> None:
        super().__init__(rng, office)
        post = self.posts[0]
        counts = [1] * (post["vacancies"] + 1) if rng.random() < 0.6 else [post["vacancies"], 1]
        self.places = [
            {"post": post["code"], "code": "ABCDEF"[n], "name": f"第{n + 1}中学", "count": count}
            for n, count in enumerate(counts)
        ]
        self.rules |= {
            "choice_places": self.places,
            "choice_minutes": rng.choice((1, 5)),
            "choice_late_minutes": rng.choice((0, 30)),
            "choice_missed": rng.choice(("gives_up", "last")),
        }

    @property
    def proposed(self) -> list[Row]:
        """Who chooses, by rank."""
        rows = [row for row in self.lists["final"] if row["post"] == self.posts[0]["code"]]
        return [row for row in rows if row["outcome"] == "proposed"]


@dataclass
class Played:
    """A session while it is played: acts as the engine and as choice.json have them."""

    rng: Random
    rules: ChoiceRules
    order: list[str]
    free: dict[str, int]
    now: int = START - 600
    done: list[Any] = field(default_factory=list)
    acts: list[Row] = field(default_factory=list)
    hand: int = 0

    @property
    def state(self) -> ChoiceState:
        """After all acts."""
        return self._states[-1]

    @property
    def _states(self) -> list[ChoiceState]:
        given = (self.rules, self.order, self.free, START)
        return list(post_choice.trail(*given, self.done))

    def act(self, kind: str, who: str, engine: Any, **more: Any) -> None:
        """One act, by the officer or the person, never the one who acted before."""
        self.hand += 1
        told = {"act": kind, "admission": who, "at": shown(self.now), "by": f"s{self.hand % 5}"}
        self.acts.append({**told, **more})
        if engine is not None:
            self.done.append(engine)

    def arrive(self, who: str) -> None:
        """Somebody comes, or who is named to choose for them."""
        proxy = self.rng.choice(("", "", "p1"))
        self.act("arrive", who, post_choice.Arrive(who, self.now, proxy, proxy), proxy=proxy)

    def whole(self) -> list[Row]:
        """Play until everybody had a turn; returns how every turn ended."""
        for who in self.order:
            if self.rng.random() < 0.7:
                self.arrive(who)
        self.now = START + self.rng.randrange(90)
        for _ in range(80):
            state = self.state
            if self.rng.random() < 0.12 and state.results:
                self._take_back(state)
            elif state.finished:
                break
            else:
                self._next(state, state.order[state.turn])
            self.now += self.rng.randrange(40)
        return ended(self.state, self.free)

    def _next(self, state: ChoiceState, who: str) -> None:
        """Something that may happen now."""
        if who not in state.arrived:
            self._missing(who)
        elif state.ends_at is None:
            self.act("call", who, post_choice.Call(self.now))
        elif state.chosen:
            self._named(who)
        elif self.now >= state.ends_at or self.rng.random() < 0.1:
            self.now = max(self.now, state.ends_at)
            self.act("overtime", who, post_choice.Overtime(self.now))
        elif self.rng.random() < 0.1:
            self.act("give_up", who, post_choice.GiveUp(self.now))
        else:
            place = self.rng.choice([code for code, left in state.places.items() if left])
            self.act("choose", who, post_choice.Choose(place, self.now), place=place)

    def _missing(self, who: str) -> None:
        limit = START + self.rules.late_seconds
        waits = self.rules.missed == "gives_up"
        if self.rng.random() < 0.4 and (not waits or self.now < limit):
            self.arrive(who)
            return
        self.now = max(self.now, limit) if waits else self.now
        self.act("absent", who, post_choice.Absent(self.now))

    def _named(self, who: str) -> None:
        if self.rng.random() < 0.15:
            self.act("withdraw", who, post_choice.Withdraw(self.now))
            return
        self.act("sign", who, None, signature=sha256_hex(b"paper"))
        self.act("confirm", who, post_choice.Confirm(self.now, "signed"))

    def _take_back(self, state: ChoiceState) -> None:
        turns = [n for n, one in enumerate(state.results) if one.outcome != "none_left"]
        turns = [n for n in turns if state.results[n].outcome == "absent"] or turns
        turn, present = self.rng.choice(turns or [0]), self.rng.random() < 0.5
        if not turns or len(self.acts) > 40:
            return
        more = {"turn": turn, "present": present, "why": "误记"}
        who = state.results[turn].ref
        self.act("reopen", who, post_choice.Reopen(turn, self.now, present), **more)


def shown(seconds: int) -> str:
    """As the log writes times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ended(state: ChoiceState, free: dict[str, int]) -> list[Row]:
    """`results` of choice.json."""
    left, rows = dict(free), []
    for one in state.results:
        there = {code: count for code, count in left.items() if count}
        told = {"admission": one.ref, "outcome": one.outcome, "place": one.post}
        rows.append({**told, "at": shown(one.at), "free": there})
        if one.post:
            left[one.post] -= 1
    return rows


def choices(rng: Random, office: Office, *, lie: bool = False) -> Files:
    """A session of the first post and perhaps one of those who are left, with the final list.

    `lie`: something in one of them is another, and signed so.
    """
    exam = Choosing(rng, office)
    while not exam.proposed:
        exam = Choosing(rng, office)
    version = 3
    maker = exam.maker(office, "final", version, "ab" * 32)
    made = maker.files()
    files = in_folder(maker.name, made) if rng.random() < 0.8 else {}
    documents = _sessions(rng, exam, maker.exam, {"version": version, "digest": digest_of(made)})
    wrong = rng.randrange(len(documents)) if lie else -1
    previous = NONE
    for number, document in enumerate(documents):
        told = _lie(rng, document) if number == wrong else document
        data = jcs(told)
        said = _note(document, sha256_hex(made["rules.json"]), sha256_hex(data), previous)
        previous = sha256_hex(said.text.encode())
        note = office.note(said.text, office.publisher, cosigned=rng.random() < 0.3)
        files |= in_folder(said.folder, {"choice.json": data, "choice.note": note})
    return files


def _note(document: Row, rules: str, digest: str, previous: str) -> ChoiceNote:
    named = (document["exam"], document["version"], document["post"])
    based = (document["list"]["version"], document["list"]["digest"], rules)
    return ChoiceNote(ORIGIN, *named, *based, digest, AT, previous)


def _sessions(rng: Random, exam: Choosing, code: str, based: Row) -> list[Row]:
    rows, out, documents = exam.proposed, [], []
    for version in (1, 2):
        held = [row["place"] for row in out]
        free = {one["code"]: one["count"] - held.count(one["code"]) for one in exam.places}
        queue = _queue(rng, rows)
        numbers = [one["admission"] for one in queue]
        played = Played(rng, _rules(exam), numbers, free)
        results = played.whole()
        places = [
            {**{key: one[key] for key in ("code", "name", "count")}, "free": free[one["code"]]}
            for one in exam.places
        ]
        about = {"v": 1, "exam": code, "version": version, "post": exam.places[0]["post"]}
        about |= {"list": based, "starts_at": shown(START), "rules": _told(exam)}
        more = {"places": places, "queue": queue, "out": out}
        documents.append({**about, **more, "acts": played.acts, "results": results})
        chose = {row["admission"]: row["place"] for row in results if row["place"]}
        out = [{"admission": who, "why": "chosen", "place": at} for who, at in chose.items()]
        rows = [row for row in rows if row["admission"] not in chose]
        if not rows:
            break
    return documents


def _queue(rng: Random, rows: list[Row]) -> list[Row]:
    queue = []
    for rank, equal in groupby(rows, key=lambda row: int(row["rank"])):
        names = [row["admission"] for row in equal]
        rng.shuffle(names)
        lots = range(1, len(names) + 1) if len(names) > 1 else (None,)
        queue += [
            {"admission": who, "rank": rank, "lot": lot}
            for who, lot in zip(names, lots, strict=True)
        ]
    return queue


def _told(exam: Choosing) -> Row:
    return {
        "seconds": 60 * exam.rules["choice_minutes"],
        "late_seconds": 60 * exam.rules["choice_late_minutes"],
        "missed": exam.rules["choice_missed"],
    }


def _rules(exam: Choosing) -> ChoiceRules:
    told = _told(exam)
    return ChoiceRules("", told["seconds"], told["late_seconds"], told["missed"])


def _lie(rng: Random, document: Row) -> Row:
    """The session with something else in it."""
    told: Row = json.loads(json.dumps(document))
    rows = told[rng.choice(("acts", "acts", "acts", "queue", "results", "out"))] or told["acts"]
    at, to = rng.randrange(len(rows)), rng.randrange(len(rows))
    way = rng.randrange(12)
    confirmed = [n for n, act in enumerate(told["acts"]) if act["act"] == "confirm"]
    if way == 11 and confirmed:
        at = rng.choice(confirmed)
        told["acts"][at]["by"] = told["acts"][at - rng.choice((1, 2))]["by"]
    elif way == 10:
        rng.choice(told["acts"])["admission"] = rng.choice(told["queue"])["admission"]
    elif way > 6:
        _later(told, rng.choice(told["acts"])["at"])
    elif way == 6:
        told["queue"][0]["rank"] = told["queue"][-1]["rank"] + 1
    elif way == 0:
        del rows[at]
    elif way == 1:
        rows.insert(to, rows[at])
    elif way == 2:
        rows[at], rows[to] = rows[to], rows[at]
    elif way == 3 and "by" in rows[at]:
        rows[at]["by"] = rows[to]["by"]
    elif way == 4 and "at" in rows[at]:
        rows[at]["at"] = shown(START + rng.choice((-700, 0, 60, 300, 1800, 4000)))
    else:
        told = rng.choice(list(changed_values(told)))  # type: ignore[arg-type]
    return told


def _later(told: Row, since: str) -> None:
    """Everything from this moment on ten minutes later, its results too."""
    for row in (*told["acts"], *told["results"]):
        if row["at"] >= since:
            seconds = int(datetime.fromisoformat(row["at"]).timestamp())
            row["at"] = shown(seconds + 600)
