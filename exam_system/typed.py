"""What somebody typed and what could not be taken yet, kept for them on the server.

One sealed file for each account and use, in a folder of the day. It holds no act and decides
nothing: it only fills a form again, for the same account. No address ever has it. (Who has no
account keeps the steps of a form in their own tab until it is sent: `static/steps.js`.)
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from exam_system.errors import Fault
from exam_system.office import Office
from exam_system.refilling import NEVER, Fields

FOLDER = "typed"
DAYS = 2
"""What was typed today or yesterday is found; older days are removed."""
MOST = 200_000
"""Characters of one form; a longer one is not kept."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was sent: the page it stands on, where it goes, its fields."""

    page: str
    action: str
    fields: Fields


def keep(parts: Office, account: int, use: str, typed: Typed) -> bool:
    """Keep it in the place of what was kept for this use before; False when it is too long."""
    fields = [[name, value] for name, value in typed.fields if name not in NEVER]
    text = json.dumps([typed.page, typed.action, fields], ensure_ascii=False)
    if len(text) > MOST:
        return False
    drop(parts, account, use)
    name = _name(parts, account, use)
    folder = parts.config.instance / FOLDER / _today(parts).isoformat()
    if not folder.exists():
        _sweep(parts)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = folder / f"{name}.{secrets.token_hex(4)}"
    waiting.write_bytes(parts.keys.vault.seal_bytes(text.encode(), f"{FOLDER} {name}"))
    waiting.replace(folder / name)
    return True


def find(parts: Office, account: int, use: str) -> Typed | None:
    """What is kept; None when there is nothing, or it does not open any more."""
    name = _name(parts, account, use)
    for path in _paths(parts, name):
        try:
            data = parts.keys.vault.open_bytes(path.read_bytes(), f"{FOLDER} {name}")
        except (FileNotFoundError, Fault):
            continue
        page, action, fields = json.loads(data)
        return Typed(page, action, [(key, value) for key, value in fields])
    return None


def drop(parts: Office, account: int, use: str) -> None:
    """Forget what is kept for a use."""
    for path in _paths(parts, _name(parts, account, use)):
        path.unlink(missing_ok=True)


def joined(earlier: Fields, later: Iterable[tuple[str, str]]) -> Fields:
    """Fields of several steps of one form; a later answer takes an earlier one's place."""
    return list((dict(earlier) | dict(later)).items())


def _name(parts: Office, account: int, use: str) -> str:
    return parts.keys.vault.blind(f"{FOLDER} {account} {use}")[:40]


def _today(parts: Office) -> date:
    return parts.clock.now().date()


def _days(parts: Office) -> set[str]:
    return {(_today(parts) - timedelta(days=back)).isoformat() for back in range(DAYS)}


def _paths(parts: Office, name: str) -> Iterator[Path]:
    for day in sorted(_days(parts), reverse=True):
        yield parts.config.instance / FOLDER / day / name


def _sweep(parts: Office) -> None:
    folder, kept = parts.config.instance / FOLDER, _days(parts)
    for old in folder.iterdir() if folder.exists() else ():
        if old.name not in kept:
            shutil.rmtree(old, ignore_errors=True)
