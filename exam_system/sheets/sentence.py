"""An error that is a sentence for the person who can act on it, and can be translated later."""

from collections.abc import Callable


def untranslated(msgid: str) -> str:
    return msgid


class Sentence(ValueError):
    """`msgid` is English with %(name)s places; `params` fill them (a Sentence may fill one too).

    `str()` gives English. A page shows `text(gettext)`.
    """

    status = 422  # what a page answers with

    def __init__(self, msgid: str, /, **params: object) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.params = params

    def text(self, translate: Callable[[str], str] = untranslated) -> str:
        """The sentence in the language of `translate`, its parameters filled in."""
        filled = {
            name: value.text(translate) if isinstance(value, Sentence) else value
            for name, value in self.params.items()
        }
        return translate(self.msgid) % filled

    def __str__(self) -> str:
        return self.text()
