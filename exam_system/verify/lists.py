"""list.json and list.csv of a publication of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exam_system.trust.publication import Publication
from exam_system.verify import words
from exam_system.verify.checks import Check, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.text import document, harmless, record, require_table, same_json

Row = Mapping[str, Any]
ROW = {
    "admission": str,
    "post": str,
    "subjects": dict,
    "written": str,
    "interview_scores": list,
    "interview": str,
    "total": str,
    "rank": (int, type(None)),
    "outcome": str,
}
TOTALS = frozenset({"final", "medical", "appointment"})
_LIST = {"v": int, "exam": str, "stage": str, "version": int, "rows": list}


@dataclass(frozen=True, slots=True)
class Listed:
    """The stage of a list and its rows."""

    stage: str
    rows: Sequence[Row]


def read_list(bag: Bag, said: Publication) -> Listed:
    """The rows of list.json: each complete, in order, nobody twice."""
    where = bag.at("list.json")
    value = document(Check.LIST, where, bag.get("list.json"))
    whole = record(Check.LIST, where, value, _LIST)
    expected = {"v": 1, "exam": said.exam, "stage": said.stage, "version": said.version}
    for key, right in expected.items():
        require_equal(Check.LIST, f"{where} {key}", whole[key], right)
    rows = [_row(f"{where} row {number}", value) for number, value in enumerate(whole["rows"], 1)]
    _require_order(where, rows)
    return Listed(said.stage, rows)


def shape_of(row: object, shape: Mapping[str, Any] = ROW) -> Mapping[str, Any]:
    """The keys of a row, which may say where its interview score is from."""
    named = isinstance(row, dict) and "interview_from" in row
    return {**shape, "interview_from": dict} if named else shape


def _row(where: str, value: object) -> Row:
    row = record(Check.LIST, where, value, shape_of(value))
    if not {str}.issuperset(map(type, [*row["subjects"].values(), *row["interview_scores"]])):
        refuse(Check.LIST, where, "a score is not written as text")
    return row


def _order(row: Row) -> tuple[str, bool, int, str]:
    return row["post"], row["rank"] is None, row["rank"] or 0, row["admission"]


def _require_order(where: str, rows: Sequence[Row]) -> None:
    if not rows:
        refuse(Check.LIST, where, "the list is empty")
    seen: set[str] = set()
    last = None
    for number, row in enumerate(rows, 1):
        if row["admission"] in seen:
            refuse(Check.LIST, f"{where} row {number}", f"{row['admission']} stands there twice")
        seen.add(row["admission"])
        last, before = _order(row), last
        if before is not None and before > last:
            refuse(Check.LIST, f"{where} row {number}", "the rows are not sorted")


def require_csv(bag: Bag, rules: Mapping[str, Any], listed: Listed) -> None:
    """Refuse unless list.csv shows exactly the rows of list.json."""
    subjects = subjects_of(bag, rules)
    final = [words.SCORES, words.INTERVIEW, words.TOTAL] if listed.stage in TOTALS else []
    names = [name for _, name in subjects]
    header = [words.ADMISSION, words.POST, *names, words.WRITTEN]
    header += [*final, words.RANK, words.OUTCOME]
    codes = [code for code, _ in subjects]
    where = bag.at("list.json")
    lines = [
        _cells(f"{where} row {number}", listed.stage, codes, row)
        for number, row in enumerate(listed.rows, 1)
    ]
    table = [[harmless(cell) for cell in line] for line in (header, *lines)]
    found = bag.get("list.csv")
    require_table(Check.LIST_CSV, bag.at("list.csv"), found, table, bom=True)


def subjects_of(bag: Bag, rules: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Code and name of the exam's subjects, in the order of the rules."""
    value = rules["subjects"]["value"] if "subjects" in rules else None
    subjects = value if isinstance(value, list) else []
    found = [(s.get("code"), s.get("name")) for s in subjects if isinstance(s, dict)]
    if not found or not all(isinstance(text, str) for pair in found for text in pair):
        refuse(Check.RULES, f"{bag.at('rules.json')} subjects", "no codes and names of subjects")
    return [(str(code), str(name)) for code, name in found]


def _cells(where: str, stage: str, codes: Sequence[str], row: Row) -> list[str]:
    if set(row["subjects"]) != set(codes):
        refuse(Check.LIST, f"{where} column subjects", "these are not the subjects of the rules")
    outcomes = words.OUTCOMES.get(stage, {})
    if row["outcome"] not in outcomes:
        refuse(Check.LIST, f"{where} column outcome", f"{row['outcome']!r} is not one of {stage}")
    marks = [row["subjects"][code] for code in codes]
    told = {"absent": words.ABSENT, "void": words.VOID, "zero": words.ZERO}
    shown = [told.get(mark, mark) for mark in marks]
    final = [" ".join(row["interview_scores"]), row["interview"], row["total"]]
    rank = "" if row["rank"] is None else str(row["rank"])
    return [
        *(row["admission"], row["post"], *shown, row["written"]),
        *(final if stage in TOTALS else []),
        *(rank, outcomes[row["outcome"]]),
    ]


def require_same_people(bag: Bag, listed: Listed, base: Listed, outcome: str) -> None:
    """Refuse unless the rows are those whom the earlier list let in, with the same marks."""
    kept = ("post", "subjects", "written")
    let_in = {row["admission"]: row for row in base.rows if row["outcome"] == outcome}
    where = bag.at("list.json")
    for number, row in enumerate(listed.rows, 1):
        before = let_in.pop(row["admission"], None)
        place = f"{where} row {number}"
        if before is None:
            refuse(Check.STAGES, place, f"{row['admission']} is not {outcome} in the list before")
        for column in kept:
            if not same_json(row[column], before[column]):
                why = f"found {row[column]!r}, the list before has {before[column]!r}"
                refuse(Check.STAGES, f"{place} column {column}", why)
    if let_in:
        refuse(Check.STAGES, where, f"{min(let_in)} is {outcome} in the list before, but missing")


def require_taken_over(
    bag: Bag, listed: Listed, base: Listed, vacancies: Mapping[str, int] | None
) -> None:
    """Refuse unless every row is one of the list before, ranked, and differs in its outcome only.

    In a list of appointments no post has more people than vacancies.
    """
    before = {row["admission"]: row for row in base.rows if row["rank"] is not None}
    count: dict[str, int] = {}
    for number, row in enumerate(listed.rows, 1):
        place = f"{bag.at('list.json')} row {number}"
        right = before.get(row["admission"])
        if right is None:
            refuse(Check.STAGES, place, f"{row['admission']} has no rank in the list before")
        for column in (row.keys() | right.keys()) - {"outcome"}:
            if not same_json(row.get(column), right.get(column)):
                why = f"found {row.get(column)!r}, the list before has {right.get(column)!r}"
                refuse(Check.STAGES, f"{place} column {column}", why)
        count[row["post"]] = count.get(row["post"], 0) + 1
        most = (vacancies or {}).get(row["post"])
        if listed.stage == "appointment" and most is not None and count[row["post"]] > most:
            refuse(Check.STAGES, place, f"post {row['post']} has {most} vacancies only")
