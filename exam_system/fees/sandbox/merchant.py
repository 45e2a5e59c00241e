"""A rehearsal merchant: two key pairs, one shared key, and a file for each side."""

import json
import os
import secrets
import string
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

LETTERS = string.ascii_letters + string.digits


def make_merchant(folder: Path, *, gateway: str, notify_url: str) -> Path:
    """Write merchant.json (for our driver) and gateway.json (for the sandbox) into `folder`.

    `gateway` is the sandbox's base URL without a slash at the end, for example
    http://127.0.0.1:8390; `notify_url` is where our system takes callbacks. Returns the path of
    merchant.json. Both files hold secrets (mode 0600); an existing one is never overwritten.
    """
    merchant_key, platform_key = (generate_private_key(65537, 2048) for _ in range(2))
    mchid = "19" + _random(string.digits, 8)
    shared = {
        "mchid": mchid,
        "appid": "wx" + _random(string.hexdigits[:16], 16),
        "serial": _random(string.digits + "ABCDEF", 40),
        "apiv3_key": _random(LETTERS, 32),
        "public_key_id": f"PUB_KEY_ID_01{mchid}{_random(string.digits, 20)}",
        "gateway": gateway.rstrip("/"),
    }
    ours = {
        "private_key": _private(merchant_key),
        "public_key": _public(platform_key),
        "notify_url": notify_url,
    }
    theirs = {"private_key": _private(platform_key), "public_key": _public(merchant_key)}
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "gateway.json", shared | theirs)
    return _write(folder / "merchant.json", shared | ours)


def make_alipay(folder: Path, *, gateway: str, notify_url: str) -> Path:
    """Write alipay.json (for our driver) and alipay-gateway.json (for the sandbox), as above.

    `gateway` is the sandbox's base URL; Alipay's own door is below it. Returns the path of
    alipay.json.
    """
    merchant_key, platform_key = (generate_private_key(65537, 2048) for _ in range(2))
    shared = {
        "app_id": "2021" + _random(string.digits, 12),
        "seller_id": "2088" + _random(string.digits, 12),
        "gateway": f"{gateway.rstrip('/')}/gateway.do",
    }
    ours = {
        "private_key": _private(merchant_key),
        "public_key": _public(platform_key),
        "notify_url": notify_url,
    }
    theirs = {"private_key": _private(platform_key), "public_key": _public(merchant_key)}
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "alipay-gateway.json", shared | theirs)
    return _write(folder / "alipay.json", shared | ours)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _private(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _public(key: RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _write(path: Path, data: dict[str, str]) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=2)
    return path
