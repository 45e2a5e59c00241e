"""Alipay's open platform on the wire, seen from the gateway: check requests, sign answers.

Written from the official pages (opendocs.alipay.com, “sign and verify”, version 1.0 with RSA2), not
from any SDK: the signed text of a request or of a notification is its parameters in the order of
their names as `name=value` joined by `&`; of an answer it is the JSON of the response itself.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from exam_system.fees.sandbox.messages import Message

BEIJING = timezone(timedelta(hours=8))
FORMAT = "%Y-%m-%d %H:%M:%S"
WINDOW = 600  # seconds a request's timestamp may be off
FORM = "application/x-www-form-urlencoded; charset=utf-8"


class Denied(Exception):
    """The gateway answers no: its code and sub code, and whether it signs that."""

    def __init__(self, code: str, sub_code: str, message: str, *, signed: bool = True) -> None:
        super().__init__(message)
        self.code, self.sub_code, self.message, self.signed = code, sub_code, message, signed


@dataclass(frozen=True, slots=True)
class AlipayKeys:
    """alipay-gateway.json: the application we serve and the platform's own key."""

    app_id: str
    seller_id: str
    gateway: str
    platform: RSAPrivateKey
    merchant: RSAPublicKey

    @classmethod
    def load(cls, path: Path) -> "AlipayKeys":
        """Read alipay-gateway.json as make_alipay wrote it."""
        data = json.loads(path.read_text(encoding="utf-8"))
        platform = load_pem_private_key(data["private_key"].encode(), None)
        merchant = load_pem_public_key(data["public_key"].encode())
        if not isinstance(platform, RSAPrivateKey) or not isinstance(merchant, RSAPublicKey):
            raise ValueError(f"{path} must hold RSA keys")
        return cls(data["app_id"], data["seller_id"], data["gateway"], platform, merchant)


def joined(values: Mapping[str, str]) -> bytes:
    """The text that is signed."""
    return "&".join(f"{name}={values[name]}" for name in sorted(values)).encode()


def check_request(keys: AlipayKeys, given: Mapping[str, str], *, now: int) -> dict[str, Any]:
    """The `biz_content` of a request that the merchant signed; raises Denied, unsigned."""
    if given.get("app_id") != keys.app_id:
        raise _unsigned("isv.invalid-app-id", "no such application")
    if (given.get("sign_type"), given.get("charset")) != ("RSA2", "utf-8"):
        raise _unsigned("isv.invalid-signature-type", "sign_type is RSA2 and charset utf-8")
    rest = {name: value for name, value in given.items() if name != "sign"}
    try:
        signature = base64.b64decode(given.get("sign", ""), validate=True)
        keys.merchant.verify(signature, joined(rest), PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        raise _unsigned("isv.invalid-signature", "the signature does not fit") from None
    _check_time(given.get("timestamp", ""), now)
    return _content(given.get("biz_content", ""))


def _unsigned(sub_code: str, message: str) -> Denied:
    return Denied("40002", sub_code, message, signed=False)


def _check_time(text: str, now: int) -> None:
    try:
        at = datetime.strptime(text, FORMAT).replace(tzinfo=BEIJING).timestamp()
    except ValueError:
        raise _unsigned("isv.invalid-timestamp", "timestamp is not a time") from None
    if abs(at - now) > WINDOW:
        raise _unsigned("isv.invalid-timestamp", "timestamp is not Beijing time of now")


def _content(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Denied("40002", "isv.invalid-parameter", "biz_content is not a JSON object")
    return content


def sign(key: RSAPrivateKey, text: bytes) -> str:
    """RSA2: RSA with SHA-256, in base64."""
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


def answer(keys: AlipayKeys, method: str, content: Mapping[str, Any], *, signed: bool) -> bytes:
    """The answer to one method: the response and, unless the request was a stranger's, a sign."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    name = method.replace(".", "_") + "_response" if signed else "error_response"
    tail = f',"sign":"{sign(keys.platform, body.encode())}"' if signed else ""
    return f'{{"{name}":{body}{tail}}}'.encode()


def notification(
    keys: AlipayKeys, values: Mapping[str, str], key: RSAPrivateKey | None = None
) -> dict[str, str]:
    """The fields of a notification with its signature, which leaves out `sign_type`."""
    return {**values, "sign_type": "RSA2", "sign": sign(key or keys.platform, joined(values))}


def posted(fields: Mapping[str, str]) -> Message:
    """Fields as the form that the gateway posts."""
    return Message({"Content-Type": FORM}, urlencode(fields).encode())


def moment(at: int) -> str:
    """Beijing time as Alipay writes it."""
    return datetime.fromtimestamp(at, BEIJING).strftime(FORMAT)
