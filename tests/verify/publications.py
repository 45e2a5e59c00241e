"""A whole published folder: the office's draws, one exam's publications, single notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exam_system.trust import notes
from exam_system.trust.canonical import JSON, jcs, sha256, sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.merkle import Levels, inclusion_proof, leaf_hash
from exam_system.trust.proof import TlogProof
from exam_system.trust.publication import CHAINS, Publication, Root, digest_file
from tests.verify.builder import ORIGIN, DrawMaker, Office, write

RULES: dict[str, Any] = {
    "subjects": [
        {"code": "xc", "name": "行测", "full_marks": "100", "weight": "0.5"},
        {"code": "sl", "name": "=申论", "full_marks": "100", "weight": "0.5"},
    ],
    "interviewers": 5,
    "drop_high": 1,
    "drop_low": 1,
    "written_pass": "50",
    "interview_pass": "",
    "written_weight": "0.5",
    "interview_weight": "0.5",
    "rounding": "half_up",
    "decimals": 2,
    "tie_order": ["written"],
    "interview_ratio": 2,
    "ties_enter": True,
    "cosigners": 1,
}
POSTS: list[dict[str, JSON]] = [
    {"code": "101", "vacancies": 1, "title": "科员"},
    {"code": "102", "vacancies": 1, "title": "科员"},
]
# post, number, marks, written, rank at the written stage
PEOPLE = [
    ("101", "010100101", ("80.00", "70.00"), "75.00", 1),
    ("101", "010100102", ("70.00", "70.00"), "70.00", 2),
    ("101", "010100103", ("60.00", "61.00"), "60.50", 3),
    ("101", "010100104", ("absent", "absent"), "", None),
    ("102", "010100105", ("66.50", "70.00"), "68.25", 1),
]


def row(at: int, outcome: str, **more: Any) -> dict[str, Any]:
    """One row of a list."""
    post, number, marks, written, rank = PEOPLE[at]
    return {
        "admission": number,
        "post": post,
        "subjects": dict(zip(("xc", "sl"), marks, strict=True)),
        "written": written,
        "interview_scores": [],
        "interview": "",
        "total": "",
        "rank": rank,
        "outcome": outcome,
        **more,
    }


ROWS = {
    "written": [row(n, "absent" if n == 3 else "scored") for n in range(5)],
    "shortlist": [
        row(0, "shortlisted"),
        row(1, "shortlisted"),
        row(2, "not"),
        row(4, "shortlisted"),
    ],
    "final": [
        row(
            0,
            "proposed",
            interview_scores=["85.00", "86.00", "87.00", "88.00", "90.00"],
            interview="87.00",
            total="81.00",
        ),
        row(1, "not", interview_scores=["90.00"] * 5, interview="90.00", total="80.00"),
        row(4, "absent", rank=None),
    ],
}
SHORT = "准考证号,岗位代码,行测,'=申论,笔试成绩,岗位排名,结果\n"
CSV = {
    "written": SHORT + "010100101,101,80.00,70.00,75.00,1,有效\n"
    "010100102,101,70.00,70.00,70.00,2,有效\n"
    "010100103,101,60.00,61.00,60.50,3,有效\n"
    "010100104,101,缺考,缺考,,,缺考\n"
    "010100105,102,66.50,70.00,68.25,1,有效\n",
    "shortlist": SHORT + "010100101,101,80.00,70.00,75.00,1,进入面试\n"
    "010100102,101,70.00,70.00,70.00,2,进入面试\n"
    "010100103,101,60.00,61.00,60.50,3,未入围\n"
    "010100105,102,66.50,70.00,68.25,1,进入面试\n",
    "final": "准考证号,岗位代码,行测,'=申论,笔试成绩,考官评分,面试成绩,总成绩,岗位排名,结果\n"
    "010100101,101,80.00,70.00,75.00,85.00 86.00 87.00 88.00 90.00,87.00,81.00,1,拟录用\n"
    "010100102,101,70.00,70.00,70.00,90.00 90.00 90.00 90.00 90.00,90.00,80.00,2,未拟录用\n"
    "010100105,102,66.50,70.00,68.25,,,,,缺考\n",
}


@dataclass
class ReleaseMaker:
    """One publication; `rows`, `csv` and `rules` can be made wrong."""

    office: Office
    stage: str
    version: int = 1
    previous: str | None = None
    reason: str | None = None
    rules: dict[str, Any] = field(default_factory=lambda: dict(RULES))
    rows: list[dict[str, Any]] | None = None
    csv: str | None = None
    posts: list[dict[str, JSON]] = field(default_factory=lambda: list(POSTS))
    exam: str = "2026-kp"

    @property
    def chain(self) -> str:
        """The chain of the stage."""
        return CHAINS[self.stage]

    @property
    def name(self) -> str:
        """The publication's folder."""
        return f"{self.chain}-{self.exam}-v{self.version}"

    def lines(self) -> list[bytes]:
        """The salted records."""
        common = {"v": 1, "exam": self.exam, "stage": self.stage, "version": self.version}
        rows = ROWS[self.stage] if self.rows is None else self.rows
        made = [
            jcs({**one, **common, "salt": sha256(f"{self.name} {n}".encode()).hex()})
            for n, one in enumerate(rows)
        ]
        return sorted(made, key=sha256)

    def files(self) -> dict[str, bytes]:
        """All files of the folder."""
        document = {
            key: {"value": value, "basis": "办法第一条"} for key, value in self.rules.items()
        }
        files = {"rules.json": jcs(document), "notice.pdf": b"%PDF-1.7 a notice\n"}
        if self.chain == "announcement":
            files |= {"posts.json": jcs(self.posts), "posts.csv": "代码\n101\n102\n".encode()}
        else:
            files |= self.lists()
        root = None
        if "records.jsonl" in files:
            tree = Levels(map(leaf_hash, self.lines()))
            root = Root(tree.size, tree.root())
        said = Publication(
            ORIGIN,
            self.exam,
            self.stage,
            self.chain,
            self.version,
            sha256_hex(files["rules.json"]),
            tuple(digest_file(name, files[name]) for name in sorted(files)),
            root,
            self.previous,
            self.reason,
        )
        if said.checkpoint:
            files["root.note"] = self.office.note(said.checkpoint.text, self.office.publisher)
        return {**files, "publication.note": self.office.note(said.text, self.office.publisher)}

    def lists(self) -> dict[str, bytes]:
        """list.json, list.csv, records.jsonl."""
        rows = ROWS[self.stage] if self.rows is None else self.rows
        common = {"v": 1, "exam": self.exam, "stage": self.stage, "version": self.version}
        return {
            "list.json": jcs({**common, "rows": rows}),
            "list.csv": ("\ufeff" + (self.csv or CSV[self.stage])).encode(),
            "records.jsonl": b"".join(line + b"\n" for line in self.lines()),
        }

    def slip(self, at: int) -> bytes:
        """The slip of the record at a place."""
        tree = Levels(map(leaf_hash, self.lines()))
        hashes = inclusion_proof(at, tree.size, tree.node)
        return TlogProof(at, hashes, self.files()["root.note"], self.lines()[at]).encode()


def digest_of(files: Mapping[str, bytes]) -> str:
    """What the next version names."""
    return sha256_hex(notes.parse(files["publication.note"]).text.encode())


def interview_note(office: Office, scores: str, dropped: str, result: str) -> bytes:
    """The note of one interview."""
    text = (
        f"{ORIGIN}/interview/v1\nexam 2026-kp\nnumber 010100101\npanel p1\nscores {scores}\n"
        f"dropped {dropped}\nresult {result}\nrules {'ab' * 32}\n"
    )
    return office.note(text, office.publisher, cosigned=False)


def ticket_note(office: Office, *, serial: int = 0) -> bytes:
    """The signed text of an admission ticket, of the second version when it has a serial."""
    tree = office.tree()
    head = Checkpoint(ORIGIN, tree.size, tree.root()).text.split("\n")
    issue = f"serial {serial}\n" if serial else ""
    when = "session xc 2026-03-14T01:00:00Z 2026-03-14T03:00:00Z\n" if serial else ""
    text = (
        f"{ORIGIN}/ticket/v{2 if serial else 1}\nexam 2026-kp\nnumber 010100101\n{issue}"
        f"label k-01\nroom 01-01\nseat 1\nphoto {'cd' * 32}\n{when}head {head[1]} {head[2]}\n"
    )
    return office.note(text, office.publisher, cosigned=False)


def withdrawn_note(office: Office, serial: int, *, version: int = 1) -> bytes:
    """The signed list that withdraws the ticket above up to a serial."""
    text = (
        f"{ORIGIN}/withdrawn/v1\nexam 2026-kp\nversion {version}\nat 2026-03-13T01:00:00Z\n"
        f"ticket 010100101 {serial}\n"
    )
    return office.note(text, office.publisher, cosigned=False)


def publish_everything(folder: Path) -> Office:
    """A whole published folder; every object in it holds."""
    office = Office()
    for number in range(300):  # other acts, so that there is a full tile
        office.act("accounts.log_in", f"account:{number}", {"n": number}, exam="")
    makers = [
        DrawMaker(office, "seats", "order/v1"),
        DrawMaker(office, "invigilators", "deal/v1", attempt=2, typed_wrong=True),
        DrawMaker(office, "order", "order/v1", dice="2" * 20),
        DrawMaker(office, "groups", "groups/v1"),
        DrawMaker(office, "interviewers", "seats/v1", dice="3" * 20),
    ]
    held = [(maker, maker.hold()) for maker in makers]
    for maker, files in held:
        write(folder / maker.name, {**files, **maker.proofs()})
    write(folder / "announcement-2026-kp-v1", ReleaseMaker(office, "announcement").files())
    previous = None
    for version, stage in enumerate(("written", "shortlist", "final"), 1):
        release = ReleaseMaker(office, stage, version, previous)
        files = release.files()
        previous = digest_of(files)
        write(folder / release.name, files)
    singles = {
        "slip.tlog-proof": ReleaseMaker(office, "written").slip(2),
        "act.tlog-proof": office.proof(3),
        "interview.note": interview_note(office, "85.00 86.00 87.00 88.00 90.00", "5 1", "87.00"),
        "ticket.note": ticket_note(office),
        "keys.txt": office.keys,
    }
    write(folder, singles)
    write(folder / "log", office.log_files())
    return office
