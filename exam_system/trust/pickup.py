"""Pick-up codes and the look-up tree that they open: who has no code finds and opens nothing.

A code is 120 random bits as 24 characters of Crockford's base32 and his check symbol (modulo 37);
numbers whose check symbol is none of the 32 are not given out, so that a code is letters and digits
only. With HMAC-SHA-512 the code gives the 16 bytes under which its record is filed and the AES-256
key that opens it, others for each exam and version.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from exam_system.trust.canonical import b64, clean_label, digest_text, fields, lines, number, unb64
from exam_system.trust.errors import Malformed
from exam_system.trust.publication import Root

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BYTES, DIGITS, GROUP = 15, 24, 5
FIND = 16
HEADER_TAIL = "/lookup/v1"
NONCE = bytes(12)
"""Each key seals one text only, so that the same tree always has the same bytes."""
_READ = str.maketrans("OIL", "011", "- ")


def new_code(take: Callable[[int], bytes]) -> str:
    """A fresh code, 25 characters without hyphens; `take(n)` gives n random bytes."""
    while True:
        value = int.from_bytes(take(BYTES), "big")
        if value % 37 < 32:
            digits = (ALPHABET[value >> 5 * place & 31] for place in range(DIGITS - 1, -1, -1))
            return "".join(digits) + ALPHABET[value % 37]


def shown(code: str) -> str:
    """A code as it is printed, in five groups of five."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def read_code(text: str) -> str:
    """The code that somebody typed: case, hyphens and spaces do not count, O is 0, I and L are 1.

    Raises Malformed when it is not 25 characters or the check character does not fit.
    """
    code = text.upper().translate(_READ)
    if len(code) != DIGITS + 1 or not set(code) <= set(ALPHABET):
        raise Malformed("A pick-up code is 25 letters and digits, in five groups of five.")
    value = 0
    for digit in code[:DIGITS]:
        value = value << 5 | ALPHABET.index(digit)
    if value % 37 != ALPHABET.index(code[DIGITS]):
        raise Malformed("A character of the pick-up code is wrong: compare it with the ticket.")
    return code


def derive(code: str, exam: str, version: int) -> tuple[bytes, bytes]:
    """Where a code's record is filed (16 bytes), and the AES-256 key that opens it."""
    about = f"exam-lookup/v1\n{exam}\n{version}\n"
    made = hmac.digest(code.encode(), about.encode(), "sha512")
    return made[:FIND], made[32:]


def shard_of(find: bytes, bits: int) -> int:
    """The number of the shard: the first `bits` bits (at most 24)."""
    return int.from_bytes(find[:3], "big") >> 24 - bits


def shard_name(shard: int) -> str:
    """The file of a shard, e.g. shards/012/012abc.bin."""
    name = f"{shard:06x}"
    return f"shards/{name[:4]}/{name}.bin"


@dataclass(frozen=True, slots=True)
class LookupNote:
    """What the publisher signs of a tree: whose records, how they are filed, every other file.

    `length` is that of one entry in bytes, `shards` the SHA-256 over the SHA-256 of each shard in
    order, `files` name and SHA-256 of the files of the page, in order of names.
    """

    origin: str
    exam: str
    stage: str
    version: int
    bits: int
    length: int
    records: int
    root: Root
    shards: str
    files: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        for label in (self.origin, self.exam, self.stage):
            clean_label(label)
        for digest in (self.shards, *(digest for _, digest in self.files)):
            digest_text(digest)
        if not (0 <= self.bits <= 24 and self.length > FIND and self.version > 0):
            raise Malformed("Bits, length or version of the look-up tree are out of range.")
        if [name for name, _ in self.files] != sorted({name for name, _ in self.files}):
            raise Malformed("The files of a look-up tree are listed once each, by name.")

    @property
    def text(self) -> str:
        """The lines that are signed."""
        rows = [
            self.origin + HEADER_TAIL,
            f"exam {self.exam}",
            f"stage {self.stage}",
            f"version {self.version}",
            f"bits {self.bits}",
            f"length {self.length}",
            f"records {self.records}",
            f"root {self.root.size} {b64(self.root.root)}",
            f"shards {self.shards}",
            *(f"file {name} {digest}" for name, digest in self.files),
        ]
        return "".join(f"{row}\n" for row in rows)


def parse_note(text: str) -> LookupNote:
    """Read the text of an opened lookup.note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    single = {key: value for key, value in pairs if key != "file"}
    try:
        size, _, root = single["root"].partition(" ")
        note = LookupNote(
            origin=header.removesuffix(HEADER_TAIL),
            exam=single["exam"],
            stage=single["stage"],
            version=number(single["version"]),
            bits=number(single["bits"]),
            length=number(single["length"]),
            records=number(single["records"]),
            root=Root(number(size), unb64(root)),
            shards=single["shards"],
            files=tuple(_file(value) for key, value in pairs if key == "file"),
        )
    except KeyError as error:
        raise Malformed(f"The note of the look-up has no line {error}.") from None
    if note.text != text:
        raise Malformed("The lines of the note are not in their order, or too many.")
    return note


def _file(value: str) -> tuple[str, str]:
    name, _, digest = value.partition(" ")
    return name, digest
