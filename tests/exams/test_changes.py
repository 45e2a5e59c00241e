"""Change notices: the only way in which an announced exam changes, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.approvals import service as approvals
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams import changes
from exam_system.exams.announcement import posts_of
from exam_system.exams.differences import Change
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import ChangeNotice, Exam, ExamSession, Post, Site
from exam_system.exams.rules import RuleSet
from exam_system.exams.service import close_registration
from exam_system.fees.service import create_order
from exam_system.oversight.watch import find_late
from exam_system.records import releases
from exam_system.records.models import Act, Note
from exam_system.registration import service as registration
from exam_system.trust.canonical import sha256_hex
from exam_system.verify.run import verify
from tests.exams import samples
from tests.oversight.test_board import red
from tests.registration import setting
from tests.world import World, approve_in

CODE = samples.CODE
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
REASON = "报名系统2026年3月18日晚发生故障，报名时间顺延"
POST = "10020101"
both = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def announced(world: World) -> World:
    samples.announce(world)
    return world


def rules(world: World) -> RuleSet:
    with world.acting(Role.OFFICER) as ctx:
        return rules_of(exam_by_code(ctx.session, CODE))


def prepare(world: World, change: Change, reason: str = REASON) -> None:
    with world.acting(Role.OFFICER) as ctx:
        changes.prepare_change(ctx, code=CODE, change=change, reason=reason)


def publish(world: World) -> Path:
    """Cosign, approve, publish; the folder of the newest version."""
    samples.cosign(world)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "exams.publish_change", code=CODE)
        release = changes.publish_change(ctx, code=CODE)
        return world.config.published / releases.folder_name(ctx.session, release)


def changed(world: World, change: Change) -> Path:
    prepare(world, change)
    return publish(world)


def longer(world: World, by: timedelta = DAY) -> Change:
    return Change(times={"registration_closes": rules(world).registration_closes + by})


def candidate(world: World, serial: int = 11) -> Any:
    return setting.add_candidate(world, serial)


def apply(world: World, who: Any) -> str:
    with world.acting(who) as ctx:
        application = registration.apply(
            ctx,
            exam_code=CODE,
            post_code=POST,
            district_code=1,
            education="bachelor",
            major="法学 030101K",
            school="测试大学",
            employer="",
        )
        return application.ref


@both
def test_a_window_is_extended_and_payment_follows(announced: World) -> None:
    before = rules(announced)
    folder = changed(announced, longer(announced))
    after = rules(announced)
    assert after.registration_closes == before.registration_closes + DAY
    assert after.payment_closes == before.payment_closes + DAY
    said = json.loads((folder / "rules.json").read_text())
    old = json.loads((folder.with_name(f"announcement-{CODE}-v1") / "rules.json").read_text())
    assert {key for key in said if said[key] != old[key]} == {
        "registration_closes",
        "payment_closes",
    }
    first, second = (verify([folder.with_name(f"announcement-{CODE}-v{k}")]) for k in (1, 2))
    assert not first.refused
    assert "SUPERSEDED by version 2" in first.lines[-1]
    assert not second.refused
    assert "not beside" not in second.lines[-1]
    with announced.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        release, notice = changes.published_notices(ctx, exam)[0]
        v1 = releases.by_version(ctx.session, exam.id, "announcement", 1)
        text = ctx.session.get_one(Note, release.note_id).text
        assert f"previous {releases.release_digest(ctx.session, v1)}\n" in text
        assert f"reason {REASON}\n" in text
        assert [(i.what, i.note) for i in notice.items] == [
            ("registration_closes", ""),
            ("payment_closes", "follows"),
        ]


@sqlite
def test_applying_counts_to_the_exact_second(announced: World) -> None:
    old, one, other = rules(announced), candidate(announced), candidate(announced, 13)
    changed(announced, longer(announced))
    new = rules(announced).registration_closes
    announced.clock.set(old.registration_closes + timedelta(hours=1))
    apply(announced, one)
    announced.clock.set(new - SECOND)
    apply(announced, one)
    announced.clock.set(new)
    with pytest.raises(Conflict, match="Registration closed"):
        apply(announced, other)


@sqlite
def test_paying_counts_to_the_exact_second(announced: World) -> None:
    old, who = rules(announced), candidate(announced)
    announced.clock.set(old.registration_opens)
    ref = apply(announced, who)
    with announced.acting(who) as ctx:
        registration.add_photo(ctx, ref=ref, data=setting.photo())
        registration.submit_application(ctx, ref=ref)
    with announced.acting(Role.REVIEWER) as ctx:
        registration.decide_application(ctx, ref=ref, approve=True)
    changed(announced, Change(times={"payment_closes": old.payment_closes + DAY}))
    assert rules(announced).registration_closes == old.registration_closes
    announced.clock.set(old.payment_closes + DAY - SECOND)
    with announced.acting(who) as ctx:
        assert create_order(ctx, ref=ref).state == "created"
        ctx.session.rollback()
    announced.clock.advance(seconds=1)
    with announced.acting(who) as ctx, pytest.raises(Conflict, match="time for payment"):
        create_order(ctx, ref=ref)


@both
def test_two_people_of_two_offices_publish(announced: World) -> None:
    prepare(announced, longer(announced))
    with announced.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="signature"):
        changes.publish_change(ctx, code=CODE)
    samples.cosign(announced)
    with announced.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="approval of somebody else"):
            changes.publish_change(ctx, code=CODE)
        ref = approvals.ask_approval(ctx, wanted=changes.wanted_change(ctx, code=CODE)).ref
    with announced.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        approvals.approve(ctx, ref=ref)
    for role in (Role.REVIEWER, Role.INSPECTOR, Role.ADMIN):
        with announced.acting(role) as ctx, pytest.raises(Forbidden):
            changes.publish_change(ctx, code=CODE)
    assert rules(announced).payment_closes.day == 26  # nothing has changed yet


REFUSED: list[tuple[str, Callable[[RuleSet], Change], str]] = [
    (
        "shortened",
        lambda r: Change(times={"registration_closes": r.registration_closes - SECOND}),
        "never shortened",
    ),
    (
        "payment shortened",
        lambda r: Change(times={"payment_closes": r.payment_closes - SECOND}),
        "never shortened",
    ),
    (
        "less time to pay than announced",
        lambda r: Change(
            times={
                "registration_closes": r.registration_closes + DAY,
                "payment_closes": r.payment_closes + DAY - SECOND,
            }
        ),
        "as long after registration as announced",
    ),
    ("opens", lambda r: Change(times={"registration_opens": r.registration_opens + DAY}), "window"),
    (
        "beyond the sessions",
        lambda r: Change(times={"payment_closes": r.payment_closes + 60 * DAY}),
        "put off the sessions",
    ),
    ("a silent rise", lambda _: Change(posts={POST: {"vacancies": 4}}), "legal basis"),
    ("no vacancies", lambda _: Change(posts={POST: {"vacancies": 0}}), "whole number"),
    ("another column", lambda _: Change(posts={POST: {"unit": "市税务局"}}), "cannot be changed"),
    ("no such post", lambda _: Change(posts={"99": {"vacancies": 1}}), "no post"),
    ("no such site", lambda _: Change(sites={(9, 9): {"name": "市三中"}}), "no such site"),
    ("ages turned", lambda _: Change(posts={POST: {"age": "40至30周岁"}}), "lowest age"),
    (
        "brought forward",
        lambda _: Change(
            sessions={
                "xc": (
                    samples.FIRST_SESSION - DAY,
                    samples.FIRST_SESSION - DAY + timedelta(hours=2),
                )
            }
        ),
        "never brought forward",
    ),
    ("nothing", lambda r: Change(times={"payment_closes": r.payment_closes}), "Nothing would"),
]


@sqlite
def test_what_may_not_change_is_refused(announced: World) -> None:
    known = rules(announced)
    for name, change, said in REFUSED:
        with announced.acting(Role.OFFICER) as ctx:
            with pytest.raises(Exception, match=said):
                changes.prepare_change(ctx, code=CODE, change=change(known), reason=name)
            ctx.session.rollback()
    with announced.acting(Role.OFFICER) as ctx:
        with pytest.raises(Invalid, match="reason"):
            changes.prepare_change(ctx, code=CODE, change=longer(announced), reason=" ")
        ctx.session.rollback()
        assert releases.newest(ctx.session, 1, "announcement").version == 1  # type: ignore[union-attr]
    assert rules(announced) == known


@both
def test_posts_change_as_the_notice_names_it(announced: World) -> None:
    announced.clock.set(rules(announced).registration_opens)
    apply(announced, candidate(announced))
    wanted: dict[str, Any] = {"posts": {POST: {"age": "18周岁以上、35周岁以下", "vacancies": 4}}}
    basis = "省公务员局批复〔2026〕7号"
    with announced.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="how they are treated"):
            changes.prepare_change(
                ctx, code=CODE, change=Change(**wanted, rise_basis=basis), reason=REASON
            )
        ctx.session.rollback()
    treatment = "已报考人员符合原条件的，报名继续有效"
    folder = changed(announced, Change(**wanted, rise_basis=basis, treatment=treatment))
    with announced.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        post = next(post for post in posts_of(ctx.session, exam) if post.code == POST)
        assert (post.age_max, post.vacancies) == (35, 4)
        notice = changes.published_notices(ctx, exam)[0][1]
        assert (notice.rise_basis, notice.treatment) == (basis, treatment)
        assert {(i.what, i.old, i.new, i.note) for i in notice.items} >= {
            ("vacancies", "3", "4", "rise")
        }
    posts = {post["code"]: post for post in json.loads((folder / "posts.json").read_text())}
    assert (posts[POST]["age_max"], posts[POST]["vacancies"], len(posts)) == (35, 4, 3)
    assert not verify([folder.parent]).refused
    assert red(announced).get("P6") is None


@sqlite
def test_sessions_and_sites(announced: World) -> None:
    starts = samples.FIRST_SESSION + 7 * DAY
    sessions = {
        "xc": (starts, starts + timedelta(hours=2)),
        "sl": (starts + DAY, starts + DAY + timedelta(hours=2)),
    }
    changed(announced, Change(sessions=sessions, sites={(1, 2): {"address": "南华路20号"}}))
    with announced.acting(Role.OFFICER) as ctx:
        rows = ctx.session.scalars(select(ExamSession).order_by(ExamSession.starts_at)).all()
        assert {row.subject: (row.starts_at, row.ends_at) for row in rows} == sessions
        assert ctx.session.scalars(select(Site.address).where(Site.name == "市二中")).one() == (
            "南华路20号"
        )


@sqlite
def test_a_notice_that_comes_too_late_is_dropped(announced: World) -> None:
    prepare(announced, longer(announced))
    samples.cosign(announced)
    with announced.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not published yet"):
        changes.prepare_change(ctx, code=CODE, change=longer(announced, 2 * DAY), reason=REASON)
    announced.clock.set(rules(announced).registration_closes + DAY)
    with announced.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "exams.publish_change", code=CODE)
        with pytest.raises(Conflict, match="too late"):
            changes.publish_change(ctx, code=CODE)
        ctx.session.rollback()
    with announced.acting(Role.OFFICER) as ctx:
        changes.drop_change(ctx, code=CODE, reason="故障已排除，不再顺延")
    with announced.acting(Role.OFFICER) as ctx:
        assert changes.waiting(ctx, exam_by_code(ctx.session, CODE)) is None
    folder = changed(announced, longer(announced, 2 * DAY))
    assert folder.name == f"announcement-{CODE}-v2"
    assert not verify([folder.parent]).refused
    announced.clock.set(rules(announced).payment_closes)
    with announced.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)
    with announced.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="do not change"):
        changes.prepare_change(ctx, code=CODE, change=longer(announced), reason=REASON)


@both
def test_a_tampered_notice_is_refused(announced: World) -> None:
    prepare(announced, longer(announced))
    samples.cosign(announced)
    with announced.engine.begin() as db:
        text = db.scalars(select(ChangeNotice.document)).one()
        new = text.replace('"note":"follows"', '"note":""')
        assert new != text
        db.execute(update(ChangeNotice).values(document=new))
    with announced.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="past the acts"):
        changes.publish_change(ctx, code=CODE)


@sqlite
def test_tampered_files_and_a_forged_chain_are_refused(announced: World) -> None:
    folder = changed(announced, longer(announced))
    rules_file = folder / "rules.json"
    good = rules_file.read_bytes()
    rules_file.write_bytes(good.replace(b"2026-03-20", b"2026-03-21", 1))
    assert verify([folder]).refused
    rules_file.write_bytes(good)
    first = folder.with_name(f"announcement-{CODE}-v1") / "publication.note"
    other = first.read_bytes().replace(b"version 1", b"version 1 ", 1)
    first.write_bytes(other)
    assert any("previous" in str(one) for one in verify([folder]).refused)


@both
def test_the_board_goes_by_the_version_of_the_time(announced: World) -> None:
    """An extension is no excuse for what was taken in between the old close and the notice."""
    old, one, other = rules(announced), candidate(announced), candidate(announced, 13)
    announced.clock.set(old.registration_closes + timedelta(minutes=5))
    with announced.acting(Role.OFFICER) as ctx:  # somebody lets a friend in past the window
        exam = ctx.session.scalars(select(Exam)).one()
        text, digest = exam.rules, exam.rules_digest
        later = text.replace("2026-03-19T09:00:00", "2026-03-19T19:00:00")
        exam.rules, exam.rules_digest = later, sha256_hex(later.encode())
        assert later != text
    apply(announced, one)
    with announced.acting(Role.OFFICER) as ctx:
        exam = ctx.session.scalars(select(Exam)).one()
        exam.rules, exam.rules_digest = text, digest
    announced.clock.advance(minutes=10)
    changed(announced, longer(announced))
    announced.clock.advance(minutes=10)
    apply(announced, other)
    with announced.acting(Role.OFFICER) as ctx:
        acts = {act.id: act.actor for act in ctx.session.scalars(select(Act))}
        late = [acts[alert.acts[0]] for alert in find_late(ctx.session)]
        assert late == [one.ref]
    assert "application" in red(announced)["P6"]


@sqlite
def test_the_board_sees_rules_and_posts_that_are_not_announced(announced: World) -> None:
    changed(announced, Change(posts={POST: {"vacancies": 2}}))
    assert red(announced).get("P6") is None
    with announced.acting(Role.OFFICER) as ctx:
        ctx.session.execute(update(Post).where(Post.code == POST).values(vacancies=3))
    assert "posts are not the announced ones" in red(announced)["P6"]


@sqlite
def test_the_pages(announced: World) -> None:
    app = announced.app()
    officer = announced.client(app, Role.OFFICER)
    page = f"/office/exams/{CODE}/change"
    assert "报名截止" in officer.get(page, headers={"Accept-Language": "zh"}).text
    sent = {"registration_closes": "2026-03-20T17:00", "reason": REASON}
    refused = officer.post(page, data={**sent, "registration_closes": "2026-03-01T17:00"})
    assert refused.status_code == 422
    assert "2026-03-01T17:00" in refused.text
    assert officer.post(page, data=sent).status_code == 302
    assert "Ask for approval" in officer.get(page, headers={"Accept-Language": "en"}).text
    samples.cosign(announced)
    announced.approved("exams.publish_change", code=CODE)
    assert officer.post(page, data={}).status_code == 302
    shown = {
        language: announced.client(app).get(f"/exams/{CODE}", headers={"Accept-Language": language})
        for language in ("zh", "en")
    }
    for text in (shown["zh"].text, shown["en"].text):
        assert REASON in text
    assert "变更公告第1号" in shown["zh"].text
    assert "Change notice no. 1" in shown["en"].text
    assert "Payment closes" in shown["en"].text
    assert announced.client(app).get(page).status_code in (302, 403)
