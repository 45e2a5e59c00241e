"""exam-system/sealed/v1 and what travels in it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from exam_system.trust import report, sealed
from exam_system.trust.canonical import unb64
from exam_system.trust.errors import BadKey, Malformed, TrustError
from exam_system.trust.report import Content

ONE, TWO = b"1" * 32, b"2" * 32
TO = [
    sealed.Recipient("city.example/a", sealed.public_half(ONE)),
    sealed.Recipient("city.example/b", sealed.public_half(TWO)),
]
CHANCE = bytes(range(64))


def test_both_open_and_a_third_does_not() -> None:
    box = sealed.seal(b"words", TO, CHANCE)
    assert sealed.open_box(box, ONE) == sealed.open_box(box, TWO) == b"words"
    with pytest.raises(BadKey, match="sealed to other keys: city"):
        sealed.open_box(box, b"3" * 32)


def test_by_hand() -> None:
    """The docstring followed with primitives only (HKDF is two HMACs)."""
    box = sealed.seal(b"words", TO, CHANCE)
    head, _, body = box.partition(b"\n\n")
    rows = head.decode().split("\n")
    ephemeral = unb64(rows[1].removeprefix("from "))
    name, key, wrapped = rows[3].removeprefix("to ").split(" ")
    assert name == "city.example/b"
    shared = X25519PrivateKey.from_private_bytes(TWO).exchange(
        X25519PublicKey.from_public_bytes(ephemeral)
    )
    extracted = _hmac(ephemeral + unb64(key), shared)
    kek = _hmac(extracted, b"exam-system/sealed/v1\x01")
    content_key = AESGCM(kek).decrypt(bytes(12), unb64(wrapped), None)
    padded = AESGCM(content_key).decrypt(bytes(12), body, head + b"\n\n")
    assert padded == b"words\x80" + bytes(8 * 1024 - 6)


def _hmac(key: bytes, data: bytes) -> bytes:
    mac = HMAC(key, SHA256())
    mac.update(data)
    return mac.finalize()


def test_every_changed_byte_is_refused() -> None:
    box = bytearray(sealed.seal(b"words", TO[:1], CHANCE))
    end = box.index(b"\n\n") + 40
    for place in (*range(end), len(box) - 1):
        box[place] ^= 1
        with pytest.raises(TrustError):
            sealed.open_box(bytes(box), ONE)
        box[place] ^= 1
    assert sealed.open_box(bytes(box), ONE) == b"words"


@pytest.mark.parametrize(
    ("length", "size"),
    [(0, 8), (8 * 1024 - 1, 8), (8 * 1024, 64), (sealed.MOST, 8192)],
)
def test_length_says_only_the_class(length: int, size: int) -> None:
    content = b"\x80" * length
    box = sealed.seal(content, TO[:1], CHANCE)
    assert sealed.parse(box).size == size * 1024
    assert sealed.open_box(box, ONE) == content


def test_what_cannot_be_sealed() -> None:
    with pytest.raises(Malformed, match="larger than"):
        sealed.seal(bytes(sealed.MOST + 1), TO, CHANCE)
    with pytest.raises(Malformed, match="1 to 50 recipients"):
        sealed.seal(b"", [], CHANCE)
    with pytest.raises(Malformed, match="twice"):
        sealed.seal(b"", [TO[0], TO[0]], CHANCE)
    with pytest.raises(Malformed, match="64 fresh random bytes"):
        sealed.seal(b"", TO, bytes(32))
    with pytest.raises(BadKey, match="share no secret"):
        sealed.seal(b"", [sealed.Recipient("x", bytes(32))], CHANCE)
    with pytest.raises(BadKey, match="32 bytes"):
        sealed.Recipient("x", b"short")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"exam-system/sealed/v2\nfrom x\nto y\n\n",
        b"exam-system/sealed/v1\n\n",
        b"\xff\n\n",
        sealed.seal(b"x", TO, CHANCE) + b"\0",
        sealed.seal(b"x", TO, CHANCE).replace(b"to city.example/b", b"to city.example/a"),
        sealed.seal(b"x", TO, CHANCE).replace(b"to city.example/b ", b"to city.example/b"),
    ],
)
def test_what_is_no_box(data: bytes) -> None:
    with pytest.raises(TrustError):
        sealed.parse(data)


CONTENT = Content('文字 \u2028\n"x"', (("a.txt", b"\n\x80"), ("", b"")))


def test_content_there_and_back() -> None:
    assert report.parse_content(CONTENT.encode()) == CONTENT
    for bad in (CONTENT.encode() + b"x", CONTENT.encode()[:-1], b"{}\n", b'{"v":1}\n', b"[]"):
        with pytest.raises(TrustError):
            report.parse_content(bad)
    with pytest.raises(Malformed, match="20000 characters and 6 files"):
        Content("x" * 20_001).encode()
    with pytest.raises(Malformed):
        Content("", (("x", b""),) * 7).encode()


def test_files_that_travel() -> None:
    box = sealed.seal(CONTENT.encode(), TO, CHANCE)
    data = report.report_file(TO[1].key, box)
    assert report.reply_to(report.parse_report(data)) == sealed.Recipient("reply", TO[1].key)
    assert report.parse_answer(report.answer_file("0" * 64, box)).box == box
    for bad in (box, report.answer_file("0" * 64, box), data[:-1], data.replace(b"reply", b"to")):
        with pytest.raises(TrustError):
            report.parse_report(bad)
    with pytest.raises(TrustError):
        report.parse_answer(report.answer_file("0" * 63, box))


def test_a_confirmation_there_and_back() -> None:
    said = report.Confirmation("city.example/log", "2026-03-02", "0" * 64)
    assert report.parse_confirmation(said.text) == said
    for bad in (said.text[:-1], said.text + "x y\n", said.text.replace("/report/", "/reports/")):
        with pytest.raises(TrustError):
            report.parse_confirmation(bad)
    with pytest.raises(Malformed, match="is not a day"):
        report.Confirmation("city.example/log", "2026-03-02T09:00", "0" * 64)
