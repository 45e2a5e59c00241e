"""records.jsonl: the salted records behind a list, and their tree."""

from __future__ import annotations

import json
from collections.abc import Mapping

from exam_system.trust.canonical import JSON, digest_text, jcs, sha256
from exam_system.trust.errors import CanonicalError
from exam_system.trust.merkle import Levels, leaf_hash
from exam_system.trust.publication import Publication
from exam_system.verify.checks import Check, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.lists import ROW, Listed, Row, shape_of
from exam_system.verify.text import document, record, same_json

RECORD = {**ROW, "v": int, "exam": str, "stage": str, "version": int, "salt": str}


def require_records(bag: Bag, said: Publication, listed: Listed) -> None:
    """Refuse unless the records are the list's rows, each once, and have the signed root."""
    where, data = bag.at("records.jsonl"), bag.get("records.jsonl")
    if not data.endswith(b"\n"):
        refuse(Check.RECORDS, where, "the last line does not end in a newline")
    lines = data[:-1].split(b"\n")
    rows = {row["admission"]: row for row in listed.rows}
    salts: set[str] = set()
    for number, line in enumerate(lines, 1):
        place = f"{where} line {number}"
        right = _as_expected(line, said, rows)
        value = right or read_record(Check.RECORDS, place, line)
        if number > 1 and sha256(lines[number - 2]) >= sha256(line):
            refuse(Check.RECORDS, place, "the lines are not sorted by their digests")
        if value["salt"] in salts:
            refuse(Check.RECORDS, place, "this salt was used before")
        salts.add(str(value["salt"]))
        row = rows.pop(str(value["admission"]), None)
        if right is None:
            _require_row(place, value, said, row)
    if rows:
        refuse(Check.RECORDS, where, f"there is no record of {min(rows)}")
    tree = Levels(leaf_hash(line) for line in lines)
    root = said.root
    require_equal(Check.ROOT, where, (tree.size, tree.root()), root and (root.size, root.root))


def _as_expected(
    line: bytes, said: Publication, rows: Mapping[str, Row]
) -> dict[str, object] | None:
    """The record of a line with exactly the bytes that its row and salt give; None otherwise.

    A shorter way to what the slow checks come to: they name what differs.
    """
    try:
        value: dict[str, object] = json.loads(line)
        salt = digest_text(value["salt"])  # type: ignore[arg-type]
        row = rows[value["admission"]]  # type: ignore[index]
        about: dict[str, JSON] = {"exam": said.exam, "stage": said.stage, "version": said.version}
        return value if jcs({**row, **about, "v": 1, "salt": salt}) == line else None
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def read_record(check: Check, where: str, line: bytes) -> dict[str, object]:
    """One record: complete, canonical, with a salt of 32 bytes."""
    said = document(check, where, line)
    value: dict[str, object] = record(check, where, said, shape_of(said, RECORD))
    require_equal(check, f"{where} v", value["v"], 1)
    try:
        digest_text(str(value["salt"]))
    except CanonicalError:
        refuse(check, f"{where} salt", "this is not 32 bytes as lower-case hex")
    return value


def _require_row(
    where: str, value: dict[str, object], said: Publication, row: object | None
) -> None:
    for key, right in (("exam", said.exam), ("stage", said.stage), ("version", said.version)):
        require_equal(Check.RECORDS, f"{where} {key}", value[key], right)
    found = {key: value[key] for key in shape_of(value)}
    if row is None or not same_json(found, row):  # type: ignore[arg-type]
        refuse(Check.RECORDS, where, f"{value['admission']} has no such row in list.json")
