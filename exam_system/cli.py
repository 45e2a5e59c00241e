"""The command line `exam`: the same verbs as the pages, for whoever runs the machine.

A command's modules are loaded when it is asked for: whoever verifies a folder does not wait for
the web framework and the database.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from exam_system.errors import Fault, Sentence
from exam_system.trust.errors import TrustError

COMMANDS = {
    "archive": ("archive.commands:archive",),
    "candidates": ("registration.commands:candidates",),
    "cases": ("cases.commands:cases",),
    "clock": ("oversight.clock_commands:clock",),
    "database": ("instance_commands:database",),
    "demo": ("demo.command:demo", "demo.anshan.command:anshan"),
    "doctor": ("doctor.command:doctor",),
    "duties": ("duties.commands:duties",),
    "fees": ("fees.commands:fees", "fees.waiver_commands:delete_due_documents"),
    "figures": ("exams.commands:figures",),
    "forensics": ("forensics.commands:forensics",),
    "init": ("instance_commands:init",),
    "inspector": ("inspector.commands:inspector",),
    "keys": ("oversight.key_commands:keys",),
    "log": ("records.commands:log", "oversight.gather:gather"),
    "messages": ("messages.commands:messages",),
    "monitor": ("verify.commands:monitor",),
    "oversight": ("server:board",),
    "phones": ("finding.commands:phones",),
    "photos": ("photos.commands:photos",),
    "release": ("results.commands:release",),
    "report": ("tips.commands:report",),
    "serve": ("server:serve",),
    "tickets": ("examday.commands:tickets",),
    "user": ("accounts.commands:users",),
    "verify": ("verify.commands:verify",),
}
"""Where each command is, and those that other features add to it."""


class Loading(click.Group):
    """A group that looks its commands up in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with all that is added to it; None for an unknown name."""
        found = [_load(place) for place in COMMANDS.get(cmd_name, ())]
        for part in found[1:]:
            assert isinstance(found[0], click.Group)
            found[0].add_command(part)
        return found[0] if found else None


def _load(place: str) -> click.Command:
    module, name = place.split(":")
    command: click.Command = getattr(import_module(f"exam_system.{module}"), name)
    return command


@click.group(cls=Loading)
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
