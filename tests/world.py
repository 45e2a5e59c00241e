"""What service and page tests work with: an instance, its clock, and people of every role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import Engine

from exam_system import config
from exam_system.access import Role
from exam_system.accounts.service import create_account
from exam_system.accounts.sessions import actor_for
from exam_system.app import create_app
from exam_system.chance import SeededChance
from exam_system.clock import RehearsalClock
from exam_system.config import Config
from exam_system.context import SYSTEM, Actor, Context
from exam_system.database import connect, writing
from exam_system.keys import Keys, open_keys
from exam_system.office import Office
from exam_system.oversight.service import register_inspector, register_server_keys
from exam_system.trust.keys import COSIGNATURE, Signer

PASSWORD = "correct horse battery"


@dataclass
class World:
    """One instance in a test. Actors by role in `people`; `inspector` is the inspector's signer."""

    folder: Path
    config: Config
    keys: Keys
    engine: Engine
    clock: RehearsalClock
    chance: SeededChance
    inspector: Signer
    people: dict[Role, Actor] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, clock: RehearsalClock) -> World:
        """Open an instance and create its people."""
        settings = config.load(folder)
        world = cls(
            folder,
            settings,
            open_keys(settings),
            connect(settings.database),
            clock,
            SeededChance("tests"),
            Signer.generate("tests.example/inspector", COSIGNATURE),
        )
        with world.acting(SYSTEM) as ctx:
            register_server_keys(ctx)
            register_inspector(ctx, vkey=world.inspector.verifier.vkey)
            for role in Role:
                if role not in (Role.PUBLIC, Role.SYSTEM, Role.CANDIDATE):
                    account = create_account(
                        ctx, username=role.value, name=f"测试{'甲'}", role=role, password=PASSWORD
                    )
                    world.people[role] = actor_for(account)
        return world

    def context(self, actor: Actor, reason: str = "") -> Context:
        """A context on a new writing session; the caller commits and closes."""
        return Context(
            writing(self.engine), actor, self.clock, self.chance, self.config, self.keys, reason
        )

    @contextmanager
    def acting(self, who: Actor | Role) -> Iterator[Context]:
        """A committed transaction as somebody."""
        ctx = self.context(self.people[who] if isinstance(who, Role) else who)
        with ctx.session:
            yield ctx
            ctx.session.commit()

    def seal(self) -> None:
        """Sequence, sign and show the log's head."""
        Office(self.config, self.keys, self.engine, self.clock, self.chance).seal()

    def app(self) -> Flask:
        """The application on this instance with this clock."""
        app = create_app(self.folder, clock=self.clock, chance=self.chance)
        app.config["TESTING"] = True
        app.config["WTF_CSRF_ENABLED"] = False  # tests of CSRF itself switch it on again
        return app

    def client(self, app: Flask, role: Role | None = None) -> FlaskClient:
        """A browser without a screen, logged in as a role's account."""
        client = app.test_client()
        if role is not None:
            answer = client.post("/login", data={"login": role.value, "password": PASSWORD})
            assert answer.status_code == 302, answer.text
        return client
