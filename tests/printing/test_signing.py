from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from exam_system.printing.fonts import Fonts
from exam_system.printing.signing import fingerprint, make_certificate, sign_pdf
from exam_system.printing.ticket import Ticket, ticket_pdf
from tests.printing.conftest import AT

NAME = "安顺市人力资源和社会保障局"
PASSPHRASE = b"correct horse"


@pytest.fixture(scope="module")
def pair() -> tuple[bytes, bytes]:
    return make_certificate(NAME, passphrase=PASSPHRASE, at=AT)


@pytest.fixture
def unsigned(fonts: Fonts, ticket: Ticket) -> bytes:
    return ticket_pdf(ticket, fonts)


def signed_by(pair: tuple[bytes, bytes], pdf: bytes, at: datetime = AT) -> bytes:
    key, certificate = pair
    return sign_pdf(
        pdf, key=key, passphrase=PASSPHRASE, certificate=certificate, reason="发布", at=at
    )


def sound(pdf: bytes) -> bool:
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[]))
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    return status.intact and status.valid and whole


def test_the_key_is_sealed_and_on_the_right_curve(pair: tuple[bytes, bytes]) -> None:
    key, certificate = pair
    assert b"ENCRYPTED" in key
    with pytest.raises(ValueError, match="password"):
        load_pem_private_key(key, b"wrong")
    private = load_pem_private_key(key, PASSPHRASE)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert private.curve.name == "secp256r1"
    assert x509.load_pem_x509_certificate(certificate).public_key() == private.public_key()


def test_the_certificate_names_its_holder_and_signs_documents_only(
    pair: tuple[bytes, bytes],
) -> None:
    certificate = x509.load_pem_x509_certificate(pair[1])
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert certificate.subject.rfc4514_string() == f"CN={NAME}"
    assert certificate.not_valid_before_utc == AT
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert len(fingerprint(pair[1])) == 64


def test_signing_appends_and_the_signature_holds(
    pair: tuple[bytes, bytes], unsigned: bytes
) -> None:
    signed = signed_by(pair, unsigned)
    assert signed.startswith(unsigned)
    assert sound(signed)


def test_the_given_time_is_signed(pair: tuple[bytes, bytes], unsigned: bytes) -> None:
    at = AT + timedelta(days=3)
    (signature,) = PdfFileReader(BytesIO(signed_by(pair, unsigned, at))).embedded_signatures
    assert signature.self_reported_timestamp == at
    assert signature.sig_object["/Reason"] == "发布"
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


@pytest.mark.parametrize("place", [b"/Identity-H", b"JFIF", b"(\\376\\377"])
def test_one_changed_byte_is_noticed(
    pair: tuple[bytes, bytes], unsigned: bytes, place: bytes
) -> None:
    changed = bytearray(signed_by(pair, unsigned))
    changed[changed.index(place) + len(place) + 5] ^= 1
    assert not sound(bytes(changed))


def test_something_added_is_noticed(pair: tuple[bytes, bytes], unsigned: bytes) -> None:
    assert not sound(signed_by(pair, unsigned) + b"\n")


def test_a_wrong_passphrase_signs_nothing(pair: tuple[bytes, bytes], unsigned: bytes) -> None:
    with pytest.raises(ValueError, match="password"):
        sign_pdf(
            unsigned, key=pair[0], passphrase=b"wrong", certificate=pair[1], reason="发布", at=AT
        )


def test_a_program_that_is_not_ours_agrees(
    pair: tuple[bytes, bytes], unsigned: bytes, tool: Callable[..., str], tmp_path: Path
) -> None:
    signed = signed_by(pair, unsigned)
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    said = tool("pdfsig", "-nocert", path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert NAME in said
    changed = bytearray(signed)
    changed[len(unsigned) // 2] ^= 1
    path.write_bytes(changed)
    done = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, check=False)
    assert b"Digest Mismatch" in done.stdout
