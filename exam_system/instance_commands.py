"""`exam init` and `exam database`: the instance itself."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system import config, dbrole, instance
from exam_system.chance import SystemChance
from exam_system.clock import SystemClock
from exam_system.command import found_log
from exam_system.keys import PASSPHRASE
from exam_system.printing.fonts import make_fonts


@click.command()
@click.option("--origin", default="localhost/exam-log", help="Name of the log, for ever.")
@click.option("--bureau", default="演示市人事考试局", help="Name of the bureau in Chinese.")
@click.option("--bureau-en", default="Demonstration City Personnel Examination Bureau")
@click.option("--area-code", default="520400", help="The bureau's own area, GB/T 2260.")
@click.option("--base-url", default="http://127.0.0.1:8000")
@click.option("--database-url", default="sqlite:///exam.db")
@click.option("--fonts", default="fonts", help="Where the fonts are kept; below the instance.")
@click.option("--demonstration", is_flag=True, help="Weak passwords, rehearsal time, no https.")
@click.option("--migrate", is_flag=True, help="Only bring tables and fonts up to date.")
@click.pass_obj
def init(folder: Path, /, demonstration: bool, migrate: bool, **values: str) -> None:
    """Create an instance: configuration, keys, fonts, tables."""
    if migrate:
        settings = config.load(folder)
        instance.migrate(settings)
        make_fonts(settings.fonts_folder)  # those that are missing
        return
    rest = {
        "demonstration": demonstration,
        "secure_cookies": not demonstration,
        "password_cost": "cheapest" if demonstration else "standard",
        "proof_of_work": 20 if demonstration else 4_000,
    }
    instance.create_instance(folder, {**values, **rest}, SystemClock().now(), SystemChance())
    found_log(folder)
    click.echo(f"created {folder}; keep {PASSPHRASE} safe: the keys do not open without it")


@click.group()
def database() -> None:
    """The application's role on PostgreSQL."""


@database.command("grant")
@click.pass_obj
def grant_rights(folder: Path) -> None:
    """Give the role of database_url what it needs, as the owner of EXAM_OWNER_DATABASE_URL."""
    role = dbrole.grant(config.load(folder))
    click.echo(f"{role} may add to the log and change nothing in it")
