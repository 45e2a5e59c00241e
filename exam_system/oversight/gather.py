"""`exam log gather`: the newest head to the witnesses, their cosignatures back (C2SP tlog-witness).

A witness that has signed more acts than the log has says so; that is reported, never repaired.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import click
from sqlalchemy.orm import Session

from exam_system.context import SYSTEM
from exam_system.errors import Conflict, Fault, Invalid
from exam_system.office import Office, open_office
from exam_system.oversight.service import gather_cosignature
from exam_system.records.heads import newest_head, request_from, show_head
from exam_system.records.models import Head
from exam_system.records.notes import note_bytes
from exam_system.trust.canonical import number
from exam_system.trust.errors import TrustError
from exam_system.trust.notes import with_line

PATH = "/add-checkpoint"
SECONDS = 20
_MOST_BYTES = 100_000


def ask(url: str, size: int, request: Callable[[int], bytes]) -> str:
    """The signature lines of the witness at `url` for our head of `size` acts.

    `request` makes the request from an old size; the witness says which one it needs. Raises
    Fault with what it answered instead.
    """
    status, body = _post(url, request(0))
    if status == 409:
        seen = _size(url, body)
        if seen > size:
            raise Fault(
                f"{url} has signed {seen} acts, the log here has {size}: it was cut or restored "
                "from an old copy; this must be looked into"
            )
        status, body = _post(url, request(seen))
    if status != 200:
        raise Fault(f"{url} answers {status}: {body.partition(chr(10))[0][:300]}")
    return body


def _size(url: str, body: str) -> int:
    try:
        return number(body.removesuffix("\n"))
    except TrustError:
        raise Fault(f"{url} answers 409 without the size it has signed") from None


def _post(url: str, data: bytes) -> tuple[int, str]:
    if urlsplit(url).scheme not in ("http", "https"):
        raise Fault(f"{url} is no http or https address")
    target = url.rstrip("/").removesuffix(PATH) + PATH
    request = Request(target, data, {"Content-Type": "text/plain; charset=utf-8"})
    try:
        with urlopen(request, timeout=SECONDS) as answer:
            return int(answer.status), answer.read(_MOST_BYTES).decode("utf-8", "replace")
    except HTTPError as error:
        return error.code, error.read(_MOST_BYTES).decode("utf-8", "replace")
    except (URLError, OSError) as error:
        raise Fault(f"{url} cannot be reached: {error}") from None


def gather_from(office: Office, url: str, head: Head) -> list[str]:
    """Ask one witness for one head and store what it signed; the names of who signed."""
    with office.context(SYSTEM, write=False).session as db:  # nobody waits for the witness
        lines = ask(url, head.size, _requests(db, office, head))
        data = note_bytes(db, head.note_id)
    try:
        for line in lines.splitlines(keepends=True):
            data = with_line(data, line)
    except TrustError as error:
        raise Fault(f"{url} answers no signature lines: {error}") from None
    ctx = office.context(SYSTEM, write=True)
    with ctx.session:
        names = gather_cosignature(ctx, data=data, witness=url)
        ctx.session.commit()
    return names


def _requests(db: Session, office: Office, head: Head) -> Callable[[int], bytes]:
    folder = office.config.published / "log"
    return lambda old: request_from(db, folder, old, head)


@click.command()
@click.argument("urls", metavar="URL…", nargs=-1, required=True)
@click.pass_obj
def gather(folder: Path, urls: tuple[str, ...]) -> None:
    """Send the newest head to the witnesses at URL… and keep their cosignatures."""
    office = open_office(folder)
    office.seal()
    with office.context(SYSTEM, write=False).session as db:
        head = newest_head(db)
    if head is None:
        raise Fault("the log is empty: there is nothing to cosign")
    failed = False
    for url in urls:
        try:
            names = gather_from(office, url, head)
        except (Fault, Invalid, Conflict) as error:
            click.echo(f"NOT COSIGNED {error}", err=True)
            failed = True
        else:
            click.echo(f"{', '.join(names)} cosigned {head.size} acts")
    office.seal()
    with office.context(SYSTEM, write=True).session as db:
        show_head(db, office.config.published / "log")
    if failed:
        sys.exit(1)
