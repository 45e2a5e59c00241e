"""`exam doctor` with instances that are really broken, and its checks at their limits."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_system import config
from exam_system.command import found_log
from exam_system.doctor import checks
from exam_system.doctor.checks import BAD, GOOD, WATCH, Finding
from exam_system.doctor.command import doctor
from exam_system.doctor.gathering import Asked, examine, unreachable
from exam_system.language import catalogue

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.fixture
def whole(tmp_path: Path, template: Path) -> Path:
    """An instance in order, its log begun."""
    target = tmp_path / "instance"
    shutil.copytree(template, target)
    (target / "keys").chmod(0o700)
    found_log(target)
    return target


def bad(folder: Path, asked: Asked | None = None) -> dict[str, str]:
    """Areas that must be mended, with what is said of them; every one says how."""
    found = [one for one in examine(folder, asked or Asked()) if one.level == BAD]
    assert all(one.fix for one in found)
    told: dict[str, str] = {}
    for one in found:
        if str(one.area) != "Holidays":  # those of the year in which the test runs
            told[str(one.area)] = f"{told.get(str(one.area), '')}{one.said}\n"
    return told


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "config.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_instance_in_order_has_nothing_to_mend(whole: Path) -> None:
    assert bad(whole) == {}
    areas = {str(one.area) for one in examine(whole, Asked())}
    assert areas >= {
        "Configuration",
        "Secret files",
        "Keys",
        "Fonts",
        "Disk",
        "Database",
        "Migrations",
    }
    assert areas >= {"Clock", "Log", "Holidays", "Witnesses", "Backup"}


def test_looking_changes_nothing(whole: Path) -> None:
    before = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    examine(whole, Asked())
    after = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    assert {path for path in before if before[path] != after.get(path)} == set()


def test_a_faulty_configuration_is_all_that_is_said(whole: Path) -> None:
    change(whole, "session_hours = 12\n", "")
    assert "session_hours is missing" in bad(whole)["Configuration"]
    (whole / "config.toml").write_text("no toml", encoding="utf-8")
    assert list(bad(whole)) == ["Configuration"]


def test_keys_that_others_may_read_that_are_gone_or_do_not_open(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole / "keys" / "log.pem").chmod(0o644)
    assert "log.pem can be read by other accounts (644)" in bad(whole)["Secret files"]
    (whole / "keys" / "log.pem").chmod(0o600)
    monkeypatch.setenv("EXAM_PASSPHRASE", "wrong")
    assert "cannot be opened" in bad(whole)["Keys"]
    assert "cannot be checked without the keys" in bad(whole)["Log"]
    monkeypatch.undo()
    (whole / "keys" / "officer.pem").unlink()
    assert "officer.pem" in bad(whole)["Keys"]


def test_missing_fonts(whole: Path, tmp_path: Path) -> None:
    fonts = config.load(whole).fonts
    change(whole, f'fonts = "{fonts}"', f'fonts = "{tmp_path}"')
    (tmp_path / "NotoSansSC-Regular.ttf").write_bytes(b"cut off")
    from reportlab.pdfbase import pdfmetrics  # a font once loaded would hide that its file is gone

    known = dict(pdfmetrics._fonts)
    pdfmetrics._fonts.clear()
    try:
        assert "Fonts" in bad(whole)
    finally:
        pdfmetrics._fonts.update(known)


def test_old_tables_and_a_database_that_is_none(whole: Path) -> None:
    with sqlite3.connect(whole / "exam.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '0001'")
    assert bad(whole)["Migrations"].startswith("at 0001, the program at ")
    for path in whole.glob("exam.db*"):
        path.unlink()
    (whole / "exam.db").write_bytes(b"this is no database" * 500)
    assert {"Database", "Migrations", "Clock", "Log"} <= set(bad(whole))


def test_an_old_copy_of_the_database(whole: Path, tmp_path: Path, template: Path) -> None:
    for path in whole.glob("exam.db*"):
        path.unlink()
    shutil.copyfile(template / "exam.db", whole / "exam.db")
    assert "lacks" in bad(whole)["Log"]


@pytest.fixture
def witness() -> Iterator[str]:
    """A web server that knows no page."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_witness_that_answers_and_one_that_does_not(whole: Path, witness: str) -> None:
    assert unreachable(witness) == ""
    nobody = "http://127.0.0.1:9"
    assert nobody in bad(whole, Asked(witnesses=(witness, nobody)))["Witnesses"]
    assert "Witnesses" not in bad(whole, Asked(witnesses=(witness,)))
    assert unreachable("no address")


def test_the_age_of_the_backup(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    assert "Backup" in bad(whole, Asked(backup=folder))
    (folder / "exam.db").write_bytes(b"")
    assert "Backup" not in bad(whole, Asked(backup=folder))
    os.utime(folder / "exam.db", (0, 0))
    assert "Backup" in bad(whole, Asked(backup=folder))


def test_a_clock_that_has_seen_later_times_in_earnest(whole: Path) -> None:
    change(whole, "demonstration = true", "demonstration = false")
    change(whole, 'password_cost = "cheapest"', 'password_cost = "standard"')
    change(whole, "secure_cookies = false", "secure_cookies = true")
    change(whole, "proof_of_work = 20", "proof_of_work = 4000")
    assert "Clock" not in bad(whole)
    (whole / "clock.json").write_text('{"at": "2999-01-01T00:00:00+00:00"}')
    assert "2999-01-01" in bad(whole)["Clock"]


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"])
def test_on_postgresql_a_role_that_may_do_everything(folder: Path) -> None:
    found = bad(folder)
    assert "administers the server" in found["Database"]
    assert "synchronous_commit is off" in found["Database"]  # so that tests are quick
    assert "Migrations" not in found
    assert "Clock" not in found


def levels(found: list[Finding]) -> list[str]:
    return [one.level for one in found]


def test_the_limits_of_the_disk() -> None:
    told = [checks.check_disk(free, "/").level for free in (10**9 - 1, 10**9, 10**10 - 1, 10**10)]
    assert told == [BAD, WATCH, WATCH, GOOD]


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, GOOD), (-5, GOOD), (6, WATCH), (300, WATCH), (301, BAD)]
)
def test_the_limits_of_the_clock(seconds: int, level: str) -> None:
    assert levels(checks.check_clock(NOW, NOW + timedelta(seconds=seconds), None)) == [level]


def test_holidays_are_expected_once_they_are_announced() -> None:
    assert levels(checks.check_holidays(date(2026, 11, 19), [2026])) == [GOOD, GOOD]
    assert levels(checks.check_holidays(date(2026, 11, 20), [2026])) == [GOOD, WATCH]
    assert levels(checks.check_holidays(date(2026, 12, 31), [2026, 2027])) == [GOOD, GOOD]
    assert levels(checks.check_holidays(date(2026, 1, 1), [])) == [BAD, GOOD]


def test_settings_that_are_not_as_they_must_be() -> None:
    weak = {"journal_mode": "delete", "synchronous": "2", "foreign_keys": "0"}
    found = checks.check_settings(weak, checks.PRAGMAS)
    assert [str(one.said) for one in found] == ["journal_mode is delete", "foreign_keys is 0"]
    assert levels([checks.check_version(140010), checks.check_version(150000)]) == [BAD, GOOD]


def test_the_command_says_it_in_both_languages_and_tells_by_its_status(whole: Path) -> None:
    run = CliRunner().invoke
    fine = run(doctor, ["--language", "en", "--witness", "http://127.0.0.1:9"], obj=whole)
    assert fine.exit_code == 1
    assert "✗ Witnesses: http://127.0.0.1:9 does not answer" in fine.output
    (whole / "config.toml").write_text("")
    chinese = run(doctor, ["--language", "zh"], obj=whole)
    assert chinese.exit_code == 1
    area = catalogue("zh").get("Configuration")
    assert area is not None
    assert f"✗ {area.string}" in chinese.output
