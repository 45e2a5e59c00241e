"""A notice goes through its levels, is checked, signed and published; verified by the stranger."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.context import PUBLIC
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.notices import lookup
from exam_system.notices.checking import Unfit
from exam_system.notices.models import NoticeVersion
from exam_system.notices.overdue import overdue
from exam_system.notices.publishing import show_notices
from exam_system.notices.rules import notice_rules, read_notice_rules
from exam_system.notices.service import (
    confirm_notice,
    correct_notice,
    draft_notice,
    edit_notice,
    lift_withholding,
    pass_level,
    publish_notice,
    return_notice,
    withhold_notice,
)
from exam_system.notices.writing import Attached, Content
from exam_system.records.models import Act
from exam_system.sheets import write_csv
from exam_system.verify.run import verify
from tests.notices.setting import TEXT, drafted, hands, passed, posted
from tests.registration.setting import CODE, add_exam
from tests.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"])
LIST = Attached(
    "list-1.csv", write_csv(["序号", "准考证号", "总成绩"], [["1", "01010101", "71.5"]])
)


def _version(world: World, ref: str) -> NoticeVersion:
    with world.context(PUBLIC).session as db:
        return lookup.newest_version(db, lookup.locked(db, ref))


def test_each_level_is_another_hand_under_the_same_text(world: World) -> None:
    author, section, secrecy, leader = hands(world)
    ref, digest = drafted(world)
    with pytest.raises(Forbidden, match="another person"), world.acting(author) as ctx:
        pass_level(ctx, ref=ref, digest=digest)
    with pytest.raises(Conflict, match="changed meanwhile"), world.acting(section) as ctx:
        pass_level(ctx, ref=ref, digest="0" * 64)
    with pytest.raises(Forbidden, match="does not hold the level"), world.acting(secrecy) as ctx:
        pass_level(ctx, ref=ref, digest=digest)
    passed(world, ref, [section], digest)
    with pytest.raises(Forbidden, match="another person"), world.acting(section) as ctx:
        pass_level(ctx, ref=ref, digest=digest)
    with pytest.raises(Conflict, match="state “Passes its levels”"), world.acting(author) as ctx:
        publish_notice(ctx, ref=ref)
    passed(world, ref, [secrecy, leader], digest)
    with world.acting(author) as ctx:
        publish_notice(ctx, ref=ref)
        assert ctx.session.scalar(
            select(func.count()).where(Act.kind == "notices.pass_level")
        ) == len(notice_rules().levels)
    with pytest.raises(Conflict), world.acting(author) as ctx:
        publish_notice(ctx, ref=ref)


def test_what_is_returned_and_changed_begins_again(world: World) -> None:
    author, section, _secrecy, _leader = hands(world)
    ref, digest = drafted(world)
    passed(world, ref, [section], digest)
    with pytest.raises(Conflict, match="passed a level"), world.acting(author) as ctx:
        edit_notice(ctx, ref=ref, content=TEXT)
    with world.acting(Role.INSPECTOR) as ctx:
        return_notice(ctx, ref=ref, why="时间有误")
    with pytest.raises(Forbidden, match="Only who wrote"), world.acting(section) as ctx:
        edit_notice(ctx, ref=ref, content=TEXT)
    with world.acting(author) as ctx:
        other = edit_notice(ctx, ref=ref, content=Content(TEXT.title, "改为三月十三日。"))
        assert (other.level, other.state, other.digest == digest) == (0, "draft", False)
        digest = other.digest
    passed(world, ref, [section], digest)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (Content("通知", "联系王小明，身份证号110105194912310029。"), "Text, line 1: an ID number"),
        (Content("通知13800138000", "正文"), "Title, line 1: a mobile number"),
        (
            Content("名单", "见附件", line="72", files=(LIST,)),
            "File list-1.csv, row 2, column 3: “71.5” is below the line 72",
        ),
    ],
)
def test_the_last_level_is_refused_with_the_place_named(
    world: World, content: Content, words: str
) -> None:
    who = hands(world)
    ref, digest = drafted(world, content)
    passed(world, ref, who[1:3], digest)
    with pytest.raises(Unfit) as refused, world.acting(who[3]) as ctx:
        pass_level(ctx, ref=ref, digest=digest)
    assert words in refused.value.text()
    assert _version(world, ref).state == "checking"


def test_a_notice_comes_before_its_event_or_says_that_it_is_late(world: World) -> None:
    who = hands(world)
    event = world.clock.now() + timedelta(hours=1)
    ref, digest = drafted(world, Content("开会通知", "三月开会。", event))
    passed(world, ref, who[1:], digest)
    world.clock.advance(hours=3)
    with pytest.raises(Conflict, match="120 minutes ago"), world.acting(Role.OFFICER) as ctx:
        publish_notice(ctx, ref=ref)
    with world.acting(Role.OFFICER) as ctx:
        row = publish_notice(ctx, ref=ref, late_reason="系统停电")
        assert row.late == 7200
        assert b"late 7200\n" in (row.note or b"")
    page = world.app().test_client().get(f"/notices/{ref}", headers={"Accept-Language": "en"})
    assert "Published late: 120 minutes" in page.text
    assert "系统停电" in page.text


def test_a_correction_is_the_next_version_and_the_stranger_holds_all_of_it(
    world: World, tmp_path: Path
) -> None:
    who = hands(world)
    ref = posted(world, who, Content("名单公示", "见附件。", line="60", files=(LIST,)))
    with world.acting(who[1]) as ctx:
        row = correct_notice(ctx, ref=ref, content=TEXT, reason="更正时间")
        digest = row.digest
    with pytest.raises(Conflict, match="not published yet"), world.acting(who[1]) as ctx:
        correct_notice(ctx, ref=ref, content=TEXT, reason="再更正")
    passed(world, ref, [who[0], who[2], who[3]], digest)
    with world.acting(Role.OFFICER) as ctx:
        publish_notice(ctx, ref=ref)
    world.seal()
    with world.context(PUBLIC).session as db:
        assert show_notices(db, world.config) == [f"notice-{ref}-v1", f"notice-{ref}-v2"]
        assert show_notices(db, world.config) == []
    keys = world.config.published / "keys.txt"
    if not keys.exists():
        from exam_system.records.keys import keys_text

        with world.context(PUBLIC).session as db:
            keys.write_bytes(keys_text(db).encode())
    outcome = verify([world.config.published])
    told = "\n".join(outcome.lines)
    assert f"ok notice-{ref}-v2 (other, passed by section, secrecy, leader)" in told
    wrong = [one.check.id for one in outcome.refused if "notice" in str(one)]
    assert wrong == []
    _tampered(world.config.published, ref)


def _tampered(published: Path, ref: str) -> None:
    """Each change is refused by its number."""

    def refused() -> set[str]:
        return {one.check.id for one in verify([published]).refused if "notice" in str(one)}

    first = published / f"notice-{ref}-v1"
    for name in ("list-1.csv", "notice.json"):
        data = (first / name).read_bytes()
        (first / name).write_bytes(data.replace(b"71.5", b"91.5").replace(b"60", b"50"))
        assert refused() == {"V98"}, name
        (first / name).write_bytes(data)
    (first / "more.txt").write_text("加页")
    assert refused() == {"V2"}
    (first / "more.txt").unlink()
    assert refused() == set()


def test_a_level_that_the_log_does_not_have_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note that names a hand which never passed the text: the log beside it says so (V99)."""
    from exam_system.records.keys import keys_text
    from exam_system.trust import notes, notice_note

    ref = posted(world, hands(world))
    world.seal()
    published = world.config.published
    with world.context(PUBLIC).session as db:
        show_notices(db, world.config)
        (published / "keys.txt").write_bytes(keys_text(db).encode())
    path = published / f"notice-{ref}-v1" / "notice.note"
    text = notes.parse(path.read_bytes()).text
    said = notice_note.parse(text)
    forged = text.replace(f"level leader {said.levels[2].actor}", "level leader somebody-else")
    path.write_bytes(notes.sign(forged, world.keys.publisher))
    found = [one for one in verify([published]).refused if "notice" in str(one)]
    assert [one.check.id for one in found] == ["V99"]
    assert "somebody-else passed the level leader" in str(found[0])


def test_withholding_needs_another_hand_a_reason_and_a_day_and_is_public_itself(
    world: World,
) -> None:
    who = hands(world)
    ref, _digest = drafted(world, Content("面试命题地点", "内部。"))
    day = world.clock.now().date()
    until = day + timedelta(days=10)
    with pytest.raises(Forbidden, match="somebody else decides"), world.acting(who[0]) as ctx:
        withhold_notice(ctx, ref=ref, reason="考前保密", until=until)
    with pytest.raises(Invalid, match="Give the reason"), world.acting(who[2]) as ctx:
        withhold_notice(ctx, ref=ref, reason=" ", until=until)
    with pytest.raises(Invalid, match="at most two years"), world.acting(who[2]) as ctx:
        withhold_notice(ctx, ref=ref, reason="考前保密", until=day)
    with world.acting(who[2]) as ctx:
        withhold_notice(ctx, ref=ref, reason="考前保密", until=until)
    client = world.app().test_client()
    page = client.get("/notices").text
    assert "考前保密" in page
    assert "面试命题地点" not in page
    assert client.get(f"/notices/{ref}").status_code == 404
    world.clock.advance(days=12)
    with world.context(PUBLIC).session as db:
        found = list(overdue(db, world.clock.now(), world.config.zone))
        assert [one[0] for one in found] == ["notice_withheld"]
    with world.acting(who[0]) as ctx:
        lift_withholding(ctx, ref=ref)
    with pytest.raises(Conflict, match="not withheld"), world.acting(who[0]) as ctx:
        lift_withholding(ctx, ref=ref)


def test_a_stale_page_calls_its_owner_and_the_inspector(world: World) -> None:
    ref = posted(world, hands(world))
    world.clock.advance(days=notice_rules().review_days + 1)
    app = world.app()
    english = {"Accept-Language": "en"}
    for role in (Role.OFFICER, Role.INSPECTOR):
        page = world.client(app, role).get("/office/bulletins", headers=english).text
        assert "past the day on which they should have been read again" in page
    desk = world.client(app, Role.INSPECTOR).get("/oversight", headers=english).text
    assert "was not read again in time" in desk
    with world.acting(Role.OFFICER) as ctx:
        confirm_notice(ctx, ref=ref)
    with world.context(PUBLIC).session as db:
        assert list(overdue(db, world.clock.now(), world.config.zone)) == []


def test_bad_texts_and_levels_are_refused(world: World) -> None:
    add_exam(world)
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("rumour", "what kind", {}),
        ("exam", "Say of which exam", {}),
        ("exam", "no public list of this number", {"exam": CODE, "place": 9}),
    ]
    for category, words, about in wrong:
        with pytest.raises(Invalid, match=words), world.acting(Role.OFFICER) as ctx:
            draft_notice(ctx, category=category, content=TEXT, **about)
    for content, words in (
        (Content("", "正文"), "Give the notice a title"),
        (Content("题", ""), "Write the text"),
        (Content("题", "文", line="六十"), "Enter the line"),
        (Content("题", "文", files=(Attached("名单.csv", b""),)), "plain letters"),
        (Content("题", "文", files=(Attached("a.docx", b""),)), "cannot be checked"),
    ):
        with pytest.raises(Invalid, match=words), world.acting(Role.OFFICER) as ctx:
            draft_notice(ctx, category="other", content=content)
    unknown = Content("题", "文", releases=(f"results-{CODE}-v1",))
    with pytest.raises(NotFound, match="no published release"), world.acting(Role.OFFICER) as ctx:
        draft_notice(ctx, category="exam", content=unknown, exam=CODE)
    with pytest.raises(ValueError, match="key of its own"):
        read_notice_rules({"levels": []})
