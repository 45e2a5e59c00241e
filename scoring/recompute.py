"""Recompute every number of a published list from its rules: a second, straight-line program.

It shares no code with the package, whose docstring says what a list holds at each stage: in 2012
Shenzhen summed four of five elements, and only a second routine could have told (RULES 2.12).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from scoring import recompute_interviews

NUMBER, WORDS = re.compile(r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?"), ("absent", "void", "zero")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell that the rules do not give: `row` is the admission number."""

    row: str
    column: str
    found: object
    expected: object

    def __str__(self) -> str:
        return f"{self.row}: {self.column} is {self.found!r}, should be {self.expected!r}"


def check(
    rules: Mapping[str, Row], stage: str, rows: Sequence[Row], vacancies: Mapping[str, int]
) -> list[Problem]:
    """Every cell that does not follow from the rules; none when the list is right.

    `rules` as rules.json, `rows` as list.json, `vacancies` per post. Rows whose given values cannot
    be read are reported and not ranked. Raises ValueError for a stage that has no list of scores.
    """
    if stage not in ("written", "shortlist", "final"):
        raise ValueError(f'Stage "{stage}" has no scores; it is written, shortlist or final.')
    rule = {key: entry["value"] for key, entry in rules.items()}
    rule["full"] = {s["code"]: s["full_marks"] for s in rule["subjects"]}
    rule["weights"] = [(s["code"], Decimal(s["weight"])) for s in rule["subjects"]]
    rule["least"] = Decimal(rule["written_pass"] or 0)
    rule["mode"] = {"half_up": ROUND_HALF_UP, "truncate": ROUND_DOWN}[rule["rounding"]]
    rule["unit"] = Decimal(1).scaleb(-rule["decimals"])
    times = Counter(str(row.get("admission")) for row in rows)
    problems = [Problem(who, "admission", n, 1) for who, n in times.items() if n > 1]
    posts: dict[str, list[tuple[Row, dict[str, Any]]]] = {}
    with localcontext(Context(prec=60)):
        looked = [(row, list(_unreadable(rule, stage, row, vacancies))) for row in rows]
        problems += [problem for _, unreadable in looked for problem in unreadable]
        readable = [row for row, unreadable in looked if not unreadable]
        made = recompute_interviews.corrected(rule, stage, readable)
        for row in readable:
            posts.setdefault(row["post"], []).append((row, _scores(rule, stage, row, made)))
    for post, pairs in posts.items():
        _rank(rule, stage, [right for _, right in pairs], vacancies[post])
        problems += [problem for row, right in pairs for problem in _wrong(row, right)]
    return problems


def _unreadable(rule: Row, stage: str, row: Row, vacancies: Mapping[str, int]) -> Iterator[Problem]:
    post, marks, scores = row.get("post"), row.get("subjects"), row.get("interview_scores", [])
    counts = (0, rule["interviewers"]) if stage == "final" else (0,)
    who, full = str(row.get("admission")), rule["full"]
    if not (isinstance(marks, dict) and marks.keys() == full.keys()):
        yield Problem(who, "subjects", marks, sorted(full))
    elif bad := {c: m for c, m in marks.items() if m not in WORDS and not _within(m, full[c])}:
        yield Problem(who, "subjects", bad, "absent, void, zero or 0 to full marks")
    if not (isinstance(scores, list) and len(scores) in counts and all(map(_within, scores))):
        yield Problem(who, "interview_scores", scores, f"{counts} scores from 0 to 100")
    if not (isinstance(post, str) and post in vacancies):
        yield Problem(who, "post", post, "a post of the exam")
    for found, right in recompute_interviews.strange(rule, stage, row):
        yield Problem(who, "interview_from", found, right)


def _within(text: object, full: str = "100") -> bool:
    return isinstance(text, str) and bool(NUMBER.fullmatch(text)) and Decimal(text) <= Decimal(full)


def _scores(rule: Row, stage: str, row: Row, made: Mapping[str, str]) -> dict[str, Any]:
    right = {"written": "", "interview": "", "total": "", "rank": None, "outcome": "absent"}
    if gone := {"absent", "void"} & set(row["subjects"].values()):
        return right | {"outcome": max(gone)}  # void before absent
    n = {code: Decimal(m if m != "zero" else 0) for code, m in row["subjects"].items()}
    n["written"] = _round(rule, sum([n[code] * weight for code, weight in rule["weights"]]))
    right["written"] = f"{n['written']:f}"
    passed = n["written"] >= rule["least"]
    if stage == "final":
        kept = sorted(map(Decimal, row["interview_scores"]))
        if not kept:
            return right
        kept = kept[rule["drop_low"] : len(kept) - rule["drop_high"]]
        mean = _round(rule, sum(kept) / Decimal(len(kept)))
        n["interview"] = Decimal(made.get(row["admission"], mean))
        weighted = [n[part] * Decimal(rule[part + "_weight"]) for part in ("written", "interview")]
        n["total"] = _round(rule, sum(weighted))
        right |= {"interview": f"{n['interview']:f}", "total": f"{n['total']:f}"}
        passed = passed and n["interview"] >= Decimal(rule["interview_pass"] or 0)
    order = ["total", *rule["tie_order"]] if stage == "final" else ["written"]
    return right | {"outcome": "below", "key": tuple(n[c] for c in order) if passed else None}


def _round(rule: Row, value: Decimal | int) -> Decimal:
    return Decimal(value).quantize(rule["unit"], rounding=rule["mode"])


def _rank(rule: Row, stage: str, post: list[dict[str, Any]], vacancies: int) -> None:
    keys = sorted((right["key"] for right in post if right.get("key")), reverse=True)
    first = {key: place for place, key in reversed(list(enumerate(keys, 1)))}
    last = {key: place for place, key in enumerate(keys, 1)}
    yes = {"written": "scored", "shortlist": "shortlisted", "final": "proposed"}[stage]
    invited = vacancies * rule["interview_ratio"]
    places = {"written": len(post), "shortlist": invited, "final": vacancies}[stage]
    worst = first if stage == "shortlist" and rule["ties_enter"] else last
    for right in post:
        if key := right.get("key"):
            right["rank"], right["outcome"] = first[key], yes if worst[key] <= places else "not"


def _wrong(row: Row, right: Mapping[str, Any]) -> Iterator[Problem]:
    for column in ("written", "interview", "total", "rank", "outcome"):
        found = row.get(column)
        if type(found) is not type(right[column]) or found != right[column]:
            yield Problem(str(row.get("admission")), column, found, right[column])
