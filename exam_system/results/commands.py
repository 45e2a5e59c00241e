"""`exam release`: publication at the announced minute, pick-up codes, the files of score day."""

from __future__ import annotations

import time
from pathlib import Path

import click

from exam_system.command import acting_as, looking_at
from exam_system.context import Actor
from exam_system.errors import Refused
from exam_system.office import open_office
from exam_system.results.codes import give_codes
from exam_system.results.lookup import export_lookup
from exam_system.results.service import publish_release
from exam_system.results.timing import due

BEAT = 0.2  # seconds between two looks at the clock while it waits


@click.group()
def release() -> None:
    """Published lists: their minute, and the files with which millions look scores up."""


@release.command()
@click.option("--wait", default=0, help="Go on looking for so many seconds.")
@click.pass_obj
def publish(folder: Path, wait: int) -> None:
    """Publish every version that was ordered and whose announced minute has come.

    It is the act of the officer who ordered it. Run it each minute from a timer, or with --wait
    shortly before: it then publishes within a second.
    """
    parts, told = open_office(folder), 0
    until = time.monotonic() + wait
    while True:
        with looking_at(folder) as ctx:
            found = due(ctx.session, ctx.due())
        for code, version, officer in found:
            told += _published(folder, code, version, officer)
        if time.monotonic() >= until or found:
            break
        time.sleep(BEAT)
    parts.seal()
    click.echo(f"{told} published")


def _published(folder: Path, code: str, version: int, officer: Actor) -> int:
    parts = open_office(folder)
    ctx = parts.context(officer, write=True, reason="at the announced minute")
    with ctx.session:
        try:
            target = publish_release(ctx, code=code, version=version)
        except Refused as error:
            click.echo(f"{code} v{version}: {error}", err=True)
            return 0
        ctx.session.commit()
    click.echo(f"{target.name} published")
    return 1


@release.command("codes")
@click.argument("code")
@click.option("--by", "username", required=True, help="The officer whose act it is.")
@click.option("--reason", required=True, help="Why; kept with the act.")
@click.pass_obj
def codes(folder: Path, code: str, username: str, reason: str) -> None:
    """Give a pick-up code to every candidate of exam CODE who has a seat and none yet."""
    with acting_as(folder, username, reason) as ctx:
        given = give_codes(ctx, code=code)
    click.echo(f"{given} pick-up codes given")


@release.command("export")
@click.argument("code")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--version", type=int, help="A version of the lists; otherwise the newest.")
@click.option("--by", "username", required=True, help="The officer whose act it is.")
@click.option("--reason", required=True, help="Why; kept with the act.")
@click.pass_obj
def export(
    folder: Path, code: str, target: Path, version: int | None, username: str, reason: str
) -> None:
    """Write the look-up files of a published list of exam CODE into the empty folder DIR.

    nginx or any CDN serves them as they are; `exam verify DIR` checks them.
    """
    with acting_as(folder, username, reason) as ctx:
        tree = export_lookup(ctx, code=code, folder=target, version=version)
    click.echo(f"{tree.note.records} records in {len(tree.shards)} files in {target}")
