"""`exam inspector sealing-key|open-report|answer`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import IO

import click

from exam_system.clock import SystemClock
from exam_system.inspector import reports
from exam_system.inspector.folder import InspectorFolder
from exam_system.inspector.prompt import FOLDER, file_bytes, passphrase
from exam_system.records.tree import write_durable
from exam_system.trust.canonical import sha256_hex

_FILE = click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))


@click.command("sealing-key")
@FOLDER
def sealing_key(folder: Path) -> None:
    """Print the public sealing key, to be handed in at the desk; make it when there is none."""
    secret = passphrase()
    desk = InspectorFolder.open(folder, secret)
    at = int(SystemClock().now().timestamp())
    click.echo(reports.make_sealing_key(desk, secret, at).decode(), nl=False)


@click.command("open-report")
@FOLDER
@_FILE
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder for text and files.")
def open_report(folder: Path, path: Path, out: Path | None) -> None:
    """Open a report that was fetched from the desk, on this machine only."""
    data = file_bytes(path)
    content = reports.open_report(folder, passphrase(), data)
    click.echo(f"report {sha256_hex(data)}\n\n{_printable(content.text)}")
    for name, attached in content.files:
        click.echo(f"attachment {_printable(name)!r}, {len(attached)} bytes")
    if out:
        for written in reports.write_content(content, out):
            click.echo(f"wrote {written}")


def _printable(text: str) -> str:
    # A report comes from a stranger: it must not steer the terminal it is read in.
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)


@click.command()
@FOLDER
@_FILE
@click.option("--text", type=click.File("r", encoding="utf-8"), default="-", show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Default: FILE.answer")
def answer(folder: Path, path: Path, text: IO[str], out: Path | None) -> None:
    """Seal an answer (from --text or standard input) to whoever wrote the report FILE."""
    target = out or path.with_name(f"{path.name}.answer")
    words, chance = text.read(), secrets.token_bytes(64)
    data = reports.answer_report(folder, passphrase(), file_bytes(path), words, chance)
    write_durable(target, data)
    click.echo(f"wrote {target}: hand it in at the desk")
