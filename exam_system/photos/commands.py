"""`exam photos`: the comparison of photos, for a timer."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from exam_system.context import SYSTEM
from exam_system.database import reading
from exam_system.exams.models import Exam
from exam_system.office import open_office
from exam_system.photos.leftovers import remove_strays
from exam_system.photos.service import compare_photos


@click.group()
def photos() -> None:
    """Photos of candidates."""


@photos.command("delete-unused")
@click.pass_obj
def delete_unused(folder: Path) -> None:
    """Delete the files of photos that were replaced, or whose application was taken back."""
    parts = open_office(folder)
    with reading(parts.engine) as db:
        click.echo(f"{remove_strays(db, parts.config)} photos deleted")


@photos.command()
@click.pass_obj
def compare(folder: Path) -> None:
    """Compare the photos of all exams that take applications or review them."""
    parts = open_office(folder)
    with parts.context(SYSTEM, write=False).session as db:
        states = ("announced", "closed")
        codes = list(db.scalars(select(Exam.code).where(Exam.state.in_(states)).order_by(Exam.id)))
    for code in codes:
        ctx = parts.context(SYSTEM, write=True)
        with ctx.session:
            pairs = compare_photos(ctx, code=code)
            ctx.session.commit()
        click.echo(f"{code}: {pairs} new pairs of photos that look alike")
    parts.seal()
