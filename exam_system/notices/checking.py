"""The check before the last level: everything in a version that must not be public."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from sqlalchemy.orm import Session

from exam_system.errors import Conflict, Sentence
from exam_system.exams.models import Exam
from exam_system.notices.lookup import files_of
from exam_system.notices.models import Notice, NoticeVersion
from exam_system.notices.scanning import Finding, scan_file, scan_text
from exam_system.notices.writing import read_line, release_of
from exam_system.records import releases
from exam_system.trust.canonical import parse_jcs

SHOWN = 20
"""So many findings are named; whoever takes them out finds the rest."""


class Unfit(Conflict):
    """What the check found; its text names every place."""

    def __init__(self, found: Sequence[Finding]) -> None:
        super().__init__("The notice is not passed: take out what must not be public")
        self.found = found

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The sentence, and one line for each finding."""
        lines = [one.sentence.text(translate) for one in self.found[:SHOWN]]
        if len(self.found) > SHOWN:
            more = Sentence("and %(more)s more", more=len(self.found) - SHOWN)
            lines.append(more.text(translate))
        return "\n".join([translate(self.msgid), *lines])


def findings(session: Session, notice: Notice, version: NoticeVersion) -> list[Finding]:
    """Everything that the check finds in title, text, files and releases."""
    told = parse_jcs(version.document.encode())
    assert isinstance(told, dict)
    found = list(scan_text(Sentence("Title"), str(told["title"])))
    found += scan_text(Sentence("Text"), str(told["body"]))
    line = read_line(str(told["line"]))
    for file in files_of(session, version):
        found += _of_file(file.name, file.data, line)
    folders = told["releases"]
    assert isinstance(folders, list)
    for folder in map(str, folders):
        found += _of_release(session, notice, folder, line)
    return found


def _of_file(name: str, data: bytes, line: Decimal | None) -> Iterator[Finding]:
    try:
        yield from scan_file(name, data, line)
    except Sentence as error:  # a table that cannot be opened says itself why
        yield Finding(Sentence("File %(name)s", name=name), error)


def _of_release(
    session: Session, notice: Notice, folder: str, line: Decimal | None
) -> Iterator[Finding]:
    """The list of a release is one as well; its rules hold beside the line."""
    exam = session.get(Exam, notice.exam_id) if notice.exam_id else None
    release = release_of(session, folder, exam)
    if release.chain == "results":
        data = releases.file_data(session, release, "list.csv")
        yield from _of_file(f"{folder}/list.csv", data, line)


def require_fit(session: Session, notice: Notice, version: NoticeVersion) -> None:
    """Raise Unfit unless nothing is found."""
    found = findings(session, notice, version)
    if found:
        raise Unfit(found)
