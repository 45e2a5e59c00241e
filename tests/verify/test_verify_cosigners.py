"""k of n inspectors: what was required is in the files, later inspectors change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exam_system.trust import notes
from exam_system.verify.checks import Check, Refused
from exam_system.verify.draw import verify_draw
from exam_system.verify.files import Bag
from exam_system.verify.keyring import parse_keys
from exam_system.verify.release import verify_publication
from exam_system.verify.single import verify_single
from tests.verify.builder import DrawMaker, Office, bundle, signer
from tests.verify.cases import load
from tests.verify.publications import RULES, ReleaseMaker

SECOND = signer("city.example/second", 5, 4)
THIRD = signer("city.example/third", 6, 4)


def draw(office: Office, cosigners: int, *named: Any) -> DrawMaker:
    """A draw whose manifest names the first inspector and these."""
    keys = {
        "officer": office.officer.verifier.vkey,
        "inspector": office.inspector.verifier.vkey,
        **{f"inspector-{n}": one.verifier.vkey for n, one in enumerate(named, 2)},
    }
    return DrawMaker(office, changes={"keys": keys, "cosigners": cosigners})


def checked(maker: DrawMaker) -> str:
    bag = Bag("draw", maker.name, maker.name, bundle(maker), Path("/nowhere"))
    return verify_draw(bag, parse_keys(maker.office.keys, "keys.txt"))


def refused(maker: DrawMaker, check: Check, why: str) -> None:
    with pytest.raises(Refused, match=why) as found:
        checked(maker)
    assert found.value.check is check


def test_an_inspector_who_comes_later_changes_nothing(published: Path, office: Office) -> None:
    more = f"inspector {SECOND.verifier.vkey}\n".encode()
    keys = parse_keys(office.keys + more, "keys.txt")
    for case in load(published).values():
        assert case.verify(keys)


def test_two_of_three_are_enough_and_one_is_not() -> None:
    for signing in ([SECOND], [THIRD], [SECOND, THIRD]):
        assert checked(draw(Office(others=[SECOND, THIRD], signing=signing), 2, SECOND, THIRD))
    alone = draw(Office(others=[SECOND, THIRD]), 2, SECOND, THIRD)
    refused(alone, Check.SIGNERS, "1 of 2 inspectors have signed, missing: city.example/second")


def test_who_is_not_named_does_not_count() -> None:
    office = Office(others=[SECOND, THIRD], signing=[THIRD])
    refused(draw(office, 2, SECOND), Check.SIGNERS, "1 of 2 .* missing: city.example/second")


def test_the_heads_of_a_draw_need_as_many() -> None:
    maker = draw(Office(others=[SECOND], signing=[SECOND]), 2, SECOND)
    files = maker.hold()
    maker.office.signing = []
    bag = Bag("draw", maker.name, maker.name, files | maker.proofs(), Path("/nowhere"))
    with pytest.raises(Refused, match=r"tlog-proof: 1 of 2 inspectors") as found:
        verify_draw(bag, parse_keys(maker.office.keys, "keys.txt"))
    assert found.value.check is Check.SIGNERS


def test_a_manifest_names_nobody_whom_the_keys_do_not_list() -> None:
    refused(draw(Office(), 1, SECOND), Check.DRAW_KEYS, "second")
    swapped = draw(Office(others=[SECOND, THIRD], signing=[SECOND]), 1, THIRD, SECOND)
    refused(swapped, Check.DRAW_KEYS, "third")


def publication(office: Office, cosigners: Any, **files: bytes) -> str:
    rules = {**RULES, "cosigners": cosigners}
    if cosigners is None:
        del rules["cosigners"]
    maker = ReleaseMaker(office, "written", rules=rules)
    made = maker.files() | {name.replace("_", "."): data for name, data in files.items()}
    bag = Bag("publication", maker.name, maker.name, made, Path("/nothing/beside"))
    return verify_publication(bag, parse_keys(office.keys, "keys.txt"))


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publications that lie alone."""
    monkeypatch.setattr(Bag, "versions", lambda _self, _stem: [])


@pytest.mark.usefixtures("nowhere")
def test_a_publication_needs_as_many_as_its_rules_say() -> None:
    both = Office(others=[SECOND, THIRD], signing=[THIRD])
    assert publication(both, 2)
    for cosigners, check in ((3, Check.SIGNERS), (None, Check.RULES), (0, Check.RULES)):
        with pytest.raises(Refused) as found:
            publication(both, cosigners)
        assert found.value.check is check
    alone = Office(others=[SECOND])
    rules = {**RULES, "cosigners": 2}
    one = ReleaseMaker(alone, "written", rules=rules).files()["root.note"]
    with pytest.raises(Refused, match=r"root\.note: 1 of 2") as found:
        publication(Office(others=[SECOND], signing=[SECOND]), 2, root_note=one)
    assert found.value.check is Check.SIGNERS


@pytest.mark.usefixtures("nowhere")
def test_a_bad_line_is_refused_although_enough_have_signed() -> None:
    office = Office(others=[SECOND])
    wrong = notes.sign("other\n", SECOND, at=1).decode().rpartition("\n\n")[2]
    note = ReleaseMaker(office, "written").files()["publication.note"]
    with pytest.raises(Refused, match="does not belong to this text") as found:
        publication(office, 1, publication_note=note + wrong.encode())
    assert found.value.check is Check.NOTE


def test_a_file_by_itself_needs_one_inspector() -> None:
    office = Office(others=[SECOND])
    slip = ReleaseMaker(office, "written").slip(1)
    keys = parse_keys(office.keys, "keys.txt")
    assert verify_single("slip.tlog-proof", slip, keys)
    bare = ReleaseMaker(office, "written")
    text = notes.parse(bare.files()["root.note"]).text
    with pytest.raises(Refused, match="0 of 1 inspectors") as found:
        verify_single("root.note", notes.sign(text, office.publisher), keys)
    assert found.value.check is Check.SIGNERS
