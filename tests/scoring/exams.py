"""Random exams, coarse enough for ties, as numbers that both programs can be given."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from scoring.choosing import Decided, decide
from scoring.elements import Element, Scheme, interview_score
from scoring.panels import CorrectionRule, correct
from scoring.policy import Candidate, Comparator, Competition, Policy, Preference, Subject
from tests.scoring import second

D = Decimal
CORRECTIONS = {
    "none": None,
    "secondary_mean": (0, "means", False),
    "pooled": (0, "kept", False),
    "trimmed_1_1": (1, "kept", False),
    "trimmed_2_2": (2, "all", False),
    "additive": (0, "kept", True),
}
WEIGHTS = (("0.5", "0.5"), ("0.4", "0.6"), ("0.6", "0.4"))
ELEMENTS = ({"a": "0.6", "b": "0.4"}, {"a": "0.5", "b": "0.25", "c": "0.25"}, {"a": "1"})
SUBJECTS = ({"xc": "1", "sl": "1"}, {"xc": "0.4", "sl": "0.3", "ga": "0.3"}, {"xc": "1"})
TIES = ((), ("exact",), ("written",), ("interview", "xc"), ("hero", "written"), ("exact", "hero"))


def drawn(rng: Random) -> dict[str, Any]:
    """An exam of one post as texts: rules, and people with marks, sheets, panel and statuses."""
    subjects = rng.choice(SUBJECTS)
    method = rng.choice([*CORRECTIONS, *["none"] * 6])
    panels = 1 if method == "none" else 2
    least = {"trimmed_1_1": 3, "trimmed_2_2": 5}.get(method, 1)
    high = rng.choice([1, 1, 2])
    made: dict[str, Any] = {
        "subjects": subjects,
        "divisor": str(len(subjects)) if len(subjects) < 3 else rng.choice(["1", "3"]),
        "weights": rng.choice(WEIGHTS),
        "decimals": rng.choice([0, 1, 2]),
        "truncate": rng.random() < 0.5,
        "elements": rng.choice(ELEMENTS),
        "interviewers": 5 if rng.random() < 0.8 else 7,
        "per_element": rng.random() < 0.5,
        "drop": (high, rng.choice([1, high])),
        "method": method,
        "on_the_way": (rng.choice([None, 2, 4]), rng.choice([None, 2, 4])),
        "lines": {k: str(rng.choice([0, 40, 60])) for k in ("written", "interview", "total")},
        "alone": rng.choice([0, 2]),
        "alone_line": "70",
        "shrink": rng.choice([0, 3]),
        "vacancies": rng.choice([1, 1, 2, 3]),
        "ties": rng.choice(TIES),
        "add_up": rng.random() < 0.5,
        "bonus": {
            "written": [("hero", "2"), ("vet", "5")],
            "interview": [],
            "total": [("kin", "1")],
        },
    }
    sizes = [rng.randint(least, least + (method == "none") + 1) for _ in range(panels)]
    people = [_person(rng, made, panel) for panel, n in enumerate(sizes) for _ in range(n)]
    if rng.random() < 0.3:  # somebody who scored as the first one did
        people[-1] = {**people[0], "panel": panels - 1, "statuses": people[-1]["statuses"]}
    return {**made, "people": people}


def _person(rng: Random, made: dict[str, Any], panel: int) -> dict[str, Any]:
    base = rng.choice([60, 70, 80])
    return {
        "panel": panel,
        "marks": {
            c: None if rng.random() < 0.03 else str(rng.choice([40, 60, 65, 70]))
            for c in made["subjects"]
        },
        "sheets": [
            {c: str(base + rng.randint(-4, 4)) for c in made["elements"]}
            for _ in range(made["interviewers"])
        ],
        "statuses": frozenset(s for s in ("hero", "vet", "kin") if rng.random() < 0.2),
    }


def by_package(made: dict[str, Any]) -> Decided:
    """What the package makes of it."""
    rounding = "truncate" if made["truncate"] else "half_up"
    scheme = Scheme(
        "all",
        tuple(Element(c, c, D(100), D(w)) for c, w in made["elements"].items()),
        made["interviewers"],
        "element" if made["per_element"] else "total",
        *made["drop"],
        made["decimals"],
        rounding,
        "a notice",
    )
    raw: dict[int, list[Decimal]] = {}
    for p in made["people"]:
        sheets = [{c: D(m) for c, m in sheet.items()} for sheet in p["sheets"]]
        raw.setdefault(p["panel"], []).append(interview_score(scheme, sheets).result)
    rule = CorrectionRule(made["method"], *made["on_the_way"], made["decimals"], rounding)
    results = [r for panel in correct(list(raw.values()), rule).panels for r in panel.results]
    policy = policy_of(made, rounding)
    people = [
        Candidate(
            str(at),
            {c: D(m) for c, m in p["marks"].items() if m is not None},
            result,
            statuses=p["statuses"],
        )
        for at, (p, result) in enumerate(zip(made["people"], results, strict=True))
    ]
    return decide(policy, made["vacancies"], people)


def policy_of(made: dict[str, Any], rounding: str) -> Policy:
    """The exam's rules as the package wants them."""
    alone = Competition(D(made["alone"]), False, D(made["alone_line"]), False, "a notice")
    return Policy(
        subjects=tuple(Subject(c, D(100), D(w)) for c, w in made["subjects"].items()),
        divisor=D(made["divisor"]),
        written_weight=D(made["weights"][0]),
        interview_weight=D(made["weights"][1]),
        decimals=made["decimals"],
        rounding=rounding,
        written_pass=D(made["lines"]["written"]),
        interview_pass=D(made["lines"]["interview"]),
        total_pass=D(made["lines"]["total"]),
        competition=alone,
        shrink_ratio=made["shrink"],
        preferences=tuple(
            Preference(f"{s}", s, D(v), to, "a law")
            for to, all_ in made["bonus"].items()
            for s, v in all_
        ),
        preferences_add_up=made["add_up"],
        ties=tuple(_comparator(key) for key in made["ties"]),
    )


def _comparator(key: str) -> Comparator:
    if key == "exact":
        return Comparator("exact")
    if key == "hero":
        return Comparator("status", key, basis="a law")
    return Comparator("score", key)


def by_second(made: dict[str, Any]) -> list[tuple[int | None, str]]:
    """What the second program makes of it: fractions, and none of the package's code."""
    F = Fraction
    e = {
        **made,
        "subjects": {c: F(w) for c, w in made["subjects"].items()},
        "divisor": F(made["divisor"]),
        "weights": [F(w) for w in made["weights"]],
        "elements": {c: F(w) for c, w in made["elements"].items()},
        "correction": CORRECTIONS[made["method"]],
        "lines": {k: F(v) for k, v in made["lines"].items()},
        "alone_line": F(made["alone_line"]),
        "bonus": {to: [(s, F(v)) for s, v in all_] for to, all_ in made["bonus"].items()},
    }
    raw: dict[int, list[Fraction]] = {}
    for p in made["people"]:
        sheets = [{c: F(m) for c, m in sheet.items()} for sheet in p["sheets"]]
        raw.setdefault(p["panel"], []).append(second.interview(e, sheets))
    panels = list(raw.values())
    results = second.corrected(e, panels) if e["correction"] else panels[0]
    people = [
        {
            "marks": {c: None if m is None else F(m) for c, m in p["marks"].items()},
            "interview": result,
            "statuses": p["statuses"],
        }
        for p, result in zip(made["people"], results, strict=True)
    ]
    return list(second.outcomes(e, people))
