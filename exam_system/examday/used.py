"""The rooms of the written exam that are in use, and names as the draw compares them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.examday.models import Seat
from exam_system.exams.models import District, Exam, Room, Site


@dataclass(frozen=True, slots=True)
class Place:
    """A room in use: `name` is district, site and room code (01-03-12), `site` the first two.

    `title` is what site and room are called, however the codes change from exam to exam.
    """

    room_id: int
    site_id: int
    district: int
    name: str
    site: str
    school: str
    title: tuple[str, str]


def plain(name: str) -> str:
    """A school or place without what does not matter: spaces, width and case of letters."""
    return unicodedata.normalize(
        "NFC", "".join(unicodedata.normalize("NFKC", name).split()).casefold()
    )


def rooms_in_use(session: Session, exam: Exam) -> list[Place]:
    """Every room with a seat taken, in canonical order."""
    query = (
        select(Room, Site, District)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == exam.id, Room.id.in_(select(Seat.room_id)))
        .order_by(District.code, Site.code, Room.code)
    )
    return [_place(room, site, district) for room, site, district in session.execute(query)]


def _place(room: Room, site: Site, district: District) -> Place:
    name = f"{district.code:02}-{site.code:02}"
    return Place(
        room_id=room.id,
        site_id=site.id,
        district=district.code,
        name=f"{name}-{room.code:02}",
        site=name,
        school=plain(site.school),
        title=(plain(site.name), plain(room.name)),
    )
