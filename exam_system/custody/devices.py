"""Verbs of detectors and jammers: their register by room, tests, on and off, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.attendance.staff import Place, require_room, rooms_of
from exam_system.context import Context, verb
from exam_system.custody.lookup import clean_seal, session_of
from exam_system.custody.models import Device, DeviceNote
from exam_system.custody.register import Known, find_room, known
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code, open_exam, places_of
from exam_system.exams.models import Exam, ExamSession, Room
from exam_system.people import clean_line, reason_line
from exam_system.sheets import Column, Sentence, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import sha256_hex
from exam_system.violations.incidents import open_incident

KINDS = {"detector": "Detector of phones", "jammer": "Jammer"}
WHAT = {
    "works": "Tested: works",
    "fails": "Tested: does not work",
    "on": "Switched on",
    "off": "Switched off",
    "alarm": "Alarm",
}
LONGEST_NOTE = 200
STATES = ("announced", "closed", "seated")
_WORDS = {"detector": "手机探测器", "jammer": "屏蔽仪"}
_KINDS = {word: kind for kind, word in _WORDS.items()} | {kind: kind for kind in KINDS}


def _kind(text: str) -> str:
    if text.casefold() not in _KINDS:
        raise Sentence("Enter 手机探测器 or 屏蔽仪 (detector, jammer)")
    return _KINDS[text.casefold()]


COLUMNS = (
    Column("serial", ("设备编号", "serial"), parse=clean_seal, unique=True),
    Column("kind", ("设备类别", "kind"), parse=_kind),
    Column("district", ("考区", "district")),
    Column("site", ("考点", "site")),
    Column("room", ("考场号", "考场", "room")),
)
NAMES = tuple(column.names[0] for column in COLUMNS)


@verb
def import_devices(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Bring the devices in with their rooms; known ones (by number) move, none are removed."""
    exam = open_exam(ctx.session, code, *STATES)
    rows = _read(ctx.session, exam, name, data)
    present = {one.serial: one for one in _devices(ctx.session, exam)}
    for row in rows:
        one = present.get(row["serial"])
        if one is not None:
            one.kind, one.room_id = row["kind"], row["room_id"]
    fresh = [{**row, "exam_id": exam.id} for row in rows if row["serial"] not in present]
    if fresh:
        ctx.session.execute(insert(Device), fresh)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), devices=len(rows))
    return len(rows)


def _devices(session: Session, exam: Exam) -> Sequence[Device]:
    query = select(Device).where(Device.exam_id == exam.id).order_by(Device.serial)
    return session.scalars(query).all()


def _read(session: Session, exam: Exam, name: str, data: bytes) -> list[dict[str, Any]]:
    found = known(session, exam)
    return [_values(found, row) for row in read_table(name, data, COLUMNS).rows]


def _values(found: Known, row: Mapping[str, Any]) -> dict[str, Any]:
    _district, room = find_room(found, row["district"], row["site"], row["room"])
    return {"serial": row["serial"], "kind": row["kind"], "room_id": room.id}


def preview_devices(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """What a table would change in the register; raises as the import does."""
    exam = open_exam(ctx.session, code, *STATES)
    before = {row[0]: row for row in device_rows(ctx.session, exam)}
    where = _places(ctx.session, exam)
    after = {
        row["serial"]: (row["serial"], _WORDS[row["kind"]], *where[row["room_id"]])
        for row in _read(ctx.session, exam, name, data)
    }
    return compare(NAMES, before, after, removes=False)


def device_rows(session: Session, exam: Exam) -> list[tuple[str, ...]]:
    """The register in the columns NAMES in which it is brought in."""
    where = _places(session, exam)
    return [(one.serial, _WORDS[one.kind], *where[one.room_id]) for one in _devices(session, exam)]


def _places(session: Session, exam: Exam) -> dict[int, tuple[str, str, str]]:
    return {
        room.id: (district.name, site.name, f"{room.code:02}")
        for district, site, room in places_of(session, exam)
    }


@verb
def note_device(
    ctx: Context, *, code: str, serial: str, subject: str, what: str, note: str = ""
) -> DeviceNote:
    """Note a test, on, off or an alarm of a device; an alarm, and a failed test, say what was seen.

    By whoever is on duty where the device stands. An alarm becomes an incident of the room.
    """
    exam = exam_by_code(ctx.session, code)
    row = session_of(ctx.session, exam, subject)
    device = _device(ctx.session, exam, serial)
    room = ctx.session.get_one(Room, device.room_id)
    require_room(ctx, exam, row, room)
    if what not in WHAT:
        raise Invalid("Say what is to be noted of the device").about("what")
    text = (
        reason_line(note, LONGEST_NOTE, "note")
        if what in ("alarm", "fails")
        else clean_line(note, 200)
    )
    _require_order(ctx.session, device, row, what)
    made = DeviceNote(
        device_id=device.id,
        session_id=row.id,
        what=what,
        note=text,
        noted_by=ctx.actor.account_id,
        noted_at=ctx.clock.now(),
    )
    ctx.session.add(made)
    ctx.session.flush()
    incident = _alarm(ctx, exam, row, room, device, text) if what == "alarm" else ""
    ctx.record(
        exam=code, subject=f"device:{device.serial}", what=what, session=subject, incident=incident
    )
    return made


def _device(session: Session, exam: Exam, serial: str) -> Device:
    query = select(Device).where(Device.exam_id == exam.id, Device.serial == clean_seal(serial))
    found = session.scalar(query.with_for_update())
    if found is None:
        raise NotFound("This exam has no such device")
    return found


def _require_order(session: Session, device: Device, row: ExamSession, what: str) -> None:
    """A device is switched on and off in turn; only one that is on gives an alarm."""
    last = is_on(session, device, row)
    if what == "on" and last:
        raise Conflict("The device is switched on already")
    if what in ("off", "alarm") and not last:
        raise Conflict("The device is not switched on")


def is_on(session: Session, device: Device, row: ExamSession) -> bool:
    """Whether the last note of a session says that the device is on."""
    query = select(DeviceNote.what).where(DeviceNote.device_id == device.id)
    query = query.where(DeviceNote.session_id == row.id, DeviceNote.what.in_(("on", "off")))
    return session.scalar(query.order_by(DeviceNote.id.desc()).limit(1)) == "on"


def _alarm(
    ctx: Context, exam: Exam, row: ExamSession, room: Room, device: Device, note: str
) -> str:
    return open_incident(
        ctx,
        exam=exam,
        session_row=row,
        room=room,
        kind="alarm",
        facts=f"{_WORDS[device.kind]} {device.serial}：{note}",
        source="device",
    ).ref


def devices_within(session: Session, place: Place) -> list[tuple[Device, Room]]:
    """The devices of the rooms that somebody may see."""
    rooms = {room.id: room for room in rooms_of(session, place)}
    every = _devices(session, place.exam)
    return [(one, rooms[one.room_id]) for one in every if one.room_id in rooms]


def notes_within(session: Session, place: Place) -> dict[int, list[DeviceNote]]:
    """What was noted of those devices, by device, in time."""
    rooms = [room.id for room in rooms_of(session, place)]
    query = select(DeviceNote).join(Device, Device.id == DeviceNote.device_id)
    found: dict[int, list[DeviceNote]] = {}
    for note in session.scalars(query.where(Device.room_id.in_(rooms)).order_by(DeviceNote.id)):
        found.setdefault(note.device_id, []).append(note)
    return found
