"""The candidate signs the slip on the device, or on its print."""

from __future__ import annotations

import json

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews.models import Interview
from exam_system.records.models import Note
from exam_system.registration.lookup import any_application
from exam_system.trust.canonical import sha256_hex

WIDTH, HEIGHT = 600, 200
PAPER = "paper"
_MOST_LINES, _MOST_POINTS = 60, 3000
_NO_SIGNATURE = "This is no signature: draw it in the field, or have the print signed"
Lines = tuple[tuple[tuple[int, int], ...], ...]


@verb
def sign_slip(ctx: Context, *, code: str, ref: str, signature: str) -> Interview:
    """Keep the signature that the candidate drew under the slip, as JSON lists of x and y.

    "paper": the print was signed. The act names the note that was signed; a correction of the
    scores makes a new note, which is signed anew.
    """
    exam = exam_by_code(ctx.session, code)
    application = any_application(ctx.session, ref)[0]
    interview = ctx.session.get(Interview, application.id)
    if application.exam_id != exam.id or interview is None or interview.note_id is None:
        raise NotFound("This candidate has no interview score yet")
    if interview.signed_at is not None:
        raise Conflict("The candidate has signed the slip already")
    if signature != PAPER:
        read(signature)
    interview.signature, interview.signed_at = signature, ctx.clock.now()
    ctx.record(
        exam=code,
        subject=f"interview:{ref}",
        note=ctx.session.get_one(Note, interview.note_id).digest,
        signature=sha256_hex(signature.encode()),
    )
    return interview


def read(text: str) -> Lines:
    """The lines of a drawn signature; raises Invalid."""
    try:
        found = json.loads(text)
    except ValueError:
        raise Invalid(_NO_SIGNATURE) from None
    if not isinstance(found, list) or not 1 <= len(found) <= _MOST_LINES:
        raise Invalid(_NO_SIGNATURE)
    lines = tuple(_line(one) for one in found)
    if not 4 <= sum(map(len, lines)) <= _MOST_POINTS:
        raise Invalid(_NO_SIGNATURE)
    return lines


def _line(value: object) -> tuple[tuple[int, int], ...]:
    numbers = value if isinstance(value, list) else [""]
    if len(numbers) % 2 or not all(type(one) is int for one in numbers):
        raise Invalid(_NO_SIGNATURE)
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if not all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points):
        raise Invalid(_NO_SIGNATURE)
    return points


def drawn(interview: Interview) -> Lines:
    """The lines that were drawn; none while nobody has signed, or on the print."""
    if interview.signature in (None, PAPER):
        return ()
    return read(interview.signature or "")
