"""An exam whose shortlist is published, put into the tables; from there on the real verbs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.accounts.service import register_candidate
from exam_system.accounts.sessions import actor_for
from exam_system.context import PUBLIC, Actor, Context
from exam_system.draws import service as draws
from exam_system.draws.lookup import find
from exam_system.draws.models import Attempt
from exam_system.exams.models import District, Exam, Post, Room, Site
from exam_system.exams.rules import defaults, parse_rules
from exam_system.interviews import service
from exam_system.interviews.models import Interview, Interviewer, InterviewGroup, Panel, PanelSeat
from exam_system.oversight.service import cosign_notes
from exam_system.records.heads import newest_head
from exam_system.records.models import Release
from exam_system.records.notes import missing_cosigners, note_bytes, put_note
from exam_system.registration.models import Application
from exam_system.results.models import Result
from exam_system.sheets import write_csv
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.trust.notes import parse, with_line
from tests.world import PASSWORD, World, approve_in, sign_pledges_in

CODE = "gwy-2026"
TIMES = {
    "registration_opens": "2026-03-02T01:00:00Z",
    "registration_closes": "2026-03-08T10:00:00Z",
    "payment_closes": "2026-03-12T10:00:00Z",
}
HEADER = ("证书编号", "姓名", "性别", "行政区划代码", "工作单位", "主考官")
FAMILY = "欧阳"  # every candidate's name begins with it: what must not leak can be looked for
PHONE = "1390000"
DICE = "31415926535897932384"


def add_exam(
    world: World, sizes: Sequence[int] = (3,), *, rooms: int = 2, code: str = CODE, **rules: Any
) -> None:
    """A shortlisted exam: a post for every size with so many shortlisted and one who is not."""
    document = defaults("civil_service")
    for key, value in {**TIMES, **rules}.items():
        document[key]["value"] = value
    text = jcs(parse_rules(document).document()).decode()
    exam = Exam(
        code=code,
        name="2026年测试市考试录用公务员",
        name_en="Test City exam 2026",
        area_code="520400",
        state="shortlisted",
        rules=text,
        rules_digest=sha256_hex(text.encode()),
        created_at=world.clock.now(),
    )
    with world.acting(Role.OFFICER) as ctx:
        db = ctx.session
        db.add(exam)
        db.flush()
        _add_rooms(db, exam, rooms)
        posts = range(101, 101 + len(sizes))
        db.add_all(
            Post(exam_id=exam.id, code=str(n), unit="测试局", title="一级科员", vacancies=1)
            for n in posts
        )
    _add_candidates(world, exam, sizes)


def _add_rooms(db: Session, exam: Exam, rooms: int) -> None:
    """So many rooms for interviews and one for the written exam."""
    district = District(exam_id=exam.id, code=1, name="第一考区")
    db.add(district)
    db.flush()
    site = Site(district_id=district.id, code=1, name="市一中", address="东关路1号", school="一中")
    db.add(site)
    db.flush()
    uses = ["interview"] * rooms + ["written"]
    db.add_all(
        Room(site_id=site.id, code=n, name=f"{n}室", layout="5x6", capacity=30, use=use)
        for n, use in enumerate(uses, 1)
    )


def id_number(place: int) -> str:
    """A valid ID number of an adult."""
    digits = f"52040219900101{place:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(d) * w for d, w in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


def number_of(place: int) -> str:
    """The admission number of candidate `place` of the exam."""
    return f"0101{place:04d}"


def _add_candidates(world: World, exam: Exam, sizes: Sequence[int]) -> None:
    people = _register(world, sum(sizes) + len(sizes))
    with world.acting(Role.OFFICER) as ctx:
        db = ctx.session
        release = _shortlist(ctx, exam)
        posts = db.scalars(select(Post.id).where(Post.exam_id == exam.id).order_by(Post.code)).all()
        district = db.scalars(select(District.id).where(District.exam_id == exam.id)).one()
        outcomes = [
            (post, "shortlisted" if within < size else "not")
            for post, size in zip(posts, sizes, strict=True)
            for within in range(size + 1)
        ]
        for place, (post, outcome) in enumerate(outcomes):
            row = _application(world, exam, place, people[place], post, district)
            db.add(row)
            db.flush()
            db.add(_result(row, release, outcome))


def _register(world: World, count: int) -> list[int]:
    """Register so many people; returns their ids."""
    with world.acting(PUBLIC) as ctx:
        taken = len(ctx.session.scalars(select(Person.id)).all())
        for place in range(taken, taken + count):
            register_candidate(
                ctx,
                name=f"{FAMILY}{chr(0x4E00 + place)}",
                id_number=id_number(place),
                phone=f"{PHONE}{place:04d}",
                password=PASSWORD,
            )
        return list(ctx.session.scalars(select(Person.id).order_by(Person.id)))[taken:]


def _shortlist(ctx: Context, exam: Exam) -> Release:
    """The release of the shortlist, as far as its rows are looked at."""
    note = put_note(
        ctx.session,
        purpose="publication",
        title="shortlist",
        exam=exam.code,
        text=f"{exam.code} shortlist\n",
        signers=[ctx.keys.publisher],
        at=ctx.clock.now(),
    )
    release = Release(
        exam_id=exam.id,
        chain="results",
        version=2,
        stage="shortlist",
        state="published",
        rules_digest=exam.rules_digest,
        note_id=note.id,
        prepared_at=ctx.clock.now(),
    )
    ctx.session.add(release)
    ctx.session.flush()
    return release


def _application(
    world: World, exam: Exam, place: int, person: int, post: int, district: int
) -> Application:
    return Application(
        ref=f"{exam.code}-{place:03d}",
        label=f"k-{exam.code}-{(place * 7919) % 1000:03d}",
        exam_id=exam.id,
        person_id=person,
        post_id=post,
        district_id=district,
        education="bachelor",
        major="法学",
        school="测试大学",
        employer="",
        state="paid",
        checks="[]",
        number=number_of(place),
        created_at=world.clock.now(),
    )


def _result(application: Application, release: Release, outcome: str) -> Result:
    return Result(
        application_id=application.id,
        stage="shortlist",
        release_id=release.id,
        written="70.00",
        interview="",
        total="",
        rank=1,
        outcome=outcome,
    )


def pool_row(place: int, *, chief: bool = False, area: str = "410100") -> tuple[str, ...]:
    """One line of the table of interviewers."""
    sex = "女" if place % 2 else "男"
    name = f"考官{chr(0x5000 + place)}"
    return (f"KG{place:04d}", name, sex, area, f"单位{place}", "是" if chief else "否")


def fill_pool(world: World, chiefs: int, members: int, *, local: int = 0) -> None:
    """So many chiefs and members from elsewhere, and `local` ones of each from the exam's area."""
    rows = [pool_row(n, chief=True) for n in range(chiefs)]
    rows += [pool_row(100 + n) for n in range(members)]
    rows += [pool_row(200 + n, chief=True, area="520402") for n in range(local)]
    rows += [pool_row(300 + n, area="520423") for n in range(local)]
    with world.acting(Role.OFFICER) as ctx:
        service.import_interviewers(ctx, name="pool.csv", data=write_csv(HEADER, rows))


def freeze(ctx: Context, kind: str, code: str = CODE) -> Attempt:
    """Freeze a draw with the inspector's approval."""
    approve_in(ctx, "draws.freeze_draw", code=code, kind=kind)
    return draws.freeze_draw(ctx, code=code, kind=kind)


def hold(world: World, kind: str, code: str = CODE) -> None:
    """The whole ceremony of a draw up to its result."""
    draw = f"{code}-{kind}"
    secrets = {role: hashlib.sha256(f"{draw} {role}".encode()).hexdigest() for role in CEREMONY}
    with world.acting(Role.OFFICER) as ctx:
        freeze(ctx, kind, code)
    for role, secret in secrets.items():
        text = f"exam-system/draw/v1 commit\n{draw}\n1\n{role.value}\n{secret}\n"
        with world.acting(role) as ctx:
            commitment = hashlib.sha256(text.encode()).hexdigest()
            draws.commit_secret(ctx, draw=draw, number=1, commitment=commitment)
    with world.acting(Role.OFFICER) as ctx:
        draws.record_dice(ctx, draw=draw, number=1, digits=DICE)
    with world.acting(Role.INSPECTOR) as ctx:
        draws.confirm_dice(ctx, draw=draw, number=1, digits=DICE)
    for role, secret in secrets.items():
        with world.acting(role) as ctx:
            draws.reveal_secret(ctx, draw=draw, number=1, secret=secret)
    with world.acting(Role.OFFICER) as ctx:
        draws.finish_draw(ctx, draw=draw, number=1)


CEREMONY = (Role.OFFICER, Role.INSPECTOR)


def publish(world: World, kind: str, code: str = CODE) -> Path:
    """Seal the log, cosign what the inspector must and publish a finished draw's bundle."""
    world.seal()
    draw = f"{code}-{kind}"
    with world.acting(Role.INSPECTOR) as ctx:
        head, note = newest_head(ctx.session), find(ctx.session, draw, 1).attempt.note_id
        assert head is not None
        assert note is not None
        wanted = [one for one in (note, head.note_id) if missing_cosigners(ctx.session, one)]
        cosign_notes(ctx, files=[_signed(world, note_bytes(ctx.session, one)) for one in wanted])
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "draws.publish_draw", draw=draw, number=1)
        return draws.publish_draw(ctx, draw=draw, number=1)


def _signed(world: World, data: bytes) -> bytes:
    text = parse(data).text.encode()
    return with_line(data, world.inspector.line(text, int(world.clock.now().timestamp())))


def ready(world: World, sizes: Sequence[int] = (3,), panels: int = 1, **rules: Any) -> None:
    """Everything drawn, accounts issued, no panel open."""
    add_exam(world, sizes, rooms=panels, **rules)
    fill_pool(world, 2 * panels, 7 * panels, local=2)
    with world.acting(Role.OFFICER) as ctx:
        service.create_panels(ctx, code=CODE, panels=panels)
    for kind in ("interviewers", "groups", "order"):
        hold(world, kind)
    with world.acting(Role.OFFICER) as ctx:
        service.issue_accounts(ctx, code=CODE)
        sign_pledges_in(ctx)


def begin(world: World, sizes: Sequence[int] = (3,), panels: int = 1, **rules: Any) -> None:
    """The same with panel 01 open."""
    ready(world, sizes, panels, **rules)
    with world.acting(Role.OFFICER) as ctx:
        service.open_panel(ctx, code=CODE, panel="01")


def interviewer(world: World, place: int, panel: str = "01") -> Actor:
    """The actor at a place of a panel."""
    with world.acting(Role.OFFICER) as ctx:
        query = (
            select(Account)
            .join(Interviewer, Interviewer.account_id == Account.id)
            .join(PanelSeat, PanelSeat.interviewer_id == Interviewer.id)
            .join(Panel, Panel.id == PanelSeat.panel_id)
            .where(Panel.code == panel, PanelSeat.place == place)
        )
        return actor_for(ctx.session.scalars(query).one())


def ref_of(world: World, place: int, panel: str = "01") -> str:
    """The application at a place of the drawn order."""
    with world.acting(Role.OFFICER) as ctx:
        query = (
            select(Application.ref)
            .join(Interview, Interview.application_id == Application.id)
            .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
            .join(Panel, Panel.id == InterviewGroup.panel_id)
            .where(Panel.code == panel, Interview.place == place)
        )
        return ctx.session.scalars(query).one()


def call(world: World, place: int) -> None:
    """The officer calls a number of panel 01."""
    ref = ref_of(world, place)
    with world.acting(Role.OFFICER) as ctx:
        service.call_candidate(ctx, code=CODE, ref=ref)


def enter(world: World, seat: int, place: int, score: str, panel: str = "01") -> Interview:
    """The interviewer at `seat` enters a score for the number `place`."""
    with world.acting(interviewer(world, seat, panel)) as ctx:
        return service.enter_score(ctx, code=CODE, panel=panel, place=place, score=score)


def hear(world: World, place: int, scores: Sequence[str]) -> Interview:
    """Call a number and enter all scores, by the interviewers' places."""
    call(world, place)
    for seat, score in enumerate(scores, 1):
        row = enter(world, seat, place, score)
    return row
