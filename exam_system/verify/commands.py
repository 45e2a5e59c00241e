"""`exam verify`: for anybody, with the public files and keys alone."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from exam_system.verify.checks import Unreadable
from exam_system.verify.monitor import FIELDS, Alarm, find, visit
from exam_system.verify.run import Door
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
@click.option(
    "--withdrawn",
    "lists",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A signed list of withdrawn admission tickets, for a door without a network.",
)
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ"]),
    help="The time at the door, 2026-03-14T08:30:00+0800: tickets whose exam is over are refused.",
)
@click.option("--pick-up", "code", default="", help="Open the one record of PATH, a look-up tree.")
def verify(
    paths: tuple[Path, ...],
    keys_file: Path | None,
    old: Path | None,
    lists: tuple[Path, ...],
    at: datetime | None,
    code: str,
) -> None:
    """Verify draws, publications, the log, proofs, slips, tickets and notes.

    Exit status 0: everything holds; 1: something is refused; 2: something cannot be read.
    """
    try:
        outcome = run(paths, keys_file, old, Door(lists, _utc(at), code))
    except (Unreadable, OSError) as error:
        click.echo(f"exam verify: {error}", err=True)
        sys.exit(2)
    for line in outcome.lines:
        click.echo(line)
    click.echo(f"{outcome.files} files verified")
    if outcome.refused:
        click.echo(f"{len(outcome.refused)} refused", err=True)
        sys.exit(1)


def _utc(at: datetime | None) -> str:
    """RFC 3339 in UTC; a time without zone is UTC."""
    if at is None:
        return ""
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
