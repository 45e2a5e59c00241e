"""Notices: both verifiers take the same and refuse the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from exam_system.trust.canonical import JSON, jcs, sha256_hex
from exam_system.trust.notice_note import NoticeNote, Passed
from exam_system.verify.run import verify
from tests.verify.builder import ORIGIN, Office, write
from tests.verify_page.asked import ask, refused

pytestmark = pytest.mark.browser
LIST = b"number,score\n1,71.5\n"
TOLD: dict[str, JSON] = {
    "v": 1,
    "ref": "2026-0007",
    "version": 1,
    "exam": "2026-kp",
    "category": "exam",
}
SAID = NoticeNote(
    *(ORIGIN, "2026-0007", 1, "2026-kp", "exam", sha256_hex(jcs({**TOLD, "title": "通知"}))),
    Passed("drafted", "a1", "2026-03-02T01:00:00Z"),
    tuple(
        Passed(level, f"b{n}", f"2026-03-02T0{n + 2}:00:00Z")
        for n, level in enumerate(("section", "secrecy", "leader"))
    ),
    (("list-1.csv", sha256_hex(LIST)),),
    (("results-2026-kp-v1", "1" * 64),),
    *("2026-03-02T05:00:00Z", 120),
)
FALSE = [
    ("level secrecy b1", "level secrecy b0", "V98"),
    ("level secrecy b1", "level section b1", "V98"),
    ("level secrecy b1", "level secrecy a1", "V98"),
    ("level leader b2 2026-03-02T04", "level leader b2 2026-03-02T02", "V98"),
    ("category exam", "category news", "V98"),
    ("version 1", "version 2", "V98"),
    ("late 120", "late 0120", "V98"),
    ("ref 2026-0007", "ref 2026-07", "V98"),
    ("exam 2026-kp", "exam 2026-xx", "V98"),
    ("file list-1.csv", "file list-2.csv", "V2"),
    ("published 2026-03-02T05:00:00Z", "published 2026-03-02T01:00:00Z", "V98"),
    ("release results-2026-kp-v1 1", "release results-2026-kp-v1 g", "V98"),
]


def files(office: Office, said: str, **other: bytes) -> dict[str, bytes]:
    there = {
        "notice.note": office.note(said, office.publisher, cosigned=False),
        "notice.json": jcs({**TOLD, "title": "通知"}),
        "list-1.csv": LIST,
    } | {name.replace("_", "."): data for name, data in other.items()}
    return {
        "keys.txt": office.keys,
        **{f"notice-2026-0007-v1/{name}": data for name, data in there.items()},
    }


def test_notices_are_verified_on_the_page_too(page: Page, tmp_path: Path) -> None:
    office = Office()
    second = replace(SAID, version=2, previous=sha256_hex(SAID.text.encode()))
    text = jcs({**TOLD, "version": 2})
    later = replace(second, text_digest=sha256_hex(text)).text
    chain = {
        f"notice-2026-0007-v2/{name}": data
        for name, data in (
            ("notice.note", office.note(later, office.publisher, cosigned=False)),
            ("notice.json", text),
            ("list-1.csv", LIST),
        )
    }
    broken = office.note(later.replace("previous ", "previous 0")[:-2] + "\n", office.publisher)
    cases = [
        files(office, SAID.text),
        {**files(office, SAID.text), **chain},
        {**files(office, SAID.text), **chain, "notice-2026-0007-v2/notice.note": broken},
        files(office, SAID.text, notice_json=jcs({**TOLD, "title": "另一通知"})),
        files(office, SAID.text, more_txt=b"x"),
        *(files(office, SAID.text.replace(old, new)) for old, new, _check in FALSE),
    ]
    by_page = [refused(run) for run in ask(page, cases)]
    by_program = [
        [error.check.id for error in verify([write(tmp_path / str(number), case)]).refused]
        for number, case in enumerate(cases)
    ]
    assert by_page == by_program
    assert by_page[:5] == [[], [], ["V98"], ["V98"], ["V2"]]
    assert [found[0] for found in by_page[5:]] == [check for _old, _new, check in FALSE]
