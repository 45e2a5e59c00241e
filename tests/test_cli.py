"""The command line as somebody uses it: real processes, real files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from exam_system.accounts.factors import step_of
from exam_system.instance import demonstration_secret
from exam_system.records.audit import audited_tables
from tests.conftest import FONTS


def exam(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "EXAM_PASSPHRASE": "tests", **environment}
    command = [sys.executable, "-m", "exam_system.cli", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_an_instance_is_created_peopled_and_its_log_exported(
    template: Path, tmp_path: Path
) -> None:
    instance = ["--instance", str(tmp_path / "i")]
    made = exam(*instance, "init", "--fonts", str(FONTS), "--origin", "city.example/log")
    assert made.returncode == 0, made.stderr
    again = exam(*instance, "init", "--fonts", str(FONTS))
    assert again.returncode == 1
    assert "exists already" in again.stderr
    add = ["user", "add", "--name", "管理员", "--role", "admin", "--password", "a long password"]
    homeless = exam(*instance, *add, "chief", "--actor", "system", "--reason", "first")
    assert "Name the office" in homeless.stderr
    add += ["--office", "信息中心"]
    first = exam(*instance, *add, "chief", "--actor", "system", "--reason", "first administrator")
    assert first.returncode == 0, first.stderr
    second = exam(*instance, *add, "other", "--actor", "system", "--reason", "once more")
    assert second.returncode == 1
    assert "administrator" in second.stderr
    nobody = exam(*instance, *add, "other", "--actor", "ghost", "--reason", "x")
    assert nobody.returncode == 1
    assert "ghost" in nobody.stderr
    early = exam(*instance, *add, "other", "--actor", "chief", "--reason", "holiday cover")
    assert "integrity pledge" in early.stderr
    pledge = [*instance, "duties", "pledge", "chief", "--password"]
    assert "nothing was signed" in exam(*pledge, "another password").stderr
    signed = exam(*pledge, "a long password")
    assert "五条红线" in signed.stdout, signed.stderr
    named = exam(*instance, *add, "other", "--actor", "chief", "--reason", "holiday cover")
    assert named.returncode == 0, named.stderr
    guess = exam(*instance, "demo", "code", "chief")
    assert guess.returncode == 1
    assert "is no demonstration" in guess.stderr
    assert "chief\tadmin" in exam(*instance, "user", "list").stdout
    desk = exam(
        "inspector",
        "init",
        str(tmp_path / "desk"),
        "--name",
        "city.example/inspector",
        EXAM_INSPECTOR_PASSPHRASE="her own",
    )
    assert desk.returncode == 0, desk.stderr
    key = ["user", "inspector-key", desk.stdout.split()[-1]]
    known = exam(*instance, *key, "--actor", "chief", "--reason", "her office")
    assert known.returncode == 0, known.stderr
    # commands load little, but an audit knows every table
    audited = exam(*instance, "log", "audit").stdout
    assert f"every row of {len(audited_tables())} tables" in audited
    out = tmp_path / "static"
    assert exam(*instance, "log", "export", str(out)).returncode == 0
    assert (out / "log.vkey").exists()
    checked = exam("verify", str(out), "--keys", str(tmp_path / "i" / "published" / "keys.txt"))
    assert checked.returncode == 0, checked.stdout


def test_the_codes_of_a_demonstration_are_for_everybody(template: Path) -> None:
    told = exam("--instance", str(template), "demo", "code", "inspector")
    code = re.match(r"(\d{6}) \(\d+ s\)\n", told.stdout)
    assert code, told.stdout + told.stderr
    assert step_of(demonstration_secret("inspector"), code[1], datetime.now(UTC))


def test_without_the_passphrase_nothing_opens(template: Path) -> None:
    done = exam("--instance", str(template), "user", "list", EXAM_PASSPHRASE="")
    assert done.returncode == 1
    assert "EXAM_PASSPHRASE is not set" in done.stderr
    wrong = exam("--instance", str(template), "user", "list", EXAM_PASSPHRASE="wrong")
    assert wrong.returncode == 1
    assert "cannot be opened" in wrong.stderr


def test_verify_tells_missing_from_refused(tmp_path: Path) -> None:
    assert exam("verify", str(tmp_path / "nowhere")).returncode == 2
    (tmp_path / "stray.txt").write_text("hello")
    assert exam("verify", str(tmp_path / "stray.txt")).returncode == 2
