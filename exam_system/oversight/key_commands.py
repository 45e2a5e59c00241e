"""`exam keys`: which keys there are, and putting a new one in the place of a server's key."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system import config
from exam_system.accounts.commands import actor_options
from exam_system.chance import SystemChance
from exam_system.clock import rfc3339
from exam_system.command import acting_in, looking_at
from exam_system.context import PUBLIC
from exam_system.keys import ROLES, next_document_key, next_key, set_aside_lost, take_over
from exam_system.office import Office, open_office
from exam_system.oversight.keys import replace_document_key, rotate_key
from exam_system.printing.signing import fingerprint
from exam_system.records.keys import fingerprint as row_print
from exam_system.records.keys import keys_of, rows_of
from exam_system.records.models import RoleKey
from exam_system.trust.keys import Signer, Verifier

DOCUMENT = "document"


@click.group("keys")
def keys() -> None:
    """The keys of this instance."""


@keys.command("list")
@click.pass_obj
def list_keys(folder: Path) -> None:
    """Every key with its fingerprint, and until when it served."""
    with looking_at(folder) as ctx:
        for row in rows_of(ctx.session):
            click.echo(f"{row.role}\t{row.name}\t{row_print(row)}\t{_state(row)}")
        click.echo(f"{DOCUMENT}\tpdf.crt\t{fingerprint(ctx.keys.pdf_certificate)}\tserves")


def _state(row: RoleKey) -> str:
    if row.retired_at is None:
        return "serves"
    return f"retired {rfc3339(row.retired_at)} at {row.retired_size} acts"


@keys.command()
@click.argument("role", type=click.Choice([*ROLES, DOCUMENT]))
@click.option("--lost", is_flag=True, help="The private key is gone or does not open.")
@actor_options[0]
@actor_options[1]
@click.pass_obj
def rotate(folder: Path, role: str, lost: bool, actor: str, reason: str) -> None:
    """Put a new key in the place of ROLE's. Stop the service first: it holds the old one.

    The new key is stored encrypted, the old file is replaced by it. Run it again after a crash.
    """
    settings = config.load(folder)
    if lost and role != DOCUMENT:
        set_aside_lost(settings, role, SystemChance())
    office = open_office(folder)
    if role == DOCUMENT:
        told = _document(office, actor, reason)
    else:
        told = _rotated(office, role, actor, reason)
    open_office(folder).seal()
    click.echo(f"{told}; start the service again, and announce the fingerprint on paper")


def _rotated(office: Office, role: str, actor: str, reason: str) -> str:
    mine: Signer = getattr(office.keys, role)
    with office.context(PUBLIC, write=False).session as db:
        (serves,) = keys_of(db, role)
    if serves == mine.verifier:
        office.seal()  # the last head under a key of the log is its own
        new = next_key(office.config, role, office.chance)
        with acting_in(office, actor, reason) as ctx:
            rotate_key(ctx, role=role, new=new, old=mine)
        take_over(office.config, f"{role}.pem")
    else:
        new = _finished(office, role, actor, reason, mine, serves)
    return f"{role} {new.name} {new.verifier.fingerprint}"


def _finished(
    office: Office, role: str, actor: str, reason: str, mine: Signer, serves: Verifier
) -> Signer:
    """What a crash or a loss left: the next key is registered and not in its place, or the key in
    its place is not registered."""
    path = office.config.instance / "keys" / f"{role}.new.pem"
    if path.exists():
        new = next_key(office.config, role, office.chance)
        if new.verifier == serves:
            take_over(office.config, f"{role}.pem")
            return new
    with acting_in(office, actor, reason) as ctx:
        rotate_key(ctx, role=role, new=mine, old=None)
    return mine


def _document(office: Office, actor: str, reason: str) -> str:
    certificate = next_document_key(office.config, office.clock.now())
    with acting_in(office, actor, reason) as ctx:
        replace_document_key(ctx, old=ctx.keys.pdf_certificate, new=certificate)
    take_over(office.config, "pdf.pem", "pdf.crt")
    return f"{DOCUMENT} {fingerprint(certificate)}"
