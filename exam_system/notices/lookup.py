"""Finding notices, their versions, steps and files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.errors import NotFound
from exam_system.exams.models import Exam
from exam_system.notices.models import Notice, NoticeFile, NoticeStep, NoticeVersion


@dataclass(frozen=True, slots=True)
class Shown:
    """A version with its notice and the code of its exam ("" for one of the whole office)."""

    notice: Notice
    version: NoticeVersion
    exam: str

    @property
    def folder(self) -> str:
        """The folder below `published`."""
        return f"notice-{self.notice.ref}-v{self.version.version}"

    @property
    def document(self) -> Mapping[str, Any]:
        """What the version says."""
        found: dict[str, Any] = json.loads(self.version.document)
        return found


_SHOWN = (
    select(Notice, NoticeVersion, Exam.code)
    .join(NoticeVersion, NoticeVersion.notice_id == Notice.id)
    .outerjoin(Exam, Exam.id == Notice.exam_id)
)
_NEWEST = (
    select(func.max(NoticeVersion.id))
    .where(NoticeVersion.state == "published")
    .group_by(NoticeVersion.notice_id)
)


def _all(session: Session, query: Any) -> list[Shown]:
    return [Shown(notice, version, code or "") for notice, version, code in session.execute(query)]


def posted(session: Session, *, limit: int = 500) -> list[Shown]:
    """The newest published version of every notice, the newest first."""
    query = _SHOWN.where(NoticeVersion.id.in_(_NEWEST))
    return _all(session, query.order_by(NoticeVersion.published_at.desc()).limit(limit))


def posted_of(session: Session, exams: Sequence[Exam]) -> list[Shown]:
    """The newest published version of every notice on one of these exams."""
    ids = [exam.id for exam in exams]
    query = _SHOWN.where(NoticeVersion.id.in_(_NEWEST), Notice.exam_id.in_(ids))
    return _all(session, query.order_by(NoticeVersion.published_at.desc()))


def to_review(session: Session, day: date) -> list[Shown]:
    """The newest versions whose review date has passed, the oldest date first."""
    query = _SHOWN.where(NoticeVersion.id.in_(_NEWEST), NoticeVersion.review_on < day)
    return _all(session, query.order_by(NoticeVersion.review_on, NoticeVersion.id))


def withheld(session: Session) -> list[Shown]:
    """Every notice that is withheld now."""
    query = _SHOWN.where(NoticeVersion.state == "withheld")
    return _all(session, query.order_by(NoticeVersion.withheld_until, NoticeVersion.id))


def under_way(session: Session) -> list[Shown]:
    """The versions that are not published, the oldest first."""
    query = _SHOWN.where(NoticeVersion.state.not_in(("published", "withheld")))
    return _all(session, query.order_by(NoticeVersion.id))


def versions_of(session: Session, ref: str, *, public: bool) -> list[Shown]:
    """The versions of a notice, the newest first; NotFound when there is none (to see)."""
    query = _SHOWN.where(Notice.ref == ref)
    if public:
        query = query.where(NoticeVersion.state == "published")
    found = _all(session, query.order_by(NoticeVersion.version.desc()))
    if not found:
        raise NotFound("There is no notice %(ref)s", ref=ref[:16])
    return found


def locked(session: Session, ref: str) -> Notice:
    """The notice, locked until the transaction ends; raises NotFound."""
    notice = session.scalar(select(Notice).where(Notice.ref == ref).with_for_update())
    if notice is None:
        raise NotFound("There is no notice %(ref)s", ref=ref[:16])
    return notice


def notice_of(session: Session, version: NoticeVersion) -> Notice:
    """The notice of a version."""
    return session.get_one(Notice, version.notice_id)


def newest_version(session: Session, notice: Notice) -> NoticeVersion:
    """The version with the highest number, published or not."""
    query = select(NoticeVersion).where(NoticeVersion.notice_id == notice.id)
    return session.scalars(query.order_by(NoticeVersion.version.desc()).limit(1)).one()


def steps_of(session: Session, versions: Iterable[int]) -> Sequence[tuple[NoticeStep, Account]]:
    """What was done with these versions and by whom, in order."""
    query = (
        select(NoticeStep, Account)
        .join(Account, Account.id == NoticeStep.account_id)
        .where(NoticeStep.version_id.in_(set(versions)))
        .order_by(NoticeStep.id)
    )
    return [(step, account) for step, account in session.execute(query)]


def current_steps(session: Session, version: NoticeVersion) -> list[tuple[NoticeStep, Account]]:
    """The author's step and those of the levels that passed the text as it stands."""
    found: list[tuple[NoticeStep, Account]] = []
    for step, account in steps_of(session, [version.id]):
        if step.outcome == "drafted":
            found = [(step, account)]
        elif step.outcome == "passed":
            found.append((step, account))
        elif step.outcome in ("returned", "withheld"):
            found = found[:1]
    return found


def files_of(session: Session, version: NoticeVersion) -> Sequence[NoticeFile]:
    """The attached files by name."""
    query = select(NoticeFile).where(NoticeFile.version_id == version.id)
    return session.scalars(query.order_by(NoticeFile.name)).all()


def stamp(session: Session) -> int:
    """A number that grows with whatever is done to any notice: what pages are kept under."""
    return session.scalar(select(func.max(NoticeStep.id))) or 0
