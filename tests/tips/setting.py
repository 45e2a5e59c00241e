"""Inspectors with sealing keys, and reports as the public sends them."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient

from exam_system.access import Role
from exam_system.inspector import InspectorFolder
from exam_system.inspector.reports import make_sealing_key
from exam_system.oversight.service import register_inspector
from exam_system.tips.service import enter_reports, register_sealing_key
from tests.world import World

SECRET = b"the inspector's own"
TEXT = "七月三日下午，考务科有人打开了试卷袋。\nTwo envelopes were open."


def inspector_folder(world: World, folder: Path, name: str) -> InspectorFolder:
    """A second machine: a folder whose signing and sealing keys are registered."""
    made = InspectorFolder.create(folder, name, SECRET)
    with world.acting(Role.ADMIN) as ctx:
        register_inspector(ctx, vkey=made.verifier.vkey)
    at = int(world.clock.now().timestamp())
    with world.acting(Role.INSPECTOR) as ctx:
        register_sealing_key(ctx, note=make_sealing_key(made, SECRET, at))
    return made


def found(pattern: str, page: str) -> str:
    """The first group of what a page must contain."""
    match = re.search(pattern, page)
    assert match, page
    return match[1]


def send(client: FlaskClient, text: str = TEXT, **more: object) -> tuple[str, str]:
    """Send a report by the form; returns receipt and digest."""
    answer = client.post("/report", data={"text": text, **more})
    assert answer.status_code == 200, answer.text
    receipt = found(r'id="receipt">([0-9 ]{19})<', answer.text)
    return receipt, found(r'id="digest"><code class="digest">([0-9a-f]{64})<', answer.text)


def next_day(world: World) -> None:
    """Midnight passes and the reports are entered."""
    world.clock.advance(days=1)
    with world.acting(Role.INSPECTOR) as ctx:
        enter_reports(ctx)
