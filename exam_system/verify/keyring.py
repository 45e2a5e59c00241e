"""The keys that a verification trusts, and what must be signed by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exam_system.trust import checkpoint, notes
from exam_system.trust.errors import Malformed
from exam_system.trust.keys import Verifier
from exam_system.verify.checks import Check, holds, refuse
from exam_system.verify.keysfile import Listed, only, read_rows

Signers = Mapping[Verifier, int | None]
"""Who signed; of a cosigner the earliest second that a line of theirs tells."""


@dataclass(frozen=True, slots=True)
class Cosigners:
    """How many of which inspectors must have signed."""

    needed: int
    among: tuple[Listed, ...]

    def opened(self, keys: Keyring, data: bytes, where: str, role: str) -> str:
        """The text of a note that the role's key and enough of these have signed."""
        return keys.opened(data, where, role, cosigners=self.needed, among=self.among)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by role. Keys of types that this program does not know are listed, and passed over."""

    rows: tuple[Listed, ...]

    @property
    def origin(self) -> str:
        """The name of the log and of everything published with it."""
        return self.of("log").name

    def of(self, role: str) -> Verifier:
        """The key that serves as log, publisher or officer now."""
        return next(one.key for one in only(self.rows, role) if one.retired is None)

    def all_of(self, role: str) -> tuple[Listed, ...]:
        """Every key that a role ever had, in the order of the file."""
        return tuple(only(self.rows, role))

    @property
    def inspectors(self) -> tuple[Listed, ...]:
        """The keys of all inspectors, also of those who were retired, in the file's order."""
        return self.all_of("inspector")

    @property
    def said(self) -> frozenset[tuple[str, str, int | None, int | None]]:
        """What the file says, in whatever order: role, key, and the end of each."""
        ends = [(one.retired.size, one.retired.time) if one.retired else (None, None)
                for one in self.rows]  # fmt: skip
        return frozenset(
            (one.role, one.key.vkey, *end) for one, end in zip(self.rows, ends, strict=True)
        )

    @property
    def fingerprints(self) -> list[str]:
        """Role, name and SHA-256 of each key's line form, as documents on paper show them."""
        return [
            f"{one.role} {one.key.name} {one.key.fingerprint}{_ended(one)}" for one in self.rows
        ]

    def standing_in(self, named: Sequence[Listed]) -> tuple[Listed, ...]:
        """The named inspectors, and who counts instead of those of them that were retired since:
        inspectors who were listed after the first of these retirements."""
        ends = [one.retired.line for one in named if one.retired]
        later = [one for one in self.inspectors if ends and one.line > min(ends)]
        return (*named, *(one for one in later if one not in named))

    def opened(
        self,
        data: bytes,
        where: str,
        role: str,
        *,
        cosigners: int,
        among: Sequence[Listed] | None = None,
    ) -> str:
        """The text of a note signed by the role's key and as many inspectors as are needed.

        `among` are the inspectors that count (default: all of the file). Signatures that a key
        gave after it was retired do not count.
        """
        text, signers = self.signers(data, where)
        mine = [one for one in self.all_of(role) if one.key in signers]
        if not mine:
            refuse(Check.SIGNERS, where, f"the signature of {self.of(role).name} is missing")
        counted = self.inspectors if among is None else among
        size = _size(text) if role == "log" else None
        good = _good(counted, signers, size)
        _require_cosigned(where, cosigners, counted, good, signers)
        if role == "log":
            _require_head(where, mine, size)
        else:
            _require_dated(where, mine, cosigners, [signers[one.key] for one in good])
        return text

    def undated(self, data: bytes, where: str, role: str) -> Listed | None:
        """The retired key of a note that no cosignature dates; None where nothing is open."""
        signers = self.signers(data, where)[1]
        mine = [one for one in self.all_of(role) if one.key in signers]
        cosigned = any(one.key in signers for one in self.inspectors)
        return None if cosigned or any(one.retired is None for one in mine) else mine[-1]

    def signers(self, data: bytes, where: str) -> tuple[str, Signers]:
        """Text and signers of a note all of whose lines are by listed keys and hold.

        A published note has no line that nobody can check: keys are listed before they sign.
        """
        listed = {(one.key.name, one.key.key_id): one.key for one in self.rows}
        with holds(Check.NOTE, where):
            note = notes.parse(data)
            times: dict[Verifier, list[int]] = {}
            for place, line in enumerate(note.signatures, 1):
                key = listed.get((line.name, line.key_id))
                if key is None:
                    raise Malformed(f"signature {place} is by {line.name}, a key not in keys.txt")
                at = key.time(line.blob)
                times.setdefault(key, []).extend([] if at is None else [at])
            opened = notes.open_note(data, listed.values())
        return opened.text, {key: min(times[key], default=None) for key in opened.signers}


def _ended(one: Listed) -> str:
    return f" (retired at {one.retired.size} acts)" if one.retired else ""


def _size(text: str) -> int | None:
    """Acts under a head; None when the text is none, which the caller refuses."""
    try:
        return checkpoint.parse(text).size
    except ValueError:
        return None


def _good(counted: Iterable[Listed], signers: Signers, size: int | None) -> list[Listed]:
    """Those who signed before they were retired, by time and, under a head, by its size."""
    return [
        one
        for one in counted
        if one.key in signers
        and one.signs_then(signers[one.key])
        and (size is None or one.retired is None or size <= one.retired.size)
    ]


def _require_cosigned(
    where: str, needed: int, counted: Sequence[Listed], good: Sequence[Listed], signers: Signers
) -> None:
    if len(good) >= needed:
        return
    late = [one for one in counted if one.key in signers and one not in good]
    if late:
        why = f"{_told(late[0])}: the signature of {late[0].key.name} does not count"
        refuse(Check.RETIRED, where, why)
    names = ", ".join(one.key.name for one in counted if one not in good)
    why = f"{len(good)} of {needed} inspectors have signed"
    refuse(Check.SIGNERS, where, f"{why}, missing: {names or 'nobody else is listed'}")


def _told(one: Listed) -> str:
    end = one.retired
    return f"the key of {one.key.name} was retired" + (
        f" when the log had {end.size} acts, at second {end.time}" if end else ""
    )


def _require_head(where: str, mine: Sequence[Listed], size: int | None) -> None:
    """A head is signed by the key that the log had then."""
    if size is None or any(one.signs_head(size) for one in mine):
        return
    one = mine[-1]
    began = f"it has its role since the log had {one.since} acts"
    why = began if size <= one.since else _told(one)
    refuse(Check.RETIRED, where, f"{one.key.name} signed a head of {size} acts, but {why}")


def _require_dated(
    where: str, mine: Sequence[Listed], needed: int, times: Sequence[int | None]
) -> None:
    """A note of a retired key was cosigned by enough inspectors while the key still served.

    Without a cosignature at all nothing tells when a note was signed: the caller says so.
    """
    if any(one.retired is None for one in mine) or (not needed and not times):
        return
    one = mine[-1]
    before = [time for time in times if one.signs_then(time)]
    if len(before) < max(needed, 1):
        why = f"{_told(one)}, and not enough inspectors had cosigned this note by then"
        refuse(Check.RETIRED, where, why)


def parse_keys(data: bytes, where: str) -> Keyring:
    """Read keys.txt; Refused (V1) for anything that `read_rows` does not take."""
    with holds(Check.KEYS, where):
        return Keyring(read_rows(data))


def remark(ended: Listed | None) -> str:
    """What is told of a note that nobody cosigned, by a key that was retired."""
    if ended is None:
        return ""
    return f"; THE KEY OF {ended.key.name} WAS RETIRED, when this was signed cannot be shown"
