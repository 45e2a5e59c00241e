"""The command line `exam`: the same verbs as the pages, for whoever runs the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exam_system import config, dbrole, instance
from exam_system.accounts.commands import users
from exam_system.app import create_app
from exam_system.chance import SystemChance
from exam_system.clock import SystemClock
from exam_system.command import found_log
from exam_system.demo.anshan.command import anshan
from exam_system.demo.command import demo
from exam_system.errors import Fault, Sentence
from exam_system.examday.commands import tickets
from exam_system.exams.commands import figures
from exam_system.fees.commands import fees
from exam_system.fees.waiver_commands import delete_due_documents
from exam_system.inspector.commands import inspector
from exam_system.keys import PASSPHRASE
from exam_system.messages.commands import messages
from exam_system.oversight.board_commands import board_commands
from exam_system.oversight.clock_commands import clock
from exam_system.oversight.gather import gather
from exam_system.oversight.key_commands import keys
from exam_system.photos.commands import photos
from exam_system.records.commands import log
from exam_system.server import serve
from exam_system.tips.commands import report
from exam_system.trust.errors import TrustError
from exam_system.verify.commands import monitor, verify


@click.group()
@click.option(
    "--instance",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("instance"),
    show_default=True,
    help="The folder of configuration, database, keys and published files.",
)
@click.pass_context
def exam(context: click.Context, folder: Path) -> None:
    """Public personnel exams from announcement to appointment, open to anybody's check."""
    context.obj = folder


@exam.command()
@click.option("--origin", default="localhost/exam-log", help="Name of the log, for ever.")
@click.option("--bureau", default="演示市人事考试局", help="Name of the bureau in Chinese.")
@click.option("--bureau-en", default="Demonstration City Personnel Examination Bureau")
@click.option("--area-code", default="520400", help="The bureau's own area, GB/T 2260.")
@click.option("--base-url", default="http://127.0.0.1:8000")
@click.option("--database-url", default="sqlite:///exam.db")
@click.option("--fonts", default="fonts", help="Where the fonts are kept; below the instance.")
@click.option("--demonstration", is_flag=True, help="Weak passwords, rehearsal time, no https.")
@click.option("--migrate", is_flag=True, help="Only bring the tables of an instance up to date.")
@click.pass_obj
def init(folder: Path, /, demonstration: bool, migrate: bool, **values: str) -> None:
    """Create an instance: configuration, keys, fonts, tables."""
    if migrate:
        instance.migrate(config.load(folder))
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


@exam.group()
def database() -> None:
    """The application's role on PostgreSQL."""


@database.command("grant")
@click.pass_obj
def grant_rights(folder: Path) -> None:
    """Give the role of database_url what it needs, as the owner of EXAM_OWNER_DATABASE_URL."""
    role = dbrole.grant(config.load(folder))
    click.echo(f"{role} may add to the log and change nothing in it")


exam.add_command(demo)
demo.add_command(anshan)
exam.add_command(serve)
exam.add_command(users)
exam.add_command(fees)
fees.add_command(delete_due_documents)
exam.add_command(messages)
exam.add_command(photos)
exam.add_command(figures)
exam.add_command(inspector)
exam.add_command(log)
log.add_command(gather)
exam.add_command(keys)
exam.add_command(clock)
exam.add_command(board_commands(create_app))
exam.add_command(report)
exam.add_command(tickets)
exam.add_command(verify)
exam.add_command(monitor)


def main() -> None:
    """Run the command line; refusals are sentences on standard error, exit 1."""
    try:
        exam(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except (Sentence, Fault, TrustError) as error:
        click.echo(f"exam: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
