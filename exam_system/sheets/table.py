"""What a table is: its columns, its rows, and what is wrong with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from exam_system.sheets.sentence import Sentence, untranslated

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is looked for by any of `names` (the first one is shown in errors).

    `required`: the column must be there and, unless `blank`, every cell of it filled in.
    `parse` gets the trimmed text of a filled cell and raises ValueError with a sentence; an
    empty cell is None. `unique`: no two rows of the file have the same parsed value (hashable).
    """

    key: str
    names: tuple[str, ...]
    required: bool = True
    parse: Callable[[str], Any] = str
    blank: bool = False
    unique: bool = False

    @property
    def must_be_filled(self) -> bool:
        return self.required and not self.blank


@dataclass(frozen=True, slots=True)
class Sheet:
    """All rows of a table. Each row also has "_sheet" and "_row" (1-based, as the user sees it).

    `ignored`: headers that no column asked for. `skipped`: worksheets that were not read because
    they are hidden or have no known header; show both, so that nothing is left out silently.
    """

    name: str
    rows: list[dict[str, Any]]
    ignored: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellError:
    """One problem. `row` is 0 when it concerns the whole sheet, `column` "" a whole row."""

    sheet: str
    row: int
    column: str
    message: Sentence

    def text(self, translate: Callable[[str], str] = untranslated) -> str:
        return self._sentence().text(translate)

    def _sentence(self) -> Sentence:
        if not self.row:
            return Sentence("%(sheet)s: %(message)s", sheet=self.sheet, message=self.message)
        if not self.column:
            return Sentence(
                "%(sheet)s, row %(row)s: %(message)s",
                sheet=self.sheet,
                row=self.row,
                message=self.message,
            )
        return Sentence(
            "%(sheet)s, row %(row)s, column %(column)s: %(message)s",
            sheet=self.sheet,
            row=self.row,
            column=self.column,
            message=self.message,
        )


class SheetError(ValueError):
    """The table was refused as a whole. `errors` are the first problems, `number` counts all."""

    def __init__(self, errors: Sequence[CellError], number: int | None = None) -> None:
        super().__init__(errors)
        self.errors = tuple(errors)
        self.number = len(errors) if number is None else number

    def lines(self, translate: Callable[[str], str] = untranslated) -> list[str]:
        """The first 20 problems, one sentence each, and how many more there are."""
        shown = [error.text(translate) for error in self.errors[:SHOWN]]
        rest = self.number - len(shown)
        if rest:
            shown.append(Sentence("And %(number)s more problems.", number=rest).text(translate))
        return shown

    def __str__(self) -> str:
        return "\n".join(self.lines())


def letter(index: int) -> str:
    """The name of the column at `index` (from 0): A … Z, AA … XFD."""
    name = ""
    number = index + 1
    while number:
        number, digit = divmod(number - 1, 26)
        name = chr(ord("A") + digit) + name
    return name
