"""What service and page tests work with: an instance, its clock, and people of every role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.engine import Connection, Engine

from exam_system import access, config
from exam_system.access import CEREMONY, Role
from exam_system.accounts import factors
from exam_system.accounts.models import Account
from exam_system.accounts.service import create_account
from exam_system.accounts.sessions import actor_for
from exam_system.accounts.takeovers import wanted_takeover
from exam_system.app import create_app
from exam_system.appointing.following import wanted_following
from exam_system.appointing.service import wanted_appointment
from exam_system.approvals import service as approvals
from exam_system.approvals.lookup import Wanted, find, standing
from exam_system.approvals.publications import wanted_publication
from exam_system.cases.extension import wanted_extension
from exam_system.chance import SeededChance
from exam_system.choosing.closing import wanted_closing, wanted_reopening
from exam_system.choosing.opening import wanted_opening
from exam_system.clock import RehearsalClock
from exam_system.config import Config
from exam_system.context import SYSTEM, Actor, Context
from exam_system.custody.spares import wanted_leave
from exam_system.database import WritingSession, connect
from exam_system.draws import service as draws
from exam_system.draws.asking import wanted_freeze, wanted_publish
from exam_system.draws.lookup import find as find_attempt
from exam_system.duties import pledges
from exam_system.duties.judging import wanted_measure
from exam_system.duties.sheets import wanted_sheet
from exam_system.examday.changes import wanted_addition, wanted_move
from exam_system.exams.changes import wanted_change
from exam_system.exams.lookup import exam_by_code
from exam_system.fees.bank import wanted_file
from exam_system.fees.counter import wanted_count
from exam_system.fees.refunds import wanted_refunds
from exam_system.fees.waiver_lists import wanted_waivers
from exam_system.instance import demonstration_secret
from exam_system.interviews.lots import wanted_publication as wanted_lots
from exam_system.interviews.rectifying import wanted_correction as wanted_score
from exam_system.interviews.substitutes import wanted_replacement
from exam_system.keys import Keys, open_keys
from exam_system.marking.corrections import wanted_key, wanted_mark
from exam_system.marking.replacing import wanted_dropping_out
from exam_system.marking.service import wanted_correction
from exam_system.observing.inviting import wanted_invitations
from exam_system.office import Office
from exam_system.oversight.service import register_inspector, register_server_keys
from exam_system.records import log, releases, rows
from exam_system.registration.integrity import wanted_bars, wanted_lift
from exam_system.trust.keys import COSIGNATURE, Signer
from exam_system.violations.deciding import wanted_decision
from tests import reloading

PASSWORD = "correct horse battery"
OFFICES = {Role.OFFICER: "考试中心", Role.INSPECTOR: "派驻纪检监察组"}


def _announcement(ctx: Context, *, code: str) -> Wanted:
    exam = exam_by_code(ctx.session, code)
    release = releases.newest(ctx.session, exam.id, "announcement")
    return wanted_publication(ctx, "exams.publish_announcement", exam, release, "Announcement")


def _results(ctx: Context, *, code: str, version: int) -> Wanted:
    exam = exam_by_code(ctx.session, code)
    release = releases.by_version(ctx.session, exam.id, "results", version)
    return wanted_publication(ctx, "results.publish_release", exam, release, "Written scores")


WANTED: dict[str, Callable[..., Wanted]] = {
    "accounts.grant_takeover": wanted_takeover,
    "registration.bar_people": wanted_bars,
    "registration.lift_bar": wanted_lift,
    "violations.decide_case": wanted_decision,
    "exams.publish_change": wanted_change,
    "examday.add_late_candidate": wanted_addition,
    "examday.move_candidate": wanted_move,
    "draws.freeze_draw": wanted_freeze,
    "draws.publish_draw": wanted_publish,
    "interviews.publish_lots": wanted_lots,
    "exams.publish_announcement": _announcement,
    "results.publish_release": _results,
    "fees.refund_payments": wanted_refunds,
    "fees.take_bank_file": wanted_file,
    "fees.count_takings": wanted_count,
    "fees.grant_waivers": wanted_waivers,
    "marking.correct_written_scores": wanted_correction,
    "marking.correct_mark": wanted_mark,
    "marking.correct_key": wanted_key,
    "marking.replace_marker": wanted_dropping_out,
    "interviews.replace_interviewer": wanted_replacement,
    "interviews.correct_score": wanted_score,
    "custody.allow_opening": wanted_leave,
    "cases.extend_case": wanted_extension,
    "duties.publish_sheet": wanted_sheet,
    "duties.hold_accountable": wanted_measure,
    "observing.invite_observers": wanted_invitations,
    "appointing.appoint": wanted_appointment,
    "appointing.follow_correction": wanted_following,
    "choosing.open_session": wanted_opening,
    "choosing.reopen_turn": wanted_reopening,
    "choosing.close_session": wanted_closing,
}


def fresh_code(ctx: Context, username: str = "inspector") -> str:
    """A code of somebody's authenticator that is still unused; the clock waits for it if needed."""
    query = select(factors.SecondFactor.last_step).join(Account).where(Account.username == username)
    used = ctx.session.scalars(query).one()
    if factors.step_at(ctx.clock.now()) <= (used or 0):
        assert isinstance(ctx.clock, RehearsalClock)
        ctx.clock.advance(seconds=factors.STEP)
    return pyotp.TOTP(demonstration_secret(username)).at(ctx.clock.now())


def approve_in(ctx: Context, verb: str, *, username: str = "inspector", **arguments: Any) -> str:
    """The actor asks for an act's approval, another account gives it with a code; the reference."""
    access.require(ctx.actor.role, verb)
    wanted = WANTED[verb](ctx, **arguments)
    found = standing(ctx.session, wanted)
    if found.approval and found.state == "approved":
        return found.approval.ref
    ref = approvals.ask_approval(ctx, wanted=wanted).ref
    give_approval(ctx, ref, username)
    return ref


def give_approval(ctx: Context, ref: str, username: str = "inspector") -> None:
    """Approve with a fresh code, as the account of this name, in the running transaction."""
    account = ctx.session.scalars(select(Account).where(Account.username == username)).one()
    other = ctx.as_actor(actor_for(account))
    occasion = approvals.about(find(ctx.session, ref))
    assert factors.prove(other, occasion, factors.Typed(fresh_code(other, username)))
    approvals.approve(other, ref=ref)


def confirm_in(ctx: Context, verb: str, *, draw: str, number: int = 1) -> None:
    """An acting inspector confirms a step of a draw with a fresh code."""
    if ctx.actor.role is Role.INSPECTOR:
        occasion = draws.confirming(ctx, verb, find_attempt(ctx.session, draw, number))
        assert factors.prove(ctx, occasion, factors.Typed(fresh_code(ctx)))


def sign_pledge_in(ctx: Context, account: Account, password: str = "") -> Actor:
    """A member of staff signs the pledge in force in the running transaction; who they are then.

    Without `password` it was handed over on paper and only they know it.
    """
    mine = ctx.as_actor(actor_for(account))
    text = pledges.in_force(ctx.session, account.role)
    occasion = pledges.occasion(mine, text)
    if password:
        assert factors.prove_password(mine, password, occasion)
    else:
        mine.proved = occasion.about, "password"
    pledges.sign_pledge(mine, digest=text.digest)
    return actor_for(account)


def sign_pledges_in(ctx: Context) -> None:
    """Everybody of the staff who has an account and has not signed does so."""
    lacking = Account.role != Role.CANDIDATE.value, Account.pledge.is_(None), Account.active
    for account in ctx.session.scalars(select(Account).where(*lacking).order_by(Account.id)):
        sign_pledge_in(ctx, account)


class StageSession(WritingSession):
    """Unlike the office's: rows may be put in by hand to set a stage, under an act of the tests."""

    def commit(self) -> None:
        """Commit; rows that no act of the office stands for get one of the tests."""
        self.flush()
        if not log.waits(self) and rows.touched_tables(self) - rows.SEALED - rows.LOOSE:
            log.write(
                self,
                kind="tests.set_stage",
                exam="",
                at=self.info["clock"].now(),
                actor="tests",
                subject="tests:stage",
                details={},
                salt=bytes(32),
                rows_salt=bytes(32),
            )
        super().commit()


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
                    world.people[role] = world.hire(ctx, role, role.value)
        return world

    def moved(self, folder: Path) -> World:
        """The same instance with its people as a copy in another folder."""
        settings = config.load(folder)
        return replace(
            self,
            folder=folder,
            config=settings,
            engine=connect(settings.database),
            clock=RehearsalClock(self.clock.now()),
            chance=copy(self.chance),
            people=dict(self.people),
        )

    def hire(
        self, ctx: Context, role: Role, username: str, office: str = "", name: str = "测试甲"
    ) -> Actor:
        """A new member of staff, with an authenticator if the role approves anything."""
        unit = None if role is Role.INTERVIEWER else office or OFFICES.get(role, "局机关")
        account = create_account(
            ctx, username=username, name=name, role=role, password=PASSWORD, office=unit
        )
        actor = sign_pledge_in(ctx, account, PASSWORD)
        if role in CEREMONY:
            mine = ctx.as_actor(actor)
            assert factors.prove_password(mine, PASSWORD)
            secret = demonstration_secret(username)
            factor = factors.add_second_factor(mine, kind="totp", label="手机", secret=secret)
            # An earlier code confirms it: that of now stays good.
            earlier = self.clock.now() - timedelta(seconds=factors.STEP)
            factors.confirm_second_factor(
                mine, factor=factor.id, answer=pyotp.TOTP(secret).at(earlier)
            )
        return actor

    def approved(self, verb: str, asker: Actor | Role = Role.OFFICER, **arguments: Any) -> str:
        """Have an act approved by the inspector; returns the approval's reference."""
        with self.acting(asker) as ctx:
            return approve_in(ctx, verb, **arguments)

    def context(self, actor: Actor, reason: str = "") -> Context:
        """A context on a new writing session; the caller commits and closes.

        Unlike in the office, rows may be put in by hand, without an act, to set a stage.
        """
        db = StageSession(self.engine, expire_on_commit=False, info={"clock": self.clock})
        return Context(db, actor, self.clock, self.chance, self.config, self.keys, reason)

    @contextmanager
    def acting(self, who: Actor | Role) -> Iterator[Context]:
        """A committed transaction as somebody."""
        ctx = self.context(self.people[who] if isinstance(who, Role) else who)
        with ctx.session:
            yield ctx
            ctx.session.commit()

    @property
    def log(self) -> Path:
        """The folder of the published log."""
        return self.config.published / "log"

    def fill_log(self, count: int, name: str) -> None:
        """Some acts, sequenced and signed."""
        with self.acting(Role.ADMIN) as ctx:
            for n in range(count):
                create_account(
                    ctx,
                    username=f"{name}{n}",
                    name="测试甲",
                    role=Role.REVIEWER,
                    password=PASSWORD,
                    office="局机关",
                )
        self.seal()

    def seal(self) -> None:
        """Sequence, sign and show the log's head."""
        Office(self.config, self.keys, self.engine, self.clock, self.chance).seal()

    def app(self) -> Flask:
        """The application on this instance with this clock."""
        app = create_app(self.folder, clock=self.clock, chance=self.chance)
        app.config["TESTING"] = True
        app.config["WTF_CSRF_ENABLED"] = False  # tests of CSRF itself switch it on again
        reloading.watch(app)
        return app

    def client(self, app: Flask, role: Role | None = None) -> FlaskClient:
        """A browser without a screen, logged in as a role's account."""
        client = app.test_client()
        if role is not None:
            answer = client.post("/login", data={"login": role.value, "password": PASSWORD})
            assert answer.status_code == 302, answer.text
        return client


def disarm(db: Connection) -> None:
    """What the owner of the database can do: the guards of the tables are gone for ever, and on
    PostgreSQL foreign keys do not hold in this transaction."""
    if db.dialect.name == "sqlite":
        names = db.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        statements = [f'DROP TRIGGER "{name}"' for name in names]
    else:
        query = "SELECT DISTINCT event_object_table FROM information_schema.triggers"
        tables = db.scalars(text(query)).all()
        statements = [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in tables]
        statements.append("SET LOCAL session_replication_role = replica")
    for statement in statements:
        db.execute(text(statement))
