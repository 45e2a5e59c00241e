"""`exam inspector`: key, memory, cosignatures, on files and over HTTP."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import click

from exam_system.clock import SystemClock
from exam_system.inspector import number_commands, report_commands
from exam_system.inspector.folder import InspectorFolder
from exam_system.inspector.prompt import FOLDER, file_bytes, passphrase
from exam_system.inspector.reading import Declined
from exam_system.inspector.reports import make_sealing_key
from exam_system.inspector.serve import WitnessServer
from exam_system.records.tree import write_durable
from exam_system.trust.keys import Verifier

_MOST_BYTES = 1_000_000
_MOST_FILES = 200


@click.group()
def inspector() -> None:
    """The inspector's own machine: key, memory, cosignatures."""


for command in (
    report_commands.sealing_key,
    report_commands.open_report,
    report_commands.answer,
    number_commands.numbers,
):
    inspector.add_command(command)


@inspector.command()
@FOLDER
@click.option("--name", required=True, help="Name of the key, e.g. city.example/inspector.")
def init(folder: Path, name: str) -> None:
    """Make the inspector's keys in DIR and print the public half of the signing key."""
    secret = passphrase(confirm=True)
    made = InspectorFolder.create(folder, name, secret)
    make_sealing_key(made, secret, int(SystemClock().now().timestamp()))
    click.echo(made.verifier.vkey)


@inspector.command()
@FOLDER
@click.argument("vkeys", metavar="VKEY…", nargs=-1, required=True)
@click.option("--instead", is_flag=True, help="In the place of trusted keys of the same names.")
def trust(folder: Path, vkeys: tuple[str, ...], instead: bool) -> None:
    """Believe the office's keys; compare them with the printed announcement first."""
    _told(InspectorFolder.open(folder, passphrase()).trust(vkeys, instead=instead))


def _told(keys: Iterable[Verifier]) -> None:
    for key in keys:
        click.echo(f"trusts {key.name} {key.fingerprint}")


@inspector.command()
@FOLDER
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Where signed notes are put.")
@click.option("--keys", type=click.Path(path_type=Path), help="keys.txt, believed on first use.")
def cosign(folder: Path, files: tuple[Path, ...], out: Path | None, keys: Path | None) -> None:
    """Cosign witness requests, notes, or the zip that the inspector's desk offers."""
    desk = InspectorFolder.open(folder, passphrase())
    if keys:
        _told(desk.trust_file(file_bytes(keys)))
    failed = False
    for path in files:
        for name, data in _opened(path):
            failed |= not _cosign_one(desk, (out or path.parent) / f"{name}.signed", name, data)
    if failed:
        sys.exit(1)


@inspector.command()
@FOLDER
def status(folder: Path) -> None:
    """What this folder has signed: the last head of each log, when, how many; its key."""
    verifier = InspectorFolder.key_of(folder)
    click.echo(f"{verifier.name}, fingerprint {verifier.fingerprint}")
    history = InspectorFolder.history_of(folder)
    heads = [row for row in history if "origin" in row]
    for origin in sorted({row["origin"] for row in heads}):
        rows = [row for row in heads if row["origin"] == origin]
        last, days = rows[-1], f"{rows[0]['at']} to {rows[-1]['at']}"
        click.echo(f"log {origin}: {last['size']} acts, root {last['root']}")
        click.echo(f"  {len(rows)} heads signed, {days}")
    notes = [row for row in history if "subject" in row]
    last_note = f", the last {notes[-1]['at']}: {notes[-1]['subject']}" if notes else ""
    click.echo(f"{len(notes)} notes signed{last_note}")


@inspector.command()
@FOLDER
@click.option("--bind", default="127.0.0.1:8090", show_default=True, metavar="ADDRESS:PORT")
def serve(folder: Path, bind: str) -> None:
    """Cosign heads over HTTP as a C2SP tlog-witness: POST /add-checkpoint."""
    host, _, port = bind.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port):
        raise click.ClickException(f"{bind} is not ADDRESS:PORT, e.g. 127.0.0.1:8090")
    desk = InspectorFolder.open(folder, passphrase())
    try:
        server = WitnessServer((host, int(port)), desk, SystemClock(), click.echo)
    except (OSError, OverflowError) as error:
        raise click.ClickException(f"{bind} cannot be served: {error}") from None
    click.echo(f"{desk.verifier.name} witnesses on http://{host}:{server.server_port}")
    with server:
        server.serve_forever()


def _cosign_one(desk: InspectorFolder, target: Path, name: str, data: bytes) -> bool:
    for_whom = re.fullmatch(r".*-for-(.+)\.request", name)
    if for_whom and for_whom[1] != re.sub(r"[^0-9A-Za-z._-]+", "-", desk.verifier.name):
        click.echo(f"passed over {name}: it is for another inspector")
        return True
    try:
        signed = desk.sign(data, int(SystemClock().now().timestamp()))
    except Declined as error:
        click.echo(f"NOT SIGNED {name}: {error}", err=True)
        return False
    write_durable(target, signed.data)
    click.echo(f"signed {name}: {signed.told}")
    return True


def _opened(path: Path) -> list[tuple[str, bytes]]:
    """The file itself, or the files of a zip by their plain names."""
    data = file_bytes(path)
    if not data.startswith(b"PK"):
        return [(path.name, data)]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > _MOST_FILES or any(info.file_size > _MOST_BYTES for info in infos):
                raise click.ClickException(f"{path} holds more than notes to sign can be")
            return [(Path(info.filename).name, archive.read(info)) for info in infos]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise click.ClickException(f"{path} is no zip that can be opened: {error}") from None
