"""`exam verify`: for anybody, with the public files and keys alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exam_system.verify.checks import Unreadable
from exam_system.verify.monitor import FIELDS, Alarm, find, visit
from exam_system.verify.run import verify as run


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(path_type=Path),
    help="The keys you trust; otherwise the nearest keys.txt from PATH upwards.",
)
@click.option(
    "--against",
    "old",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="An older copy of PATH, which may since only have grown.",
)
def verify(paths: tuple[Path, ...], keys_file: Path | None, old: Path | None) -> None:
    """Verify draws, publications, the log, proofs, slips and notes.

    Exit status 0: everything holds; 1: something is refused; 2: something cannot be read.
    """
    try:
        outcome = run(paths, keys_file, old)
    except (Unreadable, OSError) as error:
        click.echo(f"exam verify: {error}", err=True)
        sys.exit(2)
    for line in outcome.lines:
        click.echo(line)
    click.echo(f"{outcome.files} files verified")
    if outcome.refused:
        click.echo(f"{len(outcome.refused)} refused", err=True)
        sys.exit(1)


@click.command()
@click.argument("words", metavar="URL|DIR STATE | STATE FIELD=VALUE…", nargs=-1, required=True)
@click.option("--keys", "keys_file", type=click.Path(path_type=Path), help="keys.txt you trust.")
@click.option("--find", "finding", is_flag=True, help="Search the acts that STATE has kept.")
def monitor(words: tuple[str, ...], keys_file: Path | None, finding: bool) -> None:
    """Keep every state of a log and see that it only grows; --find searches what was kept.

    Fields: actor, about, kind, exam. Exit status 0: it grew; 1: it shrank, forked or was
    rewritten; 2: something cannot be read.
    """
    try:
        if finding:
            _find(Path(words[0]), words[1:])
            return
        if len(words) != 2:
            raise click.UsageError("Give the log's URL or folder, and the folder of your states.")
        for line in visit(words[0], Path(words[1]), keys_file):
            click.echo(line)
    except Alarm as error:
        click.echo(f"ALARM {error}", err=True)
        sys.exit(1)
    except (Unreadable, OSError) as error:
        click.echo(f"exam monitor: {error}", err=True)
        sys.exit(2)


def _find(state: Path, words: tuple[str, ...]) -> None:
    asked = dict(word.partition("=")[::2] for word in words)
    if strange := sorted(set(asked) - set(FIELDS)):
        raise click.UsageError(f"{', '.join(strange)}: search by {', '.join(FIELDS)}, as kind=…")
    number = 0
    for place, entry in find(state, asked):
        number += 1
        parts = (entry.at, entry.kind, entry.exam or "-", entry.actor, entry.subject)
        click.echo(f"{place} {' '.join(parts)}")
    click.echo(f"{number} acts")
