"""`exam user …`: accounts from the command line."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts import service, takeover_files, takeovers
from exam_system.accounts.factors import remove_second_factor
from exam_system.accounts.models import Account
from exam_system.command import acting_as, looking_at
from exam_system.oversight.service import register_inspector

actor_options = (
    click.option("--actor", required=True, help="Login name of who does this."),
    click.option("--reason", required=True, help="Why; kept with the act."),
)


@click.group("user")
def users() -> None:
    """List, add and close accounts of staff."""


@users.command("list")
@click.pass_obj
def list_users(folder: Path) -> None:
    """Every member of staff with role, office and state."""
    with looking_at(folder) as ctx:
        query = select(Account).where(Account.role != "candidate").order_by(Account.username)
        for row in ctx.session.scalars(query):
            state = "" if row.active else "closed"
            click.echo("\t".join([row.username, row.role, row.name, row.office or "", state]))


@users.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(sorted(r.value for r in service.STAFF)), required=True)
@click.option("--office", default="", help="The unit they work for; none for interviewers.")
@click.password_option()
@actor_options[0]
@actor_options[1]
@click.pass_obj
def add_user(folder: Path, /, role: str, actor: str, reason: str, **texts: str) -> None:
    """Add a member of staff. The very first administrator is added with `--actor system`."""
    with acting_as(folder, actor, reason) as ctx:
        service.create_account(ctx, role=Role(role), **texts)


@users.command("close")
@click.argument("username")
@actor_options[0]
@actor_options[1]
@click.pass_obj
def close_user(folder: Path, username: str, actor: str, reason: str) -> None:
    """Close an account and end its sessions."""
    with acting_as(folder, actor, reason) as ctx:
        service.close_account(ctx, username=username)


@users.command("remove-factors")
@click.argument("username")
@actor_options[0]
@actor_options[1]
@click.pass_obj
def remove_factors(folder: Path, username: str, actor: str, reason: str) -> None:
    """Remove the second factors of somebody who has lost theirs."""
    with acting_as(folder, actor, reason) as ctx:
        remove_second_factor(ctx, username=username)


@users.command("delete-documents")
@click.option("--days", type=click.IntRange(30), default=90, show_default=True)
@actor_options[0]
@actor_options[1]
@click.pass_obj
def delete_documents(folder: Path, days: int, actor: str, reason: str) -> None:
    """Delete the pictures of ID cards of takeovers that were decided so long ago."""
    with acting_as(folder, actor, reason) as ctx:
        digests = takeovers.forget_documents(ctx, days=days)
    takeover_files.delete(ctx.config, digests)
    click.echo(f"{len(digests)} pictures deleted")


@users.command("inspector-key")
@click.argument("vkey")
@actor_options[0]
@actor_options[1]
@click.pass_obj
def add_inspector_key(folder: Path, vkey: str, actor: str, reason: str) -> None:
    """Register an inspector's public key (VKEY as `exam inspector init` prints it)."""
    with acting_as(folder, actor, reason) as ctx:
        register_inspector(ctx, vkey=vkey)
