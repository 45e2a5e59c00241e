"""`exam log`: the log of acts as files, its newest head, the proof of one act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
from sqlalchemy import select

from exam_system.command import looking_at
from exam_system.context import PUBLIC
from exam_system.errors import Fault, NotFound
from exam_system.office import open_office
from exam_system.records import audit as audits
from exam_system.records.fsck import require_whole
from exam_system.records.heads import act_proof, cosigned_head, read_head
from exam_system.records.keys import every_key, keys_of
from exam_system.records.models import Leaf
from exam_system.records.tree import sync_folder, write_durable
from exam_system.trust.checkpoint import parse
from exam_system.trust.keys import Verifier
from exam_system.trust.notes import open_note
from exam_system.trust.tiles import WIDTH, entries_path, tile_files


@click.group()
def log() -> None:
    """The log of acts."""


@log.command()
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def export(folder: Path, target: Path) -> None:
    """Copy the log's tiles, signed head and key to DIR, for any web server or USB stick."""
    with looking_at(folder) as ctx:
        keys = every_key(ctx.session, "log")
        size = export_log(ctx.config.published / "log", target, *keys)
    click.echo(f"{size} acts exported to {target}; check: exam verify {target} --keys keys.txt")


def export_log(source: Path, target: Path, *keys: Verifier) -> int:
    """Copy the log of the head that `source` shows now; returns its size.

    `keys` is every key that the log has had; log.vkey will be the one that signed this head.
    The checkpoint comes last, when everything under it is on disk. Raises Fault when the target
    holds a larger log, or tiles of another one: a copy only grows.
    """
    if not (source / "checkpoint").exists():
        raise Fault(f"there is no signed head in {source}: run `exam log seal` first")
    data = (source / "checkpoint").read_bytes()
    opened = open_note(data, keys)
    head, shown = parse(opened.text), read_head(target, *keys)
    if shown is not None and shown.size > head.size:
        raise Fault(f"{target} holds {shown.size} acts, the log here only {head.size}")
    for name in log_files(head.size):
        _copy(source / name, target / name)
    write_durable(target / "log.vkey", f"{opened.signers[0].vkey}\n".encode())
    _sync_folders(target)
    write_durable(target / "checkpoint", data)
    return head.size


def log_files(size: int) -> Iterator[str]:
    """The paths of all tiles and bundles that a log of this size consists of."""
    for start in range(0, size, WIDTH):
        yield entries_path(start // WIDTH, min(WIDTH, size - start))
    yield from (name for name, _ in tile_files(size, lambda _level, _index: b""))


def _copy(source: Path, target: Path) -> None:
    data = source.read_bytes()
    if not target.exists():
        write_durable(target, data)
    elif target.read_bytes() != data:
        raise Fault(f"{target} is not what the log has: use an empty folder, and look into it")


def _sync_folders(target: Path) -> None:
    """A new folder lasts only when the folder above it is on disk as well."""
    folders = [path for path in target.rglob("*") if path.is_dir()]
    for path in (*folders, target, target.resolve().parent):
        sync_folder(path)


@log.command()
@click.pass_obj
def seal(folder: Path) -> None:
    """Give waiting acts their place, write their tiles and sign the new head."""
    office = open_office(folder)
    office.seal()
    with office.context(PUBLIC, write=False).session as db:
        keys = every_key(db, "log")
    head = read_head(office.config.published / "log", *keys)
    click.echo(f"the log has {head.size if head else 0} acts")


@log.command()
@click.pass_obj
def fsck(folder: Path) -> None:
    """Derive everything about the log once more, and name each fault."""
    with looking_at(folder) as ctx:
        key = keys_of(ctx.session, "log")[0]
        found = require_whole(ctx.session, ctx.config.published / "log", key)
    click.echo(f"{found.tree.size} acts, their details, places, tiles, heads and notes are whole")
    click.echo(
        f"{found.waiting} acts wait for their place, the details of {found.erased} are erased"
    )


@log.command()
@click.pass_obj
def audit(folder: Path) -> None:
    """Compare every row of every table with the act that wrote it last, and name each fault."""
    with looking_at(folder) as ctx:
        named = list(audits.faults(ctx.session))
        if named:
            raise Fault(f"{len(named)} faults in the rows\n" + "\n".join(named))
        tables = len(audits.audited_tables())
        click.echo(f"every row of {tables} tables is as its last act left it")


@log.command()
@click.argument("index", type=click.IntRange(min=0))
@click.option("-o", "--out", type=click.File("wb"), default="-", help="Where to write the proof.")
@click.pass_obj
def proof(folder: Path, index: int, out: IO[bytes]) -> None:
    """Write the .tlog-proof of the act at INDEX, against a head that an inspector has signed."""
    with looking_at(folder) as ctx:
        act = ctx.session.scalar(select(Leaf.act_id).where(Leaf.position == index))
        if act is None:
            raise NotFound("The log has no act %(index)s", index=index)
        head = cosigned_head(ctx.session, index + 1)
        if head is None:
            raise Fault("no head above this act is cosigned yet: the inspector must sign one first")
        out.write(act_proof(ctx.session, ctx.config.published / "log", act, head))
