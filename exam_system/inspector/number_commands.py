"""`exam inspector open-numbers`."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system.inspector.numbers import labels, open_numbers
from exam_system.inspector.prompt import FOLDER, file_bytes, passphrase
from exam_system.records.tree import write_durable

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("open-numbers")
@FOLDER
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--codes", type=_FILE, help="The office's table of drawn codes (.csv).")
@click.option("-o", "--out", type=_FILE, help="Where the labels of the scripts go (.csv).")
def numbers(folder: Path, path: Path, codes: Path | None, out: Path | None) -> None:
    """Open the sealed key of script numbers, on this machine only.

    With --codes and -o it writes the number to stick on each script. Without them it prints the
    key, which closes marking when it is handed in at the desk.
    """
    exam, secret = open_numbers(folder, passphrase(), file_bytes(path))
    if codes is None or out is None:
        click.echo(f"exam {exam}\nkey {secret}")
        return
    write_durable(out, labels(secret, file_bytes(codes)))
    click.echo(f"wrote {out}: who has it knows whose script is whose until marking closes")
