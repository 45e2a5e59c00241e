"""The key of script numbers on the inspector's own machine: opening it, labels for the scripts."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from exam_system.inspector.reports import sealing_private
from exam_system.trust import masks, sealed
from exam_system.trust.errors import Malformed

DRAWN = ("答卷密号", "Script code")
"""The column of drawn codes in the table that the office exports."""


def open_numbers(folder: Path, passphrase: bytes, data: bytes) -> tuple[str, str]:
    """Exam and key (hex) of a box; raises TrustError when it is not for this folder's key."""
    return masks.parse_content(sealed.open_box(data, sealing_private(folder, passphrase)))


def labels(secret: str, table: bytes) -> bytes:
    """The office's table of drawn codes with the number of each script in front, as .csv."""
    rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig"))))
    if not rows or not set(DRAWN) & set(rows[0]):
        raise Malformed(f"The table has no column {' or '.join(DRAWN)}.")
    at = next(n for n, name in enumerate(rows[0]) if name in DRAWN)
    numbers = masks.numbers(secret, [row[at] for row in rows[1:]])
    found = sorted([numbers[row[at]], *row] for row in rows[1:])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["number", *rows[0]], *found])
    return out.getvalue().encode("utf-8-sig")
