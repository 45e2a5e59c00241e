"""Posts as candidates look for them, the opening ratio by category, the day on which ages count."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.clock import rfc3339
from exam_system.context import Actor
from exam_system.exams import opening, service
from exam_system.exams.age_day import age_day
from exam_system.exams.differences import Change
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam, Post
from exam_system.exams.readiness import missing
from exam_system.exams.rules import RuleProblems, defaults, parse_rules
from exam_system.exams.search import Choice, areas, chosen, competition, number_of_posts
from exam_system.registration import service as registration
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs
from tests.exams import samples
from tests.exams.test_changes import CODE, DAY, both, changed, publish, rules, sqlite
from tests.exams.test_opening import paying
from tests.registration import setting
from tests.world import World

POSTS = """\
招录机关（单位）,职位名称,职位代码,招录人数,学历要求,专业,年龄要求,工作经历要求,其他要求,工作地点,职位类别
市财政局,会计,A1,2,本科及以上,会计学（120203K）,,无要求,,西秀区,甲
市财政局,文员,A2,1,大专及以上,不限专业,,具有两年以上基层工作经历,限女性,西秀区,甲
县人民法院,法官助理,B1,3,硕士研究生及以上,法学类（0301）,,无要求,限男性,平坝区,乙
县人民法院,书记员,B2,2,本科及以上,"法学类（0301），100%中文",,,,平坝区,
"""
FOUND = [
    ({}, "A1 A2 B1 B2"),
    ({"q": "法院"}, "B1 B2"),
    ({"q": "100%中"}, "B2"),
    ({"unit": "财政", "sort": "-vacancies"}, "A1 A2"),
    ({"area": "平坝区"}, "B1 B2"),
    ({"education": "bachelor"}, "A1 A2 B2"),
    ({"education": "college"}, "A2"),
    ({"major": "030101K"}, "A2 B1 B2"),
    ({"major": "法学 0301"}, "A2 B1 B2"),
    ({"major": "120203K"}, "A1 A2"),
    ({"major": "会计"}, "A1 A2"),
    ({"sex": "female"}, "A1 A2 B2"),
    ({"sex": "male", "experience": "none"}, "A1 B1 B2"),
    ({"experience": "some"}, "A2"),
    ({"sort": "-applied"}, "A2 B2 A1 B1"),
    ({"sort": "-ratio"}, "A2 B2 A1 B1"),
    ({"sort": "applied"}, "A1 B1 B2 A2"),
    ({"sort": "salary", "education": "none", "sex": "x"}, "A1 A2 B1 B2"),
    ({"q": "_"}, ""),
]


@pytest.fixture
def searched(world: World) -> World:
    """Four posts; two have paid for A2, one for B2, and registration is open."""
    with world.acting(Role.OFFICER) as ctx:
        samples.set_up(ctx)
        service.import_posts(ctx, code=CODE, name="posts.csv", data=POSTS.encode())
        document = json.loads(exam_by_code(ctx.session, CODE).rules)
        document["opening_ratios"]["value"] = {"甲": 2, "丙": 5}
        document["age_day"]["value"] = "2026-01-01"
        service.set_rules(ctx, code=CODE, document=document)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        (said,) = missing(ctx.session, exam, world.clock.now())
        assert "丙" in said.text()  # a category that no post has is a slip of the pen
        document["opening_ratios"]["value"] = {"甲": 2}
        service.set_rules(ctx, code=CODE, document=document)
        service.prepare_announcement(ctx, code=CODE)
    samples.cosign(world)
    with world.acting(Role.OFFICER) as ctx:
        samples.publish(ctx)
    world.clock.set(rules(world).registration_opens)
    for serial, post in ((101, "A2"), (103, "A2"), (105, "B2")):
        paying(world, serial, post)
    return world


@both
def test_every_condition(searched: World) -> None:
    with searched.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        for args, codes in FOUND:
            rows = competition(ctx.session, exam, chosen(args))
            assert [row.post.code for row in rows] == codes.split(), args
            assert number_of_posts(ctx.session, exam, chosen(args)) == len(rows)
        assert areas(ctx.session, exam) == ["平坝区", "西秀区"]
        day = age_day(ctx.session, exam, rules_of(exam), searched.config.zone)
        assert day == date(2026, 1, 1)  # as the rule says, whenever registration closes
        second = competition(ctx.session, exam, Choice(sort="-applied"), 1, 1)
        assert [(row.applied, row.approved, row.paid, row.ratio) for row in second] == [
            (2, 2, 2, "2.0")
        ]


@sqlite
def test_an_address_can_be_shared(searched: World) -> None:
    client = searched.client(searched.app())
    text = client.get(f"/exams/{CODE}/posts?major=0301&sex=male&page=9").text
    assert "书记员" in text
    assert "会计学（120203K）" not in text
    assert 'value="0301"' in text
    assert "format=csv&amp;major=0301&amp;sex=male" in text
    rows = client.get(f"/exams/{CODE}/posts?area=西秀区&format=csv").text.splitlines()
    assert len(rows) == 3
    assert rows[2].startswith("A2,")
    assert rows[2].endswith(",2,2,2,2.0")
    assert client.get(f"/exams/{CODE}/posts?q=%00&sort=%00&area=%00").status_code == 200


@sqlite
def test_the_opening_ratio_of_a_category(searched: World) -> None:
    """甲 needs 2 to one vacancy and has them in A2; every other category needs 3."""
    world = searched
    world.clock.set(rules(world).payment_closes)
    with world.acting(Role.OFFICER) as ctx:
        service.close_registration(ctx, code=CODE)
        found = opening.below(ctx.session, exam_by_code(ctx.session, CODE))
        assert [(one.row.post.code, one.left) for one in found] == [("A1", 0), ("B1", 0), ("B2", 0)]
    with world.acting(Role.OFFICER) as ctx:
        until = world.clock.now() + 3 * DAY
        opening.apply_opening_ratio(ctx, code=CODE, choose_until=until)
    publish(world)
    with world.acting(Role.OFFICER) as ctx:
        left = select(Post.code).where(Post.cancelled.is_(None))
        assert ctx.session.scalars(left).all() == ["A2"]
        states = ctx.session.scalars(select(Application.state).order_by(Application.id)).all()
        assert states == ["paid", "paid", "choosing"]


@sqlite
def test_ages_count_on_the_day_that_was_announced(world: World) -> None:
    samples.announce(world)
    assert rules(world).age_day == date(2026, 3, 19)
    world.clock.set(rules(world).registration_opens)
    zone, later = world.config.zone, rules(world).registration_closes + 3 * DAY
    changed(world, Change(times={"registration_closes": later}))
    assert rules(world).registration_closes.astimezone(zone).date() == date(2026, 3, 22)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        assert age_day(ctx.session, exam, rules_of(exam), zone) == date(2026, 3, 19)
    who = setting.add_candidate(world, 101)
    ref = _application(world, who)
    with world.acting(who) as ctx:
        registration.submit_application(ctx, ref=ref)
        text = ctx.session.scalars(select(Application.checks)).one()
        assert "2026-03-19" in text
        assert "2026-03-22" not in text


def _application(world: World, who: Actor) -> str:
    with world.acting(who) as ctx:
        ref = registration.apply(
            ctx,
            exam_code=CODE,
            post_code="10030101",
            district_code=1,
            education="bachelor",
            major="临床医学 1002",
            school="测试大学",
            employer="",
        ).ref
        registration.add_photo(ctx, ref=ref, data=setting.photo())
        return ref


@sqlite
def test_an_exam_announced_before_there_was_such_a_rule(world: World) -> None:
    """Its first announcement says when registration closes; the extended window does not."""
    samples.announce(world)
    world.clock.set(rules(world).registration_opens)
    with world.acting(Role.OFFICER) as ctx:
        exam = ctx.session.scalars(select(Exam)).one()
        document = json.loads(exam.rules)
        del document["age_day"]
        later = rules_of(exam).registration_closes + 3 * DAY
        document["registration_closes"]["value"] = rfc3339(later)
        exam.rules = jcs(document).decode()
        assert rules_of(exam).age_day is None
        day = age_day(ctx.session, exam, rules_of(exam), world.config.zone)
        assert day == date(2026, 3, 19)


@pytest.mark.parametrize("key", ["opening_ratios", "age_day"])
@pytest.mark.parametrize("value", [[], 3, {"A": 0}, {"A": "2"}, "2026-2-30", "2026-02-30", {"": 2}])
def test_what_the_new_rules_refuse(key: str, value: object) -> None:
    document = defaults("civil_service")
    times = ("registration_opens", "registration_closes", "payment_closes")
    for day, name in enumerate(times, 1):
        document[name]["value"] = f"2026-03-0{day}T01:00:00Z"
    document[key]["value"] = value
    with pytest.raises(RuleProblems) as caught:
        parse_rules(document)
    assert list(caught.value.problems) == [key]
