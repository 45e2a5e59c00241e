"""Finding what tells of a person in a text that is to be public: numbers, addresses, names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from exam_system.errors import Invalid, Sentence
from exam_system.personal import EVERY, personal_in

_SHORTEST_NAME = 2
_SAID = {
    "id": "an ID number: %(what)s",
    "mobile": "a mobile number: %(what)s",
    "card": "a bank card number: %(what)s",
    "landline": "a telephone number: %(what)s",
    "long": "a long number: %(what)s",
    "mail": "an e-mail address: %(what)s",
}


def findings(text: str, names: Iterable[str] = (), numbers: Iterable[str] = ()) -> list[Sentence]:
    """A sentence for each thing that must not be public; `names` and `numbers` are the letter's."""
    found = [Sentence(_SAID[one.kind], what=one.text) for one in personal_in(text, EVERY)]
    close = "".join(unicodedata.normalize("NFKC", text).split())
    for name in names:
        bare = "".join(unicodedata.normalize("NFKC", name).split())
        if len(bare) >= _SHORTEST_NAME and bare in close:
            found.append(Sentence("the name of whoever wrote: %(what)s", what=name))
    for one in numbers:
        if one and one in close:
            found.append(Sentence("a number of this letter: %(what)s", what=one))
    return found


def require_impersonal(text: str, names: Iterable[str] = (), numbers: Iterable[str] = ()) -> None:
    """Raise Invalid naming the first thing in a text that must not be public."""
    found = findings(text, names, numbers)
    if found:
        raise Invalid("This must not be public, take it out: %(what)s", what=found[0])
