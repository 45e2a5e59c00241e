"""The commands: the inspector's machine, and the server's night."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from exam_system.access import Role
from exam_system.cli import exam
from exam_system.errors import Fault
from exam_system.inspector.commands import inspector
from exam_system.oversight.service import register_inspector
from exam_system.tips.models import Tip
from exam_system.tips.service import answer_report, register_sealing_key
from tests.tips.setting import SECRET, TEXT, found, send
from tests.world import World

NAME = "city.example/inspector-1"


@pytest.fixture
def database() -> str:
    return "sqlite"


def run(command: object, *words: object, text: str | None = None) -> str:
    env = {"EXAM_INSPECTOR_PASSPHRASE": SECRET.decode()}
    result = CliRunner().invoke(command, [str(word) for word in words], env=env, input=text)  # type: ignore[arg-type]
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_a_report_from_the_public_page_to_the_answer_and_back(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    vkey = run(inspector, "init", folder, "--name", NAME).strip()
    (folder / "sealing-key.note").unlink()  # a folder from before there were reports
    (folder / "sealing.pem").unlink()
    note = run(inspector, "sealing-key", folder)
    assert run(inspector, "sealing-key", folder) == note
    with world.acting(Role.ADMIN) as ctx:
        register_inspector(ctx, vkey=vkey)
    with world.acting(Role.INSPECTOR) as ctx:
        register_sealing_key(ctx, note=note.encode())
    client = world.client(world.app())
    receipt, digest = send(client, text=f"{TEXT}\x1b[2J")
    desk = world.client(world.app(), Role.INSPECTOR)
    path = tmp_path / "one.report"
    path.write_bytes(desk.get(f"/oversight/reports/{digest}.report").data)
    told = run(inspector, "open-report", folder, path, "-o", tmp_path / "out")
    assert f"report {digest}" in told
    assert "Two envelopes were open." in told
    assert "\x1b" not in told  # a stranger's words do not steer the terminal
    assert (tmp_path / "out" / "report.txt").read_text().startswith(TEXT)
    run(inspector, "answer", folder, path, text="Which room?")
    with world.acting(Role.INSPECTOR) as ctx:
        answer_report(ctx, data=(tmp_path / "one.report.answer").read_bytes())
    page = client.post("/report/answers", data={"receipt": receipt}).text
    assert found(r'class="panel answer">([^<]*)<', page) == "Which room?"


def test_the_night_enters_and_compares(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    vkey = run(inspector, "init", folder, "--name", NAME).strip()
    with world.acting(Role.ADMIN) as ctx:
        register_inspector(ctx, vkey=vkey)
    with world.acting(Role.INSPECTOR) as ctx:
        register_sealing_key(ctx, note=(folder / "sealing-key.note").read_bytes())
    send(world.client(world.app()))  # months ago by the machine's clock
    send(world.client(world.app()))
    at = ("--instance", world.folder, "report")
    assert run(exam, *at, "enter") == "2 reports entered\n"
    assert run(exam, *at, "enter") == "0 reports entered\n"
    assert run(exam, *at, "check") == "2 reports are as the log has them\n"
    with world.engine.begin() as connection:
        connection.execute(delete(Tip).where(Tip.number == 2))
    with pytest.raises(Fault, match=re.compile("1 reports are not in order\nreport 2 is missing")):
        run(exam, *at, "check")
