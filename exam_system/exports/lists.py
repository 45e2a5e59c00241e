"""The lists that staff see on a page and may take out as a spreadsheet, by name.

Titles and columns are English message ids, shown in the language of whoever exports; a list that
is brought in from a table has the columns of that table in every language (`imports`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exam_system.appointing import listing as after
from exam_system.attendance import lists as days
from exam_system.attendance import staff_list
from exam_system.cases import listing as letters
from exam_system.choosing import showing
from exam_system.context import Context
from exam_system.custody import devices, listing, outsiders, register
from exam_system.duties import register as duties
from exam_system.examday import listing as invigilators
from exam_system.exams import tables
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exports import marking, registers, rows
from exam_system.forensics import listing as similar
from exam_system.indicators import listing as indicators
from exam_system.interviews import avoidance_table, fairness_lists, pool
from exam_system.notices import listing as openness
from exam_system.observing import listing as watched
from exam_system.sheets import Cell
from exam_system.violations import listing as violations

Fields = Mapping[str, str]
Rows = Callable[[Context, Fields], Iterable[Sequence[Cell]]]


def _none(_ctx: Context, _fields: Fields) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: the endpoint of its page (who may see that may export), its columns and rows.

    `fields` name what says which one it is, `code` being the exam's.
    """

    page: str
    title: str
    head: tuple[str, ...]
    rows: Rows
    fields: tuple[str, ...] = ("code",)
    imports: bool = False
    further: Callable[[Context, Fields], Sequence[str]] = _none
    """Columns after `head` that differ from exam to exam."""

    def columns(self, ctx: Context, fields: Fields) -> list[str]:
        """The columns of a table that comes in again; message ids otherwise."""
        return [*self.head, *self.further(ctx, fields)]


def _table(
    page: str, title: str, head: Sequence[str], read: Callable[..., Mapping[str, Sequence[str]]]
) -> Listed:
    """A list of an exam that comes in from the same table."""

    def found(ctx: Context, fields: Fields) -> Iterable[Sequence[Cell]]:
        return read(ctx.session, exam_by_code(ctx.session, fields["code"])).values()

    return Listed(page, title, tuple(head), found, imports=True)


def _invigilators(ctx: Context, fields: Fields) -> Iterable[Sequence[Cell]]:
    return invigilators.invigilator_rows(ctx.session, exam_by_code(ctx.session, fields["code"]))


def _pool(ctx: Context, _fields: Fields) -> Iterable[Sequence[Cell]]:
    return pool.pool_rows(ctx.session).values()


def _subjects(ctx: Context, fields: Fields) -> Sequence[str]:
    exam = exam_by_code(ctx.session, fields["code"])
    return [subject.name for subject in rules_of(exam).subjects]


LISTS: dict[str, Listed] = {
    "places": _table(
        "exams.places", "Districts, sites and rooms", tables.PLACE_NAMES, tables.place_rows
    ),
    "posts": _table("exams.setup", "Table of posts", tables.POST_NAMES, tables.post_rows),
    "avoidances": _table(
        "interviews.avoidances",
        "Avoidances",
        avoidance_table.NAMES,
        avoidance_table.avoidance_rows,
    ),
    "invigilators": Listed(
        "examday.invigilators", "Invigilators", invigilators.NAMES, _invigilators, imports=True
    ),
    "cases": Listed("cases.index", "Cases of violations", violations.CASES, registers.cases),
    "incidents": Listed("incidents.index", "Incidents", violations.INCIDENTS, registers.incidents),
    "accountability": Listed(
        *("integrity.register", "Register of accountability", duties.NAMES, duties.register_rows),
        fields=(),
    ),
    "red-lines": Listed(
        *("integrity.red_lines", "Findings on red lines", duties.FOUND, duties.finding_rows),
        fields=(),
    ),
    "letters": Listed("letters.queue", "Letters", letters.LETTERS, letters.letter_rows, fields=()),
    "site-staff": Listed(
        "attendance.staff", "Staff of the exam day", staff_list.NAMES, days.staff, imports=True
    ),
    "attendance": Listed(
        *("attendance.board", "Attendance", days.ATTENDANCE, days.attendance),
        fields=("code", "session"),
    ),
    "interviewers": Listed(
        "interviews.pool", "Pool of interviewers", pool.NAMES, _pool, imports=True, fields=()
    ),
    "answer-items": Listed(
        "forensics.index", "Items and keys", similar.ITEMS, similar.items_listed
    ),
    "answer-sheets": Listed("forensics.index", "Answer sheets", similar.SHEETS, similar.sheet_rows),
    "experts": Listed("forensics.index", "Group of experts", similar.EXPERTS, similar.expert_rows),
    "similar-pairs": Listed(
        *("forensics.screening", "Flagged pairs", similar.PAIRS),
        similar.pair_rows,
        ("code", "ref"),
    ),
    "exams": Listed("exams.office", "Exams", rows.EXAMS, rows.exams, fields=()),
    "users": Listed("accounts.users", "Accounts", rows.USERS, rows.users, fields=()),
    "keys": Listed("accounts.users", "Public keys", rows.KEYS, rows.keys, fields=()),
    "queue": Listed("registration.queue", "Waiting for review", rows.QUEUE, rows.queue, ("code",)),
    "refunds": Listed("fees.refunds", "Refunds", rows.REFUNDS, rows.refunds),
    "statements": Listed(
        "fees.statements", "Daily statements", rows.STATEMENTS, rows.statements, fields=()
    ),
    "barred": Listed(
        *("registration.barred", "Register of barred people", registers.BARRED),
        registers.barred,
        fields=(),
    ),
    "waivers": Listed("waivers.queue", "Waivers", registers.WAIVERS, registers.waivers),
    "bank-files": Listed(
        "fees.bank_files",
        "Files of the bank",
        registers.BANK_FILES,
        registers.bank_files,
        fields=(),
    ),
    "takings": Listed(
        "fees.counter", "Takings of the counter", registers.TAKINGS, registers.takings
    ),
    "messages": Listed(
        "messages.office", "Messages", registers.MESSAGES, registers.messages, fields=()
    ),
    "indicators": Listed(
        *("indicators.office", "Indicators", indicators.INDICATORS, indicators.indicator_rows),
        fields=(),
    ),
    "notices": Listed("notices.desk", "Notices", openness.NOTICES, openness.notices, fields=()),
    "observers": Listed("observing.office", "Observers", watched.OBSERVERS, watched.observer_rows),
    "observer-looks": Listed(
        "observing.office", "Who looked at what", watched.LOOKS, watched.look_rows
    ),
    "versions": Listed("seating.versions", "Versions of the plan", rows.VERSIONS, rows.versions),
    "without-seat": Listed(
        "seating.late", "Approved or paid, without a seat", rows.WITHOUT, rows.without_seat
    ),
    "withdrawn-tickets": Listed(
        "tickets.office", "Withdrawn tickets", rows.WITHDRAWN, rows.withdrawn_tickets
    ),
    "paper-sets": Listed("scripts.papers", "Paper sets", rows.PAPER_SETS, rows.paper_sets),
    "marking-groups": Listed(
        "scripts.markers", "Marking groups", rows.MARKING_GROUPS, rows.marking_groups
    ),
    "marking-questions": Listed(
        "blind.office", "Marking by question", marking.FIGURES, marking.by_question
    ),
    "marking-figures": Listed(
        "blind.office", "Marking by marker", marking.FIGURES, marking.by_marker
    ),
    "markers": Listed("blind.office", "Markers", marking.MARKERS, marking.markers),
    "recount": Listed("scripts.recount", "Recount sample", rows.RECOUNT, rows.recount),
    "marks": Listed(
        *("marking.scores", "Written scores", ("准考证号",), rows.marks),
        imports=True,
        further=_subjects,
    ),
    "interviewer-quality": Listed(
        "interviews.fairness", "Interviewers", fairness_lists.QUALITY, fairness_lists.quality
    ),
    "ranking-differences": Listed(
        "interviews.fairness", "Ranks that would differ", fairness_lists.RANKS, fairness_lists.ranks
    ),
    "severity": Listed(
        "interviews.severity",
        "Severity by the many-facet model",
        fairness_lists.SEVERITY,
        fairness_lists.severity,
        fields=("code", "panel"),
    ),
    "panels": Listed("interviews.setup", "Panels", rows.PANELS, rows.panels),
    "panel-reserves": Listed(
        "panels.substitutes", "Reserves in the drawn order", rows.RESERVES, rows.reserves
    ),
    "pairs": Listed(
        "pools.exchange", "Interviewers who never sit together", rows.PAIRS, rows.pairs, fields=()
    ),
    "bags": Listed("custody.bags", "Bags", listing.BAGS, listing.bags),
    "late-bags": Listed("custody.board", "Bags that are late", listing.LATE, listing.late),
    "bag-register": Listed(
        "custody.bring_in", "Register of bags", register.NAMES, listing.bag_register, imports=True
    ),
    "devices": Listed(
        "custody.import_devices",
        "Detectors and jammers",
        devices.NAMES,
        listing.device_register,
        imports=True,
    ),
    "device-notes": Listed(
        "custody.devices", "Notes of detectors and jammers", listing.NOTES, listing.device_notes
    ),
    "specialists": Listed(
        "custody.specialists",
        "Setters and markers",
        outsiders.NAMES,
        listing.specialists,
        fields=(),
        imports=True,
    ),
    "appointing": Listed(
        "appointing.index", "After the final list", after.PEOPLE, after.people_rows
    ),
    "rechecks": Listed(
        "appointing.rechecked", "Re-checks of marks", after.RECHECKS, after.recheck_rows
    ),
    "choices": Listed("choosing.index", "Choice of places", showing.CHOICES, showing.choice_rows),
    "objections": Listed("appointing.notice", "Objections", after.OBJECTIONS, after.objection_rows),
    "holidays": Listed(
        "appointing.holidays", "Holidays", after.HOLIDAYS, after.holiday_rows, fields=()
    ),
    "assigned": Listed(
        "custody.specialists", "Named for this exam", listing.ASSIGNED, listing.assigned
    ),
}
