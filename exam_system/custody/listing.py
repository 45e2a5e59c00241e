"""The rows of the lists of custody that are taken out as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from exam_system.accounts.models import Account
from exam_system.context import Context
from exam_system.custody import devices, outsiders, overview, register
from exam_system.custody.lookup import subject_name
from exam_system.custody.models import Device, DeviceNote
from exam_system.custody.states import KINDS, STATES
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import ExamSession
from exam_system.language import when
from exam_system.sheets import Cell

Fields = Mapping[str, str]
Rows = Iterable[Sequence[Cell]]

BAGS = (
    *(
        "Bag",
        "Kind",
        "Session",
        "Room or district",
        "Papers",
        "Spare papers",
        "Where it is",
        "Opened at",
    ),
    *("Packed at", "Issued to candidates", "Blank, of absent candidates"),
)


def bags(ctx: Context, fields: Fields) -> Rows:
    """The bags that whoever asks may see, with their counts."""
    seen = overview.scene(ctx, fields["code"])
    places = overview.place_names(ctx.session, seen.exam)
    subjects = {row.id: subject_name(seen.exam, row) for row in seen.sessions}
    for bag in seen.bags:
        where = (subjects[bag.session_id], places.get(bag.room_id or 0) or _("District"))
        times = (when(bag.opened_at), when(bag.packed_at))
        counts = (bag.papers, bag.spares, _(STATES[bag.state]), *times, bag.issued, bag.blank)
        yield bag.barcode, _(KINDS[bag.kind]), *where, *counts


LATE = ("Room or district", "Not there yet", "Due by", "Session", "Bag", "Where it is")


def late(ctx: Context, fields: Fields) -> Rows:
    """The bags that are late now."""
    seen = overview.scene(ctx, fields["code"])
    places = overview.place_names(ctx.session, seen.exam)
    for one in overview.missing(seen.exam, seen.sessions, seen.bags, ctx.clock.now()):
        place = places.get(one.bag.room_id or 0) or _("District")
        told = (when(one.due), subject_name(seen.exam, one.session), one.bag.barcode)
        yield place, _(STATES[one.to]), *told, _(STATES[one.bag.state])


def bag_register(ctx: Context, fields: Fields) -> Rows:
    """The register in the columns of its table."""
    return register.bag_rows(ctx.session, exam_by_code(ctx.session, fields["code"]))


def device_register(ctx: Context, fields: Fields) -> Rows:
    """The devices in the columns of their table."""
    return devices.device_rows(ctx.session, exam_by_code(ctx.session, fields["code"]))


NOTES = (
    "Device",
    "Kind",
    "Room or district",
    "Session",
    "What was noted",
    "Remark",
    "When",
    "By whom",
)


def device_notes(ctx: Context, fields: Fields) -> Rows:
    """What was noted of the devices of rooms that whoever asks may see."""
    seen = overview.scene(ctx, fields["code"])
    places = overview.place_names(ctx.session, seen.exam)
    mine = {
        one.id for place in seen.places for one, _r in devices.devices_within(ctx.session, place)
    }
    query = (
        select(DeviceNote, Device, ExamSession, Account.name)
        .join(Device, Device.id == DeviceNote.device_id)
        .join(ExamSession, ExamSession.id == DeviceNote.session_id)
        .join(Account, Account.id == DeviceNote.noted_by)
        .where(Device.id.in_(mine))
        .order_by(DeviceNote.id)
    )
    for note, one, row, name in ctx.session.execute(query):
        about = (one.serial, _(devices.KINDS[one.kind]), places[one.room_id])
        told = (_(devices.WHAT[note.what]), note.note, when(note.noted_at), name)
        yield *about, subject_name(seen.exam, row), *told


def specialists(ctx: Context, _fields: Fields) -> Rows:
    """The register of setters and markers in the columns of its table."""
    for one in outsiders.specialists(ctx.session):
        yield one.number, one.name, one.employer, one.area_code


ASSIGNED = ("Subject", "Task", "Name", "Employer", "Area code")


def assigned(ctx: Context, fields: Fields) -> Rows:
    """Who sets and marks the papers of an exam."""
    exam = exam_by_code(ctx.session, fields["code"])
    names = {one.code: one.name for one in rules_of(exam).subjects}
    for one, who in outsiders.assigned(ctx.session, exam):
        task = _(outsiders.TASKS[one.task])
        yield names[one.subject], task, who.name, who.employer, who.area_code
