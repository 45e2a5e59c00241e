"""`exam fees`: rounds to the payment gateway and the daily reconciliation, for a timer."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from exam_system.context import SYSTEM
from exam_system.errors import Fault
from exam_system.fees import reconciling
from exam_system.fees.comparing import Line, read_bank
from exam_system.fees.desk import days_bill
from exam_system.fees.models import Statement
from exam_system.fees.settling import Round, settle_orders, settle_refunds
from exam_system.office import Office, open_office
from exam_system.sheets import SheetError


@click.group()
def fees() -> None:
    """Orders, refunds and the daily reconciliation."""


@fees.command()
@click.option(
    "--older-than",
    "minutes",
    default=10,
    type=click.IntRange(0),
    show_default=True,
    help="Minutes since an order was made or last asked about.",
)
@click.pass_obj
def query(folder: Path, minutes: int) -> None:
    """Ask the gateway about orders that wait for their payment: callbacks get lost."""
    result = settle_orders(open_office(folder), older=timedelta(minutes=minutes))
    _tell(result, "orders asked about", "had been paid")


@fees.command()
@click.pass_obj
def refunds(folder: Path) -> None:
    """Ask for the refunds that were ordered, and how far those are that the gateway has."""
    _tell(settle_refunds(open_office(folder)), "refunds asked about", "moved on")


def _tell(result: Round, asked: str, news: str) -> None:
    click.echo(f"{result.asked} {asked}, {result.news} {news}")
    for trouble in result.troubles:
        click.echo(trouble, err=True)
    if result.troubles:
        sys.exit(1)


@fees.command()
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.option(
    "--bank",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The bank's file of the day (.csv or .xlsx) in place of the gateway's bill.",
)
@click.option(
    "--bill",
    type=click.Choice(sorted(reconciling.BILLS)),
    default="gateway",
    show_default=True,
    help="Whose bill: gateway is WeChat Pay's.",
)
@click.pass_obj
def reconcile(folder: Path, day: datetime, bank: Path | None, bill: str) -> None:
    """Compare the lines of DAY (Beijing time) with our books and sign the outcome.

    Exit status 0: every line matches; 1: something waits to be looked into.
    """
    parts = open_office(folder)
    source, theirs = "bank", _bank(bank) if bank else []
    if not bank:
        lines = days_bill(parts.config, day.date(), reconciling.BILLS[bill])
        source, theirs = bill, reconciling.bill_lines(lines)
    done = reconcile_day(parts, day.date(), source, theirs)
    click.echo(
        f"{done.day} {done.source} version {done.version}: {done.matched} match, "
        f"{done.only_ours} only ours, {done.only_theirs} only theirs, {done.differs} differ"
    )
    if done.only_ours or done.only_theirs or done.differs:
        sys.exit(1)


def _bank(path: Path) -> list[Line]:
    try:
        return read_bank(path.name, path.read_bytes())
    except SheetError as error:
        raise Fault("\n".join(error.lines())) from None


def reconcile_day(parts: Office, day: date, source: str, theirs: list[Line]) -> Statement:
    """The verb in a transaction of the system's, and its act sealed."""
    ctx = parts.context(SYSTEM, write=True)
    with ctx.session:
        done = reconciling.reconcile_day(ctx, day=day, source=source, theirs=theirs)
        ctx.session.commit()
    parts.seal()
    return done
