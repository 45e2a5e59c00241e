"""What observers and the public may see: the allow-list. Pages get these objects and no rows.

Every field is a number, a time, a state, a code of an exam, a draw, a panel or a folder, the name
of a district, a question or a subject, the title of a published notice. No field is made of what a
candidate, an interviewer, a marker or whoever writes a letter typed or is called by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from exam_system.observing.timeline import Entry

Said = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class DrawLine:
    """An attempt of a draw; `what` is a message id."""

    what: str
    code: str
    number: int
    state: str
    frozen_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class NextDraw:
    """The draw that comes next: under way as `line`, or planned for `at` (None: no hour yet)."""

    what: str
    at: datetime | None
    line: DrawLine | None


@dataclass(frozen=True, slots=True)
class ActLine:
    """An act: its place in the log (None until the next seal), a message id, and what it is about
    where that is a draw, a release or a notice."""

    position: int | None
    at: datetime
    said: str
    subject: str


@dataclass(frozen=True, slots=True)
class PanelLine:
    """A panel by its code, how many of its candidates were heard, and which drawn number is in the
    room (None: nobody)."""

    code: str
    state: str
    candidates: int
    heard: int
    place: int | None


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """An open session of post choice: the code of its post, its reference, how many of how many
    people had their turn, and how many places nobody has yet."""

    post: str
    ref: str
    turns: int
    people: int
    left: int


@dataclass(frozen=True, slots=True)
class Live:
    """What is happening in an exam. `panels` and `choices` are those that are open; `show` is the
    draw that the screen in the hall shows, `mark` how far its ceremony is."""

    code: str
    name: str
    name_en: str
    state: str
    entries: tuple[Entry, ...]
    draw: NextDraw | None
    acts: tuple[ActLine, ...]
    counts: tuple[tuple[str, int], ...]
    panels: tuple[PanelLine, ...]
    choices: tuple[ChoiceLine, ...]
    show: DrawLine | None
    mark: str

    @property
    def now(self) -> list[Entry]:
        """What is on at this moment."""
        return [one for one in self.entries if one.state == "now"]

    @property
    def coming(self) -> list[Entry]:
        """What comes, the nearest first."""
        return [one for one in self.entries if one.state == "coming"]


@dataclass(frozen=True, slots=True)
class DistrictLine:
    """How far the rooms of a district are in a session, and how many came."""

    district: str
    rooms: int
    people: int
    received: int
    opened: int
    present: int
    absent: int
    late: int
    incidents: int
    packed: int
    closed: int


@dataclass(frozen=True, slots=True)
class Sitting:
    """One session of the exam day by districts."""

    subject: str
    starts_at: datetime
    ends_at: datetime
    lines: tuple[DistrictLine, ...]


@dataclass(frozen=True, slots=True)
class MarkingLine:
    """A question, or a subject whose marks come as a table: turns or marks given, still open."""

    name: str
    given: int
    open: int
    third: int


@dataclass(frozen=True, slots=True)
class Marking:
    """How far marking is; `scripts` came in so far. No mark and no mean of marks."""

    scripts: int
    questions: tuple[MarkingLine, ...]
    subjects: tuple[MarkingLine, ...]


@dataclass(frozen=True, slots=True)
class Letters:
    """How many letters about the exam are in which state, and how many past their term."""

    states: tuple[tuple[str, int], ...]
    overdue: int


@dataclass(frozen=True, slots=True)
class Acts:
    """The last acts that are told one by one, and how many of each kind a day has brought."""

    last: tuple[ActLine, ...]
    day: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class FileLine:
    """A published folder and the digest of the signed text in it."""

    what: Said
    folder: str
    at: datetime
    digest: str


def stamp_of(view: object) -> str:
    """Changes whenever a view has something new to show. All of it is values with a repr."""
    return sha256(repr(view).encode()).hexdigest()[:32]
