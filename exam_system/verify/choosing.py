"""Places chosen in order of score: the queue is that of the final list, and the acts replay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from exam_system.trust import choice_note, publication
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.choice_note import CHOICES, NOTE, ChoiceNote
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring, remark
from exam_system.verify.lists import Row, read_list
from exam_system.verify.release import read_publication
from exam_system.verify.text import document, record
from scoring import post_choice
from scoring.post_choice import ChoiceRules, ChoiceState
from scoring.rounding import BadScore

Document = Mapping[str, Any]
_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_WHOLE: Mapping[str, Any] = {
    **dict.fromkeys(("exam", "post", "starts_at"), str),
    **dict.fromkeys(("v", "version"), int),
    **dict.fromkeys(("list", "rules"), dict),
    **dict.fromkeys(("places", "queue", "out", "acts", "results"), list),
}
_PLACE = {"code": str, "name": str, "count": int, "free": int}
_QUEUE = {"admission": str, "rank": int, "lot": (int, type(None))}
_OUT = {"admission": str, "why": str, "place": str}
_RULES = {"seconds": int, "late_seconds": int, "missed": str}
_ENDED = {"admission": str, "outcome": str, "place": str, "at": str, "free": dict}
_ROWS: Mapping[str, Mapping[str, Any]] = {
    "places": _PLACE,
    "queue": _QUEUE,
    "out": _OUT,
    "results": _ENDED,
}
_FIELDS: dict[str, dict[str, type]] = {"choose": {"place": str}, "sign": {"signature": str}}
_FIELDS |= {"arrive": {"proxy": str}, "reopen": {"turn": int, "present": bool, "why": str}}
_SIMPLE: Mapping[str, Callable[[int], post_choice.Act]] = {
    "call": post_choice.Call,
    "withdraw": post_choice.Withdraw,
    "absent": post_choice.Absent,
    "give_up": post_choice.GiveUp,
    "overtime": post_choice.Overtime,
}


def verify_choice(bag: Bag, keys: Keyring) -> str:
    """Check a session's signed result; returns what it is. Raises Refused."""
    said = _opened(bag, keys)
    if bag.name:
        require_equal(Check.NAME, bag.shown, bag.name, said.folder)
    for name in sorted(set(bag.files) - {NOTE, CHOICES}):
        refuse(Check.KNOWN, bag.at(name), "this file does not belong here")
    require_equal(Check.CHOICE_QUEUE, bag.at(CHOICES), sha256_hex(bag.get(CHOICES)), said.choices)
    found = _document(bag, said)
    _require_queue(bag, found)
    remarks = [*_previous(bag, keys, said, found), *_against_list(bag, keys, said, found)]
    _require_replay(bag, found)
    chosen = sum(row["outcome"] == "chosen" for row in found["results"])
    told = [f"post {said.post}", f"{chosen} of {len(found['queue'])} chose", *remarks]
    ended = remark(keys.undated(bag.get(NOTE), bag.at(NOTE), "publisher"))
    return f"{said.folder} ({', '.join(told)}{ended})"


def _opened(bag: Bag, keys: Keyring) -> ChoiceNote:
    where = bag.at(NOTE)
    text = keys.opened(bag.get(NOTE), where, "publisher", cosigners=0)
    with holds(Check.CHOICE_QUEUE, where):
        said = choice_note.parse(text)
    require_equal(Check.CHOICE_QUEUE, f"{where} origin", said.origin, keys.origin)
    return said


def _document(bag: Bag, said: ChoiceNote) -> Document:
    """choice.json, complete; of the session that the note names."""
    check, where = Check.CHOICE_QUEUE, bag.at(CHOICES)
    whole = record(check, where, document(check, where, bag.get(CHOICES)), _WHOLE)
    based = {"version": said.list_version, "digest": said.list_digest}
    expected = {"v": 1, "exam": said.exam, "version": said.version, "post": said.post}
    for key, right in {**expected, "list": based}.items():
        require_equal(check, f"{where} {key}", whole[key], right)
    record(check, f"{where} rules", whole["rules"], _RULES)
    for key, shape in _ROWS.items():
        for number, row in enumerate(whole[key], 1):
            record(check, f"{where} {key} {number}", row, shape)
    for number, act in enumerate(whole["acts"], 1):
        kind = act.get("act") if isinstance(act, dict) else None
        shape = {"act": str, "admission": str, "at": str, "by": str, **_FIELDS.get(str(kind), {})}
        record(check, f"{where} act {number}", act, shape)
    return whole


def _require_queue(bag: Bag, found: Document) -> None:
    """By rank, equal ranks by lots; nobody twice; free is what nobody has."""
    check, where = Check.CHOICE_QUEUE, bag.at(CHOICES)
    queue, out = found["queue"], found["out"]
    names = [row["admission"] for row in (*queue, *out)]
    if len(set(names)) < len(names):
        refuse(check, where, "somebody stands there twice")
    keys = [(row["rank"], row["lot"] or 0) for row in queue]
    if keys != sorted(keys):
        refuse(check, where, "the queue is not in the order of the ranks")
    for rank, equals in groupby(queue, key=lambda row: int(row["rank"])):
        lots = [row["lot"] for row in equals]
        if lots != ([None] if len(lots) == 1 else list(range(1, len(lots) + 1))):
            refuse(check, where, f"the order of those of rank {rank} is not given by lots")
    held = [row["place"] for row in out if row["why"] == "chosen"]
    for place in found["places"]:
        free = place["count"] - held.count(place["code"])
        require_equal(check, f"{where} {place['code']} free", place["free"], free)


def _previous(bag: Bag, keys: Keyring, said: ChoiceNote, found: Document) -> Iterator[str]:
    """The session before lies beside: its text is the one named, its choices those kept here."""
    if said.version == 1:
        return
    before = bag.beside(f"choice-{said.exam}-v{said.version - 1}")
    if before is None:
        yield f"v{said.version - 1} not beside: chain not checked"
        return
    text = _opened(before, keys).text
    where = f"{bag.at(NOTE)} previous"
    require_equal(Check.CHOICE_QUEUE, where, said.previous, sha256_hex(text.encode()))
    chosen = dict(_chosen_before(bag, keys, said))
    for row in found["out"]:
        if row["why"] == "chosen" and chosen:
            where = f"{bag.at(CHOICES)} {row['admission']}"
            require_equal(Check.CHOICE_QUEUE, where, row["place"], chosen.get(row["admission"]))


def _chosen_before(bag: Bag, keys: Keyring, said: ChoiceNote) -> Iterator[tuple[str, str]]:
    """Who chose what in the earlier sessions beside, when all of them lie there."""
    for version in range(1, said.version):
        other = bag.beside(f"choice-{said.exam}-v{version}")
        if other is None:
            return
        note = _opened(other, keys)
        require_equal(
            Check.CHOICE_QUEUE, other.at(CHOICES), sha256_hex(other.get(CHOICES)), note.choices
        )
        earlier = _document(other, note)
        if note.post == said.post:
            yield from (
                (row["admission"], row["place"])
                for row in earlier["results"]
                if row["outcome"] == "chosen"
            )


def _against_list(bag: Bag, keys: Keyring, said: ChoiceNote, found: Document) -> Iterator[str]:
    """The final list beside: its ranks, everybody it proposes, the rules it was announced by."""
    other = bag.beside(f"results-{said.exam}-v{said.list_version}")
    if other is None:
        yield "final list not beside: the order was not compared with it"
        return
    listed, rules = read_publication(other, keys)
    where = bag.at(NOTE)
    require_equal(
        Check.CHOICE_QUEUE, f"{where} list", said.list_digest, sha256_hex(listed.text.encode())
    )
    require_equal(Check.CHOICE_QUEUE, f"{where} rules", said.rules, listed.rules)
    require_equal(Check.CHOICE_QUEUE, f"{where} list", listed.stage, "final")
    digests = {file.name: file for file in listed.files}
    data = publication.digest_file("list.json", other.get("list.json"))
    require_equal(Check.DIGEST, other.at("list.json"), data, digests["list.json"])
    _require_people(bag, said, found, read_list(other, listed).rows)
    _require_rules(bag, said, found, rules)


def _require_people(bag: Bag, said: ChoiceNote, found: Document, rows: Sequence[Row]) -> None:
    check, where = Check.CHOICE_QUEUE, bag.at(CHOICES)
    ranks = {row["admission"]: row["rank"] for row in rows if row["post"] == said.post}
    for row in found["queue"]:
        who = row["admission"]
        require_equal(check, f"{where} {who} rank", row["rank"], ranks.get(who))
    here = {row["admission"] for row in (*found["queue"], *found["out"])}
    for row in rows:
        proposed = row["post"] == said.post and row["outcome"] == "proposed"
        if proposed and row["admission"] not in here:
            refuse(check, where, f"{row['admission']} is proposed by the list, and is left out")


def _require_rules(bag: Bag, said: ChoiceNote, found: Document, rules: Mapping[str, Any]) -> None:
    check, where = Check.CHOICE_QUEUE, bag.at(CHOICES)
    value = {name: rule["value"] for name, rule in rules.items()}
    announced = sorted(
        (place["code"], place["name"], place["count"])
        for place in value.get("choice_places", ())
        if place["post"] == said.post
    )
    shown = [(one["code"], one["name"], one["count"]) for one in found["places"]]
    require_equal(check, f"{where} places", shown, announced)
    said_in = (found["rules"]["seconds"], found["rules"]["late_seconds"], found["rules"]["missed"])
    minutes = [value.get(name) for name in ("choice_minutes", "choice_late_minutes")]
    expected = (*(60 * one for one in minutes if type(one) is int), value.get("choice_missed"))
    require_equal(check, f"{where} rules", said_in, expected)


def _require_replay(bag: Bag, found: Document) -> None:
    where = bag.at(CHOICES)
    with holds(Check.CHOICE_ACTS, where):
        results = results_of(found)
    require_equal(Check.CHOICE_ACTS, f"{where} results", found["results"], results)


def results_of(found: Document) -> list[dict[str, Any]]:
    """How every turn ended, replayed from the acts of a choice.json, and what was free then.

    Raises BadScore, saying why, for an act that was not allowed, and while turns are open.
    """
    state = states_of(found)[-1]
    if not state.finished:
        raise BadScore(f"{state.current} has had no turn yet.")
    left = {place["code"]: place["free"] for place in found["places"]}
    rows = []
    for one in state.results:
        free = {code: count for code, count in left.items() if count}
        told = {"admission": one.ref, "outcome": one.outcome, "place": one.post}
        rows.append({**told, "at": _text(one.at), "free": free})
        if one.post:
            left[one.post] -= 1
    return rows


def states_of(found: Document) -> list[ChoiceState]:
    """The state at the opening and after each act; raises BadScore."""
    rules = found["rules"]
    acts = found["acts"]
    trail = post_choice.trail(
        ChoiceRules("", rules["seconds"], rules["late_seconds"], rules["missed"]),
        [row["admission"] for row in found["queue"]],
        {place["code"]: place["free"] for place in found["places"]},
        _seconds(found["starts_at"]),
        _engine_acts(acts),
    )
    states: list[ChoiceState] = [next(trail)]
    for act, state in zip((act for act in acts if act["act"] != "sign"), trail, strict=True):
        _require_whose(act, states[-1])
        states.append(state)
    return states


def _require_whose(act: Document, state: ChoiceState) -> None:
    whose = state.current
    if act["act"] == "reopen":
        whose = state.results[act["turn"]].ref if act["turn"] < state.turn else None
    if act["act"] != "arrive" and act["admission"] != whose:
        raise BadScore(f"It was not the turn of {act['admission']}.")


def _engine_acts(acts: Sequence[Document]) -> Iterator[post_choice.Act | post_choice.Reopen]:
    """The acts as the engine knows them; a confirmation carries the signature before it."""
    hands: set[str] = set()
    signature, last = "", 0
    for act in acts:
        kind, at = act["act"], _seconds(act["at"])
        if at < last:
            raise BadScore("An act cannot be earlier than the one before it.")
        last = at
        if kind == "sign":
            signature = act["signature"]
            hands.add(act["by"])
            continue
        if kind == "confirm" and act["by"] in hands:
            raise BadScore("Nobody witnesses what they have entered themselves.")
        yield _engine_act(act, at, signature)
        if kind != "arrive":
            signature, hands = "", {act["by"]}


def _engine_act(act: Document, at: int, signature: str) -> post_choice.Act | post_choice.Reopen:
    kind = act["act"]
    if kind == "confirm":
        return post_choice.Confirm(at, signature)
    if kind == "choose":
        return post_choice.Choose(act["place"], at)
    if kind == "arrive":
        return post_choice.Arrive(act["admission"], at, act["proxy"], act["proxy"])
    if kind == "reopen":
        return post_choice.Reopen(act["turn"], at, act["present"])
    if kind in _SIMPLE:
        return _SIMPLE[kind](at)
    raise BadScore(f"There is no act called {kind}.")


def _seconds(text: str) -> int:
    if not _TIME.fullmatch(text):
        raise BadScore(f"{text} is not written as times are.")
    return int(datetime.fromisoformat(text).timestamp())


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
