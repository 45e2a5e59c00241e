"""Random objects that hold: draws, publications, slips, notes, logs; made with trust functions.

Numbers come from the package `scoring`, results of draws from the engines, bytes from the builders
of tests/verify: nothing of either verifier is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import seating.groups as hall
from proctoring.deal import shortage
from scoring import totals
from scoring.interview import trimmed_mean
from scoring.rounding import show
from seating import seats
from tests.verify.builder import DrawMaker, Office, bundle, signer
from tests.verify.publications import (
    RULES,
    ReleaseMaker,
    digest_of,
    interview_note,
    ticket_note,
    withdrawn_note,
)
from tests.verify.rotated import LATER, ROLES, ended
from tests.verify_page.heard import correct_panels, give_scores, random_interviews
from tests.verify_page.marked import look_up, marks, recount

Files = dict[str, bytes]
WORDS = {
    "written": {"scored": "有效", "absent": "缺考", "below": "未达合格线"},
    "shortlist": {"shortlisted": "进入面试", "not": "未入围"},
    "final": {
        "proposed": "拟录用",
        "not": "未拟录用",
        "absent": "缺考",
        "below": "未达合格线",
    },
}


@dataclass
class Case:
    """Files as they lie on a stick, keys.txt with them, and the office that signed them."""

    office: Office
    files: Files


def in_folder(name: str, files: Mapping[str, bytes]) -> Files:
    """Paths with the folder's name."""
    return {f"{name}/{path}": data for path, data in files.items()}


def make(rng: Random) -> Case:
    """One case of any kind."""
    office = new_office(rng)
    for number in range(rng.randrange(12)):
        office.act("accounts.log_in", f"account:{number}", {"n": number}, exam="")
    kinds: list[Callable[[Random, Office], Files]] = [draw, publications, single, log]
    kinds += [marks, recount, look_up]
    (chosen,) = rng.choices(kinds, weights=(35, 38, 12, 5, 5, 3, 2))
    files = chosen(rng, office)
    role = rng.choice(ROLES)
    replaced = ended(office, role, len(office.entries), LATER)
    return Case(office, {**files, "keys.txt": replaced if rng.random() < 0.1 else office.keys})


def new_office(rng: Random) -> Office:
    """One to three inspectors, the first and some of the others signing."""
    others = [signer(f"{name}.example/inspector", seed, 4) for name, seed in (("q", 5), ("b", 6))]
    listed = others[: rng.choice((0, 0, 0, 1, 2))]
    return Office(others=listed, signing=[key for key in listed if rng.random() < 0.7])


# ----- draws


def draw(rng: Random, office: Office) -> Files:
    """A bundle of a draw of small random groups."""
    algorithm = rng.choice(tuple(LISTS))
    groups = LISTS[algorithm](rng)
    maker = DrawMaker(
        office,
        rng.choice(("seats", "groups", "order", "invigilators")),
        algorithm,
        attempt=rng.choice((1, 1, 1, 2, 3)),
        dice="".join(rng.choices("0123456789", k=20)),
        changes={"groups": groups, **cosigners(rng, office)},
        typed_wrong=rng.random() < 0.2,
        further=contributors(rng),
        beacon=rng.random() < 0.06,
    )
    return in_folder(maker.name, bundle(maker))


def contributors(rng: Random) -> tuple[str, ...]:
    """Nobody, or up to three further contributors."""
    roles = ("candidate", "candidate-2", "guest", "journalist")
    return tuple(rng.sample(roles, rng.choice((0, 0, 0, 1, 2, 3))))


def cosigners(rng: Random, office: Office) -> dict[str, Any]:
    """What the manifest says of the inspectors: those of the day, and how many must sign."""
    named = [office.inspector, *(key for key in office.others if rng.random() < 0.8)]
    present = sum(key is office.inspector or key in office.signing for key in named)
    names = ["inspector", *(f"inspector-{n}" for n in range(2, len(named) + 1))]
    keys = {name: key.verifier.vkey for name, key in zip(names, named, strict=True)}
    keys["officer"] = office.officer.verifier.vkey
    return {"keys": keys, "cosigners": rng.randint(1, present)}


def order_groups(rng: Random) -> list[dict[str, Any]]:
    """One to three groups with room for some or all of their people."""
    return [_group(rng, n, people(rng, n)) for n in range(rng.randint(1, 3))]


def people(rng: Random, group: int) -> list[str]:
    """Labels sorted by bytes, some of them awkward."""
    plain = [f"k{group}-{n:02}" for n in range(rng.randint(3, 14))]
    awkward = [f'{group}号"甲,乙', f"{group}＝é", f"{group}𝒳"]
    return sorted([*plain, *rng.sample(awkward, rng.randrange(3))], key=str.encode)


def _group(rng: Random, number: int, labels: list[str]) -> dict[str, Any]:
    slots: list[dict[str, Any]] = []
    left = len(labels)
    while left and len(slots) < 4:
        capacity = rng.randint(1, min(left, 5))
        slots.append({"id": f"0{number}-{len(slots) + 1:02}", "capacity": capacity})
        left -= capacity
    return {"id": f"{number}区", "labels": labels, "slots": slots}


def deal_groups(rng: Random) -> list[dict[str, Any]]:
    """Groups whose marks often force people to move, and which can be dealt."""
    while True:
        groups = [_marked(rng, group) for group in order_groups(rng)]
        if not shortage(groups):
            return groups


def _marked(rng: Random, group: dict[str, Any]) -> dict[str, Any]:
    marks = [f"school:{n}" for n in range(4)]
    chosen = {label: sorted(rng.sample(marks, rng.randint(1, 3))) for label in group["labels"]}
    some = {label: one for label, one in chosen.items() if rng.random() < 0.7}
    slots = [{**slot, "marks": rng.sample(marks, rng.randrange(3))} for slot in group["slots"]]
    return {**group, "marks": some, "slots": slots}


def hearing_groups(rng: Random) -> list[dict[str, Any]]:
    """Groups whose marks leave everybody a panel."""
    while True:
        groups = [_marked(rng, group) for group in order_groups(rng)]
        for slot in (slot for group in groups for slot in group["slots"]):
            slot["capacity"] += 9
        if not hall.shortage_v1(groups):
            return groups


def seats_groups(rng: Random) -> list[dict[str, Any]]:
    """A group of some posts in rooms that hold everybody."""
    while True:
        groups = [_with_rooms(rng, group) for group in order_groups(rng)[:1]]
        if not seats.shortage_v1(groups):
            return groups


def _with_rooms(rng: Random, group: dict[str, Any]) -> dict[str, Any]:
    posts = [rng.choice(("p1", "p2", "p3", None, None)) for _ in group["labels"]]
    rooms = [
        {"id": f"{n:02}", "layout": "4x5", "capacity": rng.randint(5, 20), "reserve": n % 2}
        for n in range(3)
    ]
    rules = {"spread": "post", "caps": {"post": rng.randint(3, 6)}, "forms": rng.randint(1, 3)}
    return {**group, "apart": {"post": posts}, "rules": rules, "slots": rooms}


LISTS: dict[str, Callable[[Random], list[dict[str, Any]]]] = {
    "order/v1": order_groups,
    "deal/v1": deal_groups,
    "seats/v1": seats_groups,
    "groups/v1": hearing_groups,
}


# ----- publications


def publications(rng: Random, office: Office) -> Files:
    """An announcement, mostly, and lists of one or more stages."""
    exam = Exam(rng, office)
    files: Files = {}
    if rng.random() < 0.8:
        notice = exam.maker(office, "announcement", 1)
        files |= in_folder(notice.name, notice.files())
    previous = None
    for version, stage in enumerate(exam.stages[: rng.randint(1, 3)], 1):
        maker = exam.maker(office, stage, version, previous)
        made = maker.files()
        previous = digest_of(made)
        if rng.random() < 0.15:
            made.pop("records.jsonl")
        files |= in_folder(maker.name, made)
    return files


class Exam:
    """The rules, posts and people of one random exam, and its lists."""

    most = 2
    """Vacancies of a post."""

    def __init__(self, rng: Random, office: Office) -> None:
        self.rng = rng
        self.rules = {**random_rules(rng), "cosigners": rng.randint(1, 1 + len(office.signing))}
        self.posts: list[dict[str, Any]] = [
            {"code": f"10{n}", "vacancies": rng.randint(1, self.most), "title": "科员"}
            for n in range(1, rng.randint(2, 3))
        ]
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.lists["written"] = self._written()
        self.lists["shortlist"] = self._shortlist()
        self.lists["final"] = self._final()

    @property
    def stages(self) -> list[str]:
        """Those that somebody reached: no list is empty."""
        return [stage for stage, rows in self.lists.items() if rows]

    def maker(
        self, office: Office, stage: str, version: int, previous: str | None = None
    ) -> ReleaseMaker:
        """The publication of a stage."""
        made = ReleaseMaker(office, stage, version, previous, rules=self.rules, posts=self.posts)
        if stage in self.lists:
            made.rows = self.lists[stage]
            made.csv = table(stage, self.rules, self.lists[stage])
        return made

    def _written(self) -> list[dict[str, Any]]:
        rows = [
            {
                "admission": f"0101{n:05}",
                "post": self.rng.choice(self.posts)["code"],
                "subjects": {one["code"]: self._mark() for one in self.rules["subjects"]},
                **dict.fromkeys(("written", "interview", "total"), ""),
                "interview_scores": [],
                "rank": None,
                "outcome": "absent",
            }
            for n in range(self.rng.randint(3, 12))
        ]
        for post in self._by_post(rows):
            self._score_written(post)
        return in_order(rows)

    def _mark(self) -> str:
        if self.rng.random() < 0.07:
            return "absent"
        whole = self.rng.choice((40, 55, 60, 60, 70, 72, 80))
        return f"{whole}.{self.rng.choice(('00', '00', '35', '50'))}"

    def _score_written(self, rows: list[dict[str, Any]]) -> None:
        scored = []
        for row in rows:
            marks = {c: Decimal(m) for c, m in row["subjects"].items() if m != "absent"}
            score = totals.written(marks, self.rules["subjects"], *self._rounding)
            if score is None:
                continue
            passed = score >= Decimal(self.rules["written_pass"] or 0)
            row |= {"written": self._show(score), "outcome": "scored" if passed else "below"}
            scored += [row] if passed else []
        ranks = totals.rank([{"total": Decimal(row["written"])} for row in scored], ())
        for row, rank in zip(scored, ranks, strict=True):
            row["rank"] = rank

    def _shortlist(self) -> list[dict[str, Any]]:
        rows = [dict(row) for row in self.lists["written"] if row["outcome"] == "scored"]
        for post in self._by_post(rows):
            scores = [Decimal(row["written"]) for row in post]
            ratio, ties = self.rules["interview_ratio"], self.rules["ties_enter"]
            chosen = totals.shortlist(scores, self._vacancies(post), ratio, ties)
            for at, row in enumerate(post):
                row["outcome"] = "shortlisted" if at in chosen else "not"
        return in_order(rows)

    def _final(self) -> list[dict[str, Any]]:
        shortlist = self.lists["shortlist"]
        rows = [
            {**row, "rank": None, "outcome": "absent"}
            for row in shortlist
            if row["outcome"] == "shortlisted"
        ]
        heard = [row for row in rows if self.rng.random() >= 0.1]
        for row in heard:
            give_scores(self.rng, self.rules, row)
        correct_panels(self.rules, heard)
        for post in self._by_post(rows):
            self._score_final(post)
        return in_order(rows)

    def _score_final(self, rows: list[dict[str, Any]]) -> None:
        ranked, keys = [], []
        for row in rows:
            if not row["interview_scores"]:
                continue
            numbers = self._totals(row)
            row["outcome"] = "below"
            if numbers["interview"] >= Decimal(self.rules["interview_pass"] or 0):
                ranked.append(row)
                keys.append(numbers)
        ranks = totals.rank(keys, self.rules["tie_order"])
        chosen, _tied = totals.appoint(ranks, self._vacancies(rows))
        for at, (row, rank) in enumerate(zip(ranked, ranks, strict=True)):
            row |= {"rank": rank, "outcome": "proposed" if at in chosen else "not"}

    def _totals(self, row: dict[str, Any]) -> dict[str, Decimal]:
        weights = (Decimal(self.rules["written_weight"]), Decimal(self.rules["interview_weight"]))
        written, interview = Decimal(row["written"]), Decimal(row["interview"])
        total = totals.total(written, interview, weights, *self._rounding)
        row["total"] = self._show(total)
        marks = {code: Decimal(mark) for code, mark in row["subjects"].items()}
        return {**marks, "written": written, "interview": interview, "total": total}

    @property
    def _rounding(self) -> tuple[int, str]:
        return self.rules["decimals"], self.rules["rounding"]

    def _show(self, value: Decimal) -> str:
        return show(value, self.rules["decimals"])

    def _vacancies(self, rows: list[dict[str, Any]]) -> int:
        found = (post["vacancies"] for post in self.posts if post["code"] == rows[0]["post"])
        return int(next(found))

    @staticmethod
    def _by_post(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        posts = sorted({row["post"] for row in rows})
        return [[row for row in rows if row["post"] == post] for post in posts]


def random_rules(rng: Random) -> dict[str, Any]:
    """A rule set with what differs between places."""
    weight = rng.choice((("0.5", "0.5"), ("0.4", "0.6"), ("0.333", "0.667")))
    final = rng.choice((("0.5", "0.5"), ("0.6", "0.4")))
    subjects = [{**one, "weight": w} for one, w in zip(RULES["subjects"], weight, strict=True)]
    return {
        **RULES,
        "subjects": subjects,
        "rounding": rng.choice(("half_up", "truncate")),
        "decimals": rng.choice((0, 1, 2, 2, 3)),
        "written_pass": rng.choice(("", "50", "60.5")),
        "interview_pass": rng.choice(("", "60")),
        "interviewers": rng.choice((5, 7)),
        "drop_low": rng.choice((0, 1)),
        "written_weight": final[0],
        "interview_weight": final[1],
        "interview_ratio": rng.randint(1, 3),
        "ties_enter": rng.random() < 0.5,
        "tie_order": rng.choice((["written"], ["interview", "xc"], ["sl", "written"], [])),
        **random_interviews(rng),
    }


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sorted as list.json is."""
    return sorted(
        rows,
        key=lambda row: (row["post"], row["rank"] is None, row["rank"] or 0, row["admission"]),
    )


def table(stage: str, rules: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """list.csv without its mark; no cell here needs quotes."""
    final = stage == "final"
    names = ["行测", "'=申论"]
    more = ["考官评分", "面试成绩", "总成绩"] if final else []
    made = [["准考证号", "岗位代码", *names, "笔试成绩", *more, "岗位排名", "结果"]]
    for row in rows:
        marks = [row["subjects"][one["code"]] for one in rules["subjects"]]
        scores = [" ".join(row["interview_scores"]), row["interview"], row["total"]]
        made.append(
            [
                *(row["admission"], row["post"]),
                *("缺考" if mark == "absent" else mark for mark in marks),
                *(row["written"], *(scores if final else [])),
                "" if row["rank"] is None else str(row["rank"]),
                WORDS[stage][row["outcome"]],
            ]
        )
    return "".join(",".join(row) + "\n" for row in made)


# ----- slips, notes, logs


def single(rng: Random, office: Office) -> Files:
    """One file that stands by itself."""
    office.act("accounts.log_in", "account:last", {"n": 0}, exam="")
    exam = Exam(rng, office)
    written = exam.maker(office, "written", 1)
    scores = [Decimal(rng.randrange(5000, 10001)) / 100 for _ in range(5)]
    mean = trimmed_mean(scores, 1, 1, 2, "half_up")
    told = " ".join(f"{score:.2f}" for score in scores)
    dropped = " ".join(str(place + 1) for place in mean.dropped)
    makers: dict[str, Callable[[], bytes]] = {
        "slip.tlog-proof": lambda: written.slip(rng.randrange(len(exam.lists["written"]))),
        "act.tlog-proof": lambda: office.proof(rng.randrange(len(office.entries))),
        "interview.note": lambda: interview_note(office, told, dropped, f"{mean.result}"),
        "ticket.note": lambda: ticket_note(office, serial=rng.randrange(3)),
        "withdrawn.note": lambda: withdrawn_note(office, 1 + rng.randrange(3)),
        "checkpoint": office.head,
        "root.note": lambda: written.files()["root.note"],
        "publication.note": lambda: written.files()["publication.note"],
    }
    names = list(makers)
    (name,) = rng.choices(names, weights=[6] + [1] * (len(names) - 1))
    # under another name a file is known by its bytes; alone in a folder some would be one object
    return {f"{name}.txt" if name in ("checkpoint", "publication.note") else name: makers[name]()}


def log(rng: Random, office: Office) -> Files:
    """A log folder, with files of an earlier size in it."""
    for number in range(rng.choice((8, 40, 250, 262))):
        office.act("accounts.log_out", f"account:{number}", {"n": number}, exam="")
    return in_folder("log", office.log_files())
