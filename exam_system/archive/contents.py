"""What the archive of an exam consists of: the names of its files and where their bytes lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.config import Config
from exam_system.exams.models import DayFigures, Exam
from exam_system.notices.models import Notice
from exam_system.oversight.files import CONFIDENTIAL
from exam_system.records.commands import log_files
from exam_system.records.keys import keys_text

LOG = "log"


@dataclass(frozen=True, slots=True)
class Item:
    """One file: its name in the archive, and its bytes or where they lie."""

    name: str
    path: Path | None = None
    data: bytes = b""

    def read(self) -> bytes:
        """The bytes."""
        return self.path.read_bytes() if self.path else self.data


def folders_of(session: Session, config: Config, exam: Exam) -> list[Path]:
    """The published folders of the exam, in the order of their names.

    `<kind>-<code>` and `<kind>-<code>-<rest>` are an exam's; where the codes of two exams fit, the
    longer one's. A notice says in the database of which exam it is.
    """
    codes = sorted(session.scalars(select(Exam.code)), key=len, reverse=True)
    refs = set(session.scalars(select(Notice.ref).where(Notice.exam_id == exam.id)))
    return [
        path
        for path in sorted(config.published.iterdir())
        if path.is_dir() and _owner(path.name, codes, refs, exam.code) == exam.code
    ]


def _owner(name: str, codes: list[str], refs: set[str], code: str) -> str:
    kind, _hyphen, rest = name.partition("-")
    if kind == "notice":
        return code if rest.rpartition("-v")[0] in refs else ""
    return next((one for one in codes if rest == one or rest.startswith(f"{one}-")), "")


def files_of(session: Session, config: Config, exam: Exam) -> list[Item]:
    """Everything published of the exam, without the log; nothing that is for inspectors only."""
    found = [Item("keys.txt", data=keys_text(session).encode())]
    for folder in folders_of(session, config, exam):
        found += _below(folder)
    query = select(DayFigures).where(DayFigures.exam_id == exam.id).order_by(DayFigures.day)
    for row in session.scalars(query):
        found.append(Item(f"figures-{exam.code}/{row.day.isoformat()}.note", data=row.note))
    return found


def _below(folder: Path) -> Iterator[Item]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.name != CONFIDENTIAL:
            yield Item(f"{folder.name}/{path.relative_to(folder).as_posix()}", path)


def log_of(folder: Path, size: int) -> Iterator[Item]:
    """The tiles of the log of this size; its head is read before, and put in by itself."""
    for name in log_files(size):
        yield Item(f"{LOG}/{name}", folder / name)
