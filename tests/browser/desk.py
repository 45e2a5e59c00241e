"""Letters for pages to show: one answered and public, one that has just come."""

from __future__ import annotations

from exam_system.access import Role
from exam_system.cases import extension, questions, service
from exam_system.context import PUBLIC
from exam_system.demo.cast import Cast

ASKED = {"topic": "registration", "title": "照片尺寸", "text": "请问报名照片多大？", "name": "王一"}


def lettered(cast: Cast) -> tuple[str, str, str]:
    """The references of an answered letter, its public question, and a petition for more time."""
    with cast.acting(PUBLIC) as ctx:
        letter, petition = (
            service.register_case(ctx, kind=kind, **ASKED).letter.ref  # type: ignore[arg-type]
            for kind in ("letter", "petition")
        )
    with cast.acting(Role.OFFICER) as ctx:
        for ref in (letter, petition):
            service.assign_case(ctx, ref=ref, owner="officer", deputy="officer2")
        service.handle_case(ctx, ref=letter, finding="已核对公告。")
        service.reply_case(ctx, ref=letter, text="295×413像素。")
        asked, told = ASKED["text"], "照片为295×413像素。"
        question = questions.publish_question(ctx, ref=letter, asked=asked, answer=told)
        extension.propose_extension(ctx, ref=petition, reason="需向外省核实")
    return letter, question.ref, petition
