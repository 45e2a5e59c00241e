"""Avoidance (回避): who may not meet whom, on what ground, and by which law.

Columns of people who serve and of candidates go in; out come the places (rooms or groups) from
which each person is kept, each with its reasons. A manifest carries only the bare pairs: that there
is a relation, never which. What cannot be known from columns is declared (Civil Servants Law Art.
77: own application, application of an interested person, or decision without one).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from proctoring.reading import BadInput

CITY_DIGITS = 4  # of a GB/T 2260 code: the prefecture


class Ground(StrEnum):
    """Why two people must not meet."""

    KINSHIP = "kinship"
    EMPLOYER = "employer"
    SCHOOL = "school"
    INTEREST = "interest"
    AREA = "area"


BASIS: Mapping[Ground, str] = {
    Ground.KINSHIP: "Civil Servants Law Art. 74: spouse, direct blood line, collateral within "
    "three generations, close in-laws",
    Ground.EMPLOYER: "Civil Servants Law Art. 76: an interest in the matter; the notice of the "
    "exam on interviewers of the same unit",
    Ground.SCHOOL: "the notice of the exam on rotation between schools (in Chongqing the "
    "Education Examination Regulations Art. 24)",
    Ground.INTEREST: "Civil Servants Law Art. 76: an interest in the matter, declared under "
    "Art. 77",
    Ground.AREA: "the notice of the exam on interviewers from elsewhere (another prefecture)",
}
KINDS: Mapping[str, Ground] = {
    "spouse": Ground.KINSHIP,
    "direct": Ground.KINSHIP,
    "collateral": Ground.KINSHIP,
    "in-law": Ground.KINSHIP,
    "interest": Ground.INTEREST,
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Side by side, one entry a person; "" is none and never a group. `area`: code of GB/T 2260."""

    label: Sequence[str]
    employer: Sequence[str]
    school: Sequence[str]
    area: Sequence[str]


@dataclass(frozen=True, slots=True)
class Declared:
    """A relation of a person who serves to a candidate; `kind` is one of KINDS."""

    person: str
    candidate: str
    kind: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground and what makes it: the candidate's label with the kind, or the shared value."""

    ground: Ground
    because: str

    def __str__(self) -> str:
        return f"{self.ground} ({self.because}; {BASIS[self.ground]})"


@dataclass(frozen=True, slots=True)
class Bar:
    """A person is kept from a place; the reasons are for the office, not for a manifest."""

    person: str
    place: str
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        return f"{self.person} is kept from {self.place}: " + "; ".join(map(str, self.reasons))


def bars(
    people: Columns,
    candidates: Columns,
    places: Sequence[str],
    declared: Sequence[Declared],
    grounds: frozenset[Ground],
) -> list[Bar]:
    """Every forbidden meeting on one of these grounds, by person and place in their listed order.

    `places` is the room or group of each candidate. The grounds of columns hold where both sides
    have the same value: employer, school, city of the area. Raises BadInput where columns differ in
    length or a declaration names somebody who is not listed or a kind that is none.
    """
    _require_columns(people, candidates, places)
    reasons: dict[tuple[str, str], dict[Reason, None]] = {}
    found = [*_declared(people, candidates, places, declared), *_shared(people, candidates, places)]
    for person, place, reason in found:
        if reason.ground in grounds:
            reasons.setdefault((person, place), {})[reason] = None
    rank = {label: at for at, label in enumerate(people.label)}
    place_rank = {place: at for at, place in enumerate(dict.fromkeys(places))}
    order = sorted(reasons, key=lambda pair: (rank[pair[0]], place_rank[pair[1]]))
    return [Bar(*pair, tuple(sorted(reasons[pair], key=str))) for pair in order]


def positions(
    found: Iterable[Bar], labels: Sequence[str], places: Sequence[str]
) -> list[list[int]]:
    """The pairs [person, place] of a manifest of rotation/v1 or match/v1 (`barred`)."""
    person = {label: at for at, label in enumerate(labels)}
    place = {name: at for at, name in enumerate(places)}
    return sorted([person[bar.person], place[bar.place]] for bar in found)


def marks(found: Iterable[Bar]) -> dict[str, list[str]]:
    """The marks of labels for deal/v1, where the mark of a slot is its own id."""
    marked: dict[str, list[str]] = {}
    for bar in found:
        marked.setdefault(bar.person, []).append(bar.place)
    return marked


def apart(labels: Sequence[str], declared: Sequence[Declared]) -> list[list[int]]:
    """The pairs of match/v1 (`apart`): interviewers who declared a relation to one another."""
    at = {label: n for n, label in enumerate(labels)}
    _require_declared(declared, set(at), set(at))
    pairs = {tuple(sorted((at[one.person], at[one.candidate]))) for one in declared}
    return [list(pair) for pair in sorted(pairs)]


def _declared(
    people: Columns, candidates: Columns, places: Sequence[str], declared: Sequence[Declared]
) -> Iterator[tuple[str, str, Reason]]:
    _require_declared(declared, set(people.label), set(candidates.label))
    place_of = dict(zip(candidates.label, places, strict=True))
    for one in declared:
        because = f"{one.kind}, candidate {one.candidate}"
        yield one.person, place_of[one.candidate], Reason(KINDS[one.kind], because)


def _shared(
    people: Columns, candidates: Columns, places: Sequence[str]
) -> Iterator[tuple[str, str, Reason]]:
    """Joined by value: the work is that of the pairs found, not of all pairs."""
    for ground, own, theirs in (
        (Ground.EMPLOYER, people.employer, candidates.employer),
        (Ground.SCHOOL, people.school, candidates.school),
        (Ground.AREA, _cities(people.area), _cities(candidates.area)),
    ):
        places_of: dict[str, dict[str, None]] = {}
        for value, place in zip(theirs, places, strict=True):
            places_of.setdefault(value, {})[place] = None
        places_of.pop("", None)
        for label, value in zip(people.label, own, strict=True):
            for place in places_of.get(value, ()):
                yield label, place, Reason(ground, value)


def _cities(areas: Sequence[str]) -> list[str]:
    return [area[:CITY_DIGITS] for area in areas]


def _require_columns(people: Columns, candidates: Columns, places: Sequence[str]) -> None:
    for columns, what in ((people, "people"), (candidates, "candidates")):
        count = len(columns.label)
        if {len(columns.employer), len(columns.school), len(columns.area)} != {count}:
            raise BadInput(f"The columns of the {what} differ in length.")
        if len(set(columns.label)) != count:
            raise BadInput(f"A label stands twice among the {what}.")
    if len(places) != len(candidates.label):
        raise BadInput("Not every candidate has a place.")


def _require_declared(declared: Sequence[Declared], people: set[str], candidates: set[str]) -> None:
    for one in declared:
        if one.person not in people or one.candidate not in candidates:
            raise BadInput(
                f"The declaration of {one.person} about {one.candidate} names somebody who is not "
                "listed; correct the label or list them."
            )
        if one.kind not in KINDS:
            raise BadInput(f'The declaration of {one.person} has the unknown kind "{one.kind}".')
