"""A small exam, complete but for what a test takes away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from exam_system.access import Role
from exam_system.context import Context
from exam_system.exams import service
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.oversight.service import cosign_notes
from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.records.notes import note_bytes
from exam_system.trust.notes import with_line
from tests.world import World, approve_in

CODE = "gy-2026"
PLACES = """\
考区代码,考区,考点代码,考点,地址,所属学校,考场代码,考场,座位布局,容量,用途
1,西秀区,1,市一中,东关路1号,安顺市第一中学,1,101教室,5x6,30,笔试
1,西秀区,1,市一中,东关路1号,安顺市第一中学,2,102教室,7-8-8-7,30,笔试
1,西秀区,2,市二中,南华路2号,安顺市第二中学,1,201教室,5x6,25,笔试
2,平坝区,1,平坝一中,中山路3号,平坝第一中学,1,301教室,serpentine:6x5,30,笔试
2,平坝区,1,平坝一中,中山路3号,平坝第一中学,9,面试一室,5x6,1,面试
"""
POSTS = """\
招录机关（单位）,职位名称,职位代码,招录人数,年龄要求,学历要求,学位要求,专业,其他要求,备注
市人力资源和社会保障局,一级科员,10010101,2,18周岁以上、38周岁以下,本科及以上,与学历相对应的学位,法学类（0301）,限男性；中共党员,
市公安局,警员,10020101,3,18周岁以上、30周岁以下,大专及以上,,不限,,需体能测评
市卫生局,科员,10030101,1,,不限,,医学类（1002）,,=SUM(A1)
"""
FEE: dict[str, Any] = {
    "name": "公务员考试报名费",
    "fen": 10000,
    "licence": "黔价费证字第0012号",
    "standard": "每人每科50元，两科共100元",
    "authority": "省发展改革委、省财政厅",
    "hotline": "0851-12358",
}
FIRST_SESSION = datetime(2026, 4, 25, 1, 0, tzinfo=UTC)


def create(ctx: Context, code: str = CODE, exam_type: str = "civil_service") -> None:
    """A draft and nothing in it."""
    service.create_exam(
        ctx,
        code=code,
        name="安顺市2026年公开招考公务员",
        name_en="Anshun civil service exam 2026",
        exam_type=exam_type,
        area_code="520400",
    )


def plan(ctx: Context, code: str = CODE) -> list[tuple[str, datetime, datetime]]:
    """A session of two hours for every subject, a day each."""
    subjects = rules_of(exam_by_code(ctx.session, code)).subjects
    starts = [FIRST_SESSION + timedelta(days=day) for day in range(len(subjects))]
    return [(s.code, at, at + timedelta(hours=2)) for s, at in zip(subjects, starts, strict=True)]


def set_up(ctx: Context, code: str = CODE) -> None:
    """Everything that an announcement needs."""
    create(ctx, code)
    service.import_places(ctx, code=code, name="places.csv", data=PLACES.encode())
    service.set_sessions(ctx, code=code, sessions=plan(ctx, code))
    service.add_fee_item(ctx, code=code, **FEE)
    service.import_posts(ctx, code=code, name="posts.csv", data=POSTS.encode())


def cosign(world: World, code: str = CODE) -> None:
    """The inspector signs the prepared announcement and the office takes it over."""
    with world.acting(Role.INSPECTOR) as ctx:
        exam = exam_by_code(ctx.session, code)
        release = releases.newest(ctx.session, exam.id, "announcement", state="draft")
        assert release is not None
        data = note_bytes(ctx.session, release.note_id)
        text = data[: data.index(b"\n\n") + 1]
        line = world.inspector.line(text, int(world.clock.now().timestamp()))
        cosign_notes(ctx, files=[with_line(data, line)])


def publish(ctx: Context, code: str = CODE) -> Release:
    """Publish the prepared announcement with the inspector's approval."""
    approve_in(ctx, "exams.publish_announcement", code=code)
    return service.publish_announcement(ctx, code=code)


def announce(world: World, code: str = CODE) -> Path:
    """An announced exam; returns the folder of its announcement."""
    with world.acting(Role.OFFICER) as ctx:
        set_up(ctx, code)
        service.prepare_announcement(ctx, code=code)
    cosign(world, code)
    with world.acting(Role.OFFICER) as ctx:
        publish(ctx, code)
    return world.config.published / f"announcement-{code}-v1"
