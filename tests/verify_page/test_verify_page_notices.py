"""Notices, decisions, money: both verifiers take the same and refuse the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from exam_system.trust import decision_note
from exam_system.trust.canonical import JSON, jcs, sha256_hex
from exam_system.trust.decision_note import DecisionNote
from exam_system.trust.notice_note import NoticeNote, Passed, subject_of
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
    by_page = both(page, tmp_path, cases)
    assert by_page[:5] == [[], [], ["V98"], ["V98"], ["V2"]]
    assert [found[0] for found in by_page[5:]] == [check for _old, _new, check in FALSE]


def both(page: Page, folder: Path, cases: list[dict[str, bytes]]) -> list[list[str]]:
    """The checks that the page refuses, which are those that the other verifier refuses."""
    by_page = [refused(run) for run in ask(page, cases)]
    by_program = [
        [error.check.id for error in verify([write(folder / str(number), case)]).refused]
        for number, case in enumerate(cases)
    ]
    assert by_page == by_program
    return by_page


def test_every_level_of_a_notice_stands_in_the_log_beside_it(page: Page, tmp_path: Path) -> None:
    cases = []
    for left_out, actor in ((None, None), (1, None), (None, "b9")):
        office = Office()
        for number in range(4):
            office.act("accounts.log_in", f"account:{number}", {}, exam="")
        levels = []
        for number, one in enumerate(SAID.levels):
            subject = subject_of(SAID.ref, SAID.version, one.level, SAID.text_digest)
            who = actor or one.actor
            acted = office.act("notices.pass_level", subject, {}, actor=who)
            at = acted["data"].split(b'"at":"')[1][:20].decode()
            levels.append(Passed(one.level, one.actor, at))
            if number == left_out:
                office.entries.pop()
        early = replace(SAID.drafted, at="2026-03-01T01:00:00Z")
        said = replace(SAID, drafted=early, levels=tuple(levels), published="2026-03-02T05:00:00Z")
        log = {f"log/{name}": data for name, data in office.log_files().items()}
        cases.append({**files(office, said.text), **log})
    assert both(page, tmp_path, cases) == [[], ["V99"], ["V99"] * 3]


def test_decisions_are_verified_on_the_page_too(page: Page, tmp_path: Path) -> None:
    paper, at = b"%PDF-1.7 a decision", "2026-03-02T01:00:00Z"
    head = (7, "A" * 43 + "=")
    parts = ("2026-kp", "2026-0003", 1, "decided", "SYDW35", "t6", 2, sha256_hex(paper), at, *head)
    said = DecisionNote(ORIGIN, *parts)
    text = said.text
    cases = [
        decision(text, paper),
        decision(text, paper + b" "),
        decision(text, paper, about=text.replace("item 2", "item 3")),
        decision(text, paper, exam="2026-xx"),
        decision(text.replace("outcome decided", "outcome upheld"), paper),
        decision(text.replace("tier t6", "tier none"), paper),
        decision(text.replace("case 2026-0003", "case 2026-0004"), paper),
        {**decision(text, paper), "decision-2026-0003-v1/more.txt": b"x"},
    ]
    only = {name: data for name, data in cases[0].items() if "." in name and "/" not in name}
    cases.append({**only, "mine.note": cases[0]["decision-2026-0003-v1/decision.note"]})
    expected = [[], ["V87"], ["V88"], ["V88"], ["V86"], ["V86"], ["V4"], ["V2"], []]
    assert both(page, tmp_path, cases) == expected


def decision(text: str, paper: bytes, about: str = "", exam: str = "2026-kp") -> dict[str, bytes]:
    """A decision's folder; `about`: the text of which the act of the log is."""
    office = Office()
    office.act("violations.decide_case", decision_note.subject_of(about or text), {}, exam=exam)
    there = {
        "decision.note": office.note(text, office.publisher, cosigned=False),
        "decision.pdf": paper,
        "act.tlog-proof": office.proof(0),
    }
    folder = {f"decision-2026-0003-v1/{name}": data for name, data in there.items()}
    return {"keys.txt": office.keys, **folder}


STATEMENT = (
    "outcome,kind,number,order,ours_fen,theirs_fen\n"
    "differs,payment,1,o1,100,90\nmatch,payment,2,o2,50,50\n"
    "only_theirs,payment,3,,,7\nonly_ours,refund,4,o4,5,\n"
)
TAKINGS = (
    "number,order,fen,means,slip,taken\n"
    "1,o1,100,cash,,2026-03-02T01:00:00Z\n2,o2,50,card,s1,2026-03-02T01:00:00Z\n"
)
SAYS = {
    "statement": "day 2026-03-02\nsource gateway\nversion 1\nreceived 147\nrefunded 0\nmatch 1\n"
    "only-ours 1\nonly-theirs 1\ndiffers 1\n",
    "takings": "exam 2026-kp\nfirst 1\nlast 2\ncount 2\ncash 100\ncard 50\n",
}
FOLDERS = {"statement": "statement-2026-03-02-gateway-v1", "takings": "takings-2"}
RECEIPT = (
    f"{ORIGIN}/receipt/v1\nexam 2026-kp\norder o1\ntransaction t1\nfen 100\n"
    f"paid 2026-03-02T01:00:00Z\nhead 7 {'A' * 43}=\n"
)


def money(kind: str, rows: str, says: tuple[str, str] = ("", "")) -> dict[str, bytes]:
    """A signed list with its note, which says something else in one place."""
    office, data = Office(), rows.encode()
    text = f"{ORIGIN}/{kind}/v1\n{SAYS[kind]}lines {sha256_hex(data)}\n".replace(*says)
    note = office.note(text, office.publisher, cosigned=False)
    folder = {f"{kind}.note": note, "lines.csv": data}
    files = {f"{FOLDERS[kind]}/{name}": one for name, one in folder.items()}
    return {"keys.txt": office.keys, **files}


def test_signed_money_is_added_up_on_the_page_too(page: Page, tmp_path: Path) -> None:
    office = Office()
    lines = STATEMENT.splitlines(keepends=True)
    receipts = [
        {"keys.txt": office.keys, "r.note": office.note(text, office.publisher, cosigned=False)}
        for text in (RECEIPT, RECEIPT.replace("fen 100", "fen 0"), RECEIPT.replace("T01", " 01"))
    ]
    statement = money("statement", STATEMENT)
    cases = [
        statement,
        money("takings", "\ufeff" + TAKINGS),
        receipts[0],
        money("statement", STATEMENT, ("received 147", "received 148")),
        money(
            "statement", STATEMENT.replace("match,payment,2,o2,50,50", "match,payment,2,o2,50,51")
        ),
        money("statement", "".join([lines[0], *lines[:0:-1]])),
        money("statement", STATEMENT, ("day 2026-03-02", "day 2026-3-02")),
        money("takings", TAKINGS.replace("card,s1", "card,")),
        money("takings", TAKINGS.replace("2,o2", "1,o2")),
        money("takings", TAKINGS, ("cash 100", "cash 1000")),
        money("takings", TAKINGS, ("last 2", "last 3")),
        {**statement, f"{FOLDERS['statement']}/lines.csv": STATEMENT.encode() + b"x"},
        {**statement, f"{FOLDERS['statement']}/more.txt": b""},
        *receipts[1:],
    ]
    expected = [[], [], []] + [["V80"]] * 4 + [["V81"]] * 3 + [["V4"], ["V80"], ["V2"]]
    assert both(page, tmp_path, cases) == [*expected, ["V82"], ["V82"]]
