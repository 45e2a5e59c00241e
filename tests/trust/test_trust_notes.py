import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from exam_system.trust import notes
from exam_system.trust.errors import (
    BadKey,
    BadSignature,
    MalformedNote,
    NoKnownSignature,
    TrustError,
)
from exam_system.trust.keys import COSIGNATURE, ED25519, Signer, Verifier, cosigned

LOG = Signer.from_seed("example.com/log", bytes(range(32)))
WITNESS = Signer.from_seed("example.com/witness", bytes(32), COSIGNATURE)
STRANGER = Signer.from_seed("example.com/stranger", bytes([7]) * 32)
BOTH = (LOG.verifier, WITNESS.verifier)
TEXT = "成绩\u2028表\n\nline two\n"
NOTE = notes.sign(TEXT, LOG, WITNESS, at=1_700_000_000)


def outcome(vkeys: list[str], note: bytes) -> str:
    try:
        notes.open_note(note, [Verifier.parse(vkey) for vkey in vkeys])
    except BadKey:
        return "bad-key"
    except MalformedNote:
        return "malformed"
    except BadSignature:
        return "bad-signature"
    except NoKnownSignature:
        return "no-known-signature"
    return "ok"


def test_public_notes_have_their_outcome(public_vectors: Path) -> None:
    cases = json.loads((public_vectors / "notes" / "notes.json").read_bytes())
    assert len(cases) == 32
    found = [outcome(case["vkeys"], case["note"].encode()) for case in cases]
    assert found == [case["expect"] for case in cases]


def test_good_public_notes_are_written_as_they_were_read(public_vectors: Path) -> None:
    cases = json.loads((public_vectors / "notes" / "notes.json").read_bytes())
    good = [case["note"].encode() for case in cases if case["expect"] == "ok"]
    assert len(good) > 20
    assert [notes.parse(note).encode() for note in good] == good


def test_opened_note_names_signers_and_times() -> None:
    opened = notes.open_note(NOTE, BOTH)
    assert opened.text == TEXT
    assert opened.signers == BOTH
    assert opened.times == {"example.com/witness": 1_700_000_000}


def test_the_latest_cosignature_gives_the_time() -> None:
    later = notes.with_line(NOTE, WITNESS.line(TEXT.encode(), 1_700_000_009))
    earlier = notes.with_line(later, WITNESS.line(TEXT.encode(), 1_600_000_000))
    opened = notes.open_note(earlier, BOTH)
    assert opened.signers == BOTH
    assert opened.times == {"example.com/witness": 1_700_000_009}


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_no_changed_byte_verifies_another_text(position: int, change: int) -> None:
    data = bytearray(NOTE)
    data[position] ^= change
    try:
        opened = notes.open_note(bytes(data), BOTH)
    except TrustError:
        return
    assert opened.text == TEXT
    assert set(opened.signers) < set(BOTH)


@given(st.integers(0, len(NOTE) - 1))
def test_no_cut_note_verifies_another_text(length: int) -> None:
    try:
        opened = notes.open_note(NOTE[:length], BOTH)
    except TrustError:
        return
    assert opened.text == TEXT


@given(st.integers(0, len(NOTE)), st.binary(min_size=1, max_size=3))
def test_no_inserted_bytes_verify_another_text(position: int, extra: bytes) -> None:
    try:
        opened = notes.open_note(NOTE[:position] + extra + NOTE[position:], BOTH)
    except TrustError:
        return
    assert opened.text == TEXT


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n")))
def test_any_text_can_be_signed_and_read_back(body: str) -> None:
    text = body + "\n"
    assert notes.open_note(notes.sign(text, LOG), BOTH).text == text


def test_text_may_hold_lines_that_look_like_signatures() -> None:
    text = "a\n\n" + STRANGER.line(b"a\n", None)
    opened = notes.open_note(notes.sign(text, LOG), [STRANGER.verifier, LOG.verifier])
    assert opened.text == text
    assert opened.signers == (LOG.verifier,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE.replace(b"\n", b"\r\n"),
        NOTE + b"trailing\n",
        NOTE.replace(b"line", b"li\x00e"),
        NOTE.replace(b"line", b"li\x7fe"),
        NOTE.replace(b"line", b"li\xff\xfe"),
        NOTE.replace("\u2014 ".encode(), "\u2014  ".encode()),
        NOTE.replace("\u2014".encode(), "\u2013".encode()),
        NOTE + "\u2014 a+b AAAAAAA=\n".encode(),
        NOTE + "\u2014  AAAAAAA=\n".encode(),
        NOTE + "\u2014 a\u00a0b AAAAAAA=\n".encode(),
        NOTE + "\u2014 short AAAAAA==\n".encode(),
        NOTE + "\u2014 loose AAAAAAB=\n".encode(),
    ],
)
def test_malformed_notes_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedNote):
        notes.parse(data)


def test_limits_of_lines_and_bytes() -> None:
    lines = [STRANGER.line(b"%d" % n, None) for n in range(99)]
    full = notes.sign("a\n", LOG) + "".join(lines).encode()
    assert len(notes.parse(full).signatures) == 100
    with pytest.raises(MalformedNote, match="100 signatures"):
        notes.with_line(full, STRANGER.line(b"one more", None))
    with pytest.raises(MalformedNote, match="longer"):
        notes.sign("a" * 1_000_000 + "\n", LOG)


def test_unknown_keys_and_types_are_ignored() -> None:
    future = Verifier("example.com/log", 6, bytes(1312))
    assert Verifier.parse(future.vkey) == future
    note = notes.with_line(NOTE, STRANGER.line(b"another text\n", None))
    assert notes.open_note(note, [*BOTH, future]).signers == BOTH
    with pytest.raises(NoKnownSignature):
        notes.open_note(NOTE, [future, STRANGER.verifier])


def test_a_line_of_a_future_type_beside_a_known_name_is_ignored() -> None:
    future = Verifier("example.com/log", 6, bytes(1312))
    line = notes.Signature(future.name, future.key_id, bytes(2420)).line
    assert notes.open_note(notes.with_line(NOTE, line), [*BOTH, future]).signers == BOTH


def test_a_bad_line_of_a_known_key_rejects_the_note() -> None:
    note = notes.with_line(NOTE, LOG.line(b"another text\n", None))
    with pytest.raises(BadSignature, match=r"example\.com/log"):
        notes.open_note(note, BOTH)


def test_signatures_of_wrong_length_are_bad() -> None:
    for signer, blob in ((LOG, bytes(63)), (WITNESS, bytes(64)), (WITNESS, b"\xff" * 72)):
        line = notes.Signature(signer.name, signer.verifier.key_id, blob).line
        with pytest.raises(BadSignature):
            notes.open_note(notes.with_line(NOTE, line), BOTH)


def test_one_key_under_two_types_does_not_mix_them() -> None:
    plain = Signer(WITNESS.name, ED25519, WITNESS.private)
    blob = notes.parse(notes.sign(TEXT, plain)).signatures[0].blob
    assert not WITNESS.verifier.verify(TEXT.encode(), (1).to_bytes(8, "big") + blob)
    assert not plain.verifier.verify(cosigned(TEXT.encode(), 2), blob)
    with pytest.raises(NoKnownSignature):
        notes.open_note(notes.sign(TEXT, plain), [WITNESS.verifier])


def test_a_cosignature_beyond_the_last_second_is_bad() -> None:
    last = 2**63 - 1
    text = TEXT.encode()
    for at, good in ((last, True), (last + 1, False)):
        blob = at.to_bytes(8, "big") + WITNESS.private.sign(cosigned(text, at))
        assert WITNESS.verifier.verify(text, blob) is good


def test_a_key_of_an_unknown_type_verifies_nothing() -> None:
    key = LOG.verifier.key
    blob = LOG.private.sign(TEXT.encode())
    assert Verifier("a", ED25519, key).verify(TEXT.encode(), blob)
    assert not Verifier("a", 2, key).verify(TEXT.encode(), blob)


def test_a_key_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ec.pem"
    encryption = BestAvailableEncryption(b"long passphrase")
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    with pytest.raises(BadKey, match="Ed25519"):
        Signer.load(path, "a", b"long passphrase")


def test_with_line_keeps_one_of_equal_lines() -> None:
    line = STRANGER.line(TEXT.encode(), None)
    once = notes.with_line(NOTE, line)
    assert once == NOTE + line.encode()
    assert notes.with_line(once, line) == once


@pytest.mark.parametrize("line", ["", "\n", "\u2014 a AAAAAAA=", "\u2014 a AAAAAAA=\n\n", "text\n"])
def test_with_line_takes_one_signature_line(line: str) -> None:
    with pytest.raises(MalformedNote):
        notes.with_line(NOTE, line)


@pytest.mark.parametrize("text", ["", "a", "a\n\nb", "a\r\n", "\ud800\n", "\x00\n"])
def test_sign_refuses_what_parse_would_refuse(text: str) -> None:
    with pytest.raises(MalformedNote):
        notes.sign(text, LOG)


def test_a_note_needs_a_signer() -> None:
    with pytest.raises(MalformedNote):
        notes.sign("a\n")


@pytest.mark.parametrize("at", [None, 0, -1, 2**63])
def test_a_cosignature_needs_a_time(at: int | None) -> None:
    with pytest.raises(BadKey):
        notes.sign("a\n", WITNESS, at=at)


def test_vkey_round_trip_and_plus_in_base64() -> None:
    signers = [Signer.from_seed("n", bytes([n]) * 32) for n in range(64)]
    vkeys = [signer.verifier.vkey for signer in signers]
    assert any(vkey.count("+") > 2 for vkey in vkeys)
    assert [Verifier.parse(vkey) for vkey in vkeys] == [s.verifier for s in signers]


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000",
        LOG.verifier.vkey.replace("log", "lag"),
        LOG.verifier.vkey + "\n",
        " " + LOG.verifier.vkey,
        LOG.verifier.vkey.upper(),
        LOG.verifier.vkey[:-4],
        "name+e3b0c442+",
    ],
)
def test_bad_vkeys_are_refused(vkey: str) -> None:
    with pytest.raises(BadKey):
        Verifier.parse(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u3000b", "a\x00"])
def test_bad_key_names_are_refused(name: str) -> None:
    with pytest.raises(BadKey):
        Signer.generate(name)


def test_lengths_and_types_of_keys() -> None:
    with pytest.raises(BadKey):
        Verifier("a", ED25519, bytes(31))
    with pytest.raises(BadKey):
        Signer.from_seed("a", bytes(33))
    with pytest.raises(BadKey):
        Signer.generate("a", 6)


def test_two_keys_with_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = Signer.from_seed(LOG.name, bytes([9]) * 32)
    monkeypatch.setattr(Verifier, "key_id", property(lambda self: b"same"))
    with pytest.raises(BadKey, match="Two keys"):
        notes.open_note(NOTE, [LOG.verifier, twin.verifier])


def test_a_key_file_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    path = tmp_path / "log.pem"
    LOG.save(path, b"long passphrase")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert Signer.load(path, LOG.name, b"long passphrase").verifier == LOG.verifier
    loaded = Signer.load(path, "w", b"long passphrase", COSIGNATURE)
    assert loaded.verifier.type == COSIGNATURE
    with pytest.raises(BadKey, match="passphrase"):
        Signer.load(path, LOG.name, b"wrong")
    with pytest.raises(BadKey, match="passphrase"):
        Signer.load(path, LOG.name, b"")
    with pytest.raises(BadKey, match="read"):
        Signer.load(tmp_path / "absent.pem", LOG.name, b"long passphrase")


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.pem"
    LOG.save(path, b"long passphrase")
    before = path.read_bytes()
    with pytest.raises(BadKey, match="already"):
        STRANGER.save(path, b"long passphrase")
    assert path.read_bytes() == before
    with pytest.raises(BadKey, match="passphrase"):
        STRANGER.save(tmp_path / "other.pem", b"")
    assert not (tmp_path / "other.pem").exists()


def test_a_private_key_does_not_show_in_its_repr() -> None:
    assert "rivate" not in repr(LOG)
    assert LOG.private.private_bytes_raw().hex() not in repr(LOG)
