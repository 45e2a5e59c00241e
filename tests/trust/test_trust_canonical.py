import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_system.trust import canonical
from exam_system.trust.canonical import JSON, jcs, parse_jcs
from exam_system.trust.errors import CanonicalError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES)
def test_jcs_round_trip(value: JSON) -> None:
    assert parse_jcs(jcs(value)) == value


@given(st.dictionaries(TEXTS, st.integers(0, 9), min_size=2))
def test_order_of_insertion_never_shows(value: dict[str, int]) -> None:
    assert jcs(dict(reversed(value.items()))) == jcs(value)


def test_keys_are_sorted_by_utf16_units() -> None:
    # RFC 8785 section 3.2.3: U+1F600 (D83D DE00) comes before U+FB33, against code point order.
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    parsed = parse_jcs(jcs(value))
    assert isinstance(parsed, dict)
    assert list(parsed) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


def test_escapes_are_those_of_rfc_8785() -> None:
    text = '\u20ac$\u000f\nA\'B"\\\\"/\x7f\u2028'
    assert jcs(text) == ('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f\u2028"').encode()
    assert jcs("\b\t\n\f\r\x00\x1f") == b'"\\b\\t\\n\\f\\r\\u0000\\u001f"'


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        math.nan,
        {"a": [0.5]},
        {1: "a"},
        {None: "a"},
        "\ud800",
        {"\udfff": 1},
        2**53,
        -(2**53),
        b"bytes",
        {"a", "b"},
    ],
)
def test_jcs_refuses(value: Any) -> None:
    with pytest.raises(CanonicalError):
        jcs(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b" {}",
        b"{}\n",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e2",
        b"-0",
        b"01",
        b"NaN",
        b"Infinity",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud83d\\ude00"',
        b'"\\ud800"',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b"9007199254740992",
        b"1" * 5000,
        b"[" * 100_000,
        "{}".encode("utf-16"),
    ],
)
def test_parse_jcs_refuses(data: bytes) -> None:
    with pytest.raises(CanonicalError):
        parse_jcs(data)


def test_deep_value_is_refused_in_a_sentence() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(CanonicalError, match="nested"):
        jcs(value)


@pytest.mark.parametrize("label", ["考官-001", "L1", "a b", "é", "\u2028"])
def test_clean_label_returns_the_label(label: str) -> None:
    assert canonical.clean_label(label) == label


@pytest.mark.parametrize("label", ["", "a\n", "a\x00", "\x7f", "\x85", "e\u0301", "\ud800"])
def test_clean_label_refuses(label: str) -> None:
    with pytest.raises(CanonicalError):
        canonical.clean_label(label)


@given(st.binary())
def test_base64_round_trip(data: bytes) -> None:
    assert canonical.unb64(canonical.b64(data)) == data


@pytest.mark.parametrize("text", ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "Q-==", "QQ==QQ==", "é"])
def test_base64_is_strict(text: str) -> None:
    with pytest.raises(CanonicalError):
        canonical.unb64(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("10", 10), (str(2**63 - 1), 2**63 - 1)])
def test_number(text: str, value: int) -> None:
    assert canonical.number(text) == value


@pytest.mark.parametrize(
    "text", ["", "00", "01", "+1", "-1", "1\n", "1_0", "１", str(2**63), "9" * 20]
)
def test_number_refuses(text: str) -> None:
    with pytest.raises(CanonicalError):
        canonical.number(text)


def test_lines_split_at_newline_only() -> None:
    assert canonical.lines("a\u2028b\r\x85c\n\n") == ["a\u2028b\r\x85c", ""]
    with pytest.raises(CanonicalError):
        canonical.lines("a\nb")


@pytest.mark.parametrize("row", ["key", "key ", " value", ""])
def test_fields_refuse(row: str) -> None:
    with pytest.raises(CanonicalError):
        canonical.fields([row])


@pytest.mark.parametrize("text", ["", "a" * 63, "A" * 64, "g" * 64, "a" * 64 + "\n"])
def test_digest_refuses(text: str) -> None:
    with pytest.raises(CanonicalError):
        canonical.digest_text(text)


def test_sha256_parts_equal_the_whole() -> None:
    assert canonical.sha256(b"ab", b"", b"c").hex() == canonical.sha256_hex(b"abc")
    assert canonical.sha256_hex(b"abc").startswith("ba7816bf8f01cfea")
