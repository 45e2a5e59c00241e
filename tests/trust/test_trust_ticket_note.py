"""The signed text of an admission ticket's code."""

from dataclasses import replace
from typing import Any

import pytest

from exam_system.trust import notes, ticket_note
from exam_system.trust.canonical import sha256, sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed, TrustError
from exam_system.trust.keys import Signer
from exam_system.trust.ticket_note import Sitting, TicketNote, Withdrawn

ORIGIN = "anshun.example/log"
PUBLISHER = Signer.from_seed(f"{ORIGIN}/publisher", bytes(range(32)))
TICKET = TicketNote(
    exam="gy-2026",
    number="01020304",
    label="k-7q2mz5xw3aab",
    room="01-02-03",
    seat=4,
    photo=sha256_hex(b"jpeg"),
    head=Checkpoint(ORIGIN, 4413, sha256(b"root")),
)
TEXT = f"""\
anshun.example/log/ticket/v1
exam gy-2026
number 01020304
label k-7q2mz5xw3aab
room 01-02-03
seat 4
photo {sha256_hex(b"jpeg")}
head 4413 SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=
"""


def test_the_text_is_these_bytes() -> None:
    assert TICKET.text == TEXT
    assert ticket_note.parse(TEXT) == TICKET


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/ticket/v1", "/ticket/v2"),
        ("exam gy-2026\n", ""),
        ("exam gy-2026\n", "exam gy-2026\nexam gy-2026\n"),
        ("seat 4\n", "seat 04\n"),
        ("seat 4\n", "seat 0\n"),
        ("seat 4\n", "seat \n"),
        ("head 4413 ", "head 4413"),
        ("head 4413 ", "head -1 "),
        ("d7I=\n", "d7J=\n"),
        ("photo ", "photo A"),
        ("number 01020304\nlabel k-7q2mz5xw3aab\n", "label k-7q2mz5xw3aab\nnumber 01020304\n"),
        ("d7I=\n", "d7I="),
    ],
)
def test_any_other_text_is_refused(before: str, after: str) -> None:
    assert before in TEXT
    with pytest.raises(TrustError):
        ticket_note.parse(TEXT.replace(before, after))


@pytest.mark.parametrize(
    ("field", "value"),
    [("exam", ""), ("number", "1\n2"), ("label", "e\u0301"), ("room", ""), ("seat", 0)],
)
def test_what_cannot_be_a_ticket_is_not_made(field: str, value: Any) -> None:
    with pytest.raises(Malformed):
        replace(TICKET, **{field: value})


def test_every_changed_byte_of_a_signed_ticket_is_refused() -> None:
    data = notes.sign(TEXT, PUBLISHER)
    assert notes.open_note(data, [PUBLISHER.verifier]).text == TEXT
    for place, byte in enumerate(data):
        for other in (byte ^ 1, byte ^ 0x20):
            forged = data[:place] + bytes([other]) + data[place + 1 :]
            with pytest.raises(TrustError):
                notes.open_note(forged, [PUBLISHER.verifier])


SECOND = replace(
    TICKET,
    serial=2,
    sittings=(
        Sitting("xc", "2026-03-14T01:00:00Z", "2026-03-14T03:00:00Z"),
        Sitting("sl", "2026-03-14T06:00:00Z", "2026-03-14T08:30:00Z"),
    ),
)
SECOND_TEXT = (
    TEXT.replace("/v1", "/v2")
    .replace("label", "serial 2\nlabel")
    .replace(
        "head",
        "session xc 2026-03-14T01:00:00Z 2026-03-14T03:00:00Z\n"
        "session sl 2026-03-14T06:00:00Z 2026-03-14T08:30:00Z\nhead",
    )
)
LIST = Withdrawn(ORIGIN, "gy-2026", 3, "2026-03-13T08:00:00Z", (("01020304", 1), ("01020309", 2)))
LIST_TEXT = """\
anshun.example/log/withdrawn/v1
exam gy-2026
version 3
at 2026-03-13T08:00:00Z
ticket 01020304 1
ticket 01020309 2
"""


def test_the_second_version_says_which_issue_and_when() -> None:
    assert SECOND.text == SECOND_TEXT
    assert ticket_note.parse(SECOND_TEXT) == SECOND


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("serial 2", "serial 0"),
        ("serial 2", "serial 02"),
        ("serial 2\n", ""),
        ("/ticket/v2", "/ticket/v1"),
        ("/ticket/v2", "/ticket/v3"),
        ("session xc", "session  xc"),
        ("T03:00:00Z", "T01:00:00Z"),
        ("T03:00:00Z", "T03:00:00+00:00"),
        ("session xc 2026-03-14T01:00:00Z", "session xc 2026-03-14T07:00:00Z"),
        ("session xc 2026-03-14T01:00:00Z 2026-03-14T03:00:00Z\nsession sl ", "session sl x "),
    ],
)
def test_any_other_text_of_the_second_version_is_refused(before: str, after: str) -> None:
    assert before in SECOND_TEXT
    with pytest.raises(TrustError):
        ticket_note.parse(SECOND_TEXT.replace(before, after))


def test_the_list_names_each_number_once_and_holds_earlier_issues() -> None:
    assert LIST.text == LIST_TEXT
    assert ticket_note.parse_withdrawn(LIST_TEXT) == LIST
    assert LIST.holds(TICKET)  # a ticket of the first version is the first issue
    assert not LIST.holds(SECOND)
    assert LIST.holds(replace(SECOND, number="01020309"))
    assert not LIST.holds(replace(TICKET, exam="gy-2027"))
    for before, after in (
        ("ticket 01020309", "ticket 01020304"),
        ("ticket 01020309 2", "ticket 01020301 2"),
        ("ticket 01020309 2", "ticket 01020309 0"),
        ("ticket 01020309 2", "ticket 0102 0309 2"),
        ("ticket 01020309 2", "number 01020309 2"),
        ("version 3", "version 0"),
        ("at 2026-03-13T08:00:00Z", "at 2026-03-13"),
        ("withdrawn/v1", "withdrawn/v2"),
    ):
        with pytest.raises(TrustError):
            ticket_note.parse_withdrawn(LIST_TEXT.replace(before, after))
