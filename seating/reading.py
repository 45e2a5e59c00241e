"""Reads the plain JSON of a manifest: texts, labels, lists, each refused with a sentence."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class BadGroups(ValueError):
    """The groups of a manifest do not have the shape that the algorithm needs."""


def text(raw: object, where: str) -> str:
    """The text itself when it is not empty and can be written as UTF-8."""
    if not isinstance(raw, str) or not raw:
        raise BadGroups(f"{where} must be a non-empty text, not {raw!r}.")
    try:
        raw.encode()
    except UnicodeEncodeError as error:
        raise BadGroups(f"{where} cannot be written as UTF-8: {raw!r}.") from error
    return raw


def clean_text(raw: object, where: str) -> str:
    """A text that can be hashed: NFC and without control characters (PROTOCOLS section 1)."""
    found = text(raw, where)
    if _CONTROL.search(found):
        raise BadGroups(f"{where} contains a control character: {found!r}.")
    if not unicodedata.is_normalized("NFC", found):
        raise BadGroups(f"{where} is not in Unicode normal form C: {found!r}.")
    return found


def labels(raw: object, group: str) -> tuple[str, ...]:
    """The labels of a group, each once and sorted by UTF-8 bytes."""
    read = tuple(text(one, f'A label of group "{group}"') for one in listed(raw, "labels", group))
    refuse_repeats("label", read, f'group "{group}"')
    encoded = [label.encode() for label in read]
    if encoded != sorted(encoded):
        raise BadGroups(f'The labels of group "{group}" are not sorted by their UTF-8 bytes.')
    return read


def expect_keys(
    raw: object, keys: frozenset[str], where: str, *, may: frozenset[str] = frozenset()
) -> Mapping[str, object]:
    """The object itself when it has exactly these keys; those of `may` may be left out."""
    if isinstance(raw, Mapping) and keys <= set(raw) <= keys | may:
        return raw
    found = sorted(map(str, raw)) if isinstance(raw, Mapping) else type(raw).__name__
    wanted = f"exactly the keys {sorted(keys)}" if not may else f"the keys {sorted(keys)}"
    also = f" and may have {sorted(may)}" if may else ""
    raise BadGroups(f"{where} must have {wanted}{also}, not {found}.")


def listed(raw: object, what: str, group: str) -> Sequence[object]:
    """The list itself."""
    if not isinstance(raw, list | tuple):
        raise BadGroups(f'The {what} of group "{group}" are not a list.')
    return raw


def whole(raw: object, where: str, *, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    if type(raw) is not int or not least <= raw <= most:
        raise BadGroups(f"{where} must be a whole number from {least} to {most}, not {raw!r}.")
    return raw


def refuse_repeats(what: str, names: Sequence[str], where: str) -> None:
    """Raise BadGroups naming the first of `names` that comes twice."""
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadGroups(
                f'The {what} "{name}" stands twice in {where}; it may stand there once.'
            )
        seen.add(name)
