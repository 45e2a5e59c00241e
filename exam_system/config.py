"""The configuration of one instance: typed, complete, nothing unknown."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from zoneinfo import ZoneInfo

from exam_system.errors import Fault
from exam_system.look import require_legible

EMBLEM = Path(__file__).parent / "static" / "emblem.svg"
MOST_EMBLEM = 100_000  # bytes: it is on every page


@dataclass(frozen=True, slots=True)
class Config:
    """What `config.toml` of an instance says; every key is required and no other is accepted."""

    instance: Path
    origin: str
    bureau: str
    bureau_en: str
    area_code: str
    timezone: str
    base_url: str
    database_url: str
    demonstration: bool
    secure_cookies: bool
    password_cost: str
    session_hours: int
    proof_of_work: int
    fonts: str
    colour: str
    emblem: str

    @property
    def zone(self) -> ZoneInfo:
        """The bureau's time zone: dates on pages and notices are in it, the log is in UTC."""
        return ZoneInfo(self.timezone)

    @property
    def published(self) -> Path:
        """The folder of everything the public may fetch."""
        return self.instance / "published"

    @property
    def fonts_folder(self) -> Path:
        """Where the instanced fonts lie; a relative path is below the instance."""
        return self.instance / self.fonts

    @property
    def emblem_file(self) -> Path:
        """The emblem of every page: the bureau's own below the instance, else the built-in one."""
        return self.instance / self.emblem if self.emblem else EMBLEM

    @property
    def database(self) -> str:
        """The database's URL; a relative SQLite path is below the instance."""
        relative = "sqlite:///"
        if self.database_url.startswith(relative) and not self.database_url.startswith(
            "sqlite:////"
        ):
            return f"sqlite:///{self.instance / self.database_url[len(relative) :]}"
        return self.database_url


def load(instance: Path) -> Config:
    """Read `config.toml`; raises Fault naming every missing, unknown or mistyped key."""
    path = instance / "config.toml"
    if not path.exists():
        raise Fault(f"{path} is missing: run `exam --instance {instance} init` first")
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    problems = _problems(values)
    if problems:
        raise Fault(f"{path}: " + "; ".join(problems))
    config = Config(instance=instance.resolve(), **values)
    _check(config, path)
    return config


def _problems(values: dict[str, object]) -> list[str]:
    kinds = {field.name: field.type for field in fields(Config) if field.name != "instance"}
    found = [f"the key {name} is missing" for name in kinds if name not in values]
    found += [f"the key {name} is unknown" for name in values if name not in kinds]
    return found + [
        f"{name} must be a {kinds[name]}"
        for name, value in values.items()
        if name in kinds and type(value).__name__ != kinds[name]
    ]


def _check(config: Config, path: Path) -> None:
    if config.password_cost not in ("standard", "cheapest"):
        raise Fault(f'{path}: password_cost must be "standard" or "cheapest"')
    if config.password_cost == "cheapest" and not config.demonstration:
        raise Fault(f"{path}: password_cost cheapest is for demonstration instances only")
    if not 1 <= config.proof_of_work <= 1_000_000:
        raise Fault(f"{path}: proof_of_work must be 1 to 1000000 tries")
    if config.proof_of_work < 1_000 and not config.demonstration:
        raise Fault(f"{path}: proof_of_work below 1000 is for demonstration instances only")
    if not config.secure_cookies and not config.demonstration:
        raise Fault(f"{path}: secure_cookies may be false in demonstration instances only")
    _check_look(config, path)


def _check_look(config: Config, path: Path) -> None:
    try:
        require_legible(config.colour)
    except Fault as error:
        raise Fault(f"{path}: colour: {error}") from None
    emblem = config.emblem_file
    if emblem.suffix not in (".svg", ".png"):
        raise Fault(f"{path}: emblem must be the name of an .svg or .png file below the instance")
    if not emblem.is_file():
        raise Fault(f"{path}: the emblem {emblem} is missing: put it there, or leave emblem empty")
    if emblem.stat().st_size > MOST_EMBLEM:
        raise Fault(f"{path}: the emblem {emblem} is larger than {MOST_EMBLEM // 1000} kB")


TEMPLATE = """\
# The configuration of this instance. Every key is required; an unknown key stops the start.
origin = "{origin}"            # name of the log; never change it once the log has begun
bureau = "{bureau}"
bureau_en = "{bureau_en}"
area_code = "{area_code}"      # the bureau's own area (GB/T 2260)
timezone = "Asia/Shanghai"
base_url = "{base_url}"
database_url = "{database_url}"    # or postgresql://user:password@host/database
demonstration = {demonstration}
secure_cookies = {secure_cookies}  # true wherever the site is served over https
password_cost = "{password_cost}"  # "cheapest" only in demonstration instances
session_hours = 12
proof_of_work = {proof_of_work}  # most tries of a browser before it may register; 4000: seconds
fonts = "{fonts}"
colour = "#0b4a8f"             # of header, buttons and links; dark enough for white letters on it
emblem = ""                    # an .svg or .png below the instance; "" for the built-in one
"""
