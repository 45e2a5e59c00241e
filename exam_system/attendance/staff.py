"""Who is on duty where on the exam day, and what of it they may see.

Invigilators see their room, people of a site or district what lies in it, the headquarters, the
office and the inspection everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from exam_system.access import CEREMONY, Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.attendance.models import SiteStaff
from exam_system.context import Actor, Context
from exam_system.errors import Forbidden
from exam_system.examday.models import Absence, Duty, Invigilator
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District, Exam, ExamSession, Room, Site

FUNCTIONS = {
    "head": "Head",
    "staff": "Member of staff",
    "custodian": "Custodian of papers",
    "supervisor": "Supervisor",
    "expert": "Expert",
}
"""The functions of the staff and what pages call them (to be translated)."""
NOBODY = "You have no duty in this exam"
ELSEWHERE = "This room is not yours: you are on duty elsewhere"
OTHER_SITE = "This site is not yours: you are on duty elsewhere"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is on duty: a room, a site, a district (`site` None) or (both None) the
    headquarters. `session` is None for those whose duty lasts for all sessions.

    `function`: a key of FUNCTIONS, "invigilator" (a drawn one, in `room`), "office" or
    "inspection".
    """

    exam: Exam
    session: ExamSession | None
    site: Site | None
    room: Room | None
    district: District | None
    name: str
    function: str
    account_id: int | None

    @property
    def leads(self) -> bool:
        """Whether they settle what the rooms of their place disagree on."""
        return self.function in ("head", "office")


def place_of(
    ctx: Context | Session, account_id: int | None, exam_code: str, session_subject: str = ""
) -> Place:
    """Where an account is on duty; raises Forbidden when it has no duty there.

    Invigilators are drawn anew for every session: without one the first they have counts.
    """
    db = ctx if isinstance(ctx, Session) else ctx.session
    exam = exam_by_code(db, exam_code)
    account = db.get(Account, account_id) if account_id is not None else None
    if account is None:
        raise Forbidden(NOBODY)
    return _place(db, exam, actor_for(account), session_subject)


def _place(db: Session, exam: Exam, who: Actor, subject: str) -> Place:
    found = None
    if who.role in CEREMONY:
        function = "office" if who.role is Role.OFFICER else "inspection"
        found = Place(exam, None, None, None, None, who.name, function, who.account_id)
    elif who.role is Role.SITE:
        found = _of_staff(db, exam, who)
    elif who.role is Role.INVIGILATOR:
        found = _of_invigilator(db, exam, who, subject)
    if found is None:
        raise Forbidden(NOBODY)
    return found


def _of_staff(db: Session, exam: Exam, who: Actor) -> Place | None:
    query = (
        select(SiteStaff, Site, District)
        .outerjoin(Site, Site.id == SiteStaff.site_id)
        .outerjoin(District, District.id == SiteStaff.district_id)
        .where(SiteStaff.exam_id == exam.id, SiteStaff.account_id == who.account_id)
    )
    row = db.execute(query).first()
    if row is None:
        return None
    one, site, district = row
    return Place(exam, None, site, None, district, one.name, one.function, who.account_id)


def _of_invigilator(db: Session, exam: Exam, who: Actor, subject: str) -> Place | None:
    query = duties_of(exam, who.account_id or 0)
    if subject:
        query = query.where(ExamSession.subject == subject)
    row = db.execute(query.order_by(ExamSession.starts_at, ExamSession.id)).first()
    if row is None:
        return None
    session, site, room, district = row
    return Place(exam, session, site, room, district, who.name, "invigilator", who.account_id)


def _all_duties() -> Select[ExamSession, Site, Room, District]:
    gone, instead, of = aliased(Absence), aliased(Absence), aliased(Duty)
    return (
        select(ExamSession, Site, Room, District)
        .select_from(Duty)
        .join(Invigilator, Invigilator.id == Duty.invigilator_id)
        .join(ExamSession, ExamSession.id == Duty.session_id)
        .outerjoin(gone, gone.duty_id == Duty.id)
        .outerjoin(instead, instead.substitute_id == Duty.id)
        # the duty that counts: that of whom they stand in for, otherwise their own
        .join(of, (of.id == instead.duty_id) | ((of.id == Duty.id) & instead.id.is_(None)))
        .join(Room, Room.id == of.room_id)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(Invigilator.exam_id == bindparam("exam"))
        .where(Invigilator.account_id == bindparam("account"), gone.id.is_(None))
    )


_DUTIES = _all_duties()  # phones ask for it all day long


def duties_of(exam: Exam, account_id: int) -> Select[ExamSession, Site, Room, District]:
    """The sessions in which the owner of an account watches a room, with that room.

    Whoever's absence is recorded watches none; whoever took a place watches the room of that.
    """
    return _DUTIES.params(exam=exam.id, account=account_id)


def rooms_of(session: Session, place: Place) -> list[Room]:
    """The rooms of the written exam that somebody may see, by their codes."""
    query = (
        select(Room)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == place.exam.id, Room.use == "written")
        .order_by(District.code, Site.code, Room.code)
    )
    if place.room is not None:
        query = query.where(Room.id == place.room.id)
    elif place.site is not None:
        query = query.where(Site.id == place.site.id)
    elif place.district is not None:
        query = query.where(District.id == place.district.id)
    return list(session.scalars(query))


def require_room(ctx: Context, exam: Exam, session_row: ExamSession, room: Room) -> Place:
    """The actor's place if this room lies in it during this session; raises Forbidden."""
    place = _place(ctx.session, exam, ctx.actor, session_row.subject)
    if place.room is not None:
        allowed = place.room.id == room.id
    elif place.site is not None:
        allowed = place.site.id == room.site_id
    else:
        allowed = place.district is None or place.district.id == _district(ctx, room)
    if not allowed:
        raise Forbidden(ELSEWHERE)
    return place


def _district(ctx: Context, room: Room) -> int:
    return ctx.session.get_one(Site, room.site_id).district_id


def require_site(ctx: Context, exam: Exam, site: Site) -> Place:
    """The actor's place if this site lies in it; invigilators have a room only. Forbidden."""
    place = _place(ctx.session, exam, ctx.actor, "")
    if place.room is not None:
        allowed = False
    elif place.site is not None:
        allowed = place.site.id == site.id
    else:
        allowed = place.district is None or place.district.id == site.district_id
    if not allowed:
        raise Forbidden(OTHER_SITE)
    return place
