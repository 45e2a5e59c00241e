"""An exam with posts and seated candidates, put straight into the tables (not what is tested)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import insert
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.accounts.sessions import actor_for
from exam_system.context import Actor
from exam_system.database import reading
from exam_system.draws.models import Attempt, Draw
from exam_system.exams.models import District, Exam, Post, Room, Site
from exam_system.exams.rules import defaults, parse_rules
from exam_system.interviews.models import (
    Interview,
    Interviewer,
    InterviewGroup,
    InterviewScore,
    Panel,
    PanelSeat,
)
from exam_system.marking.models import WrittenMark
from exam_system.records.models import Release
from exam_system.records.notes import note_bytes, put_note
from exam_system.registration.models import Application
from exam_system.trust import notes
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.vault import hash_password
from scoring.interview import trimmed_mean
from scoring.rounding import show
from tests.world import PASSWORD, World

CODE = "gwy-2026"
TIMES = {
    "registration_opens": "2026-03-02T01:00:00Z",
    "registration_closes": "2026-03-08T10:00:00Z",
    "payment_closes": "2026-03-12T10:00:00Z",
}


def rules_text(**changes: object) -> str:
    """A civil service rule set with some values changed."""
    document = defaults("civil_service")
    for key, value in {**TIMES, "interviewers": 5, **changes}.items():
        document[key]["value"] = value
    return jcs(parse_rules(document).document()).decode()


def add_exam(world: World, *, state: str = "seated", posts: int = 2, **rules: object) -> Exam:
    """An exam with `posts` posts of one vacancy (codes 101, 102, …) and one district."""
    text = rules_text(**rules)
    now = world.clock.now()
    exam = Exam(
        code=CODE,
        name="2026年测试市考试录用公务员",
        name_en="Test City civil service exam 2026",
        area_code="520400",
        state=state,
        rules=text,
        rules_digest=sha256_hex(text.encode()),
        created_at=now,
        announced_at=now,
    )
    with world.context(world.people[Role.OFFICER]).session as db:
        db.add(exam)
        db.flush()
        db.add(District(exam_id=exam.id, code=1, name="第一考区"))
        for number in range(posts):
            db.add(_post(exam, 101 + number))
        db.commit()
    return exam


def _post(exam: Exam, code: int) -> Post:
    return Post(exam_id=exam.id, code=str(code), unit="测试局", title="一级科员", vacancies=1)


def add_candidates(world: World, exam: Exam, count: int) -> list[Application]:
    """Paid, seated candidates; number k (from 0) applies for post k modulo the number of posts."""
    with world.context(world.people[Role.OFFICER]).session as db:
        people = _people(world, db, count)
        posts = list(db.scalars(Post.__table__.select().with_only_columns(Post.id)))
        district = db.query(District).one()
        rows = [
            _application(world, exam, place, person, posts[place % len(posts)], district.id)
            for place, person in enumerate(people)
        ]
        found = db.scalars(insert(Application).returning(Application), rows)
        made = sorted(found, key=lambda row: row.number or "")
        db.commit()
        return made


def _people(world: World, db: Session, count: int) -> list[int]:
    secret = hash_password(PASSWORD, "cheapest", bytes(16))
    accounts = [
        {
            "ref": f"c{place:05d}",
            "username": f"c{place:05d}",
            "name": f"考生{place}",
            "role": "candidate",
            "password_hash": secret,
            "active": True,
            "created_at": world.clock.now(),
        }
        for place in range(count)
    ]
    made = sorted(db.scalars(insert(Account).returning(Account.id), accounts))
    people = [
        {
            "account_id": account,
            "name": f"考生{place}",
            "sex": "female",
            "birth": date(2000, 1, 1),
            "id_sealed": b"sealed",
            "id_blind": f"blind{place}",
            "phone_sealed": b"sealed",
        }
        for place, account in enumerate(made)
    ]
    return sorted(db.scalars(insert(Person).returning(Person.id), people))


def _application(
    world: World, exam: Exam, place: int, person: int, post: int, district: int
) -> dict[str, object]:
    return {
        "ref": f"ref{place:05d}",
        "label": f"k-{place:05d}",
        "exam_id": exam.id,
        "person_id": person,
        "post_id": post,
        "district_id": district,
        "education": "bachelor",
        "major": "法学",
        "school": "测试大学",
        "employer": "",
        "state": "paid",
        "checks": "[]",
        "reason": "",
        "number": number_of(place),
        "created_at": world.clock.now(),
    }


def number_of(place: int) -> str:
    """The admission number of candidate `place`."""
    return f"0101{place // 30 + 1:03d}{place % 30 + 1:02d}"


def candidate(world: World, place: int) -> Actor:
    """The actor of candidate `place`."""
    with world.context(world.people[Role.OFFICER]).session as db:
        return actor_for(db.query(Account).filter_by(username=f"c{place:05d}").one())


def add_announcement(world: World, exam: Exam, rules: str | None = None) -> None:
    """A published announcement of these rules (the exam's), as a row only."""
    now = world.clock.now()
    with world.context(world.people[Role.OFFICER]).session as db:
        note = put_note(
            db,
            purpose="publication",
            title="announcement",
            exam=CODE,
            text="announcement\n",
            signers=[world.keys.publisher],
            at=now,
        )
        release = Release(
            exam_id=exam.id,
            chain="announcement",
            version=1,
            stage="announcement",
            state="published",
            rules_digest=sha256_hex((rules or exam.rules).encode()),
            note_id=note.id,
            prepared_at=now,
            published_at=now,
        )
        db.add(release)
        db.commit()


def set_marks(world: World, marks: dict[int, tuple[str, str]]) -> None:
    """The marks (xc, sl) of candidates by their place; what was there goes."""
    with world.context(world.people[Role.OFFICER]).session as db:
        who = {a.number: a.id for a in db.query(Application)}
        db.query(WrittenMark).delete()
        for place, pair in marks.items():
            for subject, mark in zip(("xc", "sl"), pair, strict=True):
                own = WrittenMark(application_id=who[number_of(place)], subject=subject, mark=mark)
                db.add(own)
        db.commit()


def hold_interviews(world: World, exam: Exam, scores: dict[int, tuple[str, ...]]) -> None:
    """One panel hears everybody in `scores` (by place); no scores: absent. Exam: interviewing."""
    with world.context(world.people[Role.OFFICER]).session as db:
        seats = _panel(world, db, exam)
        group = InterviewGroup(exam_id=exam.id, code="A")
        db.add(group)
        db.flush()
        who = {a.number: a.id for a in db.query(Application)}
        for order, (place, given) in enumerate(scores.items(), 1):
            _interview(world, db, who[number_of(place)], group.id, order, given, seats)
        db.get_one(Exam, exam.id).state = "interviewing"
        db.commit()


def _panel(world: World, db: Session, exam: Exam) -> list[int]:
    now = world.clock.now()
    district = db.query(District).one()
    site = Site(district_id=district.id, code=1, name="一中", address="路1号", school="一中")
    draw = Draw(code=f"{CODE}-interviewers", exam_id=exam.id, kind="interviewers")
    db.add_all([site, draw])
    db.flush()
    room = Room(site_id=site.id, code=1, name="面试1", layout="5x6", capacity=30, use="interview")
    attempt = Attempt(
        draw_id=draw.id,
        number=1,
        state="published",
        manifest="{}",
        manifest_digest="0" * 64,
        frozen_at=now,
    )
    db.add_all([room, attempt])
    db.flush()
    panel = Panel(exam_id=exam.id, code="P1", room_id=room.id, state="closed")
    people = [
        Interviewer(
            label=f"i-{n}",
            certificate=f"证{n}",
            name="考官",
            sex="male",
            area_code="520100",
            employer="省局",
            chief=n == 0,
        )
        for n in range(5)
    ]
    db.add_all([panel, *people])
    db.flush()
    seats = [
        PanelSeat(panel_id=panel.id, interviewer_id=one.id, place=n, attempt_id=attempt.id)
        for n, one in enumerate(people, 1)
    ]
    db.add_all(seats)
    db.flush()
    return [seat.id for seat in seats]


def _interview(
    world: World,
    db: Session,
    who: int,
    group: int,
    order: int,
    given: tuple[str, ...],
    seats: list[int],
) -> None:
    result, state = "", "absent"
    if given:
        state = "scored"
        result = show(trimmed_mean([Decimal(s) for s in given], 1, 1, 2, "half_up").result, 2)
    db.add(Interview(application_id=who, group_id=group, place=order, state=state, result=result))
    db.flush()
    for seat, score in zip(seats, given, strict=False):
        row = InterviewScore(
            application_id=who, panel_seat_id=seat, score=score, entered_at=world.clock.now()
        )
        db.add(row)


def cosign(world: World, *note_ids: int | None) -> list[bytes]:
    """The notes with the inspector's signature added on the inspector's own machine."""
    signed = []
    with reading(world.engine) as db:
        for note_id in note_ids:
            if note_id is not None:
                data = note_bytes(db, note_id)
                text = notes.parse(data).text.encode()
                at = int(world.clock.now().timestamp())
                signed.append(notes.with_line(data, world.inspector.line(text, at)))
    return signed
