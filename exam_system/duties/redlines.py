"""The five red lines (五道高压线, PRACTICES 26): pure rules over acts; nothing here reads anything.

The acts are those of oversight.alerts. Findings of one line, person, exam and day are one finding;
its key follows from these alone, so that the same log gives the same findings however often, and
in whatever portions, it is looked through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exam_system.oversight.alerts import Seen
from exam_system.trust.canonical import jcs, sha256_hex

LINES = ("alone", "relation", "scores", "sealed", "export")
OPENED, CLOSED, SCORED = (
    "interviews.open_panel", "interviews.close_panel", "interviews.enter_score",
)  # fmt: skip
LEAVE = "duties.allow_export"
WATCHERS = ("inspector", "auditor")
"""Roles that take acts out because that is their post; theirs are acts on record themselves."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a day, in the bureau's zone, for something: begin ≤ hour < end."""

    begin: int
    end: int

    def within(self, local: datetime) -> bool:
        """Whether a local time lies in them."""
        return self.begin <= local.hour < self.end


@dataclass(frozen=True, slots=True)
class Line:
    """One red line: whether it is watched, the post that answers for it, the kinds of acts."""

    on: bool
    post: str
    acts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that is configurable. `pairs`: first and second act of what two people do;
    `session`: the longest time after its opening in which a panel scores."""

    lines: Mapping[str, Line]
    pairs: frozenset[tuple[str, str]]
    scoring: Hours
    sealed: Hours
    session: timedelta


@dataclass(frozen=True, slots=True)
class Person:
    """Whose an account is."""

    name: str
    role: str
    office: str


@dataclass(frozen=True, slots=True)
class Relation:
    """Somebody is related to whom or what a subject concerns. `act` declared it; None: nobody
    did, what is known of both says so."""

    actor: str
    subject: str
    act: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """What the rules look at: `acts` in the order of the log, of which those in `fresh` have not
    been looked at before, the others being what these refer to."""

    acts: Sequence[Seen]
    fresh: Collection[int]
    people: Mapping[str, Person]
    relations: Sequence[Relation] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that was crossed: by whom, when at last, and the ids of the acts that prove it."""

    line: str
    exam: str
    actor: str
    at: datetime
    acts: tuple[int, ...]
    key: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Gathered:
    """Crossings of one line, person, exam and day, or of one pair of acts."""

    acts: dict[int, Seen] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


_Key = tuple[str, str, str, str]
_Crossing = tuple[_Key, tuple[Seen, ...], dict[str, str]]


def findings(log: Log, rules: Rules, zone: ZoneInfo) -> list[Finding]:
    """Every crossing in which an act of `fresh` has part, in the order of the log."""
    crossings = (
        *_alone(log, rules), *_related(log, rules), *_scores(log, rules, zone),
        *_sealed(log, rules, zone), *_exports(log, rules, zone),
    )  # fmt: skip
    gathered: dict[_Key, _Gathered] = defaultdict(_Gathered)
    for key, acts, values in crossings:
        gathered[key].acts |= {act.id: act for act in acts}
        gathered[key].values |= values
    found = [_finding(key, some) for key, some in gathered.items()]
    return sorted(found, key=lambda one: (one.acts[-1], one.key))


def _finding(key: _Key, some: _Gathered) -> Finding:
    line, actor, exam, _about = key
    ids = tuple(sorted(some.acts))
    values = {"n": str(len(ids)), **some.values}
    digest = sha256_hex(jcs(list(key)))[:16]
    return Finding(
        line, exam, actor, some.acts[ids[-1]].at, ids, digest, tuple(sorted(values.items()))
    )


def _alone(log: Log, rules: Rules) -> Iterator[_Crossing]:
    """The two acts of what two people must do, by one account or by two accounts of one name."""
    firsts = {first for first, _second in rules.pairs}
    before: dict[tuple[str, str], Seen] = {}
    for act in log.acts:
        for first, second in rules.pairs:
            other = before.get((first, act.subject))
            if rules.lines["alone"].on and act.kind == second and other and act.id in log.fresh:
                how = _one_hand(log.people, other, act)
                if how:
                    key = ("alone", act.actor, act.exam, f"{act.kind} {act.subject}")
                    yield key, (other, act), {"how": how, "about": act.subject}
        if act.kind in firsts:
            before[act.kind, act.subject] = act


def _one_hand(people: Mapping[str, Person], one: Seen, other: Seen) -> str:
    if one.actor == other.actor:
        return "account"
    names = [people[act.actor].name for act in (one, other) if act.actor in people]
    return "name" if len(names) == 2 and names[0] == names[1] else ""


def _related(log: Log, rules: Rules) -> Iterator[_Crossing]:
    """Acts on a case that their actor had to keep away from: before the relation was declared,
    or with a relation that nobody declared."""
    line = rules.lines["relation"]
    by_id = {act.id: act for act in log.acts}
    for one in log.relations if line.on else ():
        told = by_id.get(one.act or 0)
        acts = [
            act
            for act in log.acts
            if act.kind in line.acts
            and (act.actor, act.subject) == (one.actor, one.subject)
            and (one.act is None or act.id < one.act)
        ]
        proof = (*acts, *([told] if told else []))
        if acts and any(act.id in log.fresh for act in proof):
            key = ("relation", one.actor, acts[0].exam, one.subject)
            how = "late" if one.act else "never"
            yield key, proof, {"how": how, "about": one.subject, "n": str(len(acts))}


def _scores(log: Log, rules: Rules, zone: ZoneInfo) -> Iterator[_Crossing]:
    """Scores outside a session: of a panel that was not open or was left open for too long, or
    marks outside the hours of marking."""
    line = rules.lines["scores"]
    opened: dict[str, datetime] = {}
    for act in log.acts:
        if act.kind == OPENED:
            opened[act.subject] = act.at
        elif act.kind == CLOSED:
            opened.pop(act.subject, None)
        elif line.on and act.kind in line.acts and act.id in log.fresh:
            since = opened.get(f"panel:{act.exam}:{act.details.get('panel', '')}")
            if act.kind == SCORED:
                inside = since is not None and act.at - since <= rules.session
            else:
                inside = rules.scoring.within(act.at.astimezone(zone))
            if not inside:
                yield _daily("scores", act, zone)


def _sealed(log: Log, rules: Rules, zone: ZoneInfo) -> Iterator[_Crossing]:
    """Looks at sealed data out of hours."""
    line = rules.lines["sealed"]
    for act in log.acts if line.on else ():
        local = act.at.astimezone(zone)
        if act.id in log.fresh and act.kind in line.acts and not rules.sealed.within(local):
            yield _daily("sealed", act, zone)


def _exports(log: Log, rules: Rules, zone: ZoneInfo) -> Iterator[_Crossing]:
    """Lists taken out without an approval of that act and without an inspector's leave."""
    line = rules.lines["export"]
    leaves: list[Seen] = []
    for act in log.acts if line.on else ():
        if act.kind == LEAVE:
            leaves.append(act)
        what = export_of(act)
        watched = act.id in log.fresh and what in line.acts and "approval" not in act.details
        person = log.people.get(act.actor)
        exempt = person is not None and person.role in WATCHERS
        if watched and not exempt and not any(_covers(leave, act, what) for leave in leaves):
            yield _daily("export", act, zone, what=what)


def export_of(act: Seen) -> str:
    """What an act takes out: its kind, and of lists without a verb of their own the name."""
    name = act.subject.removeprefix("list:")
    return f"{act.kind}:{name}" if act.kind == "exports.take_out" else act.kind


def _covers(leave: Seen, act: Seen, what: str) -> bool:
    """Whether an inspector's leave holds for this person, this list, this exam and this time."""
    told = leave.details
    return (
        told.get("account") == act.actor
        and told.get("what") == what
        and leave.exam in ("", act.exam)
        and act.at <= datetime.fromisoformat(str(told["until"]))
    )


def _daily(line: str, act: Seen, zone: ZoneInfo, **values: str) -> _Crossing:
    """All of one person, exam and day together; the small hours belong to the night before."""
    day = (act.at.astimezone(zone) - timedelta(hours=6)).date().isoformat()
    return (line, act.actor, act.exam, day), (act,), {"day": day, "said": act.kind, **values}


def watched_kinds(rules: Rules) -> set[str]:
    """The kinds of acts with which a crossing may end."""
    kinds = {kind.partition(":")[0] for line in rules.lines.values() for kind in line.acts}
    return kinds | {second for _first, second in rules.pairs}
