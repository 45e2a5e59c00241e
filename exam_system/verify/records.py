"""records.jsonl: the salted records behind a list, and their tree."""

from __future__ import annotations

from exam_system.trust.canonical import digest_text, sha256
from exam_system.trust.errors import CanonicalError
from exam_system.trust.merkle import Levels, leaf_hash
from exam_system.trust.publication import Publication
from exam_system.verify.checks import Check, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.lists import ROW, Listed
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
        value = read_record(Check.RECORDS, place, line)
        if number > 1 and sha256(lines[number - 2]) >= sha256(line):
            refuse(Check.RECORDS, place, "the lines are not sorted by their digests")
        if value["salt"] in salts:
            refuse(Check.RECORDS, place, "this salt was used before")
        salts.add(str(value["salt"]))
        _require_row(place, value, said, rows.pop(str(value["admission"]), None))
    if rows:
        refuse(Check.RECORDS, where, f"there is no record of {min(rows)}")
    tree = Levels(leaf_hash(line) for line in lines)
    root = said.root
    require_equal(Check.ROOT, where, (tree.size, tree.root()), root and (root.size, root.root))


def read_record(check: Check, where: str, line: bytes) -> dict[str, object]:
    """One record: complete, canonical, with a salt of 32 bytes."""
    value: dict[str, object] = record(check, where, document(check, where, line), RECORD)
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
    found = {key: value[key] for key in ROW}
    if row is None or not same_json(found, row):  # type: ignore[arg-type]
        refuse(Check.RECORDS, where, f"{value['admission']} has no such row in list.json")
