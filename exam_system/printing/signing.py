"""PAdES signatures on PDF files: ECDSA P-256, because readers of PDF do not know Ed25519."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.keys import pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

FIELD = "Publisher"


def make_certificate(
    name: str, *, passphrase: bytes, at: datetime, years: int = 10
) -> tuple[bytes, bytes]:
    """A new P-256 key and a certificate that it signed for itself.

    Returns the key (PKCS#8 PEM under `passphrase`) and the certificate (PEM), valid from `at`.
    Nobody vouches for it: its fingerprint must be published with the exam notice.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, name, at, at + timedelta(days=366 * years))
    sealed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )
    return sealed, certificate.public_bytes(serialization.Encoding.PEM)


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of the certificate (PEM in), lower-case hex, as readers of PDF show it."""
    return x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()


def sign_pdf(
    pdf: bytes, *, key: bytes, passphrase: bytes, certificate: bytes, reason: str, at: datetime
) -> bytes:
    """`pdf` with an invisible signature appended; the bytes before it are left as they are.

    `key` and `certificate` as `make_certificate` gave them; a wrong passphrase raises ValueError.
    The signature says `at` as its time; no outside time stamp is asked for.
    """
    signer = _signer(key, passphrase, certificate)
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        reason=reason,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
    )
    out = _DatedSigner(meta, signer, at).sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)))
    return bytes(out.getvalue())


class _DatedSigner(signers.PdfSigner):
    """pyHanko reads the machine's clock; here time is an argument."""

    def __init__(self, meta: Any, signer: Any, at: datetime) -> None:
        super().__init__(meta, signer)
        self._at = at

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


def _signer(key: bytes, passphrase: bytes, certificate: bytes) -> Any:
    no_others: Any = None  # pyHanko makes an empty store of it; its types do not say so
    return signers.SimpleSigner(
        signing_cert=next(pemder.load_certs_from_pemder_data(certificate)),
        signing_key=pemder.load_private_key_from_pemder_data(key, passphrase),
        cert_registry=no_others,
    )


def _certificate(
    key: ec.EllipticCurvePrivateKey, name: str, start: datetime, end: datetime
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(), critical=True)
    )
    return builder.sign(key, hashes.SHA256())


def _usage() -> x509.KeyUsage:
    """For signing documents only; readers of PDF ask for content commitment."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
