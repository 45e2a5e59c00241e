"""Signed lists of marking: every mark by script number computed again, a recount added up again.

The arithmetic here is this program's own: it shares nothing with the office's marking or scoring.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation

from exam_system.trust import marking_notes, notes, publication
from exam_system.trust.errors import Malformed, TrustError
from exam_system.trust.marking_notes import Asked, KeyNote, MarksNote
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring, remark
from exam_system.verify.release import read_publication

_HEADS = {
    "codes": ["admission", "subject", "drawn", "number"],
    "marks": ["number", "question", "first", "second", "third", "mark"],
    "scores": ["admission", "subject", "score"],
    "lines": ["subject", "place", "sheet", "taken", "counted", "difference"],
}
_CENT = Decimal("0.01")
Table = list[list[str]]


def verify_marking(bag: Bag, keys: Keyring) -> str:
    """Check a folder or zip with signed marks or a signed recount; raises Refused."""
    if "marks.note" in bag.files:
        return _marks(bag, keys)
    if "recount.note" in bag.files:
        return _recount(bag, keys)
    return refuse(Check.COMPLETE, bag.shown, "marks.note or recount.note must be there")


def verify_key(name: str, data: bytes, keys: Keyring) -> str | None:
    """What a text about a version of an answer key is; None when it is of something else."""
    try:
        header = notes.parse(data).text.partition("\n")[0]
    except TrustError:
        return None
    if header != f"{keys.origin}{marking_notes.KEY}":
        return None
    text = keys.opened(data, name, "publisher", cosigners=0)
    with holds(Check.ANSWER_KEY, name):
        said = marking_notes.parse_key(text)
    named = f"key of {said.question}{said.form}, {said.exam} v{said.version}"
    told = f"{named}: {said.changed} marks changed"
    return f"{name} ({told}{remark(keys.undated(data, name, 'publisher'))})"


def _marks(bag: Bag, keys: Keyring) -> str:
    where, data = bag.at("marks.note"), bag.get("marks.note")
    text = keys.opened(data, where, "publisher", cosigners=0)
    with holds(Check.MARKS, where):
        if text.partition("\n")[0] != f"{keys.origin}{marking_notes.MARKS}":
            raise Malformed("This is no text about marks.")
        said = marking_notes.parse_marks(text)
    if bag.name:
        require_equal(Check.NAME, bag.shown, bag.name, said.name)
    found = _key_notes(bag, keys, said)
    tables = {name: _table(bag, name, said.told[name]) for name in ("codes", "marks", "scores")}
    numbers = _require_numbers(bag, said, tables["codes"])
    settled = _require_settled(bag, said, tables["marks"])
    scores = _require_scores(bag, said, numbers, settled, tables["scores"])
    remarks = _require_rescored(bag, keys, said, found, tables["marks"])
    remarks += _list_beside(bag, keys, said, scores)
    ended = remark(keys.undated(data, where, "publisher"))
    count = f"{len(tables['marks'])} marks, {len(scores)} scores"
    return f"{bag.shown} (marks by script number, {count}{remarks}{ended})"


Keys = dict[tuple[str, str], dict[int, KeyNote]]
"""The versions of a key by question and paper form ("": all forms)."""


def _key_notes(bag: Bag, keys: Keyring, said: MarksNote) -> Keys:
    """The versions of each key count from 1; nothing else lies in the folder."""
    found: Keys = {}
    for file in sorted(set(bag.files) - {"marks.note", "codes.csv", "marks.csv", "scores.csv"}):
        if verify_key(bag.at(file), bag.files[file], keys) is None:
            refuse(Check.KNOWN, bag.at(file), "this file does not belong here")
        key = marking_notes.parse_key(notes.parse(bag.files[file]).text)
        found.setdefault((key.question, key.form), {})[key.version] = key
        expected = (said.told["exam"], key.name)
        require_equal(Check.ANSWER_KEY, bag.at(file), (key.exam, file), expected)
    asked = {one.code for one in said.questions if one.kind == "objective"}
    require_equal(Check.ANSWER_KEY, bag.shown, sorted({q for q, _ in found}), sorted(asked))
    for (question, form), versions in found.items():
        where = f"{bag.shown} {question} {form}".strip()
        counted = list(range(1, len(versions) + 1))
        require_equal(Check.ANSWER_KEY, where, sorted(versions), counted)
        if form and (question, "") in found:
            refuse(Check.ANSWER_KEY, where, "there is a key of all paper forms as well")
    return found


def _require_rescored(bag: Bag, keys: Keyring, said: MarksNote, found: Keys, rows: Table) -> str:
    """Against the version before, if it lies beside: of an objective question as many marks are
    others as the corrected keys say, and none without a corrected key."""
    before = bag.beside(f"marks-{said.told['exam']}-v{said.version - 1}")
    if said.version == 1 or before is None:
        return ""
    text = keys.opened(before.get("marks.note"), before.at("marks.note"), "publisher", cosigners=0)
    with holds(Check.MARKS, before.at("marks.note")):
        older = marking_notes.parse_marks(text)
    earlier = {(row[0], row[1]): row[-1] for row in _table(before, "marks", older.told["marks"])}
    known, total = _key_notes(before, keys, older), 0
    for name, versions in known.items():
        kept = {number: found.get(name, {}).get(number) for number in versions}
        require_equal(Check.ANSWER_KEY, f"{bag.shown} keys of {' '.join(name)}", kept, versions)
    for question in sorted({code for code, _ in found}):
        fresh = [
            key
            for (code, form), versions in found.items()
            for version, key in versions.items()
            if code == question and version not in known.get((code, form), {})
        ]
        others = sum(
            row[1] == question and earlier.get((row[0], question)) != row[-1] for row in rows
        )
        _require_told(f"{bag.at('marks.csv')} {question}", fresh, others)
        total += others
    return f", {total} marks of keys are others than in version {older.version}"


def _require_told(where: str, fresh: Sequence[KeyNote], others: int) -> None:
    """One corrected key: exactly so many marks; several may have changed the same ones."""
    told = sum(key.changed for key in fresh)
    if len(fresh) <= 1:
        require_equal(Check.ANSWER_KEY, f"{where} marks changed", others, told)
    elif others > told:
        refuse(Check.ANSWER_KEY, where, f"{others} marks changed, by keys that changed {told}")


def _table(bag: Bag, name: str, digest: str) -> Table:
    """The rows of a list: the signed one, with its columns, nothing quoted, in order."""
    where, data = bag.at(f"{name}.csv"), bag.get(f"{name}.csv")
    check = Check.RECOUNT if name == "lines" else Check.MARKS
    require_equal(check, f"{where} sha256", hashlib.sha256(data).hexdigest(), digest)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        refuse(check, where, "the list is not UTF-8")
    if '"' in text or "\r" in text or not text.endswith("\n"):
        refuse(check, where, "a cell is quoted, or a line ends otherwise than in a newline")
    head, *rows = list(csv.reader(io.StringIO(text)))
    require_equal(check, f"{where} columns", head, _HEADS[name])
    if any(len(row) != len(head) for row in rows) or rows != sorted(rows):
        refuse(check, where, "a row is not complete, or not in its order")
    return rows


def _require_numbers(bag: Bag, said: MarksNote, rows: Table) -> dict[tuple[str, str], str]:
    """Every number is what the key makes of the drawn code; number by admission and subject."""
    where, secret, exam = bag.at("codes.csv"), said.told["secret"], said.told["exam"]
    committed = _sha(f"exam-system/mask/v1 commit\n{exam}\n{secret}\n")
    require_equal(Check.MARKS, bag.at("marks.note"), said.told["commitment"], committed)
    slots: dict[str, list[str]] = {}
    for _admission, _subject, drawn, _number in rows:
        slots.setdefault(drawn[:-5], []).append(drawn)
    right: dict[str, str] = {}
    for slot, codes in slots.items():
        whole = [f"{slot}{place:05d}" for place in range(1, len(codes) + 1)]
        require_equal(Check.MARKS, f"{where} codes of {slot}", sorted(codes), whole)
        codes.sort(key=lambda one: _sha(f"exam-system/mask/v1\n{secret}\n{one}\n"))
        right |= dict(zip(codes, whole, strict=True))
    for _admission, _subject, drawn, number in rows:
        require_equal(Check.MARKS, f"{where} drawn {drawn}", number, right[drawn])
    found = {(admission, subject): number for admission, subject, _, number in rows}
    require_equal(Check.MARKS, f"{where} scripts", len(found), len(rows))
    return found


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _require_settled(bag: Bag, said: MarksNote, rows: Table) -> dict[tuple[str, str], Decimal]:
    """Every mark of a question follows from those of its markers; by number and question."""
    asked, found = {one.code: one for one in said.questions}, {}
    for number, code, first, second, third, mark in rows:
        where = f"{bag.at('marks.csv')} script {number} {code}"
        if code not in asked or (number, code) in found:
            refuse(Check.MARKS, where, "no such question, or there twice")
        given = [_decimal(where, text) if text else None for text in (first, second, third)]
        expected = _settled(where, asked[code], said.told["arbitration"], given)
        final = _decimal(where, mark)
        if not 0 <= final <= Decimal(asked[code].full):
            refuse(Check.MARKS, where, f"{final} is not from 0 to {asked[code].full}")
        if expected is not None:
            require_equal(Check.MARKS, where, final, expected)
        found[number, code] = final
    return found


def _settled(
    where: str, asked: Asked, arbitration: str, given: Sequence[Decimal | None]
) -> Decimal | None:
    """The mark that follows from up to three; None of an objective question, which has none."""
    first, second, third = given
    if asked.markers == 0:
        require_equal(Check.MARKS, where, list(given), [None, None, None])
        return None
    if first is None or (asked.markers == 2) != (second is not None):
        refuse(Check.MARKS, where, f"the question is marked by {asked.markers}")
    if second is None:
        return first
    if abs(first - second) <= Decimal(asked.threshold):
        return (first + second) / 2
    if third is None:
        refuse(Check.MARKS, where, f"{first} and {second} are too far apart, and there is no third")
    if arbitration == "arbiter":
        return third
    near = max((one for one in (first, second)), key=lambda one: (-abs(one - third), one))
    return (near + third) / 2


def _decimal(where: str, text: str, check: Check = Check.MARKS) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        refuse(check, where, f"{text!r} is no mark")
    if not found.is_finite():
        refuse(check, where, f"{text!r} is no mark")
    return found


def _require_scores(
    bag: Bag,
    said: MarksNote,
    numbers: Mapping[tuple[str, str], str],
    settled: Mapping[tuple[str, str], Decimal],
    rows: Table,
) -> dict[tuple[str, str], str]:
    """Every score is the sum of the marks of its script; somebody without any was absent."""
    where, mode = bag.at("scores.csv"), said.told["rounding"]
    rounding = {"half_up": ROUND_HALF_UP, "truncate": ROUND_DOWN}.get(mode)
    if rounding is None:
        refuse(Check.MARKS, bag.at("marks.note"), f"{mode} is no rounding")
    found = {(admission, subject): score for admission, subject, score in rows}
    require_equal(Check.MARKS, f"{where} rows", sorted(found), sorted(numbers))
    unknown = {number for number, _ in settled} - {*numbers.values()}
    require_equal(Check.MARKS, f"{bag.at('marks.csv')} scripts nobody wrote", sorted(unknown), [])
    for (admission, subject), score in found.items():
        number = numbers[admission, subject]
        own = [
            settled[number, one.code]
            for one in said.questions
            if one.subject == subject and (number, one.code) in settled
        ]
        total = f"{sum(own, Decimal(0)).quantize(_CENT, rounding=rounding):f}"
        expected = total if own else "absent"
        require_equal(Check.MARKS, f"{where} {admission} {subject}", score, expected)
    return found


def _list_beside(
    bag: Bag, keys: Keyring, said: MarksNote, scores: Mapping[tuple[str, str], str]
) -> str:
    """Compare with the newest written release beside; a later version of the marks counts more."""
    exam = said.told["exam"]
    newer = [k for k in bag.versions(f"marks-{exam}") if k > said.version]
    if newer:
        return f", SUPERSEDED by version {newer[0]}, which lies beside"
    for version in bag.versions(f"results-{exam}"):
        other = bag.beside(f"results-{exam}-v{version}")
        if other is None:
            continue
        released, _ = read_publication(other, keys)
        if released.stage != "written":
            continue
        where, data = other.at("list.json"), other.get("list.json")
        [file] = [one for one in released.files if one.name == "list.json"]
        require_equal(Check.DIGEST, where, publication.digest_file("list.json", data), file)
        for row in json.loads(data)["rows"]:
            for subject, mark in row["subjects"].items():
                if mark in ("void", "zero"):  # by a decided violation, whatever was marked
                    continue
                at = f"{where} {row['admission']} {subject}"
                require_equal(Check.MARKS, at, mark, scores.get((row["admission"], subject)))
        return f", compared with {other.shown}"
    return ", written release not beside: not compared with it"


def _recount(bag: Bag, keys: Keyring) -> str:
    where, data = bag.at("recount.note"), bag.get("recount.note")
    text = keys.opened(data, where, "publisher", cosigners=0)
    with holds(Check.RECOUNT, where):
        if text.partition("\n")[0] != f"{keys.origin}{marking_notes.RECOUNT}":
            raise Malformed("This is no text about a recount.")
        said = marking_notes.parse_recount(text)
    if bag.name:
        expected = f"recount-{said['exam']}-v{said['version']}"
        require_equal(Check.NAME, bag.shown, bag.name, expected)
    for file in sorted(set(bag.files) - {"recount.note", "lines.csv"}):
        refuse(Check.KNOWN, bag.at(file), "this file does not belong here")
    gaps = []
    for subject, place, sheet, taken, counted, difference in _table(bag, "lines", said["lines"]):
        at = f"{bag.at('lines.csv')} {subject} {place} {sheet}"
        before = Decimal(0) if taken == "absent" else _decimal(at, taken, Check.RECOUNT)
        gap = _decimal(at, counted, Check.RECOUNT) - before
        require_equal(Check.RECOUNT, at, _decimal(at, difference, Check.RECOUNT), gap)
        gaps.append(abs(gap))
    differing = sum(gap > 0 for gap in gaps)
    sums = {
        "scripts": str(len(gaps)),
        "equal": str(len(gaps) - differing),
        "differing": str(differing),
        "largest": f"{max(gaps, default=Decimal(0)).quantize(_CENT):f}",
    }
    for key, right in sums.items():
        require_equal(Check.RECOUNT, f"{where} {key}", said[key], right)
    told = f"recount of {len(gaps)} scripts, {differing} differing by {sums['largest']} at most"
    return f"{bag.shown} ({told}{remark(keys.undated(data, where, 'publisher'))})"
