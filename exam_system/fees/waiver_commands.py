"""`exam fees delete-documents`: what waivers leave behind, for a timer."""

from __future__ import annotations

import time
from pathlib import Path

import click
from sqlalchemy import select

from exam_system.context import SYSTEM
from exam_system.exams.models import Exam
from exam_system.fees.waiver_lists import kept
from exam_system.fees.waivers import delete_documents, due
from exam_system.office import Office, open_office
from exam_system.registration.documents import discard_documents, remove_documents

HOUR = 3600


@click.command("delete-documents")
@click.pass_obj
def delete_due_documents(folder: Path) -> None:
    """Delete documents of waivers that were kept for as long as the rules of their exam say.

    Files that no request names, of uploads that were broken off, go as well.
    """
    gone, strays = delete_due(open_office(folder))
    click.echo(f"{gone} documents deleted, {strays} files that nobody needs")


def delete_due(parts: Office) -> tuple[int, int]:
    """Delete what is due in all exams: how many documents, and how many stray files."""
    ctx, gone = parts.context(SYSTEM, write=True), list[str]()
    with ctx.session:
        for exam in ctx.session.scalars(select(Exam).order_by(Exam.id)).all():
            if due(ctx, exam):
                gone += delete_documents(ctx, code=exam.code)
        names = kept(ctx.session)
        ctx.session.commit()
    if gone:
        parts.seal()
    remove_documents(parts.config, gone)
    return len(gone), discard_documents(parts.config, names, time.time() - HOUR)
