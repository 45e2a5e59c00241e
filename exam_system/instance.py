"""Creating and checking an instance: folder, configuration, keys, tables."""

from __future__ import annotations

import base64
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select
from sqlalchemy.engine import Engine

from exam_system import config, dbrole
from exam_system.accounts.models import Account
from exam_system.chance import Chance
from exam_system.config import Config
from exam_system.database import connect, reading
from exam_system.errors import Fault
from exam_system.keys import create_keys, passphrase
from exam_system.printing.fonts import make_fonts
from exam_system.vault import password_holds

MIGRATIONS = Path(__file__).parent / "migrations"
DEMONSTRATION_PASSWORD = "demonstration"


def demonstration_secret(username: str) -> str:
    """The TOTP secret of an account of a demonstration (base32); no secret at all."""
    return base64.b32encode(sha256(f"demonstration {username}".encode()).digest()[:20]).decode()


def _toml(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def create_instance(
    folder: Path, values: dict[str, object], at: datetime, chance: Chance
) -> Config:
    """Make config.toml, keys, fonts and tables in an empty folder; refuses to overwrite."""
    path = folder / "config.toml"
    if path.exists():
        raise Fault(f"{path} exists already: this instance has been set up")
    folder.mkdir(parents=True, exist_ok=True)
    text = {
        name: str(value).lower() if isinstance(value, bool) else _toml(str(value))
        for name, value in values.items()
    }
    secret = passphrase()
    path.write_text(config.TEMPLATE.format(**text), encoding="utf-8")
    settings = config.load(folder)
    create_keys(folder / "keys", settings.origin, secret, at, chance)
    settings.published.mkdir(exist_ok=True)
    make_fonts(settings.fonts_folder)
    migrate(settings)
    return settings


def _alembic(engine: Engine) -> AlembicConfig:
    found = AlembicConfig()
    found.set_main_option("script_location", str(MIGRATIONS))
    found.attributes["engine"] = engine
    return found


def migrate(settings: Config, revision: str = "head", *, down: bool = False) -> None:
    """Bring the database's tables up to a revision, or down to it with what they hold.

    On PostgreSQL as the owner of EXAM_OWNER_DATABASE_URL, where that is set; the application's
    role then gets its rights on what is new.
    """
    owner = dbrole.owner_url(settings)
    engine = connect(owner or settings.database)
    (command.downgrade if down else command.upgrade)(_alembic(engine), revision)
    engine.dispose()
    if owner and not down:
        dbrole.grant(settings)


@cache
def newest_revision() -> str | None:
    """The newest migration of the program."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def check_instance(engine: Engine, settings: Config) -> None:
    """Refuse to start (Fault) on old tables; in earnest also on a demonstration password, on a
    database role that could change the log, and on a server that may lose what was answered."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    newest = newest_revision()
    if current != newest:
        raise Fault(
            f"the tables are at {current}, the program at {newest}: run `exam init --migrate`"
        )
    if not settings.demonstration:
        _refuse_known_passwords(engine)
        dbrole.require_weak(engine)


def _refuse_known_passwords(engine: Engine) -> None:
    with reading(engine) as db:
        query = select(Account.username, Account.password_hash).where(
            Account.active, Account.role != "candidate"
        )
        for username, stored in db.execute(query):
            if password_holds(DEMONSTRATION_PASSWORD, stored):
                raise Fault(f"the account {username} has the demonstration's password")
