"""What is in order in an instance and what is not: pure, from facts that others gathered.

Each check returns findings; every finding that is not good says what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from exam_system.clock import rfc3339
from exam_system.errors import Sentence

GOOD, WATCH, BAD = "good", "watch", "bad"
GIGABYTE = 1_000_000_000
FULL, NEARLY_FULL = 1 * GIGABYTE, 10 * GIGABYTE
"""Free bytes: below the first the log may stop within a day, below the second order a disk."""
OFF, FAR_OFF = timedelta(seconds=5), timedelta(minutes=5)
"""How far the machine's clock may be from the database's; beyond FAR_OFF acts are refused."""
BACKUP_DUE, BACKUP_OLD = timedelta(hours=26), timedelta(days=3)
"""A backup is daily (OPERATIONS.md, section 7), with two hours for its run."""
HOLIDAYS_EXPECTED = (11, 20)
"""Month and day by which the State Council has announced the next year's, in most years."""
LEAST_POSTGRESQL = 15
PRAGMAS = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
"""Of SQLite: a reader waits for no writer, a commit is on the disk, no row hangs in the air."""
POSTGRESQL = {"server_encoding": "UTF8", "default_transaction_isolation": "read committed"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `said` what there is, `fix` what to do (None: nothing)."""

    area: Sentence
    level: str
    said: Sentence
    fix: Sentence | None = None


def broken(area: Sentence, why: object, fix: Sentence) -> Finding:
    """What could not even be looked at."""
    return Finding(area, BAD, Sentence("%(why)s", why=why), fix)


def check_modes(modes: Mapping[str, int]) -> list[Finding]:
    """Permission bits of files (path: mode) that nobody but the service may read."""
    area = Sentence("Secret files")
    found = [
        Finding(
            area,
            BAD,
            Sentence("%(path)s can be read by other accounts (%(mode)s)", path=path, mode=bits),
            Sentence("Run: chmod go-rwx %(path)s", path=path),
        )
        for path, mode in modes.items()
        if mode & 0o077
        for bits in (f"{mode & 0o777:03o}",)
    ]
    return found or [
        Finding(area, GOOD, Sentence("%(count)s secret files, readable by their owner only",
                                     count=len(modes)))
    ]  # fmt: skip


def check_disk(free: int, path: str) -> Finding:
    """Free bytes where the instance lies."""
    area = Sentence("Disk")
    said = Sentence("%(free)s GB free at %(path)s", free=f"{free / GIGABYTE:.1f}", path=path)
    if free >= NEARLY_FULL:
        return Finding(area, GOOD, said)
    fix = Sentence("Free space or enlarge the disk: when it is full, acts stop")
    return Finding(area, BAD if free < FULL else WATCH, said, fix)


def check_settings(found: Mapping[str, str], wanted: Mapping[str, str]) -> list[Finding]:
    """Settings of the database beside what they must be."""
    area = Sentence("Database")
    wrong = [
        Finding(
            area,
            BAD,
            Sentence("%(name)s is %(value)s", name=name, value=found.get(name, "?")),
            Sentence("It must be %(wanted)s: see OPERATIONS.md, section 3", wanted=value),
        )
        for name, value in wanted.items()
        if found.get(name, "?").casefold() != value.casefold()
    ]
    settings = ", ".join(f"{name} {found.get(name)}" for name in wanted)
    return wrong or [Finding(area, GOOD, Sentence("%(settings)s", settings=settings))]


def check_version(number: int) -> Finding:
    """PostgreSQL's `server_version_num`, as 150004."""
    area, major = Sentence("Database"), number // 10_000
    said = Sentence("PostgreSQL %(major)s", major=major)
    if major >= LEAST_POSTGRESQL:
        return Finding(area, GOOD, said)
    fix = Sentence("Move to PostgreSQL %(least)s or newer", least=LEAST_POSTGRESQL)
    return Finding(area, BAD, said, fix)


def check_tables(current: str | None, newest: str | None) -> Finding:
    """The migration at which the tables are, and the program's newest."""
    area = Sentence("Migrations")
    if current == newest:
        return Finding(area, GOOD, Sentence("at %(revision)s, the newest", revision=newest))
    said = Sentence("at %(current)s, the program at %(newest)s",
                    current=current or "-", newest=newest)  # fmt: skip
    return Finding(area, BAD, said, Sentence("Make a backup, then run: exam init --migrate"))


def check_clock(machine: datetime, database: datetime, highest: datetime | None) -> list[Finding]:
    """The machine's and the database's time, and the highest that was ever seen."""
    area, away = Sentence("Clock"), abs(machine - database)
    ntp = Sentence("Set the clock by a time service (timedatectl set-ntp true) on both machines")
    apart = Sentence("machine and database are %(seconds)s s apart",
                     seconds=f"{away.total_seconds():.1f}")  # fmt: skip
    level = GOOD if away <= OFF else WATCH if away <= FAR_OFF else BAD
    found = [Finding(area, level, apart, None if level == GOOD else ntp)]
    if highest is not None and database < highest - timedelta(seconds=1):
        said = Sentence("it is %(now)s, but %(high)s was seen already",
                        now=rfc3339(database), high=rfc3339(highest))  # fmt: skip
        fix = Sentence("Set the clock right; if it ran ahead before: exam clock accept")
        found.append(Finding(area, BAD, said, fix))
    return found


def check_holidays(today: date, known: Iterable[int]) -> list[Finding]:
    """Whether the holidays of this year and the next one are announced or entered."""
    found = []
    late = (today.month, today.day) >= HOLIDAYS_EXPECTED
    for year, level in ((today.year, BAD), (today.year + 1, WATCH if late else GOOD)):
        area = Sentence("Holidays")
        if year in set(known):
            found.append(Finding(area, GOOD, Sentence("%(year)s is known", year=year)))
            continue
        fix = Sentence(
            "Enter them at Office, Holidays, from the State Council's notice, or update the "
            "program: until then terms that touch the year have no end"
        )
        said = Sentence("those of %(year)s are not known yet", year=year)
        found.append(Finding(area, level, said, None if level == GOOD else fix))
    return found


def check_witnesses(answers: Mapping[str, str]) -> list[Finding]:
    """Addresses of witnesses and why they do not answer; "" for those that do."""
    area = Sentence("Witnesses")
    if not answers:
        fix = Sentence("Ask an outside witness to sign the log's heads: OPERATIONS.md, section 6")
        return [Finding(area, WATCH, Sentence("no witness was ever asked"), fix)]
    return [
        Finding(area, GOOD, Sentence("%(url)s answers", url=url))
        if not why
        else Finding(
            area,
            BAD,
            Sentence("%(url)s does not answer: %(why)s", url=url, why=why),
            Sentence("Ask whoever runs it, and check the firewall of this machine"),
        )
        for url, why in answers.items()
    ]


def check_backup(age: timedelta | None) -> Finding:
    """How old the newest file of the backup is; None when nobody said where it lies."""
    area = Sentence("Backup")
    if age is None:
        fix = Sentence("Name its folder: exam doctor --backup /backup")
        return Finding(area, WATCH, Sentence("nobody knows how old it is"), fix)
    said = Sentence(
        "the newest file is %(hours)s hours old", hours=int(age.total_seconds() // 3600)
    )
    if age <= BACKUP_DUE:
        return Finding(area, GOOD, said)
    fix = Sentence("Find out why last night's did not run: OPERATIONS.md, section 7")
    return Finding(area, BAD if age > BACKUP_OLD else WATCH, said, fix)
