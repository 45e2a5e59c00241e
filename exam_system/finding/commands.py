"""`exam phones`: what lets the office find candidates from before by telephone."""

from __future__ import annotations

from pathlib import Path

import click

from exam_system.context import SYSTEM
from exam_system.finding.service import index_phones, without_index
from exam_system.office import open_office

AT_ONCE = 2_000
"""So many in one transaction: it may be stopped at any time and goes on where it was."""


@click.command()
@click.pass_obj
def phones(folder: Path) -> None:
    """Let candidates who registered before be found by their telephone number."""
    parts = open_office(folder)
    with parts.context(SYSTEM, write=False).session as db:
        left = without_index(db)
    with click.progressbar(length=left, label=f"{left} telephone numbers") as bar:
        while left > 0:
            ctx = parts.context(SYSTEM, write=True)
            with ctx.session:
                done = index_phones(ctx, most=AT_ONCE)
                ctx.session.commit()
            bar.update(done)
            left -= done
    parts.seal()
