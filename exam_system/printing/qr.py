"""QR codes in a tenth of a millisecond: all of one size differ in their codewords only.

What is the same for every code of a version (finders, timing, format, the order in which bits
are placed, the mask) is taken once from segno; what remains is the error correction (ISO/IEC
18004:2015, 7.5), which is linear, so each data byte adds a row of a table that is made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import segno
from numpy.typing import NDArray
from segno import consts, encoder

from exam_system.printing.errors import PrintError

MASK = 0
_PADS = np.array([0xEC, 0x11], np.uint8)
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A version at a level: blank modules, where each bit goes, its mask, and its blocks.

    `blocks` are (number of blocks, data bytes in each, error correction bytes in each).
    """

    modules: Bytes
    places: NDArray[np.intp]
    mask: Bytes
    blocks: tuple[tuple[int, int, int], ...]

    @property
    def capacity(self) -> int:
        """Data bytes, mode and length included."""
        return sum(number * data for number, data, _ in self.blocks)


def modules(data: bytes, *, error: str = "m") -> Bytes:
    """The square of dark (1) and light (0) modules for bytes, in the smallest version they fit.

    No quiet zone. Raises PrintError for more than a QR code can hold.
    """
    version = _version(len(data), error)
    frame = _frame(version, error)
    bits = np.unpackbits(_interleaved(frame, _padded(frame, version, data)))
    square = frame.modules.copy()
    square.ravel()[frame.places[: len(bits)]] = bits ^ frame.mask[: len(bits)]
    return square


def _version(length: int, error: str) -> int:
    for version in range(1, 41):
        if length + (2 if version < 10 else 3) <= _frame_capacity(version, error):
            return version
    raise PrintError("too_long", text="QR")


@cache
def _frame_capacity(version: int, error: str) -> int:
    capacities: Any = consts.SYMBOL_CAPACITY[version]
    return int(capacities[consts.ERROR_MAPPING[error.upper()]]) // 8


@cache
def _frame(version: int, error: str) -> _Frame:
    blank = segno.make(
        b"", version=version, error=error, mask=MASK, boost_error=False, mode="byte", micro=False
    )
    square = np.array([list(row) for row in blank.matrix], np.uint8)
    known: Any = consts.ECC[version]
    blocks = tuple(
        (one.num_blocks, one.num_data, one.num_total - one.num_data)
        for one in known[consts.ERROR_MAPPING[error.upper()]]
    )
    places = _places(version, len(square))
    row, column = np.divmod(places, len(square))
    mask = ((row + column) % 2 == 0).astype(np.uint8)
    # The bits that remain after the last codeword stay as segno has them: zero, masked.
    square.ravel()[places] = mask
    return _Frame(square, places, mask, blocks)


def _places(version: int, side: int) -> NDArray[np.intp]:
    """Module numbers (row by row) in the order in which bits are placed (7.7.3)."""
    free = encoder.make_matrix(side, side)  # type: ignore[no-untyped-call]
    encoder.add_finder_patterns(free, side, side)  # type: ignore[no-untyped-call]
    encoder.add_alignment_patterns(free, side, side)  # type: ignore[no-untyped-call]
    size = sum(value == 2 for row in free for value in row)
    marks = [bytearray(row) for row in free]
    found: list[int] = []
    for right in range(side - 1, 0, -2):
        pair = right - 1 if right <= 6 else right
        upwards = ((pair & 2) == 0) ^ (pair < 6)
        for step in range(side):
            row = side - 1 - step if upwards else step
            found += [row * side + at for at in (pair, pair - 1) if marks[row][at] == 2]
    assert len(found) == size
    return np.array(found, np.intp)


def _padded(frame: _Frame, version: int, data: bytes) -> Bytes:
    """Mode, length and data shifted by four bits, the terminator, and bytes that fill up."""
    length = len(data)
    head = (length if version < 10 else length & 0xFFFF).to_bytes(1 if version < 10 else 2, "big")
    # 0100, the length, the data, 0000: four bits before and after make whole bytes.
    text = np.frombuffer(b"\x04" + head + data + b"\0", np.uint8)
    shifted = (text[:-1] << 4) | (text[1:] >> 4)
    whole = np.resize(_PADS, frame.capacity)
    whole = np.concatenate([shifted, whole[: frame.capacity - len(shifted)]])
    return whole[: frame.capacity]


def _interleaved(frame: _Frame, data: Bytes) -> Bytes:
    """Data bytes of all blocks by turns, then their error correction by turns (7.6)."""
    start, longest = 0, max(size for _, size, _ in frame.blocks)
    rows, checks, holes = [], [], []
    for number, size, extra in frame.blocks:
        part = data[start : start + number * size].reshape(number, size)
        start += number * size
        table = _table(size, extra)
        checks.append(np.bitwise_xor.reduce(table[np.arange(size), part], axis=1))
        filled = np.zeros((number, longest), np.uint8)
        filled[:, :size] = part
        rows.append(filled)
        holes.append(np.broadcast_to(np.arange(longest) < size, (number, longest)))
    whole, kept = np.concatenate(rows).T.ravel(), np.concatenate(holes).T.ravel()
    return np.concatenate([whole[kept], np.concatenate(checks).T.ravel()])


@cache
def _table(size: int, extra: int) -> Bytes:
    """By place in a block and value of the byte there, what it adds to the error correction."""
    powers = np.zeros((size, extra), np.uint8)
    for place in range(size):
        block = bytearray(size + extra)
        block[place] = 1
        _divide(block, size, extra)
        powers[place] = list(block[size:])
    exps, logs = _tables()
    values = np.arange(256)[None, :, None]
    factors = powers[:, None, :].astype(np.intp)
    table: Bytes = exps[(logs[values] + logs[factors]) % 255]
    table[np.broadcast_to((values == 0) | (factors == 0), table.shape)] = 0
    return table


def _divide(block: bytearray, size: int, extra: int) -> None:
    """The rest of the block as a polynomial over GF(256), left in its last bytes."""
    exps, logs, generator = consts.GALIOS_EXP, consts.GALIOS_LOG, consts.GEN_POLY[extra]
    for place in range(size):
        if block[place]:
            for n in range(extra):
                block[place + n + 1] ^= exps[logs[block[place]] + generator[n]]


@cache
def _tables() -> tuple[Bytes, NDArray[np.intp]]:
    exps = np.array(list(consts.GALIOS_EXP)[:255], np.uint8)
    logs = np.zeros(256, np.intp)
    logs[exps] = np.arange(255)
    return exps, logs
