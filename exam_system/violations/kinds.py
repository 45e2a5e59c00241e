"""Kinds of incidents (kinds.json): what they are called, whom they concern, what they suggest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from exam_system.errors import Invalid


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `who` is candidate, staff or event. `innocent` ones are recorded and no more;
    `experts`: only a decision of the marking experts opens a case of it.

    `tiers` suggests tier and item by the code of a regime, "*" for all.
    """

    code: str
    zh: str
    en: str
    who: str
    innocent: bool
    experts: bool
    tiers: Mapping[str, tuple[str, int]]

    def name(self, language: str) -> str:
        """Its name in a language of the pages."""
        return self.en if language == "en" else self.zh

    def suggestion(self, regime: str) -> tuple[str, int] | None:
        """Tier and item that this kind usually falls under; the office decides."""
        return self.tiers.get(regime, self.tiers.get("*"))


@cache
def kinds() -> dict[str, Kind]:
    """All kinds in the order of the list that people choose from."""
    path = Path(__file__).with_name("kinds.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    return {
        code: Kind(
            code,
            one["zh"],
            one["en"],
            one["who"],
            one.get("innocent", False),
            one.get("experts", False),
            {regime: (tier, item) for regime, (tier, item) in one["tiers"].items()},
        )
        for code, one in found.items()
    }


def kind_of(code: str) -> Kind:
    """The kind of this code; raises Invalid."""
    if code not in kinds():
        raise Invalid("Choose from the list what happened").about("kind")
    return kinds()[code]
