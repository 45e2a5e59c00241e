"""records.jsonl: the salted records behind a list, and their tree."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exam_system.trust.canonical import digest_text, jcs, sha256
from exam_system.trust.errors import CanonicalError
from exam_system.trust.merkle import Levels, leaf_hashes
from exam_system.trust.publication import Publication
from exam_system.verify.checks import Check, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.lists import ROW, Listed, shape_of
from exam_system.verify.text import document, record, same_json

_SALT = re.compile(rb"[0-9a-f]{64}")
_SALTED = 64
_Expected = tuple[str, bytes, bytes]
RECORD = {**ROW, "v": int, "exam": str, "stage": str, "version": int, "salt": str}


def require_records(bag: Bag, said: Publication, listed: Listed) -> None:
    """Refuse unless the records are the list's rows, each once, and have the signed root."""
    where, data = bag.at("records.jsonl"), bag.get("records.jsonl")
    if not data.endswith(b"\n"):
        refuse(Check.RECORDS, where, "the last line does not end in a newline")
    lines = data[:-1].split(b"\n")
    rows = {row["admission"]: row for row in listed.rows}
    expected = _expected(bag.get("list.json"), said, listed)
    salts: set[bytes] = set()
    last = b""
    for number, line in enumerate(lines, 1):
        place = f"{where} line {number}"
        right = _as_expected(line, expected)
        value = {} if right else read_record(Check.RECORDS, place, line)
        who, salt = right or (value["admission"], str(value["salt"]).encode())
        last, before = sha256(line), last
        if before >= last:
            refuse(Check.RECORDS, place, "the lines are not sorted by their digests")
        if salt in salts:
            refuse(Check.RECORDS, place, "this salt was used before")
        salts.add(salt)
        row = rows.pop(str(who), None)
        if right is None or row is None:
            _require_row(place, value or read_record(Check.RECORDS, place, line), said, row)
    if rows:
        refuse(Check.RECORDS, where, f"there is no record of {min(rows)}")
    tree = Levels(leaf_hashes(lines))
    root = said.root
    require_equal(Check.ROOT, where, (tree.size, tree.root()), root and (root.size, root.root))


def _expected(data: bytes, said: Publication, listed: Listed) -> Mapping[bytes, _Expected]:
    """By the beginning of its line: admission number, bytes before and after the salt of a record.

    A shorter way to what the slow checks come to, which name what differs: the rows as they stand
    in list.json, with what a record has besides. Empty where the rows cannot be told apart.
    """
    exam = jcs({"exam": said.exam})[1:-1]
    salt, stage = b',"salt":"', b'",' + jcs({"stage": said.stage})[1:-1]
    version = b',"v":1,' + jcs({"version": said.version})[1:-1]
    start = len(b'{%s,"rows":[{"admission":"' % exam)
    texts = data[start : data.rindex(b'}],"stage":"')].split(b'},{"admission":"')
    if len(texts) != len(listed.rows):
        return {}
    found: dict[bytes, _Expected] = {}
    for text, row in zip(texts, listed.rows, strict=True):
        # No quotation mark within a string stands without a backslash before it, and of the
        # keys after "subjects" none has an object: these are the row's own keys.
        first = text.index(b',"interview')
        middle = text.rindex(b',"subjects":{')
        end = text.rindex(b',"written":"')
        who = b'{"admission":"' + text[:first]
        head = b"%s,%s%s%s" % (who, exam, text[first:middle], salt)
        tail = b"%s%s%s%s}" % (stage, text[middle:end], version, text[end:])
        found[who] = row["admission"], head, tail
    return found


def _as_expected(line: bytes, expected: Mapping[bytes, _Expected]) -> tuple[str, bytes] | None:
    """Admission number and salt of a line that has exactly the expected bytes; None otherwise."""
    right = expected.get(line[: line.find(b',"exam":')])
    if right is None:
        return None
    admission, head, tail = right
    end = len(head) + _SALTED
    salt = line[len(head) : end]
    as_it_must = line.startswith(head) and line[end:] == tail and _SALT.fullmatch(salt)
    return (admission, salt) if as_it_must else None


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
