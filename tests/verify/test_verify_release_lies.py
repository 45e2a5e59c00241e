"""Publications, logs and notes that the office's own keys sign wrongly are refused as well."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from exam_system.trust import notes
from exam_system.trust.canonical import sha256
from exam_system.trust.publication import digest_file
from exam_system.trust.publication import parse as parse_publication
from exam_system.verify.checks import Check, Refused
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring, parse_keys
from exam_system.verify.log import verify_log
from exam_system.verify.release import verify_publication
from exam_system.verify.single import verify_single
from tests.verify.builder import Office, write
from tests.verify.publications import (
    CSV,
    ROWS,
    RULES,
    ReleaseMaker,
    digest_of,
    interview_note,
    row,
)


def refused_release(
    folder: Path, maker: ReleaseMaker, keys: Keyring, check: Check, why: str
) -> None:
    bag = Bag("publication", maker.name, maker.name, maker.files(), folder)
    with pytest.raises(Refused, match=why) as refused:
        verify_publication(bag, keys)
    assert refused.value.check is check, str(refused.value)


def changed(stage: str, at: int, **more: Any) -> list[dict[str, Any]]:
    return [{**one, **more} if n == at else one for n, one in enumerate(ROWS[stage])]


@pytest.mark.parametrize(
    ("stage", "at", "more", "csv", "why"),
    [
        ("written", 0, {"written": "75.01"}, ("75.00", "75.01"), "row 1 column written: found 75"),
        ("written", 1, {"rank": 3}, ("70.00,2", "70.00,3"), "row 2 column rank: found 3, recomp"),
        ("shortlist", 2, {"outcome": "shortlisted"}, ("未入围", "进入面试"), "row 3 column out"),
        ("final", 0, {"total": "81.67"}, ("81.00", "81.67"), "column total: found 81.67, rec"),
        ("final", 1, {"outcome": "proposed"}, ("未拟录用", "拟录用"), "row 2 column outcome"),
    ],
)
def test_a_number_that_the_rules_do_not_give(
    stage: str,
    at: int,
    more: dict[str, Any],
    csv: tuple[str, str],
    why: str,
    published: Path,
    office: Office,
    keys: Keyring,
) -> None:
    version = {"written": 1, "shortlist": 2, "final": 3}[stage]
    previous = None if version == 1 else "ab" * 32
    text = CSV[stage].replace(*csv)
    assert text != CSV[stage]
    maker = ReleaseMaker(office, stage, version, previous, rows=changed(stage, at, **more))
    maker.csv = text
    refused_release(published, maker, keys, Check.NUMBERS, why)


def test_a_table_that_says_something_else(published: Path, office: Office, keys: Keyring) -> None:
    text = CSV["written"].replace("60.50", "90.50")
    maker = ReleaseMaker(office, "written", csv=text)
    why = "list.csv row 3 column 笔试成绩: found '90.50', recomputed '60.50'"
    refused_release(published, maker, keys, Check.LIST_CSV, why)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([*ROWS["written"], row(4, "scored")], "row 6: 010100105 stands there twice"),
        (ROWS["written"][::-1], "row 2: the rows are not sorted"),
        ([], "empty"),
        (changed("written", 0, rank="1"), "row 1: rank has the wrong type"),
        (changed("written", 0, rank=True), "row 1: rank has the wrong type"),
        (changed("written", 0, subjects={"xc": 80, "sl": "70"}), "not written as text"),
        (changed("written", 0, subjects={"xc": "80.00"}), "column subjects"),
        (changed("written", 0, outcome="proposed"), "column outcome"),
        (changed("written", 0, name="张三"), "name"),
    ],
)
def test_a_list_of_another_shape(
    rows: list[dict[str, Any]], why: str, published: Path, office: Office, keys: Keyring
) -> None:
    refused_release(published, ReleaseMaker(office, "written", rows=rows), keys, Check.LIST, why)


def test_people_whom_the_shortlist_did_not_let_in(
    tmp_path: Path, published: Path, office: Office, keys: Keyring
) -> None:
    short = [*ROWS["shortlist"][:2], {**ROWS["shortlist"][2], "outcome": "not"}]
    early = ReleaseMaker(office, "shortlist", 2, "ab" * 32, rows=short)
    early.csv = CSV["shortlist"].rsplit("010100105", 1)[0]
    write(tmp_path / early.name, early.files())
    final = ReleaseMaker(office, "final", 3, digest_of(early.files()))
    why = "010100105 is not shortlisted in the list before"
    refused_release(tmp_path, final, keys, Check.STAGES, why)


def test_people_who_were_left_out(published: Path, office: Office, keys: Keyring) -> None:
    maker = ReleaseMaker(office, "final", 3, "ab" * 32, rows=ROWS["final"][:2])
    maker.csv = CSV["final"].rsplit("010100105", 1)[0]
    why = "010100105 is shortlisted in the list before, but missing"
    refused_release(published, maker, keys, Check.STAGES, why)


def test_a_chain_that_was_broken(published: Path, office: Office, keys: Keyring) -> None:
    maker = ReleaseMaker(office, "shortlist", 2, "ab" * 32)
    refused_release(published, maker, keys, Check.CHAIN, "expected")


def test_other_rules_than_were_announced(published: Path, office: Office, keys: Keyring) -> None:
    maker = ReleaseMaker(office, "written", rules={**RULES, "notice_days": 5})
    refused_release(published, maker, keys, Check.RULES, "no announcement beside")


@pytest.mark.parametrize(
    "rules",
    [
        {key: value for key, value in RULES.items() if key != "decimals"},
        {**RULES, "rounding": "up"},
        {**RULES, "interviewers": "five", "decimals": "two"},
        {**RULES, "written_pass": "x"},
    ],
)
def test_rules_with_which_nothing_can_be_computed(
    rules: dict[str, Any], tmp_path: Path, office: Office, keys: Keyring
) -> None:
    refused_release(tmp_path, ReleaseMaker(office, "written", rules=rules), keys, Check.RULES, ".")


def refused_signed(
    folder: Path, maker: ReleaseMaker, changes: dict[str, bytes], check: Check, why: str
) -> None:
    """Publish with files changed, all of them listed and signed anew with their digests."""
    files = {**maker.files(), **changes}
    text = notes.parse(files["publication.note"]).text
    for old in parse_publication(text).files:
        new = digest_file(old.name, files[old.name])
        text = text.replace(old.sha256, new.sha256).replace(old.sm3, new.sm3)
    files["publication.note"] = maker.office.note(text, maker.office.publisher)
    bag = Bag("publication", maker.name, maker.name, files, folder)
    with pytest.raises(Refused, match=why) as refused:
        verify_publication(bag, parse_keys(maker.office.keys, "keys.txt"))
    assert refused.value.check is check, str(refused.value)


def test_records_that_are_not_the_list(published: Path, office: Office) -> None:
    others = ReleaseMaker(office, "written", rows=changed("written", 0, written="99.00"))
    changes = {"records.jsonl": others.files()["records.jsonl"]}
    maker = ReleaseMaker(office, "written")
    why = r"no such row in list\.json"
    refused_signed(published, maker, changes, Check.RECORDS, why)


def test_records_in_another_order_or_with_one_salt(published: Path, office: Office) -> None:
    maker = ReleaseMaker(office, "written")
    lines = maker.lines()
    turned = {"records.jsonl": b"".join(line + b"\n" for line in lines[::-1])}
    refused_signed(published, maker, turned, Check.RECORDS, "not sorted by their digests")
    same = [re.sub(rb'"salt":"[0-9a-f]+"', b'"salt":"' + b"ab" * 32 + b'"', one) for one in lines]
    one_salt = {"records.jsonl": b"".join(line + b"\n" for line in sorted(same, key=sha256))}
    refused_signed(published, maker, one_salt, Check.RECORDS, "used before")


def test_a_root_of_other_records(published: Path, office: Office) -> None:
    maker = ReleaseMaker(office, "written")
    lines = [
        re.sub(rb'"salt":"..', b'"salt":"' + f"{n:02x}".encode(), line)
        for n, line in enumerate(maker.lines())
    ]
    changes = {"records.jsonl": b"".join(line + b"\n" for line in sorted(lines, key=sha256))}
    refused_signed(published, maker, changes, Check.ROOT, "found")


@pytest.mark.parametrize("which", ["sha256", "sm3"])
def test_each_of_the_two_digests_counts(
    which: str, published: Path, office: Office, keys: Keyring
) -> None:
    maker = ReleaseMaker(office, "announcement")
    files = maker.files()
    text = notes.parse(files["publication.note"]).text
    right = getattr(digest_file("notice.pdf", files["notice.pdf"]), which)
    files["publication.note"] = office.note(text.replace(right, "ab" * 32), office.publisher)
    bag = Bag("publication", maker.name, maker.name, files, published)
    with pytest.raises(Refused, match=rf"notice\.pdf {which}") as refused:
        verify_publication(bag, keys)
    assert refused.value.check is Check.DIGEST


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tile/0/x000/000.p/5", "no such file"),
        ("tile/entries/x000/000.p/5", "no such file"),
        ("tile/7/000.p/5", "no such file"),
        ("tile/0/001.p/200", "no such file"),
    ],
)
def test_tiles_under_names_that_are_not_theirs(
    name: str, why: str, office: Office, keys: Keyring
) -> None:
    files = office.log_files()
    source = "tile/entries/000.p/5" if "entries" in name else "tile/0/000.p/5"
    bag = Bag("log", "log", "log", {**files, name: files[source]}, Path("/nowhere"))
    with pytest.raises(Refused, match=why) as refused:
        verify_log(bag, keys)
    assert refused.value.check is Check.KNOWN


def test_entries_that_are_no_acts(keys: Keyring) -> None:
    other = Office()
    other.entries += [b"hello"] * 6
    with pytest.raises(Refused) as refused:
        verify_log(Bag("log", "log", "log", other.log_files(), Path("/nowhere")), keys)
    assert refused.value.check is Check.ENTRIES


def test_what_lies_not_beside_is_said(tmp_path: Path, office: Office, keys: Keyring) -> None:
    maker = ReleaseMaker(office, "final", 3, "ab" * 32)
    files = maker.files()
    del files["records.jsonl"]
    told = verify_publication(Bag("publication", maker.name, "x", files, tmp_path), keys)
    for remark in (
        "announcement not beside",
        "shortlist list not beside",
        "without records.jsonl",
        "v2 not beside: chain not checked",
    ):
        assert remark in told


@pytest.mark.parametrize(
    ("scores", "dropped", "result", "good"),
    [
        ("85.00 86.00 87.00 88.00 90.00", "5 1", "87.00", True),
        ("85.00 86.00 87.01 88.00 90.00", "5 1", "87.00", True),
        ("85.00 86.00 87.02 88.00 90.00", "5 1", "87.00", True),
        ("85.00 86.00 87.02 88.00 90.00", "5 1", "87.01", True),
        ("85.00 86.00 87.02 88.00 90.00", "5 1", "87.02", False),
        ("85.00 86.00 87.00 88.00 90.00", "4 1", "87.00", False),
        ("85.00 86.00 87.00 88.00 90.00", "4 1", "87.67", False),
        ("85.00 86.00 87.00 88.00 90.00", "none", "87.20", True),
        ("85.00 86.00 87.00 88.00 90.00", "5 5", "87.00", False),
        ("85.00 86.00 87.00 88.00 90.00", "6 1", "87.00", False),
        ("85.00 85.00 87.00 90.00 90.00", "4 1", "87.33", True),
        ("85.00 x 87.00 90.00 90.00", "4 1", "87.33", False),
    ],
)
def test_the_mean_of_an_interview(
    scores: str, dropped: str, result: str, good: bool, office: Office, keys: Keyring
) -> None:
    data = interview_note(office, scores, dropped, result)
    if good:
        assert result in verify_single("interview.note", data, keys)
        return
    with pytest.raises(Refused) as refused:
        verify_single("interview.note", data, keys)
    assert refused.value.check is Check.INTERVIEW


def test_a_slip_of_another_exam(office: Office, keys: Keyring) -> None:
    slip = ReleaseMaker(office, "written").slip(0)
    assert verify_single("a.tlog-proof", slip, keys)
    false = ReleaseMaker(office, "written")
    lines = false.lines()
    false.lines = lambda: [one.replace(b"2026-kp", b"2026-zz") for one in lines]  # type: ignore[method-assign]
    with pytest.raises(Refused) as refused:
        verify_single("a.tlog-proof", false.slip(0), keys)
    assert refused.value.check is Check.SLIP
