"""The rows of the lists of marking, as in `rows`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple

from exam_system.context import Context
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.marking import progress
from exam_system.marking.blind import markers_of
from exam_system.sheets import Cell

Fields = Mapping[str, str]
Rows = Iterable[Sequence[Cell]]
FIGURES = (
    *("Name", "Waiting", "Marked", "Third marks", "Mean mark", "Within the threshold (per cent)"),
    *("Mean difference", "Marks an hour", "Drift"),
)
MARKERS = ("Marker", "Name", "Employer", "Area code")


def _exam(ctx: Context, fields: Fields) -> Exam:
    return exam_by_code(ctx.session, fields["code"])


def by_question(ctx: Context, fields: Fields) -> Rows:
    """How far every question is."""
    return [astuple(one) for one in progress.by_question(ctx.session, _exam(ctx, fields))]


def by_marker(ctx: Context, fields: Fields) -> Rows:
    """How far every marker is, and how their marks compare."""
    return [astuple(one) for one in progress.by_marker(ctx.session, _exam(ctx, fields))]


def markers(ctx: Context, fields: Fields) -> Rows:
    """Who marks scripts of an exam."""
    for one in markers_of(ctx.session, _exam(ctx, fields)):
        yield one.label, one.name, one.employer, one.area_code
