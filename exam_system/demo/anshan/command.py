"""`exam demo anshan`: 21 exams of a year, from the announcement to the close of registration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path

import click

from exam_system.access import Role
from exam_system.chance import SeededChance
from exam_system.clock import RehearsalClock
from exam_system.database import reading
from exam_system.demo import people
from exam_system.demo.anshan import plans
from exam_system.demo.anshan.bank import Bank
from exam_system.demo.anshan.books import Line, Statements, line
from exam_system.demo.anshan.crowd import Crowd
from exam_system.demo.anshan.paying import Till
from exam_system.demo.cast import Cast, assemble
from exam_system.demo.command import BUREAU
from exam_system.demo.road import Road, Tick
from exam_system.demo.sources import Plan
from exam_system.demo.till import CALLBACKS, application, gateway_process
from exam_system.errors import Fault
from exam_system.exams.service import close_registration
from exam_system.fees.desk import Desk, open_desk
from exam_system.fees.sandbox.merchant import make_merchant
from exam_system.instance import create_instance
from exam_system.oversight.books import faults_of_books, money

EXAMS = 21


@click.command()
@click.option("--exams", default=EXAMS, type=click.IntRange(1, EXAMS), show_default=True)
@click.option(
    "--registrations", type=click.IntRange(40), help="Of each exam; otherwise its own number."
)
@click.option("--seed", default=plans.SEED, show_default=True, help="Everything follows from it.")
@click.option("--base-url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--database-url", default="sqlite:///exam.db", show_default=True)
@click.option("--fonts", default="fonts", help="Where the fonts are kept; below the instance.")
@click.option("--gateway-url", default="http://127.0.0.1:8390", show_default=True)
@click.pass_context
def anshan(
    context: click.Context,
    /,
    exams: int,
    registrations: int | None,
    seed: str,
    gateway_url: str,
    **values: str,
) -> None:
    """Register and pay for the exams of a year; lost, doubled and waived fees are all found."""
    folder: Path = context.find_root().obj
    year = plans.plans(seed, exams, registrations)
    with opened(folder, year, seed, gateway_url, values) as bureau:
        told = [bureau.hold(plan) for plan in year]
    tell(bureau.cast, told)


@dataclass
class Bureau:
    """What all exams of the year have in common."""

    cast: Cast
    crowd: Crowd
    desk: Desk
    gateway: str
    bank: Bank

    def hold(self, plan: Plan) -> Line:
        """One exam from its announcement to the close of registration, with its books."""
        with _bar(plan) as tick:
            till = self.till(plan, tick)
            statements = Statements(till)
            self.take_applications(till.road)
            take_fees(till, statements)
        with reading(self.cast.office.engine) as db:
            return line(db, till, statements)

    def till(self, plan: Plan, tick: Tick = lambda _n: None) -> Till:
        """The road and the faults of one exam."""
        road = Road(self.cast, plan, 0, tick)
        return Till(road, plans.faults(plan), self.desk, self.gateway, self.bank)

    def take_applications(self, road: Road) -> None:
        """The announcement, everybody's application, and the review of all."""
        road.at(road.announced)
        road.announce()
        self.crowd.register(road)
        road.at(road.plan.closes)
        road.review()


def take_fees(till: Till, statements: Statements) -> None:
    """All fees of an exam, its daily statements, and the close of registration."""
    road = till.road
    till.waive()
    till.pay_over_http()
    statements.before()
    till.pay_by_signed_callbacks()
    till.ask_again()
    till.send_back()
    statements.after()
    road.at(road.plan.payment_closes + timedelta(minutes=1))
    with road.cast.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=road.code)
    road.cast.office.seal()


@contextmanager
def _bar(plan: Plan) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=plan.applicants * 3, label=f"{plan.code:<16}") as bar:
        yield bar.update


@contextmanager
def opened(
    folder: Path, year: Sequence[Plan], seed: str, gateway: str, values: dict[str, str]
) -> Iterator[Bureau]:
    """A new instance with the sandbox gateway beside it and the application on its address."""
    clock, chance = RehearsalClock(year[0].opens - timedelta(days=30)), SeededChance(seed)
    config = create_instance(folder, {**BUREAU, **values}, clock.now(), chance)
    make_merchant(
        config.instance,
        gateway=gateway,
        notify_url=config.base_url.rstrip("/") + CALLBACKS["wechat"],
    )
    cast = assemble(folder, clock, chance)
    desk = open_desk(config)
    registrations = sum(plan.applicants for plan in year)
    count = max(-(-registrations // plans.EXAMS_EACH), max(plan.applicants for plan in year))
    crowd = Crowd(tuple(people.candidates(seed, count, year=year[0].opens.year, first=0)))
    with gateway_process(config.instance, gateway), application(cast, seed):
        yield Bureau(cast, crowd, desk, gateway, Bank(config.instance, desk))


COLUMNS = {
    "registered": "registered",
    "asked": "asked",
    "received": "received",
    "kept": "kept",
    "refunded": "refunded",
    "waived": "waived",
    "over_http": "over HTTP",
    "told_twice": "told twice",
    "lost": "lost, found",
    "twice": "paid twice",
    "without_fee": "waivers",
    "statements": "statements",
}
MONEY = ("asked", "received", "kept", "refunded", "waived")


def tell(cast: Cast, told: Sequence[Line]) -> None:
    """Print the table; raises Fault when something does not balance or was not found."""
    click.echo("\n" + f"{'exam':<16}" + "".join(f"{head:>13}" for head in COLUMNS.values()))
    for row in (*told, _sum(told)):
        click.echo(f"{row.code:<16}" + "".join(f"{_cell(row, name):>13}" for name in COLUMNS))
    wrong = [sentence for row in told for sentence in row.wrong]
    with reading(cast.office.engine) as db:
        wrong += faults_of_books(db)
        if not money(db).balances:
            wrong.append("what came in is not what is kept, owed and refunded together")
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        raise Fault(f"{len(wrong)} things do not balance, first: {wrong[0]}")
    _last_line(_sum(told), len(told))


def _last_line(total: Line, exams: int) -> None:
    faults = total.told_twice + total.lost + total.twice + total.without_fee
    sums = {"asked": total.asked, "kept": total.kept, "waived": total.waived}
    said = ", ".join(f"{_yuan(fen)} yuan {what}" for what, fen in sums.items())
    click.echo(
        f"anshan: {exams} exams, {total.registered} registrations, {said}, "
        f"{_yuan(total.refunded)} yuan refunded, {total.over_http} payments over HTTP, "
        f"{faults} planted faults found and no other, {total.statements} signed statements"
    )


def _sum(told: Sequence[Line]) -> Line:
    numbers = {
        item.name: sum(getattr(row, item.name) for row in told)
        for item in fields(Line)
        if item.name in COLUMNS
    }
    return Line(code="all", wrong=(), **numbers)


def _cell(row: Line, name: str) -> str:
    value = getattr(row, name)
    return _yuan(value) if name in MONEY else str(value)


def _yuan(fen: int) -> str:
    """Fen as yuan with two decimals, without floating point."""
    return f"{fen // 100}.{fen % 100:02}"
