"""The published notices as a list to take out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _

from exam_system.context import Context
from exam_system.language import when
from exam_system.notices.lookup import posted
from exam_system.notices.rules import CATEGORIES
from exam_system.sheets import Cell

NOTICES = ("Number", "Version", "Kind", "Exam", "Title", "Published", "Event", "Late", "Digest")


def notices(ctx: Context, _fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """Every notice in its newest version, the newest first; `Late` in whole seconds."""
    for one in posted(ctx.session):
        row, late = one.version, one.version.late or 0
        told = (_(CATEGORIES[one.notice.category]), one.exam, row.title, when(row.published_at))
        yield one.notice.ref, row.version, *told, when(row.event_at), late, row.digest
