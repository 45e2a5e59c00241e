"""An exam whose registration is over, put into the tables, and the ceremony of a draw in it."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from io import BytesIO

from PIL import Image
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts import consents
from exam_system.accounts.models import Account, Person
from exam_system.accounts.sessions import actor_for
from exam_system.clock import rfc3339
from exam_system.context import Actor, Context
from exam_system.draws import service as draws
from exam_system.draws.lookup import find
from exam_system.draws.models import Attempt
from exam_system.exams.models import District, Exam, ExamSession, Post, Room, Site
from exam_system.exams.rules import defaults, parse_rules
from exam_system.oversight.service import cosign_notes
from exam_system.printing.photo import take_in
from exam_system.records.heads import newest_head
from exam_system.records.notes import missing_cosigners, note_bytes
from exam_system.registration.models import Application
from exam_system.registration.photos import store_photo
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.trust.notes import parse, with_line
from exam_system.vault import hash_password
from tests.world import PASSWORD, World, approve_in

CODE = "gk-2026"
SECRETS = {Role.OFFICER: "0f" * 32, Role.INSPECTOR: "a7" * 32}
DICE = "31415926535897932384"
# District, site, school of the site, then (room, layout, capacity, use).
PLACES = (
    (1, 1, "市第一中学", ((1, "5x6", 30, "written"), (2, "7-8-8-7", 30, "written"))),
    (1, 2, "市第二中学", ((1, "5x6", 25, "written"), (9, "5x6", 9, "interview"))),
    (2, 1, "平坝第一中学", ((1, "serpentine:6x5", 30, "written"),)),
)


def add_exam(
    world: World, *, template: str = "{district:02}{site:02}{room:02}{seat:02}", **rules: object
) -> Exam:
    """An exam in the state `closed` with two sessions and one post, 101; `rules` by their key."""
    now = world.clock.now()
    document = defaults("civil_service")
    for days, key in enumerate(("registration_opens", "registration_closes", "payment_closes")):
        document[key]["value"] = rfc3339(now + timedelta(days=days - 9))
    document["admission_template"]["value"] = template
    document["opening_below"]["value"] = "keep"
    for key, value in rules.items():
        document[key]["value"] = value
    text = jcs(parse_rules(document).document()).decode()
    exam = Exam(
        code=CODE,
        name="测试市2026年考试录用公务员",
        name_en="Test City exam 2026",
        area_code="520400",
        state="closed",
        rules=text,
        rules_digest=sha256_hex(text.encode()),
        created_at=now,
    )
    with world.context(world.people[Role.OFFICER]).session as db:
        db.add(exam)
        db.flush()
        db.add(Post(exam_id=exam.id, code="101", unit="市财政局", title="科员", vacancies=2))
        for number, subject in enumerate(("xc", "sl")):
            starts = now + timedelta(days=30, hours=5 * number)
            ends = starts + timedelta(hours=2)
            db.add(ExamSession(exam_id=exam.id, subject=subject, starts_at=starts, ends_at=ends))
        db.commit()
    return exam


def add_places(world: World, exam: Exam, places: object = PLACES) -> None:
    """Districts, sites and rooms; districts are called 考区1, 考区2, …"""
    with world.context(world.people[Role.OFFICER]).session as db:
        districts: dict[int, District] = {}
        for code, site_code, school, rooms in places:  # type: ignore[attr-defined]
            if code not in districts:
                districts[code] = District(exam_id=exam.id, code=code, name=f"考区{code}")
                db.add(districts[code])
                db.flush()
            site = Site(
                district_id=districts[code].id,
                code=site_code,
                name=f"{school}考点",
                address="黄果树大街126号",
                school=school,
            )
            db.add(site)
            db.flush()
            for room, layout, capacity, use in rooms:
                row = Room(site_id=site.id, code=room, name=f"{site_code}号楼{room:03}教室")
                row.layout, row.capacity, row.use = layout, capacity, use
                db.add(row)
        db.commit()


def add_post(world: World, exam: Exam, code: str) -> None:
    """One more post."""
    with world.context(world.people[Role.OFFICER]).session as db:
        db.add(Post(exam_id=exam.id, code=code, unit="市审计局", title="科员", vacancies=1))
        db.commit()


def add_people(
    world: World,
    exam: Exam,
    district: int,
    count: int,
    *,
    state: str = "paid",
    start: int = 0,
    post_code: str = "101",
) -> None:
    """`count` applications with invented people; their labels and refs follow from `start`."""
    vault = world.keys.vault
    with world.context(world.people[Role.OFFICER]).session as db:
        known = select(Post.id).where(Post.exam_id == exam.id, Post.code == post_code)
        post = db.scalars(known).one()
        wanted = select(District.id).where(District.exam_id == exam.id, District.code == district)
        in_district = db.scalars(wanted).one()
        sealed = [vault.seal(f"52040219970101{n:04d}") for n in range(10)]
        password = hash_password(PASSWORD, "cheapest", bytes(16))
        numbers = range(start, start + count)
        accounts = [
            Account(
                ref=f"account{district}-{n:05d}",
                username=f"candidate{district}-{n:05d}",
                name=f"考生{n:05d}",
                role="candidate",
                password_hash=password,
                created_at=world.clock.now(),
            )
            for n in numbers
        ]
        db.add_all(accounts)
        db.flush()
        people = [
            Person(
                account_id=account.id,
                name=account.name,
                sex="female" if n % 2 else "male",
                birth=date(1997, 1, 1),
                id_sealed=sealed[n % 10],
                id_blind=account.ref,
                phone_sealed=b"",
            )
            for n, account in zip(numbers, accounts, strict=True)
        ]
        db.add_all(people)
        db.flush()
        db.add_all(
            Application(
                ref=f"ref{district}-{n:05d}",
                label=f"k-{hashlib.sha256(person.id_blind.encode()).hexdigest()[:12]}",
                exam_id=exam.id,
                person_id=person.id,
                post_id=post,
                district_id=in_district,
                education="bachelor",
                major="法学",
                school="某大学",
                employer="",
                state=state,
                checks="[]",
                created_at=world.clock.now(),
            )
            for n, person in zip(numbers, people, strict=True)
        )
        db.commit()


def name_candidate(world: World, ref: str, name: str) -> Actor:
    """Give somebody a name, a photo and their consent; returns who can log in as them."""
    out = BytesIO()
    Image.linear_gradient("L").resize((350, 450)).convert("RGB").save(out, "JPEG")
    ctx = world.context(world.people[Role.OFFICER])
    with ctx.session as db:
        application = db.scalars(select(Application).where(Application.ref == ref)).one()
        person = db.get_one(Person, application.person_id)
        account = db.get_one(Account, person.account_id)
        person.name = account.name = name
        application.photo = store_photo(world.config, take_in(out.getvalue()))
        consents.add_consent(ctx, account, consents.require(ctx, None))
        db.commit()
        return actor_for(account)


def standard(world: World, *, first: int = 65, second: int = 7) -> Exam:
    """The exam with PLACES, people in both districts and some who never paid."""
    exam = add_exam(world)
    add_places(world, exam)
    add_people(world, exam, 1, first)
    add_people(world, exam, 2, second)
    add_people(world, exam, 1, 3, state="approved", start=90000)
    return exam


def freeze(ctx: Context, kind: str) -> Attempt:
    """Freeze a draw with the inspector's approval."""
    approve_in(ctx, "draws.freeze_draw", code=CODE, kind=kind)
    return draws.freeze_draw(ctx, code=CODE, kind=kind)


def finish(world: World, kind: str, *, dice: str = DICE) -> None:
    """The whole ceremony of a draw up to the signed result."""
    with world.acting(Role.OFFICER) as ctx:
        freeze(ctx, kind)
    reveal(world, kind, dice=dice)
    with world.acting(Role.OFFICER) as ctx:
        draws.finish_draw(ctx, draw=f"{CODE}-{kind}", number=1)
    world.seal()


def reveal(world: World, kind: str, *, dice: str = DICE) -> None:
    """A frozen draw's ceremony from the commitments to the last secret."""
    name = f"{CODE}-{kind}"
    both = (Role.OFFICER, Role.INSPECTOR)
    for role in both:
        text = f"exam-system/draw/v1 commit\n{name}\n1\n{role.value}\n{SECRETS[role]}\n"
        digest = hashlib.sha256(text.encode()).hexdigest()
        with world.acting(role) as ctx:
            draws.commit_secret(ctx, draw=name, number=1, commitment=digest)
    with world.acting(Role.OFFICER) as ctx:
        draws.record_dice(ctx, draw=name, number=1, digits=dice)
    with world.acting(Role.INSPECTOR) as ctx:
        draws.confirm_dice(ctx, draw=name, number=1, digits=dice)
    for role in both:
        with world.acting(role) as ctx:
            draws.reveal_secret(ctx, draw=name, number=1, secret=SECRETS[role])


def publish(world: World, kind: str) -> None:
    """Cosign what the inspector must and publish the finished draw."""
    name = f"{CODE}-{kind}"
    with world.acting(Role.INSPECTOR) as ctx:
        head = newest_head(ctx.session)
        note = find(ctx.session, name, 1).attempt.note_id
        assert head is not None
        assert note is not None
        wanted = [one for one in (note, head.note_id) if missing_cosigners(ctx.session, one)]
        cosign_notes(ctx, files=[_signed(world, note_bytes(ctx.session, one)) for one in wanted])
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "draws.publish_draw", draw=name, number=1)
        draws.publish_draw(ctx, draw=name, number=1)
    world.seal()


def _signed(world: World, data: bytes) -> bytes:
    text = parse(data).text.encode()
    return with_line(data, world.inspector.line(text, int(world.clock.now().timestamp())))


def seat(world: World) -> None:
    """Draw and publish the seats."""
    finish(world, "seats")
    publish(world, "seats")
