"""match/v1 and lottery/v1 for the ceremony: the one group of a manifest as the engines' input.

    {"id": "interviewers", "labels": [str, …], "slots": [{"id": panel, "capacity": seats}, …],
     "rules": {…}, "employers": [str, …],
     "people": {"roles": [[int, …], …], "employer": [int, …], "area": [str, …], "woman": [0|1, …]},
     "apart": [[person, person], …], "groups": {"id": [str, …], "barred": [[person, group], …]}}

is the part of match/v1 (proctoring.panels_input) with the people's labels in `labels` and the
panels in `slots`; `allocations` beside them makes it the part of lottery/v1. Out comes
`{"id", "slots", "reserve", "roles", "possible"}` with the `epoch` of match/v1 or the `index` of
lottery/v1: seats role after role, `roles` the role of each reserve, `possible` one dealing of the
groups that shows that their own draw can be made. It is not that draw's outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exam_system.trust.canonical import jcs, sha256_hex
from proctoring import lottery
from proctoring.panels import match_v1
from proctoring.panels_check import check_panels
from proctoring.reading import BadInput

Groups = Sequence[Mapping[str, Any]]
Drawn = list[dict[str, Any]]
INPUTS = ("rules", "employers", "apart", "groups")
_SHAPE = frozenset({"id", "labels", "slots", "people", *INPUTS})


def match_engine(groups: Groups, seed: str, purpose: str) -> Drawn:
    """match/v1; raises BadInput, Infeasible or NotFound (ValueErrors of proctoring)."""
    group = _only(groups, _SHAPE)
    return [_filled(group, match_v1(match_part(group), seed, purpose=purpose), "epoch")]


def lottery_engine(groups: Groups, seed: str, purpose: str) -> Drawn:
    """lottery/v1; raises BadInput."""
    group = _only(groups, _SHAPE | {"allocations"})
    part = lottery_part(group)
    return [_filled(group, lottery.lottery_v1(part, seed, purpose=purpose), "index")]


def match_part(group: Mapping[str, Any]) -> dict[str, Any]:
    """The part of match/v1; raises BadInput where a panel's capacity is not that of its roles."""
    seats = sum(role["seats"] for role in group["rules"]["roles"])
    for slot in group["slots"]:
        if dict(slot) != {"id": slot["id"], "capacity": seats}:
            raise BadInput(f"The panel {slot['id']} must have {seats} places, as the roles say.")
    people = {"label": group["labels"], **group["people"]}
    panels = [slot["id"] for slot in group["slots"]]
    return {"people": people, "panels": panels} | {key: group[key] for key in INPUTS}


def lottery_part(group: Mapping[str, Any]) -> dict[str, Any]:
    """The part of lottery/v1."""
    return {"match": match_part(group), "allocations": group["allocations"]}


def allocations_of(group: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """The list of a lottery, which the rest of the manifest's group alone decides.

    `count` runs of match/v1 under the digest of that group, who had fewest seats first.
    """
    rest = {key: value for key, value in group.items() if key != "allocations"}
    return lottery.list_allocations(match_part(rest), count, salt=sha256_hex(jcs(rest)))


def frequencies_of(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per person of a lottery's list the number of allocations with a seat for them.

    [{"label": str, "seated": int, "of": m}] in listed order: exact chances, known before the
    draw. Empty for any other algorithm.
    """
    if manifest["algorithm"] != "lottery/v1":
        return []
    return lottery.frequencies(lottery_part(manifest["groups"][0]))


def check_match(groups: Groups, drawn: Drawn) -> list[str]:
    """What an outcome of match/v1 breaks, found without the engine's code."""
    return check_panels(match_part(groups[0]), result_of(drawn[0]))


def check_lottery(groups: Groups, drawn: Drawn) -> list[str]:
    """The same for lottery/v1; and whether each allocation of the list keeps the rules, and the
    list is the one that follows from the rest of the manifest."""
    group = groups[0]
    broken = lottery.check_list(lottery_part(group))
    if group["allocations"] != allocations_of(group, len(group["allocations"])):
        broken.append("the list of allocations does not follow from the people and the rules")
    return broken + check_match(groups, drawn)


def result_of(group: Mapping[str, Any]) -> dict[str, Any]:
    """A drawn group as proctoring's checks and substitutes take it."""
    named = zip(group["reserve"], group["roles"], strict=True)
    return {
        "panels": [{"id": slot["id"], "labels": slot["labels"]} for slot in group["slots"]],
        "reserve": [{"label": label, "role": role} for label, role in named],
        "groups": group["possible"],
    }


def _only(groups: Groups, shape: frozenset[str]) -> Mapping[str, Any]:
    if len(groups) != 1 or set(groups[0]) != shape:
        raise BadInput(f"A draw of panels has one group with {', '.join(sorted(shape))}.")
    return groups[0]


def _filled(group: Mapping[str, Any], result: Mapping[str, Any], run: str) -> dict[str, Any]:
    return {
        "id": group["id"],
        "slots": result["panels"],
        "reserve": [one["label"] for one in result["reserve"]],
        "roles": [one["role"] for one in result["reserve"]],
        "possible": result["groups"],
        run: result[run],
    }
