"""The result of a published draw once more, by the slow second implementations of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exam_system.verify import matching, rotating
from tests.engines.slow_engines import slow_deal, slow_order, tickets
from tests.engines.slow_proctoring import slow_rotation
from tests.engines.slow_proctoring_panels import slow_lottery, slow_match
from tests.engines.slow_seating import Chance, slow_groups, slow_seats

Json = dict[str, Any]
BY_TICKET = {"order/v1": slow_order, "deal/v1": slow_deal}
BY_WORDS = {"seats/v1": slow_seats, "groups/v1": slow_groups}


def told_and_found(bundle: Path) -> tuple[object, object]:
    """What the bundle's result says, and what the slow implementation finds, in one shape."""
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    told = json.loads((bundle / "result.json").read_text(encoding="utf-8"))["groups"]
    seed = _seed(bundle)
    algorithm, purpose, groups = (manifest[key] for key in ("algorithm", "purpose", "groups"))
    if algorithm in BY_TICKET:
        return told, BY_TICKET[algorithm](groups, tickets(seed, purpose))
    if algorithm in BY_WORDS:
        return told, BY_WORDS[algorithm](groups, Chance(seed, purpose))
    if algorithm == "rotation/v1":
        return _rotation(groups, told, seed, purpose)
    if algorithm == "match/v1":
        part, run = matching.match_part(groups[0]), "epoch"
        found = slow_match(part, seed, purpose)
    else:
        part, run = matching.lottery_part(groups[0]), "index"
        found = slow_lottery(part, seed, purpose)
    return {run: told[0][run], **matching.result_of(told[0])}, found


def _seed(bundle: Path) -> str:
    lines = (bundle / "draw.note").read_text(encoding="utf-8").split("\n")
    return next(line.split(" ")[1] for line in lines if line.startswith("seed "))


def _rotation(groups: list[Json], told: list[Json], seed: str, purpose: str) -> tuple[Any, Any]:
    said, found = [], []
    for group, drawn in zip(groups, told, strict=True):
        said.append(rotating.outcome_of(group, drawn))
        result = slow_rotation(rotating.part_of(group), seed, purpose)
        (district,) = result["districts"]
        for session in district["sessions"]:  # a bundle lists the reserves site by site
            both = zip(session["reserve_site"], session["reserve"], strict=True)
            pairs = sorted(both, key=lambda pair: pair[0])
            session["reserve"] = [label for _, label in pairs]
            session["reserve_site"] = [site for site, _ in pairs]
        found.append(district)
    return said, found
