"""One exam from set-up to signed results, through the same verbs as the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.service import register_candidate
from exam_system.accounts.sessions import actor_for
from exam_system.approvals.lookup import Wanted
from exam_system.approvals.publications import wanted_publication
from exam_system.context import PUBLIC, SYSTEM, Actor, Context
from exam_system.demo import people, scoreday, sources
from exam_system.demo.cast import Cast
from exam_system.demo.ceremony import run_draw
from exam_system.demo.reviewers import owners
from exam_system.demo.sources import Plan
from exam_system.demo.standing import stand_in
from exam_system.examday.listing import import_invigilators
from exam_system.exams import service as exams
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.fees.gateway import Payment
from exam_system.fees.models import Order
from exam_system.fees.service import accept_payment, create_order
from exam_system.marking.service import import_written_scores
from exam_system.records.models import Release
from exam_system.registration import service as registration
from exam_system.registration.models import Application
from exam_system.results.service import STAGE_NAMES, prepare_release, publish_release

BATCH = 250
PASSWORD = "candidate-2008"
NEED = "腿部残疾，使用轮椅，不能上楼"
Tick = Callable[[int], None]
T = TypeVar("T")


@dataclass
class Road:
    """An exam on its way; `applicants` are the applications that will be paid for."""

    cast: Cast
    plan: Plan
    first: int
    tick: Tick = lambda _n: None
    applicants: list[tuple[Actor, str]] = field(default_factory=list)

    @property
    def code(self) -> str:
        """The exam's code."""
        return self.plan.code

    @property
    def sessions(self) -> list[tuple[str, datetime, datetime]]:
        """Subject, beginning and end of every session."""
        return sources.sessions(self.plan)

    def at(self, moment: datetime) -> None:
        """Move the rehearsal's clock on, never back."""
        if moment > self.cast.clock.now():
            self.cast.clock.set(moment)

    @property
    def announced(self) -> datetime:
        """When the announcement is due."""
        return self.plan.opens - timedelta(days=7)

    def announce(self) -> None:
        """Set the exam up and publish its announcement."""
        with self.cast.acting(Role.OFFICER) as ctx:
            self._set_up(ctx)
            release = exams.prepare_announcement(ctx, code=self.code)
        self._approve(release, "exams.publish_announcement", "Announcement")
        self.cast.cosign()
        with self.cast.acting(Role.OFFICER) as ctx:
            exams.publish_announcement(ctx, code=self.code)

    def _set_up(self, ctx: Context) -> None:
        plan, code = self.plan, self.code
        exams.create_exam(
            ctx,
            code=code,
            name=plan.name,
            name_en=plan.name_en,
            exam_type=plan.type,
            area_code=ctx.config.area_code,
        )
        exams.set_rules(ctx, code=code, document=sources.rules(plan))
        exams.import_places(ctx, code=code, name="places.csv", data=sources.places(plan))
        exams.set_sessions(ctx, code=code, sessions=sources.sessions(plan))
        exams.add_fee_item(
            ctx,
            code=code,
            name="笔试考务费",
            fen=plan.fen,
            licence="黔价费字〔2008〕第12号（演示）",
            standard=f"每人{plan.fen // 100}元",
            authority="贵州省物价局、贵州省财政厅（演示）",
            hotline="0853-12388",
        )
        exams.import_posts(ctx, code=code, name="posts.csv", data=sources.posts(plan))

    def register(self, extra: int = 0, until: datetime | None = None) -> None:
        """Everybody registers, applies, brings a photo and submits; `extra` more than will pay.

        They come evenly from the opening `until` then (a day before the close).
        """
        count = self.plan.applicants + extra
        wanted = sources.choices(self.plan, self.plan.applicants)
        wanted += [sources.post_code(0)] * extra
        made = self.everybody(count)
        self.at(self.plan.opens + timedelta(minutes=1))
        last = until or self.plan.closes - timedelta(days=1)
        pause = (last - self.cast.clock.now()) / (count + 1)
        for batch in batches(list(zip(made, wanted, strict=True))):
            with self.cast.acting(PUBLIC) as ctx:
                for person, post in batch:
                    self.applicants.append(self._one(ctx, person, post))
                    self.at(self.cast.clock.now() + pause)
            self.tick(len(batch))

    def everybody(self, count: int) -> list[people.Made]:
        """The first people who register."""
        seed, year = f"{self.plan.seed}:{self.code}", self.plan.opens.year
        return list(people.candidates(seed, count, year=year, first=self.first))

    def _one(self, ctx: Context, person: people.Made, post: str) -> tuple[Actor, str]:
        return self.enter(ctx.as_actor(new_account(ctx, person)), person, post)

    def enter(self, mine: Context, person: people.Made, post: str) -> tuple[Actor, str]:
        """Somebody with an account applies, brings a photo and submits."""
        application = registration.apply(
            mine,
            exam_code=self.code,
            post_code=post,
            district_code=1 + len(self.applicants) * 7 % self.plan.districts,
            education=person.education,
            major=person.major,
            school=person.school,
            employer=person.employer,
            need="" if self.applicants else NEED,
        )
        registration.add_photo(mine, ref=application.ref, data=people.photo(person.photo))
        registration.submit_application(mine, ref=application.ref)
        return mine.actor, application.ref

    def review(self, refuse: int = 0, leave: int = 0) -> None:
        """Approve, refuse the last `refuse`, leave the last `leave` of all waiting."""
        todo = self.applicants[: len(self.applicants) - leave]
        for start, batch in enumerate(batches(todo)):
            with self.cast.acting(Role.REVIEWER) as ctx:
                reviewers = owners(ctx, [ref for _actor, ref in batch])
                for place, (_actor, ref) in enumerate(batch, start * BATCH):
                    good = place < len(todo) - refuse
                    mine = ctx.as_actor(reviewers[ref])
                    registration.decide_application(mine, ref=ref, approve=good, ground="major")
            self.tick(len(batch))

    def pay(self, count: int | None = None, *, skip: int = 0) -> None:
        """The first `count` (all planned) but `skip` pay; the callback verb confirms each."""
        payers = self.applicants[skip : self.plan.applicants if count is None else count]
        for batch in batches(payers):
            with self.cast.acting(PUBLIC) as ctx:
                for actor, ref in batch:
                    order = create_order(ctx.as_actor(actor), ref=ref)
                    accept_payment(ctx.as_actor(SYSTEM), self._payment(order))
            self.tick(len(batch))

    def _payment(self, order: Order) -> Payment:
        number = self.cast.chance.take(14).hex()
        return Payment(
            out_trade_no=order.trade_no,
            transaction_id=f"4200{number}",
            notification_id=f"demo-{number}",
            fen=order.fen,
            paid_at=self.cast.clock.now(),
            payer_total=order.fen,
        )

    def close(self) -> None:
        """Close registration after the time for payment."""
        self.at(self.plan.payment_closes + timedelta(minutes=1))
        with self.cast.acting(Role.OFFICER) as ctx:
            exams.close_registration(ctx, code=self.code)
            data = sources.invigilators(self.plan)
            import_invigilators(ctx, code=self.code, name="invigilators.csv", data=data)

    def seat(self) -> None:
        """Draw the seats and then the invigilators."""
        run_draw(self.cast, self.code, "seats")
        self.at(self.plan.written_on - timedelta(hours=2))
        run_draw(self.cast, self.code, "invigilators")
        stand_in(self.cast, self.code)

    def mark(self) -> None:
        """The written marks come in; written release and shortlist are published."""
        self.take_marks()
        self.release_written()

    def take_marks(self) -> None:
        """The table of the written marks comes in, ten days after the exam."""
        self.at(self.plan.written_on + timedelta(days=10))
        with self.cast.acting(Role.MARKER) as ctx:
            data = sources.marks(self.plan, self.numbers(ctx))
            import_written_scores(ctx, code=self.code, name="marks.csv", data=data)

    def release_written(self) -> None:
        """The written scores are published, and a day later the shortlist."""
        self.release("written")
        self.at(self.cast.clock.now() + timedelta(days=1))
        self.release("shortlist")

    def numbers(self, ctx: Context) -> list[str]:
        """Every admission number in order."""
        query = (
            select(Application.number)
            .join(Exam, Exam.id == Application.exam_id)
            .where(Exam.code == self.code, Application.number.is_not(None))
            .order_by(Application.number)
        )
        return [str(number) for number in ctx.session.scalars(query)]

    def release(self, stage: str) -> None:
        """Prepare, cosign and publish one release of results, where planned at its minute."""
        minute = scoreday.minute(self.cast, self.code, stage) if self.plan.score_day else None
        with self.cast.acting(Role.OFFICER) as ctx:
            release = prepare_release(ctx, code=self.code, stage=stage, publish_at=minute)
        self._approve(release, "results.publish_release", STAGE_NAMES[stage])
        self.cast.cosign()
        if minute is not None:
            scoreday.publish(self.cast, self.code, release.version, minute)
            return
        with self.cast.acting(Role.OFFICER) as ctx:
            publish_release(ctx, code=self.code, version=release.version)

    def _approve(self, release: Release, verb: str, name: str) -> None:
        """The inspector approves the publication of what was prepared."""

        def wanted(ctx: Context) -> Wanted:
            exam = exam_by_code(ctx.session, self.code)
            return wanted_publication(ctx, verb, exam, release, name)

        self.cast.approve(wanted)


def new_account(ctx: Context, person: people.Made) -> Actor:
    """Somebody registers."""
    account = register_candidate(
        ctx,
        name=person.name,
        id_number=person.id_number,
        phone=person.phone,
        password=PASSWORD,
    )
    return actor_for(account)


def batches(items: list[T]) -> Iterator[list[T]]:
    """The items in turn, as many as go into one transaction."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
