"""`exam duties …`: the red lines for a timer, the pledge of whoever works on the command line."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system.accounts import factors
from exam_system.accounts.service import actor_named
from exam_system.context import PUBLIC, SYSTEM
from exam_system.duties import pledges
from exam_system.duties.watching import check_lines, is_behind
from exam_system.errors import Refused
from exam_system.office import open_office


@click.group()
def duties() -> None:
    """Integrity pledges and red lines."""


@duties.command("check")
@click.pass_obj
def check(folder: Path) -> None:
    """Look through what has come into the log for crossed red lines."""
    parts = open_office(folder)
    ctx = parts.context(SYSTEM, write=True)
    with ctx.session:
        if not is_behind(ctx.session):
            click.echo("nothing new")
            return
        found = check_lines(ctx)
        ctx.session.commit()
    parts.seal()
    click.echo(f"{len(found.opened)} new findings, {len(found.grown)} with further acts")


@duties.command("pledge")
@click.argument("username")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.password_option(confirmation_prompt=False, help="The own password of USERNAME.")
@click.pass_obj
def sign(folder: Path, username: str, language: str, password: str) -> None:
    """Read and sign the integrity pledge of USERNAME's post with the own password."""
    parts = open_office(folder)
    ctx = parts.context(PUBLIC, write=True)
    with ctx.session:
        ctx.actor = actor_named(ctx, username)
        text = pledges.in_force(ctx.session, ctx.actor.role.value)
        click.echo(text.zh if language == "zh" else text.en)
        holds = factors.prove_password(ctx, password, pledges.occasion(ctx, text))
        if holds:
            pledges.sign_pledge(ctx, digest=text.digest)
        ctx.session.commit()
    parts.seal()
    if not holds:
        raise Refused("Your password or code is wrong: nothing was signed")
    click.echo(f"signed: {text.digest}")
