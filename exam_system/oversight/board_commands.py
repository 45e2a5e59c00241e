"""`exam oversight`: the run behind the integrity board."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask

from exam_system.context import SYSTEM
from exam_system.errors import Unavailable
from exam_system.office import Office
from exam_system.oversight.board import PROMISES, Board, run_checks
from exam_system.oversight.checks import CHECKS
from exam_system.oversight.service import check_board
from exam_system.trust.canonical import sha256_hex


def board_commands(open_app: Callable[[Path], Flask]) -> click.Group:
    """The group of commands; `open_app` gives the application of an instance."""

    @click.group()
    def oversight() -> None:
        """What inspectors and auditors watch."""

    @oversight.command()
    @click.pass_obj
    def check(folder: Path) -> None:
        """Measure every promise now and put the outcome on the integrity board.

        Exit status 0: nothing is red; 1: a promise is red. For a timer, once a day or more.
        """
        app = open_app(folder)
        office: Office = app.extensions["office"]
        board = _run(office, app)
        _tell(board)
        _record(office, board)
        if "red" in board.states().values():
            sys.exit(1)

    return oversight


def _tell(board: Board) -> None:
    for line in board.lines:
        click.echo(f"{line.promise:4}{line.state:6}{line.said % line.values}")
        for fault in line.faults:
            click.echo(f"      {fault}")


def _run(office: Office, app: Flask) -> Board:
    names = ("published", *PROMISES)
    with click.progressbar(length=len(names), label="checking", file=sys.stderr) as bar:
        done = iter(names)

        def step(_name: str) -> None:
            if next(done) != names[0]:
                bar.update(1)

        board = run_checks(office, app, CHECKS, step)
        bar.update(1)
    return board


def _record(office: Office, board: Board) -> None:
    """Put the run into the log; a log that takes no acts is what the board itself says then."""
    try:
        ctx = office.context(SYSTEM, write=True)
        with ctx.session:
            check_board(ctx, states=board.states(), digest=sha256_hex(board.encode()))
            ctx.session.commit()
        office.seal()
    except Unavailable as error:
        click.echo(f"not in the log: {error}", err=True)
