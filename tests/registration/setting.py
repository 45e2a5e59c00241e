"""An announced exam put into the tables, candidates who registered, and their photos."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from io import BytesIO

from PIL import Image
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.service import register_candidate
from exam_system.accounts.sessions import actor_for
from exam_system.clock import rfc3339
from exam_system.context import PUBLIC, Actor
from exam_system.exams.models import District, Exam, FeeItem, Post
from exam_system.exams.rules import defaults, parse_rules
from exam_system.people import _CHECKS, _WEIGHTS
from exam_system.registration import service
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs, sha256_hex
from tests.world import PASSWORD, World

CODE = "gk-2026"
FEE = 10000


def add_exam(
    world: World, *, code: str = CODE, fee: int | None = FEE, state: str = "announced"
) -> Exam:
    """An exam in the state announced (or `state`): open for 8 days, payable for 12."""
    now = world.clock.now()
    document = defaults("civil_service")
    times = {"registration_opens": 0, "registration_closes": 8, "payment_closes": 12}
    for key, days in times.items():
        document[key]["value"] = rfc3339(now + timedelta(days=days))
    text = jcs(parse_rules(document).document()).decode()
    exam = Exam(
        code=code,
        name=f"测试市考试录用公务员（{code}）",
        name_en=f"Test City exam {code}",
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
        db.add(District(exam_id=exam.id, code=1, name="西秀考区"))
        db.add(District(exam_id=exam.id, code=2, name="平坝考区"))
        db.add_all(_post(exam, number) for number in range(101, 104))
        if fee is not None:
            db.add(_fee(exam, fee))
        db.commit()
    return exam


def _post(exam: Exam, code: int) -> Post:
    return Post(
        exam_id=exam.id,
        code=str(code),
        unit="测试市财政局",
        title=f"一级科员{code}",
        vacancies=2,
        age="18周岁以上、35周岁以下",
        age_min=18,
        age_max=35,
        education="本科及以上",
        education_min="bachelor",
        majors="法学类（0301）",
        major_codes="0301",
        sex=None,
    )


def _fee(exam: Exam, fen: int) -> FeeItem:
    return FeeItem(
        exam_id=exam.id,
        name="笔试考务费",
        fen=fen,
        licence="黔价费〔2026〕1号",
        standard="每人每科50元，共2科",
        authority="省发展和改革委员会、省财政厅",
        hotline="0851-12345678",
    )


def id_number(serial: int, *, born: str = "19970101") -> str:
    """A valid ID number; odd serials are men."""
    digits = f"520402{born}{serial:03d}"
    total = sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True))
    return digits + _CHECKS[total % 11]


def add_candidate(world: World, serial: int = 11, name: str = "王小明", **more: str) -> Actor:
    """Somebody who registered; the login name is `id_number(serial)`."""
    with world.acting(PUBLIC) as ctx:
        account = register_candidate(
            ctx,
            name=name,
            id_number=id_number(serial, **more),
            phone=f"138{serial:08d}",
            password=PASSWORD,
        )
    return actor_for(account)


@cache
def photo(width: int = 350, height: int = 450, shade: int = 200) -> bytes:
    """An identity photo as JPEG."""
    out = BytesIO()
    Image.new("RGB", (width, height), (shade, shade, shade)).save(out, "JPEG")
    return out.getvalue()


def applied(world: World, who: Actor, *, code: str = CODE, post: str = "101") -> Application:
    """A draft for a post."""
    with world.acting(who) as ctx:
        return service.apply(
            ctx,
            exam_code=code,
            post_code=post,
            district_code=1,
            education="bachelor",
            major="法学 030101K",
            school="测试大学",
            employer="",
        )


def submitted(world: World, who: Actor, *, code: str = CODE) -> Application:
    """A submitted application with a photo."""
    application = applied(world, who, code=code)
    with world.acting(who) as ctx:
        service.add_photo(ctx, ref=application.ref, data=photo())
        return service.submit_application(ctx, ref=application.ref)


def approved(world: World, who: Actor, *, code: str = CODE) -> Application:
    """An approved application."""
    application = submitted(world, who, code=code)
    with world.acting(Role.REVIEWER) as ctx:
        return service.decide_application(ctx, ref=application.ref, approve=True)


def refused(world: World, who: Actor, *, reason: str = "学历证明不清晰") -> Application:
    """A refused application."""
    application = submitted(world, who)
    with world.acting(Role.REVIEWER) as ctx:
        return service.decide_application(ctx, ref=application.ref, approve=False, reason=reason)


def fresh(world: World, application: Application) -> Application:
    """The application as the database has it now."""
    with world.context(PUBLIC).session as db:
        return db.scalars(select(Application).where(Application.ref == application.ref)).one()


def set_state(world: World, application: Application, state: str) -> None:
    """Put an application into a state directly, to test moves from it."""
    with world.context(PUBLIC).session as db:
        row = db.get_one(Application, application.id)
        row.state, row.proposal = state, "{}" if state == "second" else None
        db.commit()


def account_of(world: World, who: Actor) -> Account:
    """The account row of an actor."""
    with world.context(PUBLIC).session as db:
        return db.scalars(select(Account).where(Account.ref == who.ref)).one()
