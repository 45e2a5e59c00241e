"""keys.txt: every key that ever signed, and which of them were retired. Lines are only added.

<role> <vkey>                           the key signs for the role from here on
retired <role> <vkey> <size> <time>     it does so no more, since the log had so many acts and
                                        since this POSIX second
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from exam_system.trust.canonical import lines, number
from exam_system.trust.errors import Malformed
from exam_system.trust.keys import COSIGNATURE, ED25519, Verifier

ROLES = ("log", "publisher", "officer", "inspector")
SINGLE = ROLES[:3]
"""Roles that one key holds at a time."""
RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Retired:
    """Since when a key does not count: acts in the log, POSIX second, line of keys.txt."""

    size: int
    time: int
    line: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A key of keys.txt, with the line it stands in and its end.

    `since` is the number of acts from which on it has its role: where the key before it ended.
    """

    role: str
    key: Verifier
    line: int
    since: int = 0
    retired: Retired | None = None

    def signs_at(self, index: int) -> bool:
        """Whether the act at this place of the log was done while the key had its role."""
        return self.since <= index and (self.retired is None or index < self.retired.size)

    def signs_head(self, size: int) -> bool:
        """Whether a head of so many acts is this key's to sign: the last act lies in its time.

        The head under which a key of the log was retired is its last one.
        """
        return self.signs_at(size - 1) or (size == 0 and self.since == 0)

    def signs_then(self, time: int | None) -> bool:
        """Whether the key had not been retired at a second that a cosignature tells."""
        return self.retired is None or (time is not None and time < self.retired.time)


def read_rows(data: bytes) -> tuple[Listed, ...]:
    """The keys in the order of the file; raises Malformed where the history cannot be."""
    rows = read_history(data)
    _require_roles(rows)
    return rows


def read_history(data: bytes) -> tuple[Listed, ...]:
    """As `read_rows`, for a file that need not have every role."""
    found: dict[Verifier, Listed] = {}
    for place, line in enumerate(lines(data.decode("utf-8"))):
        first, _, rest = line.partition(" ")
        listed = _retired(found, place, rest) if first == RETIRED else _added(found, place, line)
        found[listed.key] = listed
    return tuple(found.values())


def written(rows: Iterable[Listed]) -> str:
    """The lines of these keys, in the order in which they would stand in keys.txt."""
    found = []
    for one in rows:
        found.append((one.line, f"{one.role} {one.key.vkey}\n"))
        if end := one.retired:
            line = f"{RETIRED} {one.role} {one.key.vkey} {end.size} {end.time}\n"
            found.append((end.line, line))
    return "".join(line for _, line in sorted(found))


def _added(found: Mapping[Verifier, Listed], place: int, line: str) -> Listed:
    role, space, vkey = line.partition(" ")
    if role not in ROLES or not space:
        raise Malformed(f"The line {line[:80]!r} is not a role, a space and a key.")
    key = Verifier.parse(vkey)
    if key.known and key.type != (COSIGNATURE if role == "inspector" else ED25519):
        raise Malformed(f"The key of {key.name} is not of the type that a key of {role} has.")
    if key in found or key.key in [one.key for one in found]:
        raise Malformed("A key is listed twice: no key doubles as another.")
    before = _before(found, role, key)
    since = before.retired.size if before and before.retired else 0
    return Listed(role, key, place, since)


def _before(found: Mapping[Verifier, Listed], role: str, key: Verifier) -> Listed | None:
    """The key whose place in its role this one takes; it must have been retired."""
    if role not in SINGLE or not key.known:
        return None
    earlier = [one for one in found.values() if one.role == role and one.key.known]
    if not earlier:
        return None
    if earlier[-1].retired is None:
        raise Malformed(f"There must be one key of the role {role}, not 2.")
    if role == "log" and earlier[-1].key.name != key.name:
        raise Malformed("Every key of the log has the log's name.")
    return earlier[-1]


def _retired(found: Mapping[Verifier, Listed], place: int, rest: str) -> Listed:
    parts = rest.split(" ")
    if len(parts) != 4:
        raise Malformed(f"The line {rest[:80]!r} is not a role, a key, a size and a time.")
    role, vkey, size, time = parts
    listed = found.get(Verifier.parse(vkey))
    if listed is None or listed.role != role or listed.retired is not None:
        raise Malformed(f"The line {rest[:80]!r} retires no key that is listed before it.")
    end = Retired(number(size), number(time), place)
    if end.size < listed.since:
        raise Malformed(f"The key of {listed.key.name} was retired before it had its role.")
    return replace(listed, retired=end)


def _require_roles(rows: tuple[Listed, ...]) -> None:
    serving = Counter(one.role for one in rows if one.key.known and one.retired is None)
    for role in SINGLE:
        if serving[role] != 1:
            raise Malformed(f"There must be one key of the role {role}, not {serving[role]}.")
    if not any(one.role == "inspector" and one.key.known for one in rows):
        raise Malformed("There is no key of an inspector.")


def only(rows: tuple[Listed, ...], role: str) -> Iterator[Listed]:
    """The keys of a role that this program can check signatures of."""
    return (one for one in rows if one.role == role and one.key.known)
