"""Who comes into a panel for somebody absent, before and after the groups are drawn."""

from collections.abc import Mapping
from typing import Any

from proctoring.panels_check import PanelSubstitute, next_interviewer, with_substitute
from proctoring.panels_input import read_panels
from proctoring.panels_limits import group_shortfalls

Json = Mapping[str, Any]


def stand_in(part: Json, result: Json, absent: str) -> str | None:
    """The next reserve in ticket order who keeps every rule of the absent person's panel.

    part: of match/v1 (panels_input), with the relations that are known by now. result: "panels",
    "reserve" (without those who cannot come) and "groups", the panel that hears each group. While
    "groups" is empty their draw is still to come, and a reserve comes only if a dealing is left.
    None where nobody is left; raises ValueError when nobody of that label sits in a panel.
    """
    line = list(result["reserve"])
    while (label := next_interviewer(part, {**result, "reserve": line}, absent)) is not None:
        changed = with_substitute(result, PanelSubstitute(absent, label))
        if result["groups"] or can_be_dealt(part, changed):
            return label
        line = [one for one in line if one["label"] != label]
    return None


def can_be_dealt(part: Json, result: Json) -> bool:
    """Whether each group can be heard by a panel of its own without a relation."""
    problem = read_panels(part)
    place = {label: at for at, label in enumerate(problem.label)}
    panels = [[place[label] for label in panel["labels"]] for panel in result["panels"]]
    return not problem.groups or not group_shortfalls(problem, panels)
