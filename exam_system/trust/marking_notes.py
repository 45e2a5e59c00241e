"""Signed texts of marking: the marks of an exam, a version of a key, the recount of a sample.

Marks: `<origin>/marks/v1`, `exam`, `version`, `arbitration`, `rounding`, a line `question <code>
<subject> <kind> <full> <markers> <threshold>` each, `commitment`, `secret` (docs: script numbers),
`codes`, `marks`, `scores` (SHA-256 of the lists), from version 2 on `previous` and `reason`.
Key: `<origin>/answer-key/v1`, `exam`, `question`, of one paper form only `form` (a letter from A),
`version`, `key` (SHA-256 of its JCS), `sheets`, `changed`, from version 2 on `reason`.
Recount: `<origin>/recount/v1`, `exam`, `version`, `scripts`, `equal`, `differing`, `largest`,
`lines`. None of them names anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, digest_text, fields, lines, number
from exam_system.trust.errors import Malformed

MARKS, KEY, RECOUNT = "/marks/v1", "/answer-key/v1", "/recount/v1"
_MARKS = ("exam", "version", "arbitration", "rounding")
_LISTS = ("codes", "marks", "scores")
_OPENED = ("commitment", "secret", *_LISTS)
_KEY = ("version", "key", "sheets", "changed")
_FORMS = "ABCDEFGHI"
_RECOUNT = ("exam", "version", "scripts", "equal", "differing", "largest", "lines")
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the text names it; numbers as text."""

    code: str
    subject: str
    kind: str
    full: str
    markers: int
    threshold: str


@dataclass(frozen=True, slots=True)
class MarksNote:
    """What the text about an exam's marks says; `told` holds its single lines by their key."""

    version: int
    told: dict[str, str]
    questions: tuple[Asked, ...]

    @property
    def name(self) -> str:
        """The folder it belongs into."""
        return f"marks-{self.told['exam']}-v{self.version}"

    def text(self, origin: str) -> str:
        """The text that is signed."""
        asked = [f"question {' '.join(_words(one))}" for one in self.questions]
        head = [f"{key} {self.told[key]}" for key in _MARKS]
        rest = [f"{key} {self.told[key]}" for key in _rest(self.version)]
        return "".join(f"{row}\n" for row in (f"{origin}{MARKS}", *head, *asked, *rest))


def _words(one: Asked) -> Iterator[str]:
    yield from (one.code, one.subject, one.kind, one.full, str(one.markers), one.threshold)


def _rest(version: int) -> tuple[str, ...]:
    return (*_OPENED, "previous", "reason") if version > 1 else _OPENED


def parse_marks(text: str) -> MarksNote:
    """Read the text about an exam's marks; raises Malformed."""
    pairs = fields(lines(text)[1:])
    questions = [value for key, value in pairs if key == "question"]
    single = [(key, value) for key, value in pairs if key != "question"]
    told = dict(single)
    version = number(told.get("version", "0"))
    wanted = [*_MARKS, *["question"] * len(questions), *_rest(version)]
    if [key for key, _ in pairs] != wanted or version < 1 or not questions:
        raise Malformed("The lines of the text about marks are not as they must be.")
    for key in ("commitment", "secret", *_LISTS):
        digest_text(told[key])
    clean_label(told["exam"])
    return MarksNote(version, told, tuple(map(_asked, questions)))


def _asked(value: str) -> Asked:
    words = value.split(" ")
    if len(words) != 6 or words[4] not in ("0", "1", "2"):
        raise Malformed("A question has a code, a subject, a kind, marks, markers and a threshold.")
    code, subject, kind, full, markers, threshold = words
    return Asked(code, subject, kind, full, int(markers), threshold)


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What a text about a version of a key says; `form` "": the key is that of all paper forms."""

    exam: str
    question: str
    version: int
    key: str
    sheets: int
    changed: int
    reason: str
    form: str = ""

    @property
    def name(self) -> str:
        """The file it belongs into."""
        return f"key-{self.question}{'-' if self.form else ''}{self.form}-v{self.version}.note"

    def text(self, origin: str) -> str:
        """The text that is signed."""
        rows = [f"{key} {getattr(self, key)}" for key in _key_lines(self.version, self.form)]
        return "".join(f"{row}\n" for row in (f"{origin}{KEY}", *rows))


def _key_lines(version: int, form: str) -> tuple[str, ...]:
    named = ("exam", "question", "form") if form else ("exam", "question")
    return (*named, *_KEY, "reason") if version > 1 else (*named, *_KEY)


def parse_key(text: str) -> KeyNote:
    """Read a text about a version of a key; raises Malformed."""
    told = dict(pairs := fields(lines(text)[1:]))
    version, form = number(told.get("version", "0")), told.get("form", "")
    if [key for key, _ in pairs] != [*_key_lines(version, form)] or version < 1:
        raise Malformed("The lines of the text about a key are not as they must be.")
    if "form" in told and (len(form) != 1 or form not in _FORMS):
        raise Malformed("A paper form is a letter from A to I.")
    sheets, changed = number(told["sheets"]), number(told["changed"])
    if changed > sheets or (version == 1 and changed):
        raise Malformed("More marks changed than there are sheets, or by a first key.")
    exam, question = clean_label(told["exam"]), clean_label(told["question"])
    digest, reason = digest_text(told["key"]), told.get("reason", "")
    return KeyNote(exam, question, version, digest, sheets, changed, reason, form)


def recount_text(origin: str, told: dict[str, str]) -> str:
    """The text about a recount that is signed; `told` by the keys of its lines."""
    return f"{origin}{RECOUNT}\n" + "".join(f"{key} {told[key]}\n" for key in _RECOUNT)


def parse_recount(text: str) -> dict[str, str]:
    """Read the text about a recount; raises Malformed."""
    told = dict(pairs := fields(lines(text)[1:]))
    if [key for key, _ in pairs] != [*_RECOUNT] or number(told["version"]) < 1:
        raise Malformed("The lines of the text about a recount are not as they must be.")
    digest_text(told["lines"])
    clean_label(told["exam"])
    return told
