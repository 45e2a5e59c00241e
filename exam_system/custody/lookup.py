"""Finding what custody works with, and who may touch which bag."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from exam_system.attendance.staff import Place, place_of
from exam_system.config import Config
from exam_system.context import Context
from exam_system.custody.models import Bag
from exam_system.database import one_row
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.people import clean_line
from exam_system.registration.documents import (
    document_path,
    open_document,
    store_document,
    take_in_document,
)
from exam_system.vault import Vault

BARCODE = re.compile("[0-9A-Z-]{4,40}")
FOLDER = "custody"  # of an instance: photos and scanned sheets, sealed
SEAL = re.compile("[0-9A-Z-]{1,40}")


def clean_barcode(text: str) -> str:
    """A barcode as it is kept, from a scanner or typed; raises Invalid."""
    code = "".join(text.split()).upper()
    if not BARCODE.fullmatch(code):
        raise Invalid(
            "Scan the barcode of the bag, or type it: digits, capitals and hyphens"
        ).about("barcode")
    return code


def clean_seal(text: str) -> str:
    """The number of a seal as it is kept; raises Invalid."""
    seal = "".join(text.split()).upper()
    if not SEAL.fullmatch(seal):
        raise Invalid("Type the number of the seal: digits, capitals and hyphens").about("seal")
    return seal


def bag_of(session: Session, exam: Exam, barcode: str, *, lock: bool = False) -> Bag:
    """A bag by its barcode; raises NotFound. With `lock` nobody else changes it meanwhile."""
    code = clean_barcode(barcode)
    query = select(Bag).where(Bag.exam_id == exam.id, Bag.barcode == code)
    return one_row(
        session,
        query,
        NotFound("No bag of this exam has the barcode %(barcode)s", barcode=code),
        lock=lock,
    )


def session_of(session: Session, exam: Exam, subject: str) -> ExamSession:
    """The session of a subject; raises NotFound."""
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    found = session.scalar(query.where(ExamSession.subject == subject))
    if found is None:
        raise NotFound("This exam has no session “%(subject)s”", subject=subject)
    return found


def subject_name(exam: Exam, row: ExamSession) -> str:
    """What the subject of a session is called."""
    return rules_of(exam).subject(row.subject).name


def hour(ctx: Context, at: datetime) -> str:
    """A time in the bureau's zone, for a sentence."""
    return f"{at.astimezone(ctx.config.zone):%Y-%m-%d %H:%M}"


def within(place: Place) -> ColumnElement[bool]:
    """The bags that lie in somebody's place; a district's duty bag is its sites' business too."""
    if place.room is not None:
        return Bag.room_id == place.room.id
    if place.site is not None:
        rooms = select(Room.id).where(Room.site_id == place.site.id)
        duty = Bag.room_id.is_(None) & (Bag.district_id == place.site.district_id)
        return or_(Bag.room_id.in_(rooms), duty)
    if place.district is not None:
        return Bag.district_id == place.district.id
    return Bag.exam_id == place.exam.id


def bags_within(session: Session, place: Place) -> Sequence[Bag]:
    """The bags that somebody may see, by session and place."""
    query = (
        select(Bag)
        .join(ExamSession, ExamSession.id == Bag.session_id)
        .join(District, District.id == Bag.district_id)
        .outerjoin(Room, Room.id == Bag.room_id)
        .outerjoin(Site, Site.id == Room.site_id)
        .where(Bag.exam_id == place.exam.id, within(place))
        .order_by(ExamSession.starts_at, District.code, Site.code, Room.code, Bag.kind, Bag.id)
    )
    return session.scalars(query).all()


def require_touch(ctx: Context, exam: Exam, bag: Bag, row: ExamSession) -> Place:
    """The actor's place if the bag lies in it; raises Forbidden."""
    place = place_of(ctx, ctx.actor.account_id, exam.code, row.subject)
    query = select(Bag.id).where(Bag.id == bag.id, within(place))
    if ctx.session.scalar(query) is None:
        raise Forbidden("The bag %(barcode)s is not in your place", barcode=bag.barcode)
    return place


def require_turn(ctx: Context, exam: Exam, bag: Bag) -> ExamSession:
    """The bag's session, unless another one of the exam comes first; raises Conflict.

    RULES 2.12, Zhuji 2011 and Zhongxian 2007: afternoon papers were handed out in the morning.
    """
    own = ctx.session.get_one(ExamSession, bag.session_id)
    query = (
        select(ExamSession)
        .where(ExamSession.exam_id == exam.id, ExamSession.starts_at < own.starts_at)
        .where(ExamSession.ends_at > ctx.due())
        .order_by(ExamSession.starts_at)
        .limit(1)
    )
    first = ctx.session.scalar(query)
    if first is not None:
        raise Conflict(
            "The bag %(barcode)s belongs to %(session)s, which begins at %(time)s: first comes "
            "%(other)s",
            barcode=bag.barcode,
            session=subject_name(exam, own),
            time=hour(ctx, own.starts_at),
            other=subject_name(exam, first),
        )
    return own


def opens_at(exam: Exam, row: ExamSession) -> datetime:
    """When the bags of a session may be opened."""
    return row.starts_at - timedelta(minutes=rules_of(exam).bag_opening_minutes)


def keep_photo(config: Config, vault: Vault, name: str, data: bytes) -> str:
    """Keep a photo or scan sealed; returns the digest it is named by. Raises Invalid.

    The digest is that of the picture as kept: encoded anew, without what a camera adds.
    """
    document = take_in_document(name, data)
    store_document(config, vault, document.sha256, document, FOLDER)
    return document.sha256


def open_photo(config: Config, vault: Vault, digest: str) -> tuple[bytes, str]:
    """The bytes of a kept photo and their media type; raises NotFound."""
    if not document_path(config, digest, FOLDER).exists():
        raise NotFound("There is no such photo")
    data = open_document(config, vault, digest, FOLDER)
    return data, "application/pdf" if data.startswith(b"%PDF-") else "image/jpeg"


def line(text: str, longest: int, what: str) -> str:
    """One line of text; raises Invalid with the sentence `what` when it is empty or too long."""
    clean = clean_line(text, longest)
    if not clean:
        raise Invalid(what)
    return clean
