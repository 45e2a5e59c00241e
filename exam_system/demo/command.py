"""`exam demo`: the bureau of 2008 replayed, and one exam in each stage of today."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pyotp
from sqlalchemy import func, select

from exam_system.access import CEREMONY, Role
from exam_system.accounts.factors import STEP
from exam_system.chance import SeededChance
from exam_system.clock import RehearsalClock, SystemClock
from exam_system.config import load
from exam_system.demo import sources, stages, till
from exam_system.demo.appointing import appoint_all
from exam_system.demo.cast import STAFF, Cast, assemble
from exam_system.demo.crossings import judge_lines
from exam_system.demo.examday import sign_in
from exam_system.demo.hearing import hear, prepare
from exam_system.demo.letters import replay_letters
from exam_system.demo.neighbours import share_pools
from exam_system.demo.notices import post_lists
from exam_system.demo.observing import open_stages
from exam_system.demo.road import PASSWORD, Road
from exam_system.demo.scoreday import look_up
from exam_system.demo.sources import Plan
from exam_system.demo.tip import leave_report
from exam_system.errors import Fault
from exam_system.exams.lookup import exam_by_code
from exam_system.instance import (
    DEMONSTRATION_PASSWORD,
    create_instance,
    demonstration_secret,
)
from exam_system.interviews.issuing import Issued
from exam_system.interviews.pool import import_interviewers
from exam_system.messages.sending import run_round
from exam_system.records.models import Act
from exam_system.registration.models import Application
from exam_system.results.models import Result
from exam_system.verify.run import verify

REFUSED, UNPAID = 12, 10  # applications of each held exam that do not end in a paid one
OVER_HTTP = 100
BUREAU = {
    "origin": "anshun.example/log",
    "bureau": "安顺市人事局考试中心（演示）",
    "bureau_en": "Anshun Personnel Bureau, Examination Centre (demonstration)",
    "area_code": "520400",
    "demonstration": True,
    "secure_cookies": False,
    "password_cost": "cheapest",
    "proof_of_work": 20,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the table at the end says of one exam."""

    name: str
    paid: int
    shortlisted: int
    appointed: int


@click.group(invoke_without_command=True)
@click.option("--exams", default=4, type=click.IntRange(1, 4), show_default=True)
@click.option(
    "--seed", default="anshun-2008", show_default=True, help="Everything follows from it."
)
@click.option("--base-url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--database-url", default="sqlite:///exam.db", show_default=True)
@click.option("--fonts", default="fonts", help="Where the fonts are kept; below the instance.")
@click.option("--gateway-url", default="http://127.0.0.1:8390", show_default=True)
@click.option("--stages/--no-stages", "with_stages", default=True, help="One exam in each stage.")
@click.pass_context
def demo(
    context: click.Context,
    /,
    exams: int,
    seed: str,
    gateway_url: str,
    with_stages: bool,
    **values: str,
) -> None:
    """Make a demonstration instance and replay four exams of 2008 through the real verbs."""
    if context.invoked_subcommand:
        return
    folder: Path = context.obj
    plans = load_plans(seed, SystemClock().now())
    held, staged = plans["held"][:exams], plans["stages"] if with_stages else []
    clock, chance = RehearsalClock(held[0].opens - timedelta(days=30)), SeededChance(seed)
    create_instance(folder, {**BUREAU, **values}, clock.now(), chance)
    cast = assemble(folder, clock, chance)
    with cast.acting(Role.OFFICER) as ctx:
        import_interviewers(ctx, name="pool.csv", data=sources.interviewers(seed))
    click.echo(f"pool of interviewers signed for other bureaus: {share_pools(cast, folder, seed)}")
    told = [_hold(cast, plan, 2_000 * n, gateway_url) for n, plan in enumerate(held)]
    for plan in (plan for plan in held if plan.score_day):
        click.echo(look_up(cast, plan.code, folder))
    held_codes = [plan.code for plan in held]
    click.echo(f"appointed with the whole chain behind them: {appoint_all(cast, held_codes)}")
    click.echo(f"notices through every level: {post_lists(cast, held_codes[0])}; exam 1 is closed")
    click.echo(f"an anonymous report was left and answered: receipt {leave_report(cast)}")
    click.echo(f"{replay_letters(cast)} letters answered within three working days")
    issued = _stage(cast, staged) if staged else []
    if staged:
        click.echo(open_stages(cast))
    click.echo(judge_lines(cast))
    cast.office.seal()
    click.echo(f"{run_round(cast.office).made} messages on the pages of candidates")
    _finish(cast, folder, told, issued)


@demo.command("code")
@click.argument("username")
@click.pass_obj
def show_code(folder: Path, username: str) -> None:
    """Print the code that the authenticator of USERNAME shows now (demonstrations only)."""
    if not load(folder).demonstration:
        raise Fault(f"{folder} is no demonstration: codes come from its people's own devices")
    now = SystemClock().now()
    rest = STEP - int(now.timestamp()) % STEP
    click.echo(f"{pyotp.TOTP(demonstration_secret(username)).at(now)} ({rest} s)")


def load_plans(seed: str, now: datetime) -> dict[str, list[Plan]]:
    """The plans of data, the stages' dates counted from today's midnight (UTC)."""
    raw = json.loads((Path(__file__).parent / "plan.json").read_text(encoding="utf-8"))
    today = now.astimezone(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
    return {part: [_plan(item, seed, today) for item in raw[part]] for part in ("held", "stages")}


def _plan(item: dict[str, Any], seed: str, today: datetime) -> Plan:
    days = item.pop("days", None)
    opens = item.pop("opens", None)
    at = datetime.fromisoformat(opens) if opens else today + timedelta(days=days)
    return Plan(**item, opens=at, seed=seed)


@contextmanager
def _bar(plan: Plan, steps: int) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=steps, label=f"{plan.code:<20}") as bar:
        yield bar.update


def _hold(cast: Cast, plan: Plan, first: int, gateway: str) -> Told:
    """One exam of 2008 from announcement to proposed appointments."""
    clock = cast.clock
    with _bar(plan, plan.applicants * 3 + REFUSED * 2 + UNPAID * 2) as tick:
        road = Road(cast, plan, first, tick)
        road.at(road.announced)
        road.announce()
        road.register(REFUSED + UNPAID)
        road.at(plan.closes)
        road.review(refuse=REFUSED)
        till.take_fees(road, OVER_HTTP if not first else 0, gateway)
        road.seat()
        sign_in(road)
        road.mark()
        road.at(clock.now() + timedelta(days=3))
        prepare(road)
        hear(road)
        road.release("final")
    return _tell(cast, plan)


def _tell(cast: Cast, plan: Plan) -> Told:
    def number(*where: Any) -> int:
        query = select(func.count()).select_from(Application).where(*where)
        return int(ctx.session.scalar(query) or 0)

    with cast.acting(Role.OFFICER) as ctx:
        exam = Application.exam_id == exam_by_code(ctx.session, plan.code).id
        listed = [
            number(exam, Application.id == Result.application_id, Result.outcome == outcome)
            for outcome in ("shortlisted", "proposed")
        ]
        return Told(plan.name, number(exam, Application.state == "paid"), *listed)


def _stage(cast: Cast, plans: list[Plan]) -> list[Issued]:
    """In the order in which time passes: the interviews of today come last."""
    now = SystemClock().now().replace(microsecond=0)
    roads = {plan.code: Road(cast, plan, 8_000 + 200 * n) for n, plan in enumerate(plans)}
    for road in roads.values():
        road.at(min(road.announced for road in roads.values()))
        road.announce()
    stages.published(roads["demo-published"])
    stages.to_shortlist(roads["demo-interview"])
    stages.with_the_ratio(roads["demo-seats"])
    stages.reviewing(roads["demo-review"])
    stages.registering(roads["demo-open"], now - timedelta(hours=3))
    return stages.interviewing(roads["demo-interview"], now - timedelta(hours=2))


def _finish(cast: Cast, folder: Path, told: list[Told], issued: list[Issued]) -> None:
    click.echo(f"\n{'exam':<24}{'paid':>8}{'shortlist':>11}{'appointed':>11}{'ratio':>9}")
    for row in told:
        ratio = f"{row.paid / max(row.appointed, 1):.1f}:1"
        line = f"{row.paid:>8}{row.shortlisted:>11}{row.appointed:>11}{ratio:>9}"
        click.echo(f"{row.name}\n{'':<24}{line}")
    _accounts(issued)
    outcome = verify([cast.office.config.published])
    if outcome.refused:
        raise Fault(f"{len(outcome.refused)} files do not verify: {outcome.refused[0]}")
    with cast.acting(Role.OFFICER) as ctx:
        acts = ctx.session.scalar(select(func.count()).select_from(Act))
    paid, appointed = (sum(getattr(row, part) for row in told) for part in ("paid", "appointed"))
    click.echo(
        f"demo: {len(told)} exams, {paid} applicants, {appointed} appointed, "
        f"{acts} log entries, {outcome.files} files verified"
    )


def _accounts(issued: list[Issued]) -> None:
    click.echo(f"\naccounts of this demonstration (password {DEMONSTRATION_PASSWORD}):")
    for role, username, name, unit in STAFF:
        click.echo(f"  {username:<12}{role.value:<12}{name} {unit}")
        if role in CEREMONY:
            click.echo(f"  {'':<24}authenticator secret {demonstration_secret(username)}")
    for person in issued[:3]:
        click.echo(f"  {person.username:<12}{'interviewer':<12}password {person.password}")
    click.echo("codes of the authenticators: exam demo code USERNAME")
    click.echo(f"candidates log in with their ID number and the password {PASSWORD}\n")
