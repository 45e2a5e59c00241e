"""The pictures of an ID card that prove a takeover: re-encoded, sealed, outside what is public."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from exam_system.config import Config
from exam_system.context import Context
from exam_system.errors import Fault, Invalid
from exam_system.printing.photo import PAPER, take_in
from exam_system.records.tree import write_durable
from exam_system.trust.canonical import sha256_hex

PICTURES = {
    "front": "ID card, the side with the portrait",
    "back": "ID card, the side with the emblem",
    "held": "Yourself, holding the ID card beside your face",
}


def _path(config: Config, digest: str) -> Path:
    return config.instance / "takeovers" / digest[:2] / f"{digest}.sealed"


def _about(ref: str, name: str) -> str:
    return f"takeover:{ref}:{name}"


def store(ctx: Context, ref: str, pictures: Mapping[str, bytes]) -> list[str]:
    """Take in all PICTURES of a takeover; returns the SHA-256 of the sealed files, in order.

    Raises PhotoError, or Invalid when one is missing.
    """
    if any(not pictures.get(name) for name in PICTURES):
        raise Invalid("All three pictures are needed")
    taken = {name: take_in(pictures[name], PAPER).jpeg for name in PICTURES}
    found = []
    for name, jpeg in taken.items():
        sealed = ctx.keys.vault.seal_bytes(jpeg, _about(ref, name))
        digest = sha256_hex(sealed)
        write_durable(_path(ctx.config, digest), sealed)
        found.append(digest)
    return found


def read(ctx: Context, ref: str, digests: Sequence[str]) -> dict[str, bytes]:
    """The pictures as JPEG by name; raises Fault when one is gone or was changed."""
    found = {}
    for name, digest in zip(PICTURES, digests, strict=True):
        path = _path(ctx.config, digest)
        if not path.exists():
            raise Fault(f"the document {digest} of takeover {ref} is gone")
        found[name] = ctx.keys.vault.open_bytes(path.read_bytes(), _about(ref, name))
    return found


def delete(config: Config, digests: Sequence[str]) -> None:
    """Delete sealed pictures that no row names any more."""
    for digest in digests:
        _path(config, digest).unlink(missing_ok=True)
