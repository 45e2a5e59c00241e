"""Looks at an instance without changing it and hands what it sees to the checks.

What cannot be looked at is itself a finding; the rest is looked at all the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from alembic.runtime.migration import MigrationContext
from reportlab.pdfbase.ttfonts import TTFError
from sqlalchemy import Engine, func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from exam_system import config, dbrole
from exam_system.clock import SystemClock, parse_rfc3339
from exam_system.config import Config
from exam_system.database import connect, database_now, reading
from exam_system.doctor import checks
from exam_system.doctor.checks import BAD, GOOD, Finding
from exam_system.errors import Fault, Sentence
from exam_system.instance import newest_revision
from exam_system.keys import Keys, open_keys
from exam_system.office import why_closed
from exam_system.printing.fonts import register
from exam_system.records.models import Act, ActDetail
from exam_system.workdays import is_announced, office_table

ASKED = "oversight.gather_cosignature"
"""The kind of act that says which witness was asked."""
SECONDS = 5
BROKEN = (Fault, OSError, ValueError, SQLAlchemyError)
"""What a look at something that is out of order raises."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line adds: more witnesses, and where backups lie."""

    witnesses: tuple[str, ...] = ()
    backup: Path | None = None


@dataclass(slots=True)
class _Instance:
    """An instance that may be broken, as far as it could be opened."""

    settings: Config
    engine: Engine
    keys: Keys | None = field(default=None)


def examine(folder: Path, asked: Asked) -> list[Finding]:
    """Everything there is to say about an instance; the configuration first."""
    area = Sentence("Configuration")
    try:
        settings = config.load(folder)
    except BROKEN as error:
        return [checks.broken(area, error, Sentence("Mend it: see OPERATIONS.md, section 2"))]
    found = [Finding(area, GOOD, Sentence("%(path)s is complete", path=folder / "config.toml"))]
    instance = _Instance(settings, connect(settings.database))
    for area, looks, fix in _looks(instance, asked):
        try:
            found += looks()
        except BROKEN as error:
            found.append(checks.broken(area, error, fix))
    instance.engine.dispose()
    return found


def _looks(
    instance: _Instance, asked: Asked
) -> Iterator[tuple[Sentence, Callable[[], Iterable[Finding]], Sentence]]:
    """Area, what looks at it, and what to do when it cannot even be looked at."""
    restore = Sentence("Restore it from the backup: OPERATIONS.md, sections 7 and 8")
    reach = Sentence("Start the database and check database_url in config.toml")
    fonts = Sentence(
        "Delete the damaged files of its folder of fonts, then run: exam init --migrate"
    )
    yield Sentence("Secret files"), lambda: _files(instance.settings), restore
    yield Sentence("Keys"), lambda: _keys(instance), restore
    yield Sentence("Fonts"), lambda: _fonts(instance.settings), fonts
    yield Sentence("Disk"), lambda: _disk(instance.settings), restore
    yield Sentence("Database"), lambda: _database(instance), reach
    yield Sentence("Migrations"), lambda: _tables(instance.engine), reach
    yield Sentence("Clock"), lambda: _clock(instance), reach
    yield Sentence("Log"), lambda: _log(instance), restore
    yield Sentence("Holidays"), lambda: _holidays(instance), reach
    yield Sentence("Witnesses"), lambda: _witnesses(instance.engine, asked.witnesses), reach
    yield Sentence("Backup"), lambda: _backup(asked.backup), Sentence("Mount the backup's disk")


def _files(settings: Config) -> list[Finding]:
    folder = settings.instance
    keys = [path for path in (folder / "keys").iterdir() if path.suffix != ".crt"]
    secret = [folder / "config.toml", *sorted(keys)]
    if "@" not in settings.database_url:  # then the file holds no password
        secret.pop(0)
    return checks.check_modes({str(path): path.stat().st_mode for path in secret})


def _keys(instance: _Instance) -> list[Finding]:
    instance.keys = open_keys(instance.settings)
    return [Finding(Sentence("Keys"), GOOD, Sentence("all there, and the passphrase opens them"))]


def _fonts(settings: Config) -> list[Finding]:
    try:
        register(settings.fonts_folder)
    except TTFError as error:
        raise Fault(str(error)) from None
    return [Finding(Sentence("Fonts"), GOOD, Sentence("both weights can be printed with"))]


def _disk(settings: Config) -> list[Finding]:
    free = shutil.disk_usage(settings.instance).free
    return [checks.check_disk(free, str(settings.instance))]


def _database(instance: _Instance) -> list[Finding]:
    with instance.engine.connect() as connection:
        if instance.engine.dialect.name == "sqlite":
            found = {
                name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())
                for name in checks.PRAGMAS
            }
            return checks.check_settings(found, checks.PRAGMAS)
        return _postgresql(connection)


def _postgresql(connection: Connection) -> list[Finding]:
    names = (*checks.POSTGRESQL, "server_version_num")
    found = {name: str(connection.scalar(text(f"SHOW {name}"))) for name in names}
    area, grant = Sentence("Database"), Sentence("See OPERATIONS.md, section 3")
    faults = [*dbrole.role_faults(connection), *dbrole.durability_faults(connection)]
    return [
        checks.check_version(int(found["server_version_num"])),
        *checks.check_settings(found, checks.POSTGRESQL),
        *(checks.broken(area, fault, grant) for fault in faults),
    ]


def _tables(engine: Engine) -> list[Finding]:
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return [checks.check_tables(current, newest_revision())]


def _clock(instance: _Instance) -> list[Finding]:
    machine = SystemClock().now()
    with reading(instance.engine) as db:
        database = db.scalar(select(database_now())) or machine
        newest = db.scalar(select(func.max(Act.at)))
    if instance.settings.demonstration:  # its log lives in other years
        return checks.check_clock(machine, database, None)
    seen = [one for one in (newest, _kept(instance.settings)) if one is not None]
    return checks.check_clock(machine, database, max(seen, default=None))


def _kept(settings: Config) -> datetime | None:
    """The last time that a server trusted (`timekeeping.Timekeeper`)."""
    path = settings.instance / "clock.json"
    return parse_rfc3339(json.loads(path.read_bytes())["at"]) if path.exists() else None


def _log(instance: _Instance) -> list[Finding]:
    area = Sentence("Log")
    if instance.keys is None:
        fix = Sentence("Mend the keys first")
        return [Finding(area, BAD, Sentence("it cannot be checked without the keys"), fix)]
    folder = instance.settings.published / "log"
    why = why_closed(instance.engine, folder, instance.keys.log.verifier)
    if why is None:
        return [Finding(area, GOOD, Sentence("database and signed head belong together"))]
    return [Finding(area, BAD, why, Sentence("See OPERATIONS.md, section 7"))]


def _holidays(instance: _Instance) -> list[Finding]:
    today = SystemClock().now().astimezone(instance.settings.zone).date()
    with reading(instance.engine) as db:
        table = office_table(db)
    years = (today.year, today.year + 1)
    return checks.check_holidays(today, [year for year in years if is_announced(year, table)])


def _witnesses(engine: Engine, named: tuple[str, ...]) -> list[Finding]:
    with reading(engine) as db:
        query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id)
        rows = db.scalars(query.where(Act.kind == ASKED).order_by(Act.id))
        asked = [json.loads(details).get("witness", "") for details in rows]
    urls = dict.fromkeys([*named, *(url for url in asked if url.startswith("http"))])
    return checks.check_witnesses({url: unreachable(url) for url in urls})


def unreachable(url: str) -> str:
    """Why nobody answers at an http or https address; "" when somebody does, whatever they say."""
    try:
        with urlopen(Request(url, method="HEAD"), timeout=SECONDS):
            return ""
    except HTTPError:
        return ""  # it answers: a witness knows no page, only requests to sign
    except (URLError, OSError, ValueError) as error:
        return str(getattr(error, "reason", error))


def _backup(folder: Path | None) -> list[Finding]:
    if folder is None:
        return [checks.check_backup(None)]
    newest = max((path.stat().st_mtime for path in folder.rglob("*") if path.is_file()), default=0)
    age = timedelta(seconds=SystemClock().now().timestamp() - newest)
    return [checks.check_backup(age)]
