"""What a verb says when it does not do what was asked: sentences for who can act on them."""

from __future__ import annotations

from exam_system.sheets.sentence import Sentence

__all__ = [
    "Conflict",
    "Fault",
    "Forbidden",
    "Invalid",
    "NotFound",
    "Refused",
    "Sentence",
    "Unavailable",
]


class Refused(Sentence):
    """An act that was not carried out; nothing of it remains: the caller rolls back."""


class Invalid(Refused):
    """The input is wrong; the sentence says what, where and what to do."""


class Forbidden(Refused):
    """The actor's role does not have this verb."""

    status = 403


class NotFound(Refused):
    """No such thing, or not for this actor: the two look the same."""

    status = 404


class Conflict(Refused):
    """The thing is not in a state in which this may be done, or somebody was faster."""

    status = 409


class Fault(RuntimeError):
    """The system itself is not in order (configuration, missing trace): it stops and says so."""


class Unavailable(Fault):
    """Acts have stopped: nothing may be done until the log is in order again (503).

    Not a refusal of what was asked, so that no page takes it for one.
    """

    status = 503

    def __init__(self, sentence: Sentence, why: str = "") -> None:
        super().__init__(f"{sentence} ({why})" if why else str(sentence))
        self.sentence = sentence
