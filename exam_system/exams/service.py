"""Verbs of exams: create, set up, announce, close registration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from sqlalchemy import delete, insert, select

from exam_system.approvals.lookup import use
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Gathered, Invalid
from exam_system.exams.age_day import with_age_day
from exam_system.exams.announcement import (
    announcement_files,
    notice_body,
    notice_table,
    posts_of,
)
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import District, Exam, ExamSession, FeeItem, Post, Room, Site
from exam_system.exams.place_table import Place, read_places
from exam_system.exams.post_table import PostRow, read_posts
from exam_system.exams.readiness import NotReady, is_frozen, missing
from exam_system.exams.rules import defaults, parse_rules
from exam_system.exams.states import move
from exam_system.fees.relief import undecided
from exam_system.fees.waiting import open_codes, uncounted, waiting_orders
from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.registration.lookup import count_unreviewed
from exam_system.trust.canonical import clean_label, jcs, sha256_hex

CODE = re.compile("[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
LONGEST_CODE = 32
HIGHEST_FEE = 1_000_000  # fen
LONGEST_POST_CODE = 20
# What a new exam suggests for its three times, counted from the day it is created.
_OPENS, _CLOSES, _PAYMENT = (7, 9), (17, 17), (24, 17)  # days, hour

_FEE_TEXTS = {"name": 80, "licence": 120, "standard": 200, "authority": 120, "hotline": 40}


@verb
def create_exam(
    ctx: Context, *, code: str, name: str, name_en: str, exam_type: str, area_code: str
) -> Exam:
    """Create an exam in draft with the usual rules of its type and suggested dates."""
    wrong = Gathered()
    with wrong.about("code"):
        _require_new(ctx, code)
    with wrong.about("name"):
        name = _line(name, 120)
    with wrong.about("name_en"):
        name_en = _line(name_en, 160)
    with wrong.about("exam_type"):
        document = defaults(exam_type)
    if not re.fullmatch("[0-9]{6}", area_code):
        sentence = "An area code has 6 digits (GB/T 2260)"
        wrong.errors.append(Invalid(sentence).about("area_code"))
    wrong.tell()
    exam = Exam(
        code=code,
        name=name,
        name_en=name_en,
        area_code=area_code,
        state="draft",
        created_at=ctx.clock.now(),
    )
    _write_rules(exam, _with_dates(document, ctx))
    ctx.session.add(exam)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", type=exam_type, rules=exam.rules_digest)
    return exam


def _require_new(ctx: Context, code: str) -> None:
    if not CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        raise Invalid("A code has letters, digits and single hyphens, at most 32, e.g. gy-2026")
    if ctx.session.scalar(select(Exam.id).where(Exam.code == code)):
        raise Conflict("There is an exam with the code %(code)s already", code=code)


def _with_dates(document: dict[str, Any], ctx: Context) -> dict[str, Any]:
    today = ctx.clock.now().astimezone(ctx.config.zone).replace(minute=0, second=0, microsecond=0)
    keys = ("registration_opens", "registration_closes", "payment_closes")
    for key, (days, hour) in zip(keys, (_OPENS, _CLOSES, _PAYMENT), strict=True):
        document[key]["value"] = rfc3339(today.replace(hour=hour) + timedelta(days=days))
    return document


def _write_rules(exam: Exam, document: Mapping[str, Any]) -> None:
    data = jcs(parse_rules(document).document())
    exam.rules, exam.rules_digest = data.decode(), sha256_hex(data)


def _line(text: str, longest: int) -> str:
    text = " ".join(text.split())
    if not text or len(text) > longest:
        raise Invalid("Enter 1 to %(longest)s characters", longest=longest)
    try:
        return clean_label(text)
    except ValueError:
        raise Invalid("The text “%(text)s” has characters that cannot be used", text=text) from None


def draft(ctx: Context, code: str) -> Exam:
    """The exam as long as it may still change; raises Conflict afterwards."""
    exam = open_exam(ctx.session, code, "draft")
    if is_frozen(ctx.session, exam):
        raise Conflict("The announcement has been prepared: rules, places and posts are frozen")
    return exam


@verb
def set_rules(ctx: Context, *, code: str, document: Mapping[str, Any]) -> Exam:
    """Replace the rule set of a draft; raises RuleProblems with everything that is wrong."""
    exam = draft(ctx, code)
    _write_rules(exam, document)
    ctx.record(exam=code, subject=f"exam:{code}", rules=exam.rules_digest)
    return exam


@verb
def import_places(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Replace all districts, sites and rooms of a draft; returns the number of rooms.

    Raises SheetError with every problem of the table.
    """
    exam = draft(ctx, code)
    places = read_places(name, data)
    _delete_places(ctx, exam)
    for _, of_district in groupby(places, key=lambda place: place.district_code):
        _add_district(ctx, exam, list(of_district))
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), rooms=len(places))
    return len(places)


def _delete_places(ctx: Context, exam: Exam) -> None:
    districts = select(District.id).where(District.exam_id == exam.id)
    sites = select(Site.id).where(Site.district_id.in_(districts))
    ctx.session.execute(delete(Room).where(Room.site_id.in_(sites)))
    ctx.session.execute(delete(Site).where(Site.district_id.in_(districts)))
    ctx.session.execute(delete(District).where(District.exam_id == exam.id))


def _add_district(ctx: Context, exam: Exam, places: list[Place]) -> None:
    first = places[0]
    district = District(exam_id=exam.id, code=first.district_code, name=first.district)
    ctx.session.add(district)
    ctx.session.flush()
    for _, of_site in groupby(places, key=lambda place: place.site_code):
        _add_site(ctx, district, list(of_site))


def _add_site(ctx: Context, district: District, places: list[Place]) -> None:
    first = places[0]
    site = Site(
        district_id=district.id,
        code=first.site_code,
        name=first.site,
        address=first.address,
        school=first.school,
    )
    ctx.session.add(site)
    ctx.session.flush()
    rows = [
        {
            "site_id": site.id,
            "code": place.room_code,
            "name": place.room,
            "layout": place.layout,
            "capacity": place.capacity,
            "use": place.use,
            "access": place.access,
        }
        for place in places
    ]
    ctx.session.execute(insert(Room), rows)


@verb
def set_sessions(
    ctx: Context, *, code: str, sessions: Sequence[tuple[str, datetime, datetime]]
) -> None:
    """Replace the sessions of a draft: (subject code, start, end), one a subject."""
    exam = draft(ctx, code)
    check_sessions(sessions, {subject.code for subject in rules_of(exam).subjects})
    ctx.session.execute(delete(ExamSession).where(ExamSession.exam_id == exam.id))
    for subject, starts_at, ends_at in sessions:
        ctx.session.add(
            ExamSession(exam_id=exam.id, subject=subject, starts_at=starts_at, ends_at=ends_at)
        )
    ctx.session.flush()
    plan = [[subject, rfc3339(start), rfc3339(end)] for subject, start, end in sessions]
    ctx.record(exam=code, subject=f"exam:{code}", sessions=plan)


def check_sessions(sessions: Sequence[tuple[str, datetime, datetime]], known: set[str]) -> None:
    """Raise Invalid unless every session is of a known subject, has a length, and is alone."""
    subjects = [subject for subject, _, _ in sessions]
    for subject in subjects:
        if subject not in known:
            raise Invalid("There is no subject %(code)s", code=subject)
    if len(set(subjects)) < len(subjects):
        raise Invalid("A subject has one session")
    backwards = [code for code, start, end in sessions if end <= start]
    if backwards:
        raise Invalid("A session must end after it begins").about(f"{backwards[0]}.ends")
    times = sorted((start, end, code) for code, start, end in sessions)
    overlap = [later[2] for earlier, later in pairwise(times) if later[0] < earlier[1]]
    if overlap:
        sentence = "Two sessions overlap: every candidate sits them all"
        raise Invalid(sentence).about(f"{overlap[0]}.starts")


@verb
def add_fee_item(
    ctx: Context,
    *,
    code: str,
    name: str,
    fen: int,
    licence: str,
    standard: str,
    authority: str,
    hotline: str,
) -> FeeItem:
    """Set what is asked for, with its posted basis; an item of the same name is replaced."""
    exam = draft(ctx, code)
    texts = {"licence": licence, "standard": standard, "authority": authority, "hotline": hotline}
    wrong, lines = Gathered(), {}
    for key, text in {"name": name, **texts}.items():
        with wrong.about(key):
            lines[key] = _line(text, _FEE_TEXTS[key])
    if not 0 <= fen <= HIGHEST_FEE:
        wrong.errors.append(Invalid("A fee is from 0 to 10,000 yuan").about("amount"))
    wrong.tell()
    name = lines.pop("name")
    item = ctx.session.scalar(
        select(FeeItem).where(FeeItem.exam_id == exam.id, FeeItem.name == name)
    )
    item = item or FeeItem(exam_id=exam.id, name=name)
    item.fen = fen
    for key, line in lines.items():
        setattr(item, key, line)
    ctx.session.add(item)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", name=name, fen=fen, licence=item.licence)
    return item


@verb
def import_posts(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Replace the posts of a draft; returns their number. Raises SheetError."""
    exam = draft(ctx, code)
    rows = [_post(exam, row) for row in read_posts(name, data)]
    ctx.session.execute(delete(Post).where(Post.exam_id == exam.id))
    ctx.session.execute(insert(Post), rows)
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), posts=len(rows))
    return len(rows)


def _post(exam: Exam, row: PostRow) -> dict[str, Any]:
    for text, longest in ((row.code, LONGEST_POST_CODE), (row.unit, 200), (row.title, 120)):
        if len(text) > longest:
            raise Invalid(
                "Post %(code)s: “%(text)s” has more than %(longest)s characters",
                code=row.code,
                text=text,
                longest=longest,
            )
    texts = ("code", "unit", "title", "vacancies", "age", "age_min", "age_max", "education")
    more = ("education_min", "degree", "majors", "sex", "experience", "other", "medical", "note")
    values = {key: getattr(row, key) for key in (*texts, *more)}
    values |= {"area": row.area or None, "category": row.category or None}
    return {"exam_id": exam.id, **values, "major_codes": " ".join(row.major_codes)}


@verb
def prepare_announcement(ctx: Context, *, code: str) -> Release:
    """Freeze rules, places and posts and make the announcement for the inspectors to cosign.

    Raises NotReady naming everything that is missing.
    """
    exam = draft(ctx, code)
    lacking = missing(ctx.session, exam, ctx.clock.now())
    if lacking:
        raise NotReady(lacking)
    if rules_of(exam).age_day is None:
        _write_rules(exam, with_age_day(exam, ctx.config.zone))
    posts = posts_of(ctx.session, exam)
    fees = ctx.session.scalars(
        select(FeeItem).where(FeeItem.exam_id == exam.id).order_by(FeeItem.id)
    ).all()
    release = releases.prepare(
        ctx,
        exam=exam,
        chain="announcement",
        stage="announcement",
        files=announcement_files(posts),
        title=exam.name,
        table=notice_table(posts),
        body=notice_body(exam, rules_of(exam), posts, fees, ctx.config.zone),
    )
    _record_release(ctx, code, release)
    return release


def _record_release(ctx: Context, code: str, release: Release) -> None:
    ctx.record(
        exam=code,
        subject=releases.subject(code, release),
        digest=releases.release_digest(ctx.session, release),
        version=release.version,
        stage=release.stage,
    )


@verb
def publish_announcement(ctx: Context, *, code: str) -> Release:
    """Publish the prepared announcement once enough inspectors have cosigned it."""
    exam = open_exam(ctx.session, code, "draft")
    release = releases.newest(ctx.session, exam.id, "announcement", state="draft")
    if release is None:
        raise Conflict("The announcement has not been prepared yet")
    releases.require_publishable(ctx, release)
    digest = releases.release_digest(ctx.session, release)
    use(ctx, subject=releases.subject(code, release), digest=digest)
    move(exam, "announced")
    exam.announced_at = ctx.clock.now()
    releases.publish(ctx, release)
    _record_release(ctx, code, release)
    return release


@verb
def close_registration(ctx: Context, *, code: str) -> Exam:
    """Close registration for good once the time for payment is over.

    About every order that still waits the gateway must have been asked since then
    (`fees.settling.settle_orders`): who paid in time and was never told counts.
    """
    exam = open_exam(ctx.session, code, "announced")
    closes = rules_of(exam).payment_closes
    if ctx.due() < closes:
        raise Conflict("Registration cannot be closed before the time for payment is over")
    unasked = waiting_orders(ctx.session, exam, closes)
    if unasked:
        raise Conflict(
            "Not closed: the payment service has not answered yet about %(count)s orders that wait "
            "for their payment (%(number)s). Try again in a minute",
            count=len(unasked),
            number=unasked[0],
        )
    if codes := open_codes(ctx.session, exam):
        raise Conflict(
            "Not closed: the bank's file of the last day of %(count)s payment codes is not taken "
            "in yet",
            count=codes,
        )
    if takings := uncounted(ctx.session, exam):
        raise Conflict(
            "Not closed: %(count)s payments at the counter are not counted yet", count=takings
        )
    if waiting := undecided(ctx.session, exam):
        raise Conflict(
            "Not closed: %(count)s requests for a waiver of the fee wait for a decision",
            count=waiting,
        )
    if unreviewed := count_unreviewed(ctx.session, exam):
        raise Conflict(
            "Not closed: %(count)s applications wait for their review. Nobody's application ends "
            "without an answer",
            count=unreviewed,
        )
    move(exam, "closed")
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}")
    return exam
