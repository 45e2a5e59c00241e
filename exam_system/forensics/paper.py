"""The objective items of a subject: option counts, keys, and how each paper form prints them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exam_system.trust.canonical import JSON, jcs
from proctoring.similarity.answers import OMIT, to_master

LETTERS = "ABCDEFGHI"
MASTER = 1
"""Form A is the master: every other one is mapped to it before anything is compared."""
NOT_REACHED, DOUBLE = -2, -3
"""Codes beside OMIT: nothing any more to the end of the form as printed; two options marked."""
SIGNS = {OMIT: "-", NOT_REACHED: "/", DOUBLE: "*"}

Sheets = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Form:
    """How a form prints the master: by printed place, the master's item and, by printed option,
    the master's option; all from 0."""

    items: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Options and key (from 0) of every item of the master; `forms` by number, without form 1."""

    counts: tuple[int, ...]
    keys: tuple[int, ...]
    forms: Mapping[int, Form]

    @property
    def options(self) -> int:
        """The options of the item with the most."""
        return max(self.counts)

    @property
    def key(self) -> Sheets:
        """(items,) the right options."""
        return np.array(self.keys, dtype=np.int8)

    @property
    def lacking(self) -> npt.NDArray[np.bool_]:
        """(items, options) what an item does not offer."""
        lacking: npt.NDArray[np.bool_] = np.arange(self.options) >= np.array(self.counts)[:, None]
        return lacking

    def offered(self, form: int) -> tuple[int, ...]:
        """The number of options at each printed place of a form."""
        if form == MASTER:
            return self.counts
        return tuple(self.counts[item] for item in self.forms[form].items)

    def mapped(self, form: int, printed: Sheets) -> Sheets:
        """Answers (people, printed places) of a form as those of the master; signs stay."""
        if form == MASTER:
            return printed
        own = self.forms[form]
        place = np.argsort(own.items)
        orders = np.tile(np.arange(self.options), (len(place), 1))
        for item, at in enumerate(place):
            orders[item, : len(own.options[at])] = own.options[at]
        moved = printed[:, place]
        master = to_master(np.maximum(moved, OMIT), orders)
        return np.where(moved < 0, moved, master).astype(np.int8)

    @property
    def document(self) -> str:
        """The paper as canonical JSON."""
        forms: JSON = {
            str(number): {
                "items": list(form.items),
                "options": ["".join(LETTERS[one] for one in order) for order in form.options],
            }
            for number, form in self.forms.items()
        }
        counts, keys = list(self.counts), "".join(LETTERS[one] for one in self.keys)
        return jcs({"v": 1, "counts": counts, "keys": keys, "forms": forms}).decode()

    @classmethod
    def parse(cls, document: str) -> Paper:
        """Read what `document` wrote."""
        told = json.loads(document)
        forms = {
            int(number): Form(tuple(form["items"]), tuple(map(_codes, form["options"])))
            for number, form in told["forms"].items()
        }
        return cls(tuple(told["counts"]), _codes(told["keys"]), forms)


def _codes(letters: str) -> tuple[int, ...]:
    return tuple(LETTERS.index(one) for one in letters)


def strip(answers: npt.NDArray[np.integer]) -> str:
    """One sheet as letters and signs."""
    return "".join(SIGNS[int(one)] if one < 0 else LETTERS[int(one)] for one in answers)
