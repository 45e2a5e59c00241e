"""QR codes made from tables are those of segno, module by module."""

from __future__ import annotations

import random

import numpy as np
import pytest
import segno

from exam_system.printing import qr
from exam_system.printing.errors import PrintError


def of_segno(data: bytes, error: str) -> list[list[int]]:
    code = segno.make(data, error=error, mask=0, boost_error=False, micro=False, mode="byte")
    return [list(row) for row in code.matrix]


@pytest.mark.parametrize("error", ["l", "m", "q", "h"])
def test_every_version_that_is_filled_is_the_same(error: str) -> None:
    rng = random.Random(error)
    for version in range(1, 41):
        length = qr._frame_capacity(version, error) - (2 if version < 10 else 3)
        data = rng.randbytes(length)
        assert qr.modules(data, error=error).tolist() == of_segno(data, error), version


def test_what_is_left_over_is_filled_by_the_standard() -> None:
    """segno puts a byte of zeros before the padding; ISO 18004, 7.4.9 to 7.4.10, does not."""
    data = b"ticket"
    square = qr.modules(data)
    frame = qr._frame(1, "m")
    bits = square.ravel()[frame.places] ^ frame.mask
    words = np.packbits(bits[: 26 * 8]).tobytes()
    head = (0x4 << 60 | len(data) << 52 | int.from_bytes(data) << 4).to_bytes(8)
    assert words[:16] == head + b"\xec\x11" * 4
    assert square.shape == np.array(of_segno(data, "m")).shape


def test_too_much_is_refused() -> None:
    assert qr.modules(bytes(2331)).shape == (177, 177)
    with pytest.raises(PrintError):
        qr.modules(bytes(2332))
