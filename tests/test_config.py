"""Configuration, clock, chance, vault: what the house stands on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from exam_system import config
from exam_system.chance import SeededChance, label, reference
from exam_system.clock import RehearsalClock, parse_rfc3339, rfc3339
from exam_system.errors import Fault
from exam_system.vault import Vault, create_secret, hash_password, open_vault, password_holds
from tests.conftest import START, settings


def written(folder: Path, **changes: object) -> Path:
    values = settings("sqlite:///exam.db") | changes
    text = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in values.items()}
    (folder / "config.toml").write_text(config.TEMPLATE.format(**text), encoding="utf-8")
    return folder


def test_a_complete_configuration_loads(tmp_path: Path) -> None:
    loaded = config.load(written(tmp_path))
    assert loaded.database == f"sqlite:///{tmp_path}/exam.db"
    assert loaded.published == tmp_path / "published"


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="init"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("session_hours = 12\n", "", "session_hours is missing"),
        ("session_hours = 12\n", "session_hours = 12\nsesion = 1\n", "sesion is unknown"),
        ("session_hours = 12", 'session_hours = "12"', "session_hours must be a int"),
        ('password_cost = "cheapest"', 'password_cost = "free"', "standard"),
        ("proof_of_work = 20", "proof_of_work = 0", "1 to 1000000"),
    ],
)
def test_every_fault_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = written(tmp_path) / "config.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(Fault, match=words):
        config.load(tmp_path)


@pytest.mark.parametrize(
    "weak", [{"password_cost": "cheapest"}, {"secure_cookies": False}, {"proof_of_work": 999}]
)
def test_an_instance_in_earnest_refuses_weak_settings(
    tmp_path: Path, weak: dict[str, object]
) -> None:
    strong = {"password_cost": "standard", "secure_cookies": True, "proof_of_work": 1_000}
    config.load(written(tmp_path, demonstration=False, **strong))
    written(tmp_path, demonstration=False, **(strong | weak))
    with pytest.raises(Fault, match="demonstration instances only"):
        config.load(tmp_path)


def test_a_rehearsal_clock_never_goes_back() -> None:
    clock = RehearsalClock(START)
    clock.advance(hours=1)
    with pytest.raises(ValueError, match="does not go back"):
        clock.set(START)


def test_times_are_written_in_utc_and_need_a_zone() -> None:
    assert rfc3339(parse_rfc3339("2008-08-01T17:00:00+08:00")) == "2008-08-01T09:00:00Z"
    assert parse_rfc3339("2008-08-01T09:00:00Z") == datetime(2008, 8, 1, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        parse_rfc3339("2008-08-01T09:00:00")


def test_a_seed_gives_the_same_references_and_another_seed_others() -> None:
    one, two, other = SeededChance("a"), SeededChance("a"), SeededChance("b")
    assert reference(one) == reference(two) != reference(other)
    assert len({label(one, "k") for _ in range(1000)}) == 1000


def test_a_sealed_field_opens_only_here_and_only_unchanged() -> None:
    vault = Vault(bytes(32))
    sealed = vault.seal("11010519491231002X")
    assert vault.open(sealed) == "11010519491231002X"
    assert vault.seal("same") != vault.seal("same")
    assert vault.blind("same") == vault.blind("same") != Vault(bytes([1]) * 32).blind("same")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Fault, match="does not open"):
            vault.open(bytes(changed))


def test_the_secret_needs_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "secret.bin"
    create_secret(path, b"right")
    assert path.stat().st_mode & 0o077 == 0
    assert open_vault(path, b"right") == open_vault(path, b"right")
    with pytest.raises(Fault, match="EXAM_PASSPHRASE is wrong"):
        open_vault(path, b"wrong")
    with pytest.raises(FileExistsError):
        create_secret(path, b"right")


@pytest.mark.parametrize("cost", ["cheapest", "standard"])
def test_passwords(cost: str) -> None:
    stored = hash_password("correct horse", cost, bytes(16))
    assert password_holds("correct horse", stored)
    assert not password_holds("correct horsf", stored)
    assert "correct" not in stored
