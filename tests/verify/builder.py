"""An office built from trust functions alone: keys, log, draws.

Nothing of the features is used, and of the verifier nothing but the shapes in which the engines of
proctoring stand in a manifest, so that both can be wrong.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import sha256 as digest
from pathlib import Path
from typing import Any

from exam_system.demo.beacon import Beacon
from exam_system.trust import acts, drand, notes, tickets
from exam_system.trust.canonical import JSON, jcs, parse_jcs, sha256, sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.draw_note import DrawNote
from exam_system.trust.keys import COSIGNATURE, Signer
from exam_system.trust.merkle import Levels, inclusion_proof, leaf_hash
from exam_system.trust.proof import TlogProof
from exam_system.trust.tiles import entries_path, pack_entries, tile_files
from exam_system.verify.matching import allocations_of, lottery_engine, match_engine
from exam_system.verify.rotating import rotating
from proctoring.deal import deal_v1
from seating.groups import groups_v1
from seating.order import order_v1
from seating.seats import seats_v1

ORIGIN = "city.example/log"
AT = 1_772_413_200
DICE = "31415926535897932384"
SECRETS = {"officer": "0f" * 32, "inspector": "a7" * 32}
BEACON = Beacon("the beacon of the tests", AT, period=1)
CHAIN = cache(lambda: BEACON.chain)
SIGNED = cache(BEACON.sign)
ENGINES: dict[str, Any] = {"order/v1": order_v1, "deal/v1": deal_v1}
BY_SEED: dict[str, Any] = {
    "seats/v1": seats_v1,
    "groups/v1": groups_v1,
    "rotation/v1": rotating,
    "match/v1": match_engine,
    "lottery/v1": lottery_engine,
}


def signer(name: str, seed: int, kind: int = 1) -> Signer:
    """A key that is the same in every run."""
    return Signer.from_seed(name, bytes([seed]) * 32, kind)


@dataclass
class Office:
    """Everybody's keys and one log."""

    log: Signer = field(default_factory=lambda: signer(ORIGIN, 1))
    publisher: Signer = field(default_factory=lambda: signer(f"{ORIGIN}/publisher", 2))
    officer: Signer = field(default_factory=lambda: signer(f"{ORIGIN}/officer", 3))
    inspector: Signer = field(
        default_factory=lambda: signer("city.example/inspector", 4, COSIGNATURE)
    )
    entries: list[bytes] = field(default_factory=list)
    others: list[Signer] = field(default_factory=list)
    """More inspectors, listed in keys.txt."""
    signing: list[Signer] = field(default_factory=list)
    """Who cosigns beside the first inspector."""

    @property
    def keys(self) -> bytes:
        """keys.txt."""
        rows = [
            (role, getattr(self, role)) for role in ("log", "publisher", "officer", "inspector")
        ]
        rows += [("inspector", key) for key in self.others]
        return "".join(f"{role} {key.verifier.vkey}\n" for role, key in rows).encode()

    def note(self, text: str, by: Signer, *, cosigned: bool = True) -> bytes:
        """A note signed by one of the office's keys and the inspectors who are there."""
        return notes.sign(text, by, *([self.inspector, *self.signing] if cosigned else []), at=AT)

    def tree(self) -> Levels:
        """The tree of the log."""
        return Levels(map(leaf_hash, self.entries))

    def head(self) -> bytes:
        """The cosigned head of the log."""
        tree = self.tree()
        return self.note(Checkpoint(ORIGIN, tree.size, tree.root()).text, self.log)

    def act(
        self, kind: str, subject: str, details: Mapping[str, JSON], **more: str
    ) -> dict[str, Any]:
        """Log an act; what commits.json says of it but the proof."""
        number = len(self.entries)
        salt = sha256(b"salt", str(number).encode())
        payload = acts.payload(salt, details)
        at = f"2026-03-02T01:{number // 60:02}:{number % 60:02}Z"
        actor = more.get("actor", "o1")
        data = acts.entry(kind, more.get("exam", "2026-kp"), at, actor, subject, payload)
        self.entries.append(data)
        return {"data": data, "salt": salt.hex(), "details": details, "index": number}

    def proof(self, index: int) -> bytes:
        """The proof of the act at a place of the log."""
        tree = self.tree()
        hashes = inclusion_proof(index, tree.size, tree.node)
        return TlogProof(index, hashes, self.head(), self.entries[index]).encode()

    def log_files(self) -> dict[str, bytes]:
        """The log's folder, with tiles of an earlier size left in it."""
        tree = self.tree()
        files = {"checkpoint": self.head(), "log.vkey": f"{self.log.verifier.vkey}\n".encode()}
        for size in (5, tree.size):
            files |= dict(tile_files(size, tree.node))
            for start in range(0, size, 256):
                part = self.entries[start : min(start + 256, size)]
                files[entries_path(start // 256, len(part))] = pack_entries(part)
        return files


def table(rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV file with LF."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def groups_of(algorithm: str) -> list[dict[str, Any]]:
    """Two groups of people, one of whose labels needs quotes in a table."""
    if algorithm in BY_SEED:
        return SAMPLES[algorithm]()
    marks = {"marks": {"k-01": ["school:一中"]}} if algorithm == "deal/v1" else {}
    slot = {"marks": ["school:一中"]} if algorithm == "deal/v1" else {}
    return [
        {
            "id": "一区",
            "labels": sorted([*(f"k-{n:02}" for n in range(7)), 'k"x,y']),
            "slots": [{"id": "01-01", "capacity": 3, **slot}, {"id": "01-02", "capacity": 2}],
            **marks,
        },
        {"id": "二区", "labels": ["m-1", "m-2"], "slots": [{"id": "02-01", "capacity": 2}]},
    ]


def seats_groups() -> list[dict[str, Any]]:
    """A district of three posts, two rooms, one of which stays closed, and two paper forms."""
    posts = ["p1", "p2", None, "p1", "p3", "p2", None, "p3"]
    rooms = [{"id": f"01-0{n}", "layout": "3x4", "capacity": 12, "reserve": 1} for n in (1, 2)]
    return [
        {
            "id": "一区",
            "labels": [f"k-{n:02}" for n in range(8)],
            "apart": {"post": posts},
            "rules": {"spread": "post", "caps": {"post": 2}, "forms": 2},
            "slots": rooms,
        }
    ]


def hearing_groups() -> list[dict[str, Any]]:
    """Three interview groups and panels; panel 02 must not hear G01."""
    slots = [{"id": f"0{n}", "capacity": 1, "marks": ["k-1"] * (n == 2)} for n in (1, 2, 3)]
    labels = ["G01", "G02", "G03"]
    return [{"id": "groups", "labels": labels, "marks": {"G01": ["k-1"]}, "slots": slots}]


ACTORS = {"officer": "o1", "inspector": "i1"}


def duty_groups() -> list[dict[str, Any]]:
    """A district of two sites and two sessions, five people a session, nobody barred."""
    labels = [f"i-{n:02}" for n in range(14)]
    numbers = range(len(labels))
    rooms = ("01-01", "01-02", "02-01")
    slots = [{"id": f"{day}/{room}", "capacity": 2} for day in ("a", "b") for room in rooms]
    return [
        {
            "id": "一区",
            "labels": labels,
            "people": {
                "school": [n % 4 - 1 for n in numbers],
                "woman": [n % 2 for n in numbers],
                "lead": [int(n % 3 > 0) for n in numbers],
            },
            "schools": ["s1", "s2", "s3"],
            "sites": {"id": ["01", "02"], "school": [-1, -1]},
            "slots": slots,
            "past": {"site": [], "room": [[0, 0]], "partner": [[0, 1]]},
            "barred": [[2, 1]],
            "rules": {"sexes": "prefer", "reserves": [1, 4], "never_again": ["partner", "room"]},
        }
    ]


def panel_groups() -> list[dict[str, Any]]:
    """Two panels of a chief and two members out of eleven people."""
    labels = [f"m-{n:02}" for n in range(11)]
    numbers = range(len(labels))
    roles = [{"id": "chief", "seats": 1}, {"id": "member", "seats": 2}]
    limits = {"per_employer": 1, "per_city": 2, "per_sex": 0, "reserves": [1, 5]}
    return [
        {
            "id": "interviewers",
            "labels": labels,
            "slots": [{"id": panel, "capacity": 3} for panel in ("01", "02")],
            "people": {
                "roles": [[0, 1] if n < 5 else [1] for n in numbers],
                "employer": [n % 6 - 1 for n in numbers],
                "area": [f"41{n % 7 + 1:02}00" for n in numbers],
                "woman": [n % 2 for n in numbers],
            },
            "employers": [f"e{n}" for n in range(5)],
            "apart": [[0, 7]],
            "groups": {"id": ["G01", "G02"], "barred": [[3, 1]]},
            "rules": {"areas": ["4201"], "roles": roles, **limits},
        }
    ]


def lottery_groups() -> list[dict[str, Any]]:
    """The same panels, from a list of four allocations."""
    (group,) = panel_groups()
    return [{**group, "allocations": allocations_of(group, 4)}]


SAMPLES = {
    "seats/v1": seats_groups,
    "groups/v1": hearing_groups,
    "rotation/v1": duty_groups,
    "match/v1": panel_groups,
    "lottery/v1": lottery_groups,
}


@dataclass
class DrawMaker:
    """One attempt of a draw, step by step; `changes` go into the manifest."""

    office: Office
    kind: str = "seats"
    algorithm: str = "order/v1"
    attempt: int = 1
    dice: str = DICE
    changes: dict[str, Any] = field(default_factory=dict)
    typed_wrong: bool = False
    further: tuple[str, ...] = ()
    """Roles of further contributors."""
    beacon: bool = False
    """Whether a round of the tests' beacon takes part: the first after the commitments."""
    early: int = 0
    """By how many seconds the round comes too early."""
    round: drand.Round | None = None
    acts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def draw(self) -> str:
        """The draw's code."""
        return f"2026-kp-{self.kind}"

    @property
    def name(self) -> str:
        """The bundle's folder."""
        return f"draw-{self.draw}-{self.attempt}"

    @property
    def secrets(self) -> dict[str, str]:
        """Everybody's secret, hex."""
        return SECRETS | {role: digest(role.encode()).hexdigest() for role in self.further}

    @property
    def sources(self) -> list[str]:
        """Those of the manifest."""
        return [*self.secrets, "dice", *(["drand"] * self.beacon)]

    def manifest(self) -> dict[str, Any]:
        """The frozen document."""
        office, outside = self.office, {}
        if self.beacon:
            frozen = len(office.entries) + 3 * (self.attempt - 1)
            second = AT + frozen + len(self.secrets) + 1 - self.early
            self.round = drand.first_from(CHAIN(), second)
            outside = {"drand": self.round.document}
        return {
            "v": 1,
            "draw": self.draw,
            "attempt": self.attempt,
            "exam": "2026-kp",
            "kind": self.kind,
            "algorithm": self.algorithm,
            "purpose": "seat",
            "groups": groups_of(self.algorithm),
            "rules": {"who": "paid"},
            "sources": self.sources,
            **outside,
            "dice": {"digits": 20, "sides": 10},
            "keys": {
                "officer": office.officer.verifier.vkey,
                "inspector": office.inspector.verifier.vkey,
            },
            "cosigners": 1,
            "abort": "before the dice: new attempt; after: only finish",
            "substitutes": "next ticket that keeps the rules",
            **self.changes,
        }

    def step(self, kind: str, *, attempt: int = 0, actor: str = "o1", **details: JSON) -> None:
        """One act of the ceremony."""
        number = attempt or self.attempt
        whole = {"draw": self.draw, "attempt": number, **details}
        subject = f"draw:{self.draw}:{number}"
        self.acts.append(self.office.act(f"draws.{kind}", subject, whole, actor=actor))

    def hold(self) -> dict[str, bytes]:
        """The whole ceremony; the files of the bundle but commits.json and the proofs."""
        manifest = self.manifest()
        frozen = sha256_hex(jcs(manifest))
        for number in range(1, self.attempt):
            self.step("freeze_draw", attempt=number, manifest="0" * 64)
            self.step("void_draw", attempt=number, reason="来不及")
            self.step("approve_redraw", attempt=number, actor="i1", reason="同意")
        self.step("freeze_draw", manifest=frozen)
        for role, secret in self.secrets.items():
            made = tickets.commitment(self.draw, self.attempt, role, bytes.fromhex(secret))
            self.step("commit_secret", actor=ACTORS.get(role, "public"), role=role, commit=made)
        if self.typed_wrong:
            self.step("record_dice", dice="0" * 20)
        self.step("record_dice", dice=self.dice)
        self.step("confirm_dice", actor="i1", dice=self.dice)
        if self.round:
            self.step("record_drand", signature=self.signature(self.round.number))
        for role, secret in self.secrets.items():
            self.step("reveal_secret", actor=ACTORS.get(role, "public"), role=role, secret=secret)
        return self.computed(manifest, frozen)

    def signature(self, number: int) -> str:
        """What is entered for a round."""
        return SIGNED(number)

    def computed(self, manifest: dict[str, Any], frozen: str) -> dict[str, bytes]:
        """Transcript to note."""
        sources = [*self.secrets.items(), ("dice", self.dice)]
        if self.round:
            sources.append(("drand", drand.randomness(self.signature(self.round.number))))
        text = tickets.transcript(self.draw, self.attempt, frozen, sources)
        seed = tickets.seed(text)
        ticket = partial(tickets.ticket, seed, "seat")
        listed = manifest["groups"]
        if self.algorithm in BY_SEED:
            groups = BY_SEED[self.algorithm](listed, seed, "seat")
        else:
            groups = ENGINES[self.algorithm](listed, ticket)
        result = jcs({"v": 1, "draw": self.draw, "attempt": self.attempt, "groups": groups})
        self.step("finish_draw", seed=seed, result=sha256_hex(result))
        people = [
            one for g in manifest["groups"] for one in tickets.order(seed, "seat", g["labels"])
        ]
        rows = [("seat", one, ticket(one).hex()) for one in people]
        certificate = b"%PDF-1.7 a certificate\n"
        note = DrawNote(
            self.draw,
            self.attempt,
            self.attempt,
            self.algorithm,
            frozen,
            seed,
            sha256_hex(result),
            tuple(self.sources),
            sha256_hex(certificate),
        )
        return {
            "manifest.json": jcs(manifest),
            "transcript.txt": text,
            "tickets.csv": table([("purpose", "label", "ticket"), *rows]),
            "result.json": result,
            "result.csv": table([("group", "slot", "place", "label"), *_places(groups)]),
            "draw.note": self.office.note(note.text, self.office.officer),
            "certificate.pdf": certificate,
        }

    def proofs(self) -> dict[str, bytes]:
        """commits.json and log/, against the head that the log has now."""
        listed = [
            {
                "entry": parse_jcs(act["data"]),
                "salt": act["salt"],
                "details": act["details"],
                "proof": f"log/{n}.tlog-proof",
            }
            for n, act in enumerate(self.acts)
        ]
        files = {
            f"log/{n}.tlog-proof": self.office.proof(act["index"])
            for n, act in enumerate(self.acts)
        }
        return {"commits.json": jcs({"acts": listed}), **files}


def _places(groups: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    rows = []
    for group in groups:
        for slot in [*group["slots"], {"id": "", "labels": group["reserve"]}]:
            for place, label in enumerate(slot["labels"], 1):
                rows.append((group["id"], slot["id"], str(place), label))
    return rows


def bundle(maker: DrawMaker) -> dict[str, bytes]:
    """All files of a bundle, the ceremony held just now."""
    files = maker.hold()
    return {**files, **maker.proofs()}


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Files into a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
