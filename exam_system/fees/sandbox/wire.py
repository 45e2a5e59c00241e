"""WeChat Pay v3 on the wire, seen from the gateway: verify requests, sign answers, seal resources.

Written from the official pages (pay.weixin.qq.com/docs/merchant/development/interface-rules/),
not from any SDK.
"""

import base64
import json
import re
import secrets
import string
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

SCHEME = "WECHATPAY2-SHA256-RSA2048"
WINDOW = 300  # seconds a request's timestamp may be off
PARAMETER = re.compile(r'([a-z_]+)="([^"]*)"')


class Refused(Exception):
    """The gateway answers no: HTTP status, the gateway's code and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Keys:
    """gateway.json: the merchant we serve and the platform's own secrets."""

    mchid: str
    appid: str
    serial: str
    apiv3_key: bytes
    public_key_id: str
    gateway: str
    platform: RSAPrivateKey
    merchant: RSAPublicKey

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """Read gateway.json as make_merchant wrote it."""
        data = json.loads(path.read_text(encoding="utf-8"))
        platform = load_pem_private_key(data["private_key"].encode(), None)
        merchant = load_pem_public_key(data["public_key"].encode())
        if not isinstance(platform, RSAPrivateKey) or not isinstance(merchant, RSAPublicKey):
            raise ValueError(f"{path} must hold RSA keys")
        return cls(
            mchid=data["mchid"],
            appid=data["appid"],
            serial=data["serial"],
            apiv3_key=data["apiv3_key"].encode(),
            public_key_id=data["public_key_id"],
            gateway=data["gateway"],
            platform=platform,
            merchant=merchant,
        )


def check_request(
    keys: Keys, authorization: str, *, method: str, target: str, body: bytes, now: int
) -> None:
    """Refuse with 401 unless the merchant signed exactly this request within five minutes.

    Sign string: method, path with query, timestamp, nonce and body, each followed by a newline.
    """
    scheme, _, rest = authorization.partition(" ")
    given = dict(PARAMETER.findall(rest))
    if scheme != SCHEME or not {"mchid", "nonce_str", "timestamp", "signature"} <= given.keys():
        raise Refused(401, "SIGN_ERROR", "the Authorization header is missing or incomplete")
    if given["mchid"] != keys.mchid or given.get("serial_no") != keys.serial:
        raise Refused(401, "SIGN_ERROR", "no such merchant or certificate serial")
    if not given["timestamp"].isdecimal() or abs(now - int(given["timestamp"])) > WINDOW:
        raise Refused(401, "SIGN_ERROR", "the timestamp is more than five minutes off")
    head = f"{method}\n{target}\n{given['timestamp']}\n{given['nonce_str']}\n"
    try:
        signature = base64.b64decode(given["signature"], validate=True)
        keys.merchant.verify(signature, head.encode() + body + b"\n", PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature) as error:
        raise Refused(401, "SIGN_ERROR", "the signature does not fit the request") from error


def sign(key: RSAPrivateKey, body: bytes, *, at: int, nonce: str) -> str:
    """Signature over timestamp, nonce and body, each followed by a newline, in base64."""
    text = f"{at}\n{nonce}\n".encode() + body + b"\n"
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


def signed_headers(
    keys: Keys, body: bytes, *, at: int, key: RSAPrivateKey | None = None
) -> dict[str, str]:
    """The five headers of an answer or callback; `key` replaces the platform's in forgeries."""
    nonce = random_text(32)
    return {
        "Wechatpay-Timestamp": str(at),
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": sign(key or keys.platform, body, at=at, nonce=nonce),
        "Wechatpay-Serial": keys.public_key_id,
        "Wechatpay-Signature-Type": SCHEME,
    }


def seal(key: bytes, plain: bytes, associated: str = "transaction") -> dict[str, str]:
    """AES-256-GCM under the APIv3 key, as the `resource` of a notification."""
    nonce = random_text(12)
    sealed = AESGCM(key).encrypt(nonce.encode(), plain, associated.encode())
    return {
        "original_type": associated,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": associated,
        "nonce": nonce,
    }


def encode(value: object) -> bytes:
    """JSON in UTF-8, Chinese text left as it is, as the real gateway sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def random_text(length: int) -> str:
    """Letters and digits from the system's generator."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(length))
