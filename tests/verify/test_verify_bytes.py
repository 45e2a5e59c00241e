"""No byte of anything published can be changed, added, taken away or swapped unnoticed."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_system.trust.canonical import jcs
from exam_system.trust.keys import Signer
from exam_system.verify.checks import Check, Refused
from exam_system.verify.keyring import Keyring, parse_keys
from tests.verify.builder import Office, signer
from tests.verify.cases import (
    FOLDERS,
    SINGLES,
    Case,
    changed_values,
    flipped,
    load,
    spoiled,
)

ALL = (*FOLDERS, *SINGLES)


@pytest.fixture(scope="session")
def cases(published: Path) -> dict[str, Case]:
    """Every object of the folder."""
    return load(published)


@pytest.mark.parametrize("name", ALL)
def test_everything_holds_as_it_was_published(
    name: str, cases: dict[str, Case], keys: Keyring
) -> None:
    assert cases[name].verify(keys)


@pytest.mark.parametrize("name", ALL)
def test_one_byte_of_every_class_in_every_file_counts(
    name: str, cases: dict[str, Case], keys: Keyring
) -> None:
    case = cases[name]
    accepted = []
    for file, data in case.files.items():
        if file.startswith("log/") and file not in ("log/0.tlog-proof", "log/7.tlog-proof"):
            continue  # the proofs are alike
        for what, other in spoiled(data):
            if other == data:
                continue
            with suppress(Refused):
                case.changed(keys, {file: other})
                accepted.append(f"{file}: {what}")
    assert accepted == []


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(choice=st.data())
def test_a_flipped_byte_anywhere_is_refused(
    choice: st.DataObject, cases: dict[str, Case], keys: Keyring
) -> None:
    case = cases[choice.draw(st.sampled_from(ALL))]
    file = choice.draw(st.sampled_from(sorted(case.files)))
    data = case.files[file]
    at = choice.draw(st.integers(0, len(data) - 1))
    mask = choice.draw(st.integers(1, 255))
    with pytest.raises(Refused):
        case.changed(keys, {file: flipped(data, at, mask)})


@pytest.mark.parametrize("name", FOLDERS[:-1])
def test_every_value_of_every_json_file_counts(
    name: str, cases: dict[str, Case], keys: Keyring
) -> None:
    case = cases[name]
    tried = 0
    for file in (file for file in case.files if file.endswith(".json")):
        value = json.loads(case.files[file])
        for changed in changed_values(value):
            tried += 1
            with pytest.raises(Refused):
                case.changed(keys, {file: jcs(changed)})
    assert tried > 30


@pytest.mark.parametrize("name", FOLDERS)
def test_a_missing_file_is_refused(name: str, cases: dict[str, Case], keys: Keyring) -> None:
    case = cases[name]
    for file in case.files:
        if file == "log.vkey" or (name == "log" and "/0/000.p/5" in file):
            continue
        if name == "log" and file == "tile/entries/000.p/5":
            continue  # a narrower tile of an earlier size may be cleared away
        if file == "records.jsonl":
            assert "without records.jsonl" in case.changed(keys, {file: None})
            continue
        with pytest.raises(Refused) as refused:
            case.changed(keys, {file: None})
        assert refused.value.check is Check.COMPLETE


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize(
    "extra", ["note.txt", ".DS_Store", "log/99.tlog-proof", "tile/0/001.p/300", "tile/0/x000/000"]
)
def test_an_extra_file_is_refused(
    name: str, extra: str, cases: dict[str, Case], keys: Keyring
) -> None:
    with pytest.raises(Refused) as refused:
        cases[name].changed(keys, {extra: b"x"})
    assert refused.value.check is Check.KNOWN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("draw-2026-kp-seats-1", "draw-2026-kp-invigilators-2"),
        ("draw-2026-kp-invigilators-2", "draw-2026-kp-seats-1"),
        ("results-2026-kp-v1", "results-2026-kp-v2"),
        ("results-2026-kp-v3", "results-2026-kp-v2"),
        ("announcement-2026-kp-v1", "results-2026-kp-v1"),
    ],
)
def test_files_of_another_object_are_refused(
    one: str, other: str, cases: dict[str, Case], keys: Keyring
) -> None:
    mine, theirs = cases[one].files, cases[other].files
    for file in mine.keys() & theirs.keys():
        if mine[file] != theirs[file]:
            with pytest.raises(Refused):
                cases[one].changed(keys, {file: theirs[file]})
    with pytest.raises(Refused) as refused:
        cases[one].run(theirs, keys)
    assert refused.value.check in (Check.NAME, Check.KNOWN)


@pytest.mark.parametrize("role", ["log", "publisher", "officer", "inspector"])
def test_other_keys_are_refused(role: str, cases: dict[str, Case], office: Office) -> None:
    mine: Signer = getattr(office, role)
    stranger = signer(mine.name, 99, mine.type)
    data = office.keys.replace(mine.verifier.vkey.encode(), stranger.verifier.vkey.encode())
    keys = parse_keys(data, "keys.txt")
    held = []
    for case in cases.values():
        with suppress(Refused):
            held.append(case.verify(keys))
    most = {"log": 7, "publisher": 4, "officer": 9, "inspector": 2}
    assert len(held) <= most[role]


def test_every_byte_of_the_keys_counts(office: Office) -> None:
    for what, data in spoiled(office.keys):
        if data != office.keys:
            with pytest.raises(Refused) as refused:
                parse_keys(data, "keys.txt")
            assert refused.value.check is Check.KEYS, what


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("inspector", "officer"),
        ("log", "witness"),
        ("publisher", "log"),
    ],
)
def test_a_key_in_another_role_is_refused(old: str, new: str, office: Office) -> None:
    with pytest.raises(Refused) as refused:
        parse_keys(office.keys.replace(f"{old} ".encode(), f"{new} ".encode(), 1), "keys.txt")
    assert refused.value.check is Check.KEYS


def test_no_key_doubles_as_another(office: Office) -> None:
    second = signer("city.example/second", 4, 4)  # the inspector's key under another name
    for line in (f"inspector {second.verifier.vkey}", office.keys.decode().split("\n")[3]):
        with pytest.raises(Refused, match="listed twice"):
            parse_keys(office.keys + f"{line}\n".encode(), "keys.txt")
