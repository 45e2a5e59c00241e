"""What comes with a notice: PDFs with a readable twin, releases by digest; and who is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import PUBLIC, SYSTEM
from exam_system.errors import Invalid, NotFound
from exam_system.messages.models import Message
from exam_system.messages.service import collect
from exam_system.notices import lookup
from exam_system.notices.checking import Unfit
from exam_system.notices.publishing import show_notices
from exam_system.notices.service import correct_notice, publish_notice
from exam_system.notices.writing import Attached, Content
from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.sheets import write_csv
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.notes import parse as parse_note
from exam_system.trust.notice_note import parse
from exam_system.verify.run import verify
from tests.notices.setting import drafted, hands, passed, posted
from tests.results.play import carry_out, exam_with_marks, prepare
from tests.results.setting import CODE
from tests.world import World

PAGE = Attached("list-1.pdf", b"%PDF-1.7\n%%EOF\n")


@pytest.fixture
def database() -> str:
    return "sqlite"


def table(*cells: str) -> Attached:
    return Attached("list-1.csv", write_csv(["序号", "准考证号"], [list(cells)]))


def test_a_pdf_comes_with_a_table_that_says_the_same_and_is_checked(world: World) -> None:
    who = hands(world)
    for files in ((PAGE,), (PAGE, Attached("list-2.csv", table("1", "01010101").data))):
        with pytest.raises(Invalid, match=r"cannot read list-1\.pdf"):
            drafted(world, Content("名单公示", "见附件。", files=files))
    fake = Attached("list-1.pdf", b"MZ")
    ref, digest = drafted(world, Content("名单", "见附件。", files=(table("1", "01"), fake)))
    passed(world, ref, who[1:3], digest)
    with pytest.raises(Unfit, match="take out") as refused:
        passed(world, ref, who[3:], digest)
    assert "no PDF" in refused.value.text()
    bad = Content("名单公示", "见附件。", files=(table("1", "11010519491231002X"), PAGE))
    ref, digest = drafted(world, bad)
    passed(world, ref, who[1:3], digest)
    with pytest.raises(Unfit) as refused:
        passed(world, ref, who[3:], digest)
    assert "an ID number 110" in refused.value.text()
    good = posted(world, who, Content("名单", "见附件。", files=(table("1", "01010101"), PAGE)))
    with world.context(PUBLIC).session as db:
        show_notices(db, world.config)
    assert (world.config.published / f"notice-{good}-v1/list-1.pdf").read_bytes() == PAGE.data


def test_a_notice_brings_releases_by_digest_and_tells_the_candidates(world: World) -> None:
    exam_with_marks(world)
    carry_out(world, "written")
    draft = prepare(world, "shortlist")
    who, said = hands(world), Content("笔试成绩公布", "见名单。", releases=(f"results-{CODE}-v1",))
    for name in (f"results-{CODE}-v{draft.version}", "results-other-v1", "../keys.txt"):
        with pytest.raises(NotFound):
            drafted(world, Content("笔试成绩公布", "见名单。", releases=(name,)), exam=CODE)
    with pytest.raises(NotFound):  # one of the whole office is of no exam
        drafted(world, said)
    with world.acting(Role.OFFICER) as ctx:
        gone = ctx.session.scalars(select(Application).order_by(Application.id)).first()
        assert gone is not None
        gone.state = "withdrawn"
    ref = posted(world, who, said, category="exam", exam=CODE)
    with world.acting(who[1]) as ctx:
        content = Content("笔试成绩公布", "见名单和说明。")
        digest = correct_notice(ctx, ref=ref, content=content, reason="补充说明").digest
    passed(world, ref, [who[0], who[2], who[3]], digest)
    with world.acting(Role.OFFICER) as ctx:
        publish_notice(ctx, ref=ref)
    world.seal()
    with world.context(PUBLIC).session as db:
        show_notices(db, world.config)
        release = db.scalars(select(Release).where(Release.stage == "written")).one()
        first = lookup.versions_of(db, ref, public=True)[-1].version
        assert first.note is not None
        note = parse(parse_note(first.note).text)
        assert note.releases == ((f"results-{CODE}-v1", releases.release_digest(db, release)),)
        text = (world.config.published / f"results-{CODE}-v1/publication.note").read_bytes()
        assert sha256_hex(parse_note(text).text.encode()) == note.releases[0][1]
    assert f"ok notice-{ref}-v1" in "\n".join(verify([world.config.published]).lines)
    told(world, ref)


def told(world: World, ref: str) -> None:
    """Everybody who has applied and not withdrawn is told of the notice, and of the correction."""
    with world.acting(SYSTEM) as ctx:
        collect(ctx)
    with world.context(PUBLIC).session as db:
        people = len(db.scalars(select(Application).where(Application.state != "withdrawn")).all())
        rows = [row for row in db.scalars(select(Message)) if row.kind.startswith("notice")]
    assert people == 7
    assert sorted(row.kind for row in rows) == ["notice"] * people + ["notice_corrected"] * people
    assert all(ref in row.params for row in rows)
