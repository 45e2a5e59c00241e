"""Plain JSON of a manifest, checked: BadInput carries a sentence that says where."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class BadInput(ValueError):
    """The manifest does not have the shape that the algorithm needs."""


def keys(raw: object, needed: set[str], where: str) -> Any:
    """The object itself when it has exactly these keys."""
    if not isinstance(raw, Mapping) or set(raw) != needed:
        found = sorted(map(str, raw)) if isinstance(raw, Mapping) else type(raw).__name__
        raise BadInput(f"{where} must have the keys {sorted(needed)}, not {found}.")
    return raw


def listed(raw: object, where: str, length: int | None = None) -> list[Any]:
    if not isinstance(raw, list):
        raise BadInput(f"{where} is not a list.")
    if length is not None and len(raw) != length:
        raise BadInput(f"{where} has {len(raw)} entries where {length} belong.")
    return raw


def texts(raw: object, where: str, length: int | None = None) -> list[str]:
    """Non-empty texts that can be written as UTF-8; `once` says whether each stands once."""
    found = listed(raw, where, length)
    if not all(type(one) is str and one for one in found):
        raise BadInput(f"{where} must hold non-empty texts.")
    try:
        "".join(found).encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"{where} cannot be written as UTF-8.") from error
    return found


def names(raw: object, where: str) -> list[str]:
    """Texts, each once."""
    found = texts(raw, where)
    once(found, where)
    return found


def labels(raw: object, where: str) -> tuple[list[str], list[bytes]]:
    """Texts sorted by their UTF-8 bytes, so that the order of rows cannot matter; and the bytes."""
    found = texts(raw, where)
    encoded = [one.encode() for one in found]
    if encoded != sorted(encoded):
        raise BadInput(f"{where} must be sorted by their UTF-8 bytes.")
    return found, encoded


def numbers(raw: object, where: str, low: int, high: int, length: int | None = None) -> Ints:
    """Whole numbers low <= n < high."""
    found = listed(raw, where, length)
    if not set(map(type, found)) <= {int}:
        raise BadInput(f"{where} must hold whole numbers.")
    try:
        column = np.array(found, dtype=np.int64)
    except OverflowError:
        column = np.array([high], dtype=np.int64)
    if len(column) and not (low <= column.min() and column.max() < high):
        raise BadInput(f"{where} must hold whole numbers from {low} to {high - 1}.")
    return column


def number(raw: object, where: str, low: int) -> int:
    if type(raw) is not int or raw < low:
        raise BadInput(f"{where} must be a whole number of at least {low}, not {raw!r}.")
    return raw


def ratio(raw: object, where: str) -> tuple[int, int]:
    """[a, b], read as a out of b."""
    a, b = listed(raw, where, 2)
    return number(a, where, 0), number(b, where, 1)


def pairs(raw: object, where: str, firsts: int, seconds: int) -> Ints:
    """[[i, j], …] with i < firsts and j < seconds, as an array of two columns."""
    found = listed(raw, where)
    if not all(isinstance(one, list) and len(one) == 2 for one in found):
        raise BadInput(f"{where} must hold pairs.")
    numbers([one[0] for one in found], where, 0, firsts)
    numbers([one[1] for one in found], where, 0, seconds)
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def once(names: Sequence[str], where: str) -> None:
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadInput(f'{where}: "{name}" stands there twice; it may stand there once.')
        seen.add(name)


def text(raw: object, where: str) -> str:
    if not isinstance(raw, str) or not raw:
        raise BadInput(f"{where} must be a non-empty text, not {raw!r}.")
    return raw
