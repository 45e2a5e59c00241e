"""Public pages of notices against a bare Flask template on the same data; run with
`python -m tests.benchmarks.notices`.

Both are asked in one process through WSGI, turn about, so that what else the machine does strikes
both. The bare application reads the rows with SQLAlchemy's ORM and renders one plain template.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from exam_system import instance
from exam_system.access import Role
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from exam_system.notices.lookup import notice_of
from exam_system.notices.models import Notice, NoticeVersion
from exam_system.notices.service import draft_notice, pass_level, publish_notice
from exam_system.notices.writing import Content
from tests.conftest import settings
from tests.notices.setting import hands
from tests.world import World

NOTICES, ROUNDS, EACH = 50, 12, 25
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PAGE = """<!doctype html><html lang="zh"><head><title>通知公告</title></head><body>
<h1>通知公告</h1><table>{% for notice, version in rows %}<tr>
<td><a href="/notices/{{ notice.ref }}">{{ version.title }}</a></td><td>{{ notice.category }}</td>
<td>{{ version.published_at }}</td><td>{{ notice.ref }}</td></tr>
{% endfor %}</table></body></html>"""


def bare(world: World) -> Flask:
    """Flask, SQLAlchemy's ORM and one template."""
    engine = create_engine(world.engine.url)
    app = Flask("bare")
    query = select(Notice, NoticeVersion).join(NoticeVersion, NoticeVersion.notice_id == Notice.id)

    @app.get("/notices")
    def index() -> str:
        with Session(engine) as db:
            return render_template_string(PAGE, rows=db.execute(query).all())

    return app


def fill(world: World) -> None:
    """Published notices, each through all its levels."""
    who = hands(world)
    for number in range(NOTICES):
        with world.acting(Role.OFFICER) as ctx:
            content = Content(f"关于考试安排的通知（第{number}号）", "正文。\n" * 20)
            version = draft_notice(ctx, category="other", content=content)
            ref = notice_of(ctx.session, version).ref
            for actor in who[1:]:
                pass_level(ctx.as_actor(actor), ref=ref, digest=version.digest)
            publish_notice(ctx, ref=ref)
        world.clock.advance(seconds=60)


def _spent(client: FlaskClient, headers: dict[str, str], status: int) -> float:
    start = time.process_time()
    for _ in range(EACH):
        answer = client.get("/notices", headers=headers)
        assert answer.status_code == status, answer.text
    return EACH / (time.process_time() - start)


def run() -> Iterator[tuple[str, str]]:
    """What was measured, and the figure."""
    os.environ.setdefault("EXAM_PASSPHRASE", "tests")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "instance"
        instance.create_instance(folder, settings("sqlite:///exam.db"), START, SystemChance())
        world = World.open(folder, RehearsalClock(START + timedelta(minutes=1)))
        fill(world)
        ours, theirs = world.app().test_client(), bare(world).test_client()
        tag = {"If-None-Match": ours.get("/notices").headers["ETag"]}
        rates = [
            (_spent(ours, {}, 200), _spent(theirs, {}, 200), _spent(ours, tag, 304))
            for _ in range(ROUNDS)
        ]
    middle = [sorted(column)[ROUNDS // 2] for column in zip(*rates, strict=True)]
    yield f"list of {NOTICES} notices, ours, pages a second of CPU", f"{middle[0]:.0f}"
    yield "the same by bare Flask, SQLAlchemy and one template", f"{middle[1]:.0f}"
    yield "ours / bare (asked for: 0.7)", f"{middle[0] / middle[1]:.2f}"
    yield "ours with If-None-Match (304), pages a second of CPU", f"{middle[2]:.0f}"


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<70} {figure}", flush=True)
