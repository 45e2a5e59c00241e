"""The text of `draw.note`: what a draw was, and the digest of what came out."""

import re
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, digest_text, fields, lines, number
from exam_system.trust.errors import Malformed

HEADER = "exam-system/draw-result/v1"

_CERTIFICATE = "certificate.pdf "
_KEYS = [
    "draw",
    "attempt",
    "attempts",
    "algorithm",
    "manifest",
    "seed",
    "result",
    "sources",
    "file",
]
_WORD = re.compile(r"[a-z][a-z0-9/.-]*")


@dataclass(frozen=True, slots=True)
class DrawNote:
    """Attempt `attempt` of `attempts` so far. `manifest`, `result` and `certificate` are SHA-256
    of manifest.json, result.json and certificate.pdf; `sources` held, in the manifest's order."""

    draw: str
    attempt: int
    attempts: int
    algorithm: str
    manifest: str
    seed: str
    result: str
    sources: tuple[str, ...]
    certificate: str

    def __post_init__(self) -> None:
        clean_label(self.draw)
        for digest in (self.manifest, self.seed, self.result, self.certificate):
            digest_text(digest)
        if not 1 <= self.attempt <= self.attempts:
            raise Malformed(f"Attempt {self.attempt} is not one of {self.attempts} attempts.")
        if not self.sources or not all(map(_WORD.fullmatch, (self.algorithm, *self.sources))):
            raise Malformed("The algorithm or a source of the draw has no proper name.")

    @property
    def text(self) -> str:
        """What the officer signs and the inspector cosigns."""
        values = (
            self.draw,
            self.attempt,
            self.attempts,
            self.algorithm,
            self.manifest,
            self.seed,
            self.result,
            " ".join(self.sources),
            _CERTIFICATE + self.certificate,
        )
        rows = [f"{key} {value}\n" for key, value in zip(_KEYS, values, strict=True)]
        return f"{HEADER}\n" + "".join(rows)


def parse(text: str) -> DrawNote:
    """Read the text of an opened draw.note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if header != HEADER or [key for key, _ in pairs] != _KEYS:
        raise Malformed(f"A draw's note is {HEADER} and the lines {', '.join(_KEYS)}.")
    draw, attempt, attempts, algorithm, manifest, seed, result, sources, file = (
        value for _, value in pairs
    )
    if not file.startswith(_CERTIFICATE):
        raise Malformed("The file of a draw's note is certificate.pdf.")
    return DrawNote(
        draw,
        number(attempt),
        number(attempts),
        algorithm,
        manifest,
        seed,
        result,
        tuple(sources.split(" ")),
        file.removeprefix(_CERTIFICATE),
    )
