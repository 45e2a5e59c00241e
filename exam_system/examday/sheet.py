"""A table as a download, for the officers' pages of the exam day."""

from __future__ import annotations

from collections.abc import Sequence

from flask.typing import ResponseReturnValue

from exam_system.exams.models import Exam
from exam_system.sheets import Cell, write_csv, write_xlsx
from exam_system.web import actor, download, office

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_file(
    exam: Exam,
    kind: str,
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
) -> ResponseReturnValue:
    """A file called `name` of the `kind` csv or xlsx (marked with who took it out and when)."""
    if kind == "csv":
        return download(write_csv(columns, rows), f"{name}.csv", "text/csv")
    parts = office()
    at = parts.clock.now().astimezone(parts.config.zone)
    mark = f"{actor().name} {at:%Y-%m-%d %H:%M}"
    data = write_xlsx(f"{title} {exam.code}", columns, rows, watermark=mark)
    return download(data, f"{name}.xlsx", XLSX)
