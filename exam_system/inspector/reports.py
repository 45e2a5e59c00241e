"""Reports on the inspector's own machine: the sealing key, opening, answering.

The sealing key is an X25519 key of its own beside the signing key, under the same passphrase. Its
public half travels as a note that the signing key has signed, so that nobody can slip in a key of
theirs under an inspector's name.
"""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from exam_system.inspector.folder import InspectorFolder
from exam_system.records.tree import write_durable
from exam_system.trust import sealed
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.errors import BadKey
from exam_system.trust.keys import load_private, save_private
from exam_system.trust.report import (
    Content,
    answer_file,
    parse_content,
    parse_report,
    reply_to,
)
from exam_system.trust.sealed import Recipient

KEY, NOTE = "sealing.pem", "sealing-key.note"
OWN = "inspector"


def make_sealing_key(
    desk: InspectorFolder, passphrase: bytes, at: int, *, seed: bytes | None = None
) -> bytes:
    """The folder's sealing key as a signed note; made on first use, the same ever after.

    `at` is the POSIX second of the signature, `seed` is for demonstrations as in `create`.
    """
    path = desk.folder / NOTE
    if path.exists():
        return path.read_bytes()
    key = X25519PrivateKey
    private = key.generate() if seed is None else key.from_private_bytes(seed)
    if not (desk.folder / KEY).exists():
        save_private(private, desk.folder / KEY, passphrase)
    public = sealed.public_half(sealing_private(desk.folder, passphrase))
    note = desk.sign_sealing_key(Recipient(desk.verifier.name, public), at)
    write_durable(path, note)
    return note


def sealing_private(folder: Path, passphrase: bytes) -> bytes:
    """The folder's private sealing key; raises BadKey where there is none."""
    path = folder / KEY
    if not path.exists():
        raise BadKey(f"{folder} has no sealing key yet: run `exam inspector sealing-key {folder}`.")
    key = load_private(path, passphrase)
    if not isinstance(key, X25519PrivateKey):
        raise BadKey(f"The key file {path} does not hold an X25519 key.")
    return key.private_bytes_raw()


def open_report(folder: Path, passphrase: bytes, data: bytes) -> Content:
    """What the reporter wrote; raises TrustError when the file is not for this folder's key."""
    box = parse_report(data).box
    return parse_content(sealed.open_box(box, sealing_private(folder, passphrase)))


def answer_report(folder: Path, passphrase: bytes, data: bytes, text: str, chance: bytes) -> bytes:
    """The answer file to a report: sealed to the reporter and to this folder itself."""
    own = Recipient(OWN, sealed.public_half(sealing_private(folder, passphrase)))
    content = Content(text).encode()
    box = sealed.seal(content, [reply_to(parse_report(data)), own], chance)
    return answer_file(sha256_hex(data), box)


def write_content(content: Content, target: Path) -> list[Path]:
    """Write text and attachments into a folder, under plain names; returns the paths."""
    written = [target / "report.txt"]
    write_durable(written[0], content.text.encode())
    for number, (name, data) in enumerate(content.files, start=1):
        plain = re.sub(r"[^\w.-]+", "-", name).strip(".-")[-80:] or "file"
        written.append(target / f"{number}-{plain}")
        write_durable(written[-1], data)
    return written
