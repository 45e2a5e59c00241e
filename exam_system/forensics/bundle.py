"""What a stranger rechecks of a screening: the signed texts and the files that they name."""

from __future__ import annotations

import io
import zipfile

from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.forensics.lookup import screening_by
from exam_system.forensics.screening import input_of
from exam_system.trust.canonical import sha256_hex

# A zip of the same content has the same bytes whenever it is made.
_WHEN = (1980, 1, 1, 0, 0, 0)


@verb
def take_bundle(ctx: Context, *, ref: str, answers: bool) -> bytes:
    """The zip `similarity-<run>`, with everybody's sheets (answers.csv, by code) if asked for.

    Nobody is named in it; which sheet is whose the office alone can tell.
    """
    row, paper, exam = screening_by(ctx.session, ref)
    if row.screened is None or row.flags is None:
        raise Conflict("This screening is not done yet")
    files = {
        "parameters.json": row.parameters.encode(),
        "screening.note": row.frozen,
        "flags.json": row.flags.encode(),
        "screened.note": row.screened,
    }
    if answers:
        files["answers.csv"] = input_of(ctx, row, paper).file
    data = zipped(f"similarity-{ref}", files)
    ctx.record(exam=exam.code, subject=f"screening:{ref}", answers=answers, file=sha256_hex(data))
    return data


def zipped(name: str, files: dict[str, bytes]) -> bytes:
    """The files in a folder of this name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for file, data in sorted(files.items()):
            folder.writestr(zipfile.ZipInfo(f"{name}/{file}", _WHEN), data)
    return out.getvalue()
