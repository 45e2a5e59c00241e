"""The text of an interview note: what one candidate got from each interviewer, signed on the spot.

<origin>/interview/v1
exam <exam code>
number <admission number>
panel <panel code>
scores 85.00 86.00 …        (by the interviewers' places, 1 first)
dropped <place> <place>     (the highest first, then the lowest; none where nothing is dropped)
result 84.20
rules <sha256 hex of rules.json>

Where interviewers mark elements, the note is of version 2 and has between panel and result:

trimming element            (or total)
element yy 20 1             (code, full marks, weight; one line for each element)
sheet 18.00 17.50 … 85.50   (one line for each interviewer: the marks of the elements, the total)
dropped 2 3                 (one line for each element; only one where totals are trimmed)
"""

import re
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, digest_text, fields, lines, number
from exam_system.trust.errors import Malformed

_TAIL = "/interview/v1"
_KEYS = ["exam", "number", "panel", "scores", "dropped", "result", "rules"]
_NONE = "none"
_SECOND = "/interview/v2"
_BEFORE = ["exam", "number", "panel", "trimming"]
_REPEATED = ("element", "sheet", "dropped")
_TRIMMINGS = ("element", "total")
_MARK = re.compile(r"(?:0|[1-9][0-9]{0,2})\.[0-9]{2}")
_TOTAL = re.compile(r"(?:0|[1-9][0-9]{0,2})\.[0-9]{2,6}")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,6})?")
_CODE = re.compile("[a-z][a-z0-9]{0,9}")
_SCORE = re.compile(r"(?:100\.00|(?:0|[1-9][0-9]?)\.[0-9]{2})")
_RESULT = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class InterviewNote:
    """`scores` are texts with two decimals by place; `dropped` are places, counted from 1;
    `rules` is the digest of the rule set that says how many are dropped and how it is rounded."""

    origin: str
    exam: str
    number: str
    panel: str
    scores: tuple[str, ...]
    dropped: tuple[int, ...]
    result: str
    rules: str

    def __post_init__(self) -> None:
        for label in (self.origin, self.exam, self.number, self.panel):
            clean_label(label)
        digest_text(self.rules)
        if not self.scores or not all(map(_SCORE.fullmatch, self.scores)):
            raise Malformed("The scores of an interview run from 0.00 to 100.00, two decimals.")
        if not _RESULT.fullmatch(self.result):
            raise Malformed(f"{self.result[:20]!r} is not the result of an interview.")
        self._check_dropped()

    def _check_dropped(self) -> None:
        places = set(self.dropped)
        if len(places) != len(self.dropped) or not places < set(range(1, len(self.scores) + 1)):
            raise Malformed("The dropped places must be some, not all, of the scores, each once.")

    @property
    def text(self) -> str:
        """What the publisher signs."""
        dropped = " ".join(map(str, self.dropped)) or _NONE
        values = (self.exam, self.number, self.panel, " ".join(self.scores), dropped)
        rows = zip(_KEYS, (*values, self.result, self.rules), strict=True)
        return f"{self.origin}{_TAIL}\n" + "".join(f"{key} {value}\n" for key, value in rows)


def parse(text: str) -> InterviewNote:
    """Read the text of an opened interview note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if not header.endswith(_TAIL) or [key for key, _ in pairs] != _KEYS:
        raise Malformed(f"An interview note is <origin>{_TAIL} and the lines {', '.join(_KEYS)}.")
    exam, admission, panel, scores, dropped, result, rules = (value for _, value in pairs)
    return InterviewNote(
        header.removesuffix(_TAIL),
        exam,
        admission,
        panel,
        tuple(scores.split(" ")),
        () if dropped == _NONE else tuple(map(number, dropped.split(" "))),
        result,
        rules,
    )


@dataclass(frozen=True, slots=True)
class SheetNote:
    """What interviewers marked element by element; texts as they stand in the note.

    `elements` are code, full marks and weight; `sheets` the marks of each interviewer, in the
    elements' order, `totals` their weighted sums; `dropped` places by element, or of the totals.
    """

    origin: str
    exam: str
    number: str
    panel: str
    trimming: str
    elements: tuple[tuple[str, str, str], ...]
    sheets: tuple[tuple[str, ...], ...]
    totals: tuple[str, ...]
    dropped: tuple[tuple[int, ...], ...]
    result: str
    rules: str

    def __post_init__(self) -> None:
        for label in (self.origin, self.exam, self.number, self.panel):
            clean_label(label)
        digest_text(self.rules)
        if self.trimming not in _TRIMMINGS or not _RESULT.fullmatch(self.result):
            raise Malformed("Trimming is by element or total, and the result is a number.")
        self._check_elements()
        self._check_sheets()
        self._check_dropped()

    def _check_elements(self) -> None:
        codes = [code for code, _, _ in self.elements]
        numbers = [text for element in self.elements for text in element[1:]]
        if not codes or len(set(codes)) < len(codes) or not all(map(_CODE.fullmatch, codes)):
            raise Malformed("The elements have codes, each another one.")
        if not all(map(_NUMBER.fullmatch, numbers)):
            raise Malformed("Full marks and weights of the elements are numbers.")

    def _check_sheets(self) -> None:
        marks = [mark for sheet in self.sheets for mark in sheet]
        whole = all(len(sheet) == len(self.elements) for sheet in self.sheets)
        if not self.sheets or not whole or not all(map(_MARK.fullmatch, marks)):
            raise Malformed("Every sheet has a mark with two decimals for each element.")
        if len(self.totals) != len(self.sheets) or not all(map(_TOTAL.fullmatch, self.totals)):
            raise Malformed("Every sheet ends with its total.")

    def _check_dropped(self) -> None:
        parts = len(self.elements) if self.trimming == "element" else 1
        known = set(range(1, len(self.sheets) + 1))
        counts = {len(places) for places in self.dropped}
        if (
            len(self.dropped) != parts
            or len(counts) != 1
            or any(
                len(set(places)) != len(places) or not set(places) < known
                for places in self.dropped
            )
        ):
            raise Malformed("The dropped places must be some, not all, of the sheets, each once.")

    @property
    def text(self) -> str:
        """What the publisher signs."""
        sheets = zip(self.sheets, self.totals, strict=True)
        rows = [
            *zip(_BEFORE, (self.exam, self.number, self.panel, self.trimming), strict=True),
            *(("element", " ".join(element)) for element in self.elements),
            *(("sheet", " ".join((*marks, total))) for marks, total in sheets),
            *(("dropped", " ".join(map(str, places)) or _NONE) for places in self.dropped),
            ("result", self.result),
            ("rules", self.rules),
        ]
        return f"{self.origin}{_SECOND}\n" + "".join(f"{key} {value}\n" for key, value in rows)


def parse_sheets(text: str) -> SheetNote:
    """Read the text of an opened interview note of version 2; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if not header.endswith(_SECOND) or len(pairs) < len(_BEFORE) + 2:
        raise Malformed(f"This is no interview note {_SECOND}.")
    exam, admission, panel, trimming = (value for _, value in pairs[:4])
    found = {key: [v.split(" ") for k, v in pairs if k == key] for key in _REPEATED}
    if not all(len(element) == 3 for element in found["element"]):
        raise Malformed("An element has a code, full marks and a weight.")
    read = SheetNote(
        header.removesuffix(_SECOND),
        *(exam, admission, panel, trimming),
        tuple((one[0], one[1], one[2]) for one in found["element"]),
        tuple(tuple(sheet[:-1]) for sheet in found["sheet"]),
        tuple(sheet[-1] for sheet in found["sheet"]),
        tuple(() if p == [_NONE] else tuple(map(number, p)) for p in found["dropped"]),
        pairs[-2][1],
        pairs[-1][1],
    )
    if read.text != text:
        raise Malformed("The lines of the interview note are not in their order.")
    return read
