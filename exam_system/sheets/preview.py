"""What a table would change in a list that is there: added, changed, removed, unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from exam_system.trust.canonical import JSON, jcs, sha256_hex

Kind = Literal["added", "changed", "removed"]
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One row that becomes another, by its key; a row that is added has no `before`."""

    kind: Kind
    key: str
    before: Cells = ()
    after: Cells = ()

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Before and after, column by column; both the same where nothing changes."""
        return list(zip(self.before or self.after, self.after or self.before, strict=True))


@dataclass(frozen=True, slots=True)
class Preview:
    """The difference a table makes, by the columns of the list; `notes` say what else it does."""

    columns: Cells
    lines: tuple[Line, ...]
    unchanged: int
    notes: Cells = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are added, changed, removed and unchanged."""
        kinds = [line.kind for line in self.lines]
        named = {kind: kinds.count(kind) for kind in ("added", "changed", "removed")}
        return {**named, "unchanged": self.unchanged}

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything that changes: another list or table gives another one."""
        rows: list[JSON] = [
            [one.kind, one.key, list(one.before), list(one.after)] for one in self.lines
        ]
        return sha256_hex(jcs([list(self.columns), rows, self.unchanged]))


def compare(
    columns: Sequence[str],
    before: Mapping[str, Sequence[str]],
    after: Mapping[str, Sequence[str]],
    *,
    removes: bool = True,
) -> Preview:
    """Compare a list with a table, both by key, each row as the text of its cells.

    `removes`: whether rows that the table lacks go; otherwise they stay as they are.
    """
    lines = tuple(_lines(before, after, removes))
    touched = sum(line.kind != "added" for line in lines)
    return Preview(tuple(columns), lines, len(before) - touched)


def _lines(
    before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]], removes: bool
) -> Iterator[Line]:
    for key, cells in before.items():
        if key not in after and removes:
            yield Line("removed", key, before=tuple(cells))
        elif key in after and tuple(after[key]) != tuple(cells):
            yield Line("changed", key, tuple(cells), tuple(after[key]))
    for key, cells in after.items():
        if key not in before:
            yield Line("added", key, after=tuple(cells))
