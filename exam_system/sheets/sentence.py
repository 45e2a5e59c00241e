"""An error that is a sentence for the person who can act on it, and can be translated later."""

from collections.abc import Callable
from typing import Self

from exam_system.wording import fill


def untranslated(msgid: str) -> str:
    return msgid


class Sentence(ValueError):
    """`msgid` is English with %(name)s places; `params` fill them (a Sentence may fill one too).

    `str()` gives English. A page shows `text(gettext)`.
    """

    status = 422  # what a page answers with
    field = ""
    """The field of the form that it is about, by the name that the form gives it; "" for none.
    Where forms name it differently: each name, with spaces between them."""

    def __init__(self, msgid: str, /, **params: object) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.params = params

    def about(self, field: str) -> Self:
        """The same sentence, said of one field of the form."""
        self.field = field
        return self

    def text(self, translate: Callable[[str], str] = untranslated) -> str:
        """The sentence in the language of `translate`, its parameters filled in."""
        filled = {
            name: value.text(translate) if isinstance(value, Sentence) else value
            for name, value in self.params.items()
        }
        return fill(self.msgid, translate(self.msgid), filled)

    def __str__(self) -> str:
        return self.text()
