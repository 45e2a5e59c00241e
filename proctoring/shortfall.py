"""What is short, where, by how much and what would cure it: one sentence a finding.

All of it is told before a draw has a seed. A set that is short is a minimum cut or a Hall set, so
anybody can count it by hand: `needed` against `available`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NAMED = 8  # a sentence names so many and counts the others

# rule: (what it says, what would cure it); the places are those of Shortfall.params.
SENTENCES = {
    "people": (
        "needs %(needed)s people for its rooms and reserves, %(available)s are listed",
        "list %(short)s more people, or use fewer rooms or reserves",
    ),
    "leads": (
        "needs %(needed)s lead invigilators, %(available)s people are qualified",
        "qualify or list %(short)s more leads, or use %(short)s rooms fewer",
    ),
    "women": (
        "needs %(needed)s women, one for each room, %(available)s are listed",
        "list %(short)s more women, or let the rule prefer a mix where it now requires one",
    ),
    "men": (
        "needs %(needed)s men, one for each room, %(available)s are listed",
        "list %(short)s more men, or let the rule prefer a mix where it now requires one",
    ),
    "sites": (
        "the sites %(who)s need %(needed)s people, at most %(available)s can serve there "
        "(not in the own school, not where they were, one per school and room)",
        "list %(short)s more people of other schools, or move rooms to other sites",
    ),
    "lead-sites": (
        "the sites %(who)s need %(needed)s lead invigilators, at most %(available)s qualified "
        "people can serve there (not in the own school, not where they were)",
        "qualify %(short)s more people of other schools, or move rooms to other sites",
    ),
    "women-sites": (
        "the sites %(who)s need %(needed)s women, at most %(available)s can serve there "
        "(not in the own school, not where they were, one per school and room)",
        "list %(short)s more women of other schools, or let the rule prefer a mix",
    ),
    "men-sites": (
        "the sites %(who)s need %(needed)s men, at most %(available)s can serve there "
        "(not in the own school, not where they were, one per school and room)",
        "list %(short)s more men of other schools, or let the rule prefer a mix",
    ),
    "again": (
        "over all sessions the sites %(who)s need %(needed)s people, at most %(available)s can "
        "serve there, since nobody comes to a site twice",
        "list %(short)s more people, or allow the same site again in another room",
    ),
    "roles": (
        "the roles %(who)s need %(needed)s interviewers from elsewhere, at most %(available)s can "
        "be seated in them (limits per employer, city and sex)",
        "invite %(short)s more people of other employers or cities for these roles, or fewer "
        "panels",
    ),
    "role-reserves": (
        "the roles %(who)s need %(needed)s interviewers with their reserves, %(available)s "
        "are eligible",
        "invite %(short)s more people for these roles, or lower the ratio of reserves",
    ),
    "panel-women": (
        "the panels need %(needed)s women, at most %(available)s can be seated",
        "invite %(short)s more women of other employers or cities",
    ),
    "panel-men": (
        "the panels need %(needed)s men, at most %(available)s can be seated",
        "invite %(short)s more men of other employers or cities",
    ),
    "group": (
        "the roles %(who)s need %(needed)s interviewers, %(available)s of the eligible have no "
        "relation with its candidates",
        "invite %(short)s more people without a relation, or move the related candidates",
    ),
    "groups": (
        "the groups %(who)s may only be heard by %(available)s panels because of relations, they "
        "need %(needed)s",
        "move the related candidates, or replace a related interviewer by a reserve",
    ),
}

SESSION = "district %(district)s, session %(session)s"
DISTRICT = "district %(district)s"
GROUP = "group %(group)s"
PANELS = "panels"
SOME_PANELS = "panels %(panels)s"
NO_PANEL = "no panel"
PLACES = (SESSION, DISTRICT, GROUP, PANELS, SOME_PANELS, NO_PANEL)
SHORT = "%(where)s: %(what)s: short by %(short)s; cure: %(cure)s"


@dataclass(frozen=True, slots=True)
class Where:
    """A part of what is drawn: `msgid % names` says it in English, and anybody else otherwise."""

    msgid: str
    names: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid % self.names


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One rule that cannot be kept: `where` (district and session, or group), `who` is short."""

    rule: str
    where: Where
    needed: int
    available: int
    who: tuple[str, ...] = ()

    @property
    def short(self) -> int:
        return self.needed - self.available

    @property
    def params(self) -> dict[str, str | int]:
        """What the two sentences of the rule name."""
        counts = {"needed": self.needed, "available": self.available, "short": self.short}
        return {**counts, "who": named(self.who)}

    def __str__(self) -> str:
        what, cure = (sentence % self.params for sentence in SENTENCES[self.rule])
        where = {"where": self.where, "short": self.short}
        return SHORT % {**where, "what": what, "cure": cure}


class Infeasible(ValueError):
    """The rules cannot be kept, whatever the seed; `shortfalls` says why."""

    def __init__(self, shortfalls: Sequence[Shortfall]) -> None:
        self.shortfalls = tuple(shortfalls)
        super().__init__("The draw cannot be made. " + " ".join(f"{one}." for one in shortfalls))


class NotFound(ValueError):
    """Nothing valid was found in so many epochs; that does not say that there is nothing."""

    def __init__(self, where: Sequence[str], epochs: int) -> None:
        self.where, self.epochs = tuple(where), epochs
        super().__init__(
            f"Not found after {epochs} epochs of exchanges: {named(self.where)}. This does not "
            "prove that it is impossible; more people or fewer relations make it easier."
        )


def named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" * (len(names) > NAMED)
    return ", ".join(names[:NAMED]) + more
