"""One anonymous report and its answer, so that the inspector's list has something to show."""

from __future__ import annotations

import json
from pathlib import Path

from exam_system.access import Role
from exam_system.context import PUBLIC
from exam_system.demo.cast import Cast
from exam_system.errors import Fault
from exam_system.inspector.reports import answer_report, make_sealing_key
from exam_system.instance import DEMONSTRATION_PASSWORD
from exam_system.tips import lookup, service
from exam_system.tips.receipts import grouped
from exam_system.trust.report import Content

SECRET = DEMONSTRATION_PASSWORD.encode()


def leave_report(cast: Cast) -> str:
    """Somebody reports, it is entered the next day and answered; returns the receipt."""
    words = json.loads((Path(__file__).parent / "data.json").read_text(encoding="utf-8"))["tip"]
    taken = send_report(cast, words["text"])
    cast.clock.advance(days=1)
    with cast.acting(Role.INSPECTOR) as ctx:
        service.enter_reports(ctx)
    _answer(cast, taken.digest, words["answer"])
    return grouped(taken.receipt)


def send_report(cast: Cast, text: str) -> service.Taken:
    """The inspector hands a sealing key in, and somebody reports."""
    at = int(cast.clock.now().timestamp())
    key = make_sealing_key(cast.inspector, SECRET, at, seed=cast.chance.take(32))
    with cast.acting(Role.INSPECTOR) as ctx:
        service.register_sealing_key(ctx, note=key)
    with cast.acting(PUBLIC) as ctx:
        box = service.seal_content(ctx, Content(text))
        return service.take_in(ctx, box=box)


def _answer(cast: Cast, digest: str, words: str) -> None:
    with cast.acting(Role.INSPECTOR) as ctx:
        report = lookup.by_digest(ctx.session, digest)
        if report is None:
            raise Fault("the demonstration's report is not where it was put")
        folder = cast.inspector.folder
        data = answer_report(folder, SECRET, report.data, words, cast.chance.take(64))
        service.answer_report(ctx, data=data)
