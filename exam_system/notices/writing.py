"""What a version of a notice says, read from what was typed and attached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.errors import Gathered, Invalid, NotFound
from exam_system.exams.models import Exam
from exam_system.notices.scanning import PDF, READABLE, unread
from exam_system.people import clean_line, clean_text, narrow
from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.trust.canonical import JSON, jcs, sha256_hex

LONGEST_TITLE = 120
LONGEST_BODY = 50_000
MOST_FILES = 10
MOST_BYTES = 5 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,70}\.[a-z]{2,4}")
_FOLDER = re.compile(r"(announcement|results)-(.+)-v([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that comes with a notice."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Its digest (hex)."""
        return sha256_hex(self.data)


@dataclass(frozen=True, slots=True)
class Content:
    """What is typed: `event_at` is what the notice announces, `line` the score below which nobody
    may stand in an attached list ("" for none), `releases` folders of published releases."""

    title: str
    body: str
    event_at: datetime | None = None
    review_on: date | None = None
    line: str = ""
    files: tuple[Attached, ...] = field(default=())
    releases: tuple[str, ...] = ()


def read_content(content: Content) -> Content:
    """The content in one spelling; raises Invalid with what to enter instead."""
    title, body = clean_line(content.title, LONGEST_TITLE), clean_text(content.body, LONGEST_BODY)
    wrong = Gathered()
    if not title:
        sentence = "Give the notice a title of at most %(most)s characters"
        wrong.errors.append(Invalid(sentence, most=LONGEST_TITLE).about("title"))
    if not body:
        sentence = "Write the text of the notice (at most %(most)s characters)"
        wrong.errors.append(Invalid(sentence, most=LONGEST_BODY).about("body"))
    with wrong.about("line"):
        read_line(content.line)
    with wrong.about("files"):
        _require_files(content.files)
    wrong.tell()
    rest = (content.event_at, content.review_on, content.line.strip())
    return Content(title, body, *rest, content.files, tuple(dict.fromkeys(content.releases)))


def read_line(text: str) -> Decimal | None:
    """The line as a number; None for none. Raises Invalid."""
    if not text.strip():
        return None
    try:
        line = Decimal(narrow(text))
    except InvalidOperation:
        raise Invalid("Enter the line as a number such as 60 or 59.5").about("line") from None
    if not line.is_finite():
        raise Invalid("Enter the line as a number such as 60 or 59.5").about("line")
    return line


def _require_files(files: Sequence[Attached]) -> None:
    if len(files) > MOST_FILES or len({file.name for file in files}) < len(files):
        raise Invalid(
            "A notice has at most %(most)s files, each with its own name", most=MOST_FILES
        ).about("files")
    for file in files:
        if not _NAME.fullmatch(file.name):
            raise Invalid(
                "Name the file in plain letters and digits, like list-1.csv: not %(name)s",
                name=file.name[:80],
            ).about("files")
        if file.name.rpartition(".")[2] not in (*READABLE, PDF):
            raise Invalid(
                "%(name)s cannot be checked by machine: attach a table (.xlsx, .csv) or a .txt",
                name=file.name,
            ).about("files")
        if len(file.data) > MOST_BYTES:
            raise Invalid("%(name)s is larger than 5 MB", name=file.name).about("files")
    for name in unread([file.name for file in files]):
        raise Invalid(
            "The check cannot read %(name)s: attach what it says as a table (.xlsx, .csv) or .txt "
            "of the same name beside it",
            name=name,
        ).about("files")


def document(
    *, ref: str, version: int, category: str, exam: str, content: Content, reason: str
) -> bytes:
    """notice.json: what every level reads and passes (JCS)."""
    files: list[JSON] = [{"name": one.name, "sha256": one.sha256} for one in content.files]
    told: dict[str, JSON] = {
        "v": 1,
        "ref": ref,
        "version": version,
        "category": category,
        "exam": exam,
        "title": content.title,
        "body": content.body,
        "event_at": rfc3339(content.event_at) if content.event_at else "",
        "line": content.line,
        "files": files,
        "releases": list(content.releases),
        "reason": reason,
    }
    return jcs(told)


def release_of(session: Session, folder: str, exam: Exam | None) -> Release:
    """The published release of a folder's name; it is one of the notice's own exam."""
    match = _FOLDER.fullmatch(folder)
    if match is None or exam is None or match[2] != exam.code:
        raise NotFound("There is no published release %(name)s of this exam", name=folder[:80])
    query = select(Release).where(
        Release.exam_id == exam.id,
        Release.chain == match[1],
        Release.version == int(match[3]),
        Release.state == "published",
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no published release %(name)s of this exam", name=folder[:80])
    return found


def release_folders(session: Session, exam: Exam) -> list[str]:
    """The folders of an exam's published releases, the newest first."""
    query = select(Release).where(Release.exam_id == exam.id, Release.state == "published")
    rows: Iterable[Release] = session.scalars(query.order_by(Release.id.desc()))
    return [releases.folder_name(session, row) for row in rows]
