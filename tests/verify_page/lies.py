"""What is wrong from the start, and signed by the right hands: only recomputing shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any
from unittest import mock

from exam_system.trust import notes, publication, tickets
from exam_system.trust.canonical import JSON, jcs, sha256, sha256_hex
from tests.verify import builder
from tests.verify.builder import DrawMaker, Office, bundle
from tests.verify.publications import ReleaseMaker, digest_of
from tests.verify.rotated import EARLIER, ended
from tests.verify_page.chosen import choices
from tests.verify_page.made import (
    LISTS,
    WORDS,
    Exam,
    Files,
    deal_groups,
    in_folder,
    in_order,
    order_groups,
)
from tests.verify_page.marked import look_up, marks, recount


def lie(rng: Random, office: Office) -> Files:
    """Something wrong from the start, signed by the right hands."""
    kinds: list[Callable[[Random, Office], Files]] = [lying_engine, lying_act, lying_manifest]
    kinds += [
        *[lying_list] * 6,
        lying_engine,
        lying_records,
        wrong_digest,
        lying_groups,
        lying_order,
    ]
    kinds += [lying_beacon, lying_stages, too_few_inspectors, late_key, lying_placement]
    kinds += [partial(made, lie=True) for made in (marks, marks, recount, look_up, choices)]
    return rng.choice(kinds)(rng, office)


def lying_engine(rng: Random, office: Office) -> Files:
    """Two people exchanged after the draw; everything else follows from that."""
    algorithm = rng.choice(("order/v1", "deal/v1"))
    honest = builder.ENGINES[algorithm]

    def engine(groups: Any, ticket: Any) -> Any:
        result = honest(groups, ticket)
        lists = [slot["labels"] for group in result for slot in group["slots"]]
        lists += [group["reserve"] for group in result if group["reserve"]]
        one, other = rng.choice(lists), rng.choice(lists)
        at, to = rng.randrange(len(one)), rng.randrange(len(other))
        one[at], other[to] = other[to], one[at]
        return result

    groups = order_groups(rng) if algorithm == "order/v1" else deal_groups(rng)
    maker = DrawMaker(office, "seats", algorithm, changes={"groups": groups})
    with mock.patch.dict(builder.ENGINES, {algorithm: engine}):
        return in_folder(maker.name, bundle(maker))


def lying_placement(rng: Random, office: Office) -> Files:
    """Somebody left out or placed twice, by an algorithm that the page does not recompute."""
    algorithm = rng.choice(tuple(builder.BY_SEED))
    honest = builder.BY_SEED[algorithm]

    def engine(*given: Any) -> Any:
        result = honest(*given)
        labels = rng.choice([s["labels"] for g in result for s in g["slots"] if s["labels"]])
        if rng.random() < 0.5:
            labels.append(labels[0])
        else:
            labels.pop()
        return result

    listed = LISTS[algorithm](rng) if algorithm in LISTS else builder.SAMPLES[algorithm]()
    maker = DrawMaker(office, "groups", algorithm, changes={"groups": listed})
    with mock.patch.dict(builder.BY_SEED, {algorithm: engine}):
        return in_folder(maker.name, bundle(maker))


@dataclass
class LyingMaker(DrawMaker):
    """A ceremony with one act that is not as it should be."""

    rng: Random = field(default_factory=Random)

    def hold(self) -> Files:
        """Chooses the act."""
        self.wrong = self.rng.randrange(8 + 2 * len(self.further))
        return DrawMaker.hold(self)

    def step(self, kind: str, *, attempt: int = 0, actor: str = "o1", **details: JSON) -> None:
        """The act, or something like it."""
        if len(self.acts) == self.wrong:
            choice = self.rng.randrange(5)
            if choice == 0:
                return
            if choice == 1:
                actor = "i1" if actor == "o1" else "o1"
            if choice == 2:
                kind = self.rng.choice(("record_dice", "reveal_secret", "void_draw", "finish_draw"))
            if choice == 3:
                attempt = self.attempt + 1
            if choice == 4:
                key = self.rng.choice(sorted(details))
                details[key] = self.rng.choice((f"{details[key]}"[::-1], "", 7, "0" * 64))
        DrawMaker.step(self, kind, attempt=attempt, actor=actor, **details)


def lying_act(rng: Random, office: Office) -> Files:
    """One act of the ceremony is missing or wrong, and logged as such."""
    further = rng.choice(((), ("candidate",), ("candidate", "journalist")))
    changes = {"groups": order_groups(rng)}
    maker = LyingMaker(office, "seats", changes=changes, further=further, rng=rng)
    return in_folder(maker.name, bundle(maker))


def lying_manifest(rng: Random, office: Office) -> Files:
    """A manifest that must not be: frozen, drawn and signed all the same."""
    changes: list[dict[str, Any]] = [
        {"v": 2},
        {"attempt": 2},
        {"exam": "2026-xx"},
        {"algorithm": "order/v2"},
        {"sources": ["inspector", "officer", "dice"]},
        {"sources": ["officer", "inspector", "dice", "drand"]},
        {"sources": ["officer", "inspector", "guest", "guest", "dice"]},
        {"sources": ["officer", "inspector", "a", "b", "c", "d", "dice"]},
        {"sources": ["officer", "inspector", "Guest", "dice"]},
        {"sources": ["officer", "inspector", "guest", "dice"]},
        {"drand": {}},
        {"dice": {"digits": 19, "sides": 10}},
        {"dice": {"digits": 21, "sides": 10}},
        {"keys": {}},
        {"cosigners": 0},
        {"cosigners": 2},
        {"more": 1},
        {"rules": []},
        {"purpose": "order"},
        {"kind": "groups"},
    ]
    maker = DrawMaker(office, "seats", changes=rng.choice(changes))
    return in_folder(maker.name, bundle(maker))


def lying_beacon(rng: Random, office: Office) -> Files:
    """A round that was out before the last commitment, or entered before it was out."""
    early = rng.choice((2, 1, -3))
    changes = {"groups": order_groups(rng)}
    maker = DrawMaker(office, "seats", changes=changes, beacon=True, early=early)
    return in_folder(maker.name, bundle(maker))


def lying_order(rng: Random, office: Office) -> Files:
    """Two acts of a kind told in another order than they were logged."""
    maker = DrawMaker(office, "seats", changes={"groups": order_groups(rng)})
    files = maker.hold()
    at = rng.choice((1, 5))  # the commits, the reveals
    maker.acts[at], maker.acts[at + 1] = maker.acts[at + 1], maker.acts[at]
    return in_folder(maker.name, {**files, **maker.proofs()})


def lying_stages(rng: Random, office: Office) -> Files:
    """A shortlist that lost its last person, or gained one, or changed a mark since."""
    exam = Exam(rng, office)
    written = exam.maker(office, "written", 1)
    files = written.files()
    rows = [dict(row) for row in exam.lists["shortlist"]]
    lists = [rows[:-1], [*rows, {**rows[-1], "admission": "99"}]] if rows else []
    lists += [[*rows[:-1], {**rows[-1], "post": "101"}]] if rows else []
    exam.lists["shortlist"] = rng.choice(lists) if lists else exam.lists["written"]
    later = exam.maker(office, "shortlist", 2, digest_of(files))
    return {**in_folder(written.name, files), **in_folder(later.name, later.files())}


def lying_groups(rng: Random, office: Office) -> Files:
    """Groups that no draw may have, with a result that somebody wrote by hand."""
    group: dict[str, Any] = {"id": "x", "labels": ["a", "b"], "slots": []}
    slot = {"id": "s", "capacity": 1}
    changes = rng.choice(
        (
            {"labels": ["b", "a"]},
            {"labels": ["a", "a"]},
            {"labels": ["a", ""]},
            {"slots": [{**slot, "capacity": 0}]},
            {"slots": [slot, slot]},
            {"slots": [{**slot, "capacity": 3}]},
            {"slots": [{**slot, "room": "1"}]},
            {"marks": {"a": ["m"]}},
        )
    )
    maker = DrawMaker(office, "seats", changes={"groups": [{**group, **changes}]})
    written = [{"id": "x", "slots": [], "reserve": ["a", "b"]}]
    with (
        mock.patch.dict(builder.ENGINES, {"order/v1": lambda groups, ticket: written}),
        mock.patch.object(tickets, "clean_label", str),
        mock.patch.object(tickets, "order", lambda seed, purpose, labels: sorted(labels)),
    ):
        return in_folder(maker.name, bundle(maker))


def too_few_inspectors(rng: Random, office: Office) -> Files:
    """Two must sign and one has."""
    office.others = [builder.signer("q.example/inspector", 5, 4)]
    office.signing = []
    if rng.random() < 0.5:
        exam = Exam(rng, office)
        exam.rules["cosigners"] = 2
        maker = exam.maker(office, "written", 1)
        return in_folder(maker.name, maker.files())
    keys = {"officer": office.officer, "inspector": office.inspector}
    keys["inspector-2"] = office.others[0]
    named = {name: key.verifier.vkey for name, key in keys.items()}
    drawn = DrawMaker(office, "seats", changes={"keys": named, "cosigners": 2})
    return in_folder(drawn.name, bundle(drawn))


def late_key(rng: Random, office: Office) -> Files:
    """A draw or a list whose keys had been retired when they signed."""
    role = rng.choice(("officer", "inspector"))
    maker = DrawMaker(office, "seats", changes={"groups": order_groups(rng)})
    files = in_folder(maker.name, bundle(maker))
    if rng.random() < 0.5:
        role = rng.choice(("publisher", "inspector"))
        release = Exam(rng, office).maker(office, "announcement", 1)
        files = in_folder(release.name, release.files())
    return {**files, "keys.txt": ended(office, role, len(office.entries), EARLIER)}


def lying_list(rng: Random, office: Office) -> Files:
    """Lists with one wrong cell in list.json, list.csv and the records alike."""
    exam = Exam(rng, office)
    stage = rng.choice(exam.stages)
    rows = [dict(row) for row in exam.lists[stage]]
    _lie_in(rng, stage, rng.choice(rows), rng.choice(rows))
    exam.lists[stage] = in_order(rows) if rng.random() < 0.8 else rows
    files: Files = {}
    if rng.random() < 0.7:
        notice = exam.maker(office, "announcement", 1)
        files |= in_folder(notice.name, notice.files())
    previous = None
    for version, name in enumerate(exam.stages, 1):
        maker = exam.maker(office, name, version, previous)
        made = maker.files()
        previous = sha256_hex(notes.parse(made["publication.note"]).text.encode())
        files |= in_folder(maker.name, made)
        if name == stage:
            break
    return files


def wrong_digest(rng: Random, office: Office) -> Files:
    """A note that names another digest of one file, of one algorithm only."""
    maker = Exam(rng, office).maker(office, rng.choice(("announcement", "written")), 1)
    files = maker.files()
    said = publication.parse(notes.parse(files["publication.note"]).text)
    at, name = rng.randrange(len(said.files)), rng.choice(("sha256", "sm3"))
    listed = list(said.files)
    listed[at] = replace(listed[at], **{name: getattr(listed[at], name)[::-1]})
    said = replace(said, files=tuple(listed))
    note = {"publication.note": office.note(said.text, office.publisher)}
    return in_folder(maker.name, {**files, **note})


@dataclass
class LyingRecords(ReleaseMaker):
    """Records that are not as they should be under a root that is theirs."""

    way: int = 0

    def lines(self) -> list[bytes]:
        """The honest lines, spoiled in one of seven ways."""
        honest = [json.loads(line) for line in ReleaseMaker.lines(self)]
        last = honest[-1]
        changes: list[list[dict[str, Any]]] = [
            honest[::-1],
            honest[:-1],
            [*honest, {**last, "salt": "0" * 64}],
            [{**one, "salt": last["salt"]} for one in honest],
            [*honest[:-1], {**last, "written": "77.77"}],
            [*honest[:-1], {**last, "version": 2}],
            [*honest[:-1], {**last, "name": "张三"}],
        ]
        lines = [jcs(one) for one in changes[self.way]]
        return sorted(lines, key=sha256) if self.way else lines


def lying_records(rng: Random, office: Office) -> Files:
    """The list is right, the records are not."""
    honest = Exam(rng, office).maker(office, "written", 1)
    maker = LyingRecords(office, "written", rules=honest.rules, rows=honest.rows)
    maker.way = rng.randrange(7)
    maker.csv, maker.posts = honest.csv, honest.posts
    return in_folder(maker.name, maker.files())


def _lie_in(rng: Random, stage: str, row: dict[str, Any], other: dict[str, Any]) -> None:
    column = rng.choice(("rank", "written", "total", "interview", "outcome", "subjects", "post"))
    if "interview_from" in row and rng.random() < 0.5:
        key = rng.choice(("class", "panel", "raw", "sheets"))
        told: Any = [] if key == "sheets" else rng.choice(("P10", "", "*", "76.5"))
        row["interview_from"] = {**row["interview_from"], key: told}
    elif column == "rank":
        row["rank"] = rng.choice((None, 1, 2, (row["rank"] or 0) + 1))
    elif column == "outcome":
        row["outcome"] = rng.choice([word for word in WORDS[stage] if word != row["outcome"]])
    elif column == "subjects":
        row["subjects"] = {**row["subjects"], "xc": rng.choice(("99.90", "60.5", "100.01", "-1"))}
    elif column == "post":
        row["post"] = rng.choice(("101", "102", "999"))
    else:
        row[column], other[column] = rng.choice(("76.50", other[column])), row[column]
