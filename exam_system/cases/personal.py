"""Finding what tells of a person in a text that is to be public: numbers, addresses, names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from exam_system.errors import Invalid, Sentence

_GAP = r"[\s\-—－.·]?"
_DIGITS = re.compile(rf"(?<![0-9])[0-9](?:{_GAP}[0-9]){{6,}}{_GAP}[Xx]?")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+")
_SHORTEST_NAME = 2


def findings(text: str, names: Iterable[str] = (), numbers: Iterable[str] = ()) -> list[Sentence]:
    """A sentence for each thing that must not be public; `names` and `numbers` are the letter's.

    Digits are read in every width and through blanks and hyphens, as people write them.
    """
    plain = unicodedata.normalize("NFKC", text)
    found = list(_numbers(plain))
    found += [Sentence("an e-mail address: %(what)s", what=one) for one in _MAIL.findall(plain)]
    close = "".join(plain.split())
    for name in names:
        bare = "".join(unicodedata.normalize("NFKC", name).split())
        if len(bare) >= _SHORTEST_NAME and bare in close:
            found.append(Sentence("the name of whoever wrote: %(what)s", what=name))
    for one in numbers:
        if one and one in close:
            found.append(Sentence("a number of this letter: %(what)s", what=one))
    return found


def _numbers(text: str) -> Iterator[Sentence]:
    for match in _DIGITS.finditer(text):
        digits = re.sub(r"[^0-9Xx]", "", match[0]).upper()
        bare = digits.rstrip("X")
        if len(digits) in (15, 18):
            yield Sentence("an ID number: %(what)s", what=match[0].strip())
        elif len(bare) == 11 and re.fullmatch("1[3-9][0-9]{9}", bare):
            yield Sentence("a mobile number: %(what)s", what=match[0].strip())
        elif bare.startswith("0") and 10 <= len(bare) <= 12:
            yield Sentence("a telephone number: %(what)s", what=match[0].strip())
        elif len(bare) >= 15:
            yield Sentence("a long number: %(what)s", what=match[0].strip())


def require_impersonal(text: str, names: Iterable[str] = (), numbers: Iterable[str] = ()) -> None:
    """Raise Invalid naming the first thing in a text that must not be public."""
    found = findings(text, names, numbers)
    if found:
        raise Invalid("This must not be public, take it out: %(what)s", what=found[0])
