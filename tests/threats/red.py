"""Red first: every attack runs on the whole build and on one from which a control was taken.

A test that says the same on both has not tested the control. What is taken away is named: a
function, which something else stands in for, or a line of its source.
"""

from __future__ import annotations
import __future__

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, text

from exam_system import context
from exam_system.access import Role
from exam_system.context import Actor
from exam_system.database import Base
from exam_system.records import audit
from exam_system.trust.canonical import sha256
from exam_system.verify.files import Bag
from exam_system.verify.keyring import parse_keys
from exam_system.verify.release import verify_publication
from exam_system.verify.run import verify
from tests.verify.builder import Office, write
from tests.verify.publications import ReleaseMaker
from tests.world import World, disarm

OURS = ("exam_system", "seating", "proctoring", "scoring", "tests.")
UNIFORM = 18.467
"""What χ² over five people (four degrees of freedom) exceeds with a chance of 0.001."""


@dataclass
class Build:
    """The program as it is, or with what `lacks` and `loses` take away."""

    whole: bool
    patch: pytest.MonkeyPatch

    def lacks(self, control: Callable[..., Any], instead: Callable[..., Any]) -> None:
        """On the broken build something else stands wherever the control is called."""
        if not self.whole:
            self._replace(control, instead)

    def loses(self, control: Callable[..., Any], line: str, instead: str) -> None:
        """On the broken build the control's source has another text in the place of one."""
        source = textwrap.dedent(inspect.getsource(control))
        assert source.count(line) == 1, f"{line!r} is not once in {control.__qualname__}"
        if self.whole:
            return
        name = f"{control.__module__.split('.')[1]}.{control.__name__}"
        if name in context.VERBS:  # it registers anew
            self.patch.setitem(context.VERBS, name, context.VERBS[name])
        made: dict[str, Any] = {}
        flag = __future__.annotations.compiler_flag
        code = compile(source.replace(line, instead), "broken build", "exec", flags=flag)
        exec(code, inspect.unwrap(control).__globals__, made)
        self._replace(control, made[control.__name__])

    def passed(self, control: Callable[..., Any]) -> None:
        """In neither build: the attacker has got past this control, the next one is tried."""
        self._replace(control, nothing)

    def _replace(self, control: Callable[..., Any], instead: Callable[..., Any]) -> None:
        owner = control.__qualname__.rpartition(".")[0]
        if owner:
            home = sys.modules[control.__module__]
            self.patch.setattr(getattr(home, owner), control.__name__, instead)
            return
        assert list(_bound(control)), f"nobody calls {control.__name__}"
        for module, name in list(_bound(control)):
            self.patch.setattr(module, name, instead)

    def judge(self, told: str, *words: str) -> None:
        """Whole: what was told names all of this. Broken: nobody told anything."""
        if self.whole:
            missing = [word for word in words if word not in told]
            assert told, "the whole build noticed nothing"
            assert not missing, (missing, told)
        else:
            assert told == "", f"the broken build noticed it all the same: {told}"


def _bound(control: Callable[..., Any]) -> Iterator[tuple[ModuleType, str]]:
    """Every module of ours that has the function, and under which name."""
    for key, module in list(sys.modules.items()):
        if key.startswith(OURS) and isinstance(module, ModuleType):
            for name, value in list(vars(module).items()):
                if value is control and isinstance(value, FunctionType):
                    yield module, name


def nothing(*_words: object, **_more: object) -> None:
    """Stands in for a check that raises."""


def none_found(*_words: object, **_more: object) -> tuple[()]:
    """Stands in for a check that yields what it finds."""
    return ()


def told(attack: Callable[[], object]) -> str:
    """What an attack was told: the refusal, whatever it is called; "" when it went through."""
    try:
        attack()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def acting(world: World, role: Role | Actor, act: Callable[..., object], *words: object) -> str:
    """What somebody is told who does this in a transaction of their own."""

    def attack() -> None:
        with world.acting(role) as ctx:
            act(ctx, *words)

    return told(attack)


def change(world: World, statement: str, rows: int = 1, **words: object) -> None:
    """A database administrator at work: no verb, no act, no trigger."""
    with world.engine.begin() as db:
        disarm(db)
        assert db.execute(text(statement), words).rowcount == rows


def unguard(world: World, table: str) -> None:
    """Make a table anew without any constraint; only for tables that no other refers to."""
    old = Base.metadata.tables[table]
    columns = [Column(one.name, one.type, primary_key=one.primary_key) for one in old.columns]
    with world.engine.begin() as db:
        disarm(db)
        db.execute(text(f"ALTER TABLE {table} RENAME TO guarded"))
        Table(table, MetaData(), *columns).create(db)
        db.execute(text(f"INSERT INTO {table} SELECT * FROM guarded"))  # noqa: S608
        db.execute(text("DROP TABLE guarded"))


def audited(world: World) -> str:
    """What `exam log audit` says."""
    with world.context(world.people[Role.ADMIN]).session as db:
        return "\n".join(audit.faults(db))


def checked(maker: ReleaseMaker, files: dict[str, bytes], folder: Path) -> str:
    """What the verifier refuses of a publication."""
    bag = Bag("publication", maker.name, maker.name, files, folder)
    keys = parse_keys(maker.office.keys, "keys.txt")
    return told(lambda: verify_publication(bag, keys))


def acts_of(count: int, **other: str) -> Office:
    """An office whose log has so many acts; `other`: actors by number of the act."""
    office = Office()
    for n in range(count):
        office.act("accounts.log_in", f"account:{n}", {"n": n}, actor=other.get(f"_{n}", "o1"))
    return office


def lying(folder: Path, office: Office, **files: bytes) -> Path:
    """A published log with other things beside it."""
    named = {name.replace("_", "."): data for name, data in files.items()}
    write(folder, {**named, "keys.txt": office.keys})
    write(folder / "log", office.log_files())
    return folder


def refused_by_verify(folder: Path) -> str:
    return "\n".join(str(one) for one in verify([folder]).refused)


def shares(count: int) -> Iterator[str]:
    """Secrets of somebody honest: 64 hex digits each, the same in every run."""
    return (sha256(b"honest", str(n).encode()).hex() for n in range(count))


def spread(counts: list[int]) -> float:
    """χ² of counts that should all be alike."""
    each = sum(counts) / len(counts)
    return sum((count - each) ** 2 for count in counts) / each
