"""What `exam verify` reads of signed money: the text and the list that it signs, in one zip."""

from __future__ import annotations

import io
import zipfile

# A zip of the same content has the same bytes whenever it is made.
_WHEN = (1980, 1, 1, 0, 0, 0)


def verifiable(name: str, kind: str, note: bytes, lines: bytes) -> bytes:
    """A zip with the folder `name`: `<kind>.note` and `lines.csv`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as folder:
        for file, data in ((f"{kind}.note", note), ("lines.csv", lines)):
            folder.writestr(zipfile.ZipInfo(f"{name}/{file}", _WHEN), data)
    return out.getvalue()
