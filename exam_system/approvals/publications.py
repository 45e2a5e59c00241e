"""The publication of a prepared release as somebody of another office approves it."""

from __future__ import annotations

from exam_system.approvals.lookup import Wanted
from exam_system.context import Context
from exam_system.errors import Conflict, Sentence
from exam_system.exams.models import Exam
from exam_system.records import releases
from exam_system.records.models import Release


def wanted_publication(
    ctx: Context, verb: str, exam: Exam, release: Release | None, name: str
) -> Wanted:
    """What publishing this release would show: the text of its publication note.

    `name` is what people call it (English). Raises Conflict unless it waits to be published.
    """
    if release is None or release.state != "draft":
        raise Conflict("There is nothing prepared that could be published")
    lines = [
        Sentence(name),
        Sentence("Version %(version)s", version=release.version),
        Sentence("It becomes public; that cannot be taken back"),
        Sentence("The digest is that of the text of publication.note, which lists every file"),
    ]
    if release.reason:
        lines.insert(2, Sentence("Correction: %(reason)s", reason=release.reason))
    return Wanted(
        verb,
        exam.code,
        releases.subject(exam.code, release),
        releases.release_digest(ctx.session, release),
        tuple(lines),
    )
