"""Lists that leave the office as spreadsheets: every file says who took it out, when, by which act.

An .xlsx file keeps its first sheet clean; the mark stands on a second sheet, in the footer of
every printed page and in the properties. A .csv file has it in its name and as a last column, so
that a part of it can still be traced. Reading a table passes over both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system.records.models import Act, Leaf
from exam_system.sheets import Cell, write_csv, write_xlsx
from exam_system.web import actor, download, office

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
KINDS = ("xlsx", "csv")
MARK_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which export a file is: the act's place in the log, and the beginning of its leaf's hash."""

    who: str
    at: datetime
    act: int
    mark: str

    @property
    def line(self) -> str:
        """All of it in one line."""
        return f"{self.who} {self.at:%Y-%m-%d %H:%M} · {self.act} · {self.mark}"


def stamp(verb: str) -> Stamp:
    """The stamp of the export that the actor has just made; its act is in the log already."""
    parts, who = office(), actor()
    query = (
        select(Leaf.position, Leaf.hash, Act.at)
        .join(Act, Act.id == Leaf.act_id)
        .where(Act.kind == verb, Act.actor == who.ref)
        .order_by(Leaf.position.desc())
        .limit(1)
    )
    with parts.context(who, write=False).session as db:
        position, digest, at = db.execute(query).one()
    return Stamp(who.name, at.astimezone(parts.config.zone), position, digest.hex()[:MARK_DIGITS])


def table(
    kind: str,
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    verb: str,
) -> Response:
    """The file `name` of the `kind` xlsx or csv, marked with the act of `verb` just done."""
    mark = stamp(verb)
    listed = [list(row) for row in rows]
    if kind == "csv":
        marked = [[*row, mark.mark] for row in listed]
        data = write_csv([*columns, _("Export mark")], marked)
        return download(data, f"{name}-{mark.mark}.csv", CSV)
    data = write_xlsx(title, columns, listed, mark.line, _about(mark, title, len(listed)))
    return download(data, f"{name}.xlsx", XLSX)


def _about(mark: Stamp, title: str, rows: int) -> tuple[str, list[tuple[str, str]]]:
    """The second sheet: its name and its lines."""
    lines = [
        (_("About this export"), ""),
        (_("What was exported"), title),
        (_("Number of rows"), str(rows)),
        (_("Exported by"), mark.who),
        (_("Exported at"), f"{mark.at:%Y-%m-%d %H:%M:%S}"),
        (_("Act in the log"), str(mark.act)),
        (_("Export mark"), mark.mark),
        (
            _("Keep in mind"),
            _("Every export is an act in the log; its mark leads back to it."),
        ),
    ]
    return _("About this export"), lines
