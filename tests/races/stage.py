"""An exam with many candidates, and threads that do what they can at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.clock import rfc3339
from exam_system.context import PUBLIC, Actor, Context
from exam_system.errors import Conflict
from exam_system.exams.models import District, Exam, FeeItem, Post
from exam_system.exams.rules import defaults, parse_rules
from exam_system.fees.models import Order
from exam_system.office import Office
from exam_system.records import audit, fsck
from exam_system.registration.models import Application
from exam_system.registration.service import apply
from exam_system.timekeeping import Timekeeper
from exam_system.trust.canonical import jcs, sha256_hex
from tests.registration.setting import CODE, FEE, add_exam
from tests.world import World

THREADS = 16
FIELDS = {"education": "bachelor", "major": "法学 030101K", "school": "测试大学", "employer": ""}


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one try: when it was begun and ended by the machine's clock, and how."""

    begun: datetime
    ended: datetime
    result: str
    """A reference, or "" when it was refused."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The office of a race. `world` sets the stage, `office` is what the threads use."""

    world: World
    office: Office

    @classmethod
    def set(cls, world: World, clock: Path) -> Stage:
        """Announce an exam that is open now."""
        world.clock.set(datetime.now(UTC) - timedelta(seconds=5))
        add_exam(world)
        keeper = Timekeeper(world.engine, clock)
        office = Office(world.config, world.keys, world.engine, keeper, world.chance)
        return cls(world, office)

    @contextmanager
    def acting(self, who: Actor) -> Iterator[Context]:
        """A transaction as pages have it, without the sealing."""
        ctx = self.office.context(who, write=True)
        with ctx.session:
            yield ctx
            ctx.session.commit()

    def close_at(self, registration: datetime, payment: datetime) -> None:
        """Let the exam's windows end at these times."""
        with self.world.acting(Role.OFFICER) as ctx:
            exam = ctx.session.scalars(select(Exam)).one()
            document = defaults("civil_service")
            opens = rfc3339(registration - timedelta(days=1))
            times = {"registration_opens": opens, "registration_closes": rfc3339(registration)}
            for key, value in (times | {"payment_closes": rfc3339(payment)}).items():
                document[key]["value"] = value
            exam.rules = jcs(parse_rules(document).document()).decode()
            exam.rules_digest = sha256_hex(exam.rules.encode())

    def people(self, count: int) -> list[Actor]:
        """Candidates who registered, put in by hand."""
        at = self.world.clock.now()
        with self.world.context(PUBLIC).session as db:
            rows = [_account(n, at) for n in range(count)]
            db.add_all(rows)
            db.flush()
            db.add_all(_person(row) for row in rows)
            db.commit()
        return [Actor(row.ref, Role.CANDIDATE, row.id, row.name) for row in rows]

    def orders(self, people: Iterable[Actor]) -> list[Order]:
        """Orders of approved applications that wait for their payment, put in by hand."""
        at, made = self.world.clock.now(), []
        with self.world.context(PUBLIC).session as db:
            exam, post = db.scalars(select(Exam)).one(), db.scalars(select(Post)).first()
            district, item = db.scalars(select(District)).first(), db.scalars(select(FeeItem)).one()
            for n, who in enumerate(people):
                person = select(Person.id).where(Person.account_id == who.account_id)
                row = Application(
                    ref=f"application{n}", label=f"k-{n}", exam_id=exam.id, post_id=post.id,
                    person_id=db.scalars(person).one(), district_id=district.id, state="approved",
                    education="bachelor", major="法学 030101K", school="测试大学", employer="",
                    checks="[]", created_at=at, decided_at=at,
                )  # fmt: skip
                db.add(row)
                db.flush()
                made.append(
                    Order(trade_no=f"trade{n:05}", application_id=row.id, fee_item_id=item.id,
                          fen=FEE, state="paying", pay_url="", created_at=at)
                )  # fmt: skip
            db.add_all(made)
            db.commit()
        return made

    def apply(self, who: Actor, post: str = "101") -> str:
        """An application of somebody's; its reference, "" when it was refused."""
        try:
            with self.acting(who) as ctx:
                found = apply(ctx, exam_code=CODE, post_code=post, district_code=1, **FIELDS)
            return found.ref
        except Conflict:
            return ""

    def check(self) -> None:
        """The log is whole, and every row is as its acts say."""
        self.world.seal()
        with self.world.context(PUBLIC).session as db:
            log = self.world.keys.log.verifier
            found = fsck.Findings()
            wrong = [*fsck.faults(db, self.world.log, log, found), *audit.faults(db)]
        assert wrong == [], wrong


def _account(n: int, at: datetime) -> Account:
    return Account(
        ref=f"racer{n}", username=f"racer{n}", name="王小明", role="candidate",
        password_hash="none", active=True, created_at=at,
    )  # fmt: skip


def _person(account: Account) -> Person:
    return Person(
        account_id=account.id, name=account.name, sex="male", birth=date(1997, 1, 1),
        id_sealed=b"x" * 40, id_blind=f"{account.id:064}", phone_sealed=b"x" * 40,
    )  # fmt: skip


def at_once(work: Callable[[int], str], calls: int, *, threads: int = THREADS) -> list[Tried]:
    """Call `work(n)` for all n, some at a time; an error of any but a refusal is raised."""
    numbers, tried, broken = iter(range(calls)), [], []
    gate, lock = threading.Barrier(threads), threading.Lock()

    def run() -> None:
        gate.wait()
        while not broken:
            with lock:
                n = next(numbers, None)
            if n is None:
                return
            begun = datetime.now(UTC)
            try:
                result = work(n)
            except Exception as error:
                broken.append(error)
            else:
                tried.append(Tried(begun, datetime.now(UTC), result))

    runners = [threading.Thread(target=run) for _ in range(threads)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    if broken:
        raise broken[0]
    return tried
