"""`exam forensics`: screenings, on the machine that has the time for them."""

from __future__ import annotations

import os
from pathlib import Path

import click
from sqlalchemy import select

from exam_system.context import SYSTEM
from exam_system.exams.lookup import exam_by_code
from exam_system.forensics.models import AnswerPaper, Screening
from exam_system.forensics.running import run_screening
from exam_system.office import open_office
from proctoring.similarity import Progress


@click.group()
def forensics() -> None:
    """Answers that agree too well."""


@forensics.command()
@click.argument("exam")
@click.option("--cores", default=os.cpu_count() or 1, show_default=True, help="Threads to use.")
@click.pass_obj
def screen(folder: Path, exam: str, cores: int) -> None:
    """Run the frozen screenings of an exam, or go on with those that were stopped."""
    parts = open_office(folder)
    with parts.context(SYSTEM, write=False).session as db:
        query = (
            select(Screening.ref)
            .join(AnswerPaper, AnswerPaper.id == Screening.paper_id)
            .where(AnswerPaper.exam_id == exam_by_code(db, exam).id, Screening.state == "frozen")
            .order_by(Screening.id)
        )
        waiting = list(db.scalars(query))
    for ref in waiting:
        done = run_screening(parts, ref, cores=cores, tell=_tell)
        click.echo(f"{ref}: {done.compared} ordered pairs compared")
    if not waiting:
        click.echo(f"{exam}: no screening is frozen and waits")


def _tell(step: Progress) -> None:
    click.echo(f"{step.step}: {step.done} of {step.of}", err=True)
