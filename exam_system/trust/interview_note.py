"""The text of an interview note: what one candidate got from each interviewer, signed on the spot.

<origin>/interview/v1
exam <exam code>
number <admission number>
panel <panel code>
scores 85.00 86.00 …        (by the interviewers' places, 1 first)
dropped <place> <place>     (the highest first, then the lowest; none where nothing is dropped)
result 84.20
rules <sha256 hex of rules.json>
"""

import re
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, digest_text, fields, lines, number
from exam_system.trust.errors import Malformed

_TAIL = "/interview/v1"
_KEYS = ["exam", "number", "panel", "scores", "dropped", "result", "rules"]
_NONE = "none"
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
