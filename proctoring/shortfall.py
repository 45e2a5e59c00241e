"""What is short, where, by how much and what would cure it: one sentence a finding.

All of it is told before a draw has a seed. A set that is short is a minimum cut or a Hall set, so
anybody can count it by hand: `needed` against `available`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

NAMED = 8  # a sentence names so many and counts the others

# rule: (what it says, what would cure it); the fields are those of Shortfall.
SENTENCES = {
    "people": (
        "needs {needed} people for its rooms and reserves, {available} are listed",
        "list {short} more people, or use fewer rooms or reserves",
    ),
    "leads": (
        "needs {needed} lead invigilators, {available} people are qualified",
        "qualify or list {short} more leads, or use {short} rooms fewer",
    ),
    "women": (
        "needs {needed} women, one for each room, {available} are listed",
        "list {short} more women, or let the rule prefer a mix where it now requires one",
    ),
    "men": (
        "needs {needed} men, one for each room, {available} are listed",
        "list {short} more men, or let the rule prefer a mix where it now requires one",
    ),
    "sites": (
        "the sites {who} need {needed} people, at most {available} can serve there "
        "(not in the own school, not where they were, one per school and room)",
        "list {short} more people of other schools, or move rooms to other sites",
    ),
    "lead-sites": (
        "the sites {who} need {needed} lead invigilators, at most {available} qualified people "
        "can serve there (not in the own school, not where they were)",
        "qualify {short} more people of other schools, or move rooms to other sites",
    ),
    "women-sites": (
        "the sites {who} need {needed} women, at most {available} can serve there "
        "(not in the own school, not where they were, one per school and room)",
        "list {short} more women of other schools, or let the rule prefer a mix",
    ),
    "men-sites": (
        "the sites {who} need {needed} men, at most {available} can serve there "
        "(not in the own school, not where they were, one per school and room)",
        "list {short} more men of other schools, or let the rule prefer a mix",
    ),
    "again": (
        "over all sessions the sites {who} need {needed} people, at most {available} can serve "
        "there, since nobody comes to a site twice",
        "list {short} more people, or allow the same site again in another room",
    ),
    "roles": (
        "the roles {who} need {needed} interviewers from elsewhere, at most {available} can be "
        "seated in them (limits per employer, city and sex)",
        "invite {short} more people of other employers or cities for these roles, or fewer panels",
    ),
    "role-reserves": (
        "the roles {who} need {needed} interviewers with their reserves, {available} are eligible",
        "invite {short} more people for these roles, or lower the ratio of reserves",
    ),
    "panel-women": (
        "the panels need {needed} women, at most {available} can be seated",
        "invite {short} more women of other employers or cities",
    ),
    "panel-men": (
        "the panels need {needed} men, at most {available} can be seated",
        "invite {short} more men of other employers or cities",
    ),
    "group": (
        "the roles {who} need {needed} interviewers, {available} of the eligible have no relation "
        "with its candidates",
        "invite {short} more people without a relation, or move the related candidates",
    ),
    "groups": (
        "the groups {who} may only be heard by {available} panels because of relations, they "
        "need {needed}",
        "move the related candidates, or replace a related interviewer by a reserve",
    ),
}


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One rule that cannot be kept: `where` (district and session, or group), `who` is short."""

    rule: str
    where: str
    needed: int
    available: int
    who: tuple[str, ...] = ()

    @property
    def short(self) -> int:
        return self.needed - self.available

    @property
    def cure(self) -> str:
        return self._filled(SENTENCES[self.rule][1])

    def __str__(self) -> str:
        what = self._filled(SENTENCES[self.rule][0])
        return f"{self.where}: {what}: short by {self.short}; cure: {self.cure}"

    def _filled(self, sentence: str) -> str:
        return sentence.format(
            needed=self.needed, available=self.available, short=self.short, who=named(self.who)
        )


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
