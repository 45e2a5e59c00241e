"""`exam doctor`: looks an instance over and says what to mend."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from exam_system.doctor.checks import BAD, GOOD, WATCH, Finding
from exam_system.doctor.gathering import Asked, examine
from exam_system.errors import Sentence
from exam_system.language import LANGUAGES, translations

MARKS = {GOOD: "✓", WATCH: "!", BAD: "✗"}


def _spoken() -> str:
    """The language of the terminal."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, names), "").startswith("zh") else "en"


def told(finding: Finding, translate: Callable[[str], str]) -> str:
    """A finding in one line, and in a second one what to do."""
    line = f"{MARKS[finding.level]} {finding.area.text(translate)}: {finding.said.text(translate)}"
    return line if finding.fix is None else f"{line}\n    → {finding.fix.text(translate)}"


@click.command()
@click.option("--witness", "witnesses", multiple=True, metavar="URL",
              help="A witness to reach, beside those that were asked before.")  # fmt: skip
@click.option("--backup", type=click.Path(path_type=Path, file_okay=False),
              help="The folder in which backups arrive: how old is the newest?")  # fmt: skip
@click.option("--language", type=click.Choice(LANGUAGES), default=None,
              help="Of the report; by itself that of the terminal.")  # fmt: skip
@click.pass_obj
def doctor(
    folder: Path, witnesses: tuple[str, ...], backup: Path | None, language: str | None
) -> None:
    """Look the instance over, change nothing, and say for each fault what to do.

    Exit status 1 when something must be mended before work goes on.
    """
    translate = translations(language or _spoken()).gettext
    found = examine(folder, Asked(witnesses, backup))
    for finding in found:
        click.echo(told(finding, translate))
    faults, watched = (sum(one.level == level for one in found) for level in (BAD, WATCH))
    summary = Sentence(
        "%(bad)s to mend, %(watch)s to watch, %(good)s in order",
        bad=faults, watch=watched, good=len(found) - faults - watched,
    )  # fmt: skip
    click.echo(summary.text(translate))
    if faults:
        sys.exit(1)
