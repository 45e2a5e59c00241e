"""What a verb says when it does not do what was asked: sentences for who can act on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exam_system.sheets.sentence import Sentence, untranslated

__all__ = [
    "Conflict",
    "Fault",
    "Forbidden",
    "Gathered",
    "Invalid",
    "NotFound",
    "Refused",
    "Sentence",
    "Several",
    "Unavailable",
    "parts_of",
]


class Refused(Sentence):
    """An act that was not carried out; nothing of it remains: the caller rolls back."""


class Invalid(Refused):
    """The input is wrong; the sentence says what, where and what to do."""


class Several(Invalid):
    """Several things of one form are wrong at once; its text is all of their sentences."""

    def __init__(self, errors: list[Sentence]) -> None:
        super().__init__("")
        self.errors = errors

    def text(self, translate: Callable[[str], str] = untranslated) -> str:
        """Each sentence once, a line each."""
        return "\n".join(dict.fromkeys(error.text(translate) for error in self.errors))


class Gathered:
    """Looks at every input of a form before it refuses any.

    `with wrong.about("fee"): fen = read_amount(text)` keeps what is refused in the block, said of
    that field, or of what it says itself where none is named; `wrong.tell()` raises all of it.
    """

    def __init__(self) -> None:
        self.errors: list[Sentence] = []

    @contextmanager
    def about(self, field: str = "") -> Iterator[None]:
        """A block that reads one field; its refusal is told later."""
        try:
            yield
        except Sentence as error:
            own = not field or isinstance(error, Several)
            self.errors += [
                one if own and one.field else one.about(field) for one in parts_of(error)
            ]

    def tell(self) -> None:
        """Raise what was refused: the one as it was, more of them as Several."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise Several(self.errors)


def parts_of(error: Sentence) -> list[Sentence]:
    """The single sentences of a refusal."""
    return error.errors if isinstance(error, Several) else [error]


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
