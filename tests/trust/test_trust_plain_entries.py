"""The quick reader of entries refuses exactly what the thorough one refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_system.trust import acts
from exam_system.trust.errors import TrustError
from exam_system.trust.tiles import pack_entries, unpack_entries

WHOLE = acts.entry("a.b_c", "gy", "2026-03-02T01:00:00Z", "o1", "x:1", "ab" * 32)


def refuses(read: object, data: bytes) -> bool:
    try:
        read(data)  # type: ignore[operator]
    except TrustError:
        return True
    return False


def agree(data: bytes) -> None:
    assert refuses(acts.require_entry, data) == refuses(acts.parse_entry, data), data


def test_every_byte_changed_to_every_other() -> None:
    for at in range(len(WHOLE)):
        for byte in range(256):
            agree(WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :])
        agree(WHOLE[:at] + WHOLE[at + 1 :])
        agree(WHOLE[: at + 1] + WHOLE[at:])


@given(st.text(max_size=4), st.text(max_size=4), st.text(max_size=3))
def test_any_text_in_the_fields(actor: str, subject: str, exam: str) -> None:
    try:
        data = acts.entry("a.b", exam, "2026-03-02T01:00:00Z", actor, subject, "ab" * 32)
    except TrustError:
        return
    agree(data)
    acts.require_entry(data)


TIMES = ["2026-02-30T01:00:00Z", "2026-03-02T24:00:00Z", "2026-03-02T01:00:60Z"]


@pytest.mark.parametrize("at", [*TIMES, "20260302T01:00:00ZZ", "0000-03-02T01:00:00Z"])
def test_times_that_are_none(at: str) -> None:
    data = WHOLE.replace(b"2026-03-02T01:00:00Z", at.encode())
    agree(data)
    assert refuses(acts.require_entry, data)


def test_days_that_not_every_month_has() -> None:
    for month in range(14):
        for day in range(33):
            agree(WHOLE.replace(b"2026-03-02", f"2026-{month:02}-{day:02}".encode()))
            agree(WHOLE.replace(b"2026-03-02", f"2024-{month:02}-{day:02}".encode()))


def test_the_quick_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "parse_entry", None)
    acts.require_entry(WHOLE)


def accepted(data: bytes) -> None:
    """What the quick reader of bundles takes, the thorough ones take, and read the same."""
    entries = acts.plain_bundle(data)
    if entries is not None:
        assert unpack_entries(data) == entries or len(entries) > 256
        for entry in entries:
            acts.parse_entry(entry)


@given(st.lists(st.sampled_from([WHOLE, WHOLE.replace(b"o1", b"o2345"), b"{}", b""]), max_size=4),
       st.integers(0, 2_000), st.integers(0, 255), st.booleans())  # fmt: skip
def test_a_bundle_taken_quickly_is_a_bundle(
    entries: list[bytes], at: int, byte: int, cut: bool
) -> None:
    data = pack_entries(entries)
    accepted(data)
    if data:
        place = at % len(data)
        accepted(data[:place] + bytes([byte]) + data[place + 1 :])
        accepted(data[:place] if cut else data + data[place:])


def test_a_plain_bundle_is_taken_quickly() -> None:
    entries = [WHOLE.replace(b"o1", b"o" * n) for n in range(1, 257)]
    assert acts.plain_bundle(pack_entries(entries)) == entries
    assert acts.plain_bundle(b"") == []
    assert acts.plain_bundle(pack_entries([WHOLE, "é".encode()])) is None
