"""Tables of fees: what was asked, what came in, what goes back. Money is integer fen."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Order(Base):
    """One order a application; `trade_no` is its name at the gateway.

    `asked_at`: when the gateway was last asked about it while it waited for its payment.
    """

    __tablename__ = "fee_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    trade_no: Mapped[str] = mapped_column(String(32), unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), unique=True)
    fee_item_id: Mapped[int] = mapped_column(ForeignKey("fee_item.id"))
    fen: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    pay_url: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("state IN ('created','paying','paid','closed')", name="state"),
        CheckConstraint("fen >= 0", name="fen"),
    )


class Payment(Base):
    """Money that came in, once a transaction; `kept` false means that it is owed back.

    `why` says in one word why it is owed back; rows from before that column have none.
    `driver` is the way it came: none for WeChat Pay, else a key of `drivers.DRIVERS`.
    """

    __tablename__ = "payment"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("fee_order.id"), index=True)
    transaction: Mapped[str] = mapped_column(String(64), unique=True)
    notification: Mapped[str] = mapped_column(String(64))
    fen: Mapped[int] = mapped_column(Integer)
    kept: Mapped[bool] = mapped_column()
    paid_at: Mapped[datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    why: Mapped[str | None] = mapped_column(String(16))
    driver: Mapped[str | None] = mapped_column(String(10))
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("driver IN ('alipay','nontax','counter')", name="driver"),
        Index(
            "uq_payment_kept",
            "order_id",
            unique=True,
            sqlite_where=text("kept"),
            postgresql_where=text("kept"),
        ),
    )


class Refund(Base):
    """A refund that two people ordered; `number` is its name at the gateway and never changes.

    `gateway_no` is the gateway's own name for it, from its first answer on; `asked_at` the
    gateway's time of that, `done_at` of the money's going back. `why`: the gateway's word for
    why it failed. A payment has one refund that has not failed.
    """

    __tablename__ = "refund"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    fen: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    why: Mapped[str] = mapped_column(String(16), default="")
    gateway_no: Mapped[str | None] = mapped_column(String(64))
    ordered_at: Mapped[datetime] = mapped_column(UtcTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("state IN ('open','asked','refunded','failed')", name="state"),
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("(state = 'failed') = (why <> '')", name="why"),
        CheckConstraint("(state = 'open') = (gateway_no IS NULL)", name="gateway_no"),
        CheckConstraint("(state = 'open') = (asked_at IS NULL)", name="asked_at"),
        CheckConstraint("(state = 'refunded') = (done_at IS NOT NULL)", name="done_at"),
        Index(
            "uq_refund_live",
            "payment_id",
            unique=True,
            sqlite_where=text("state <> 'failed'"),
            postgresql_where=text("state <> 'failed'"),
        ),
    )


class Statement(Base):
    """The reconciliation of one day against one source; `lines` is the file that the note signs.

    What came in and went back by the source, in fen; how many lines have each of four outcomes.
    """

    __tablename__ = "statement"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(Integer)
    received: Mapped[int] = mapped_column(Integer)
    refunded: Mapped[int] = mapped_column(Integer)
    matched: Mapped[int] = mapped_column(Integer)
    only_ours: Mapped[int] = mapped_column(Integer)
    only_theirs: Mapped[int] = mapped_column(Integer)
    differs: Mapped[int] = mapped_column(Integer)
    lines: Mapped[str] = mapped_column(Text)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("day", "source", "version"),
        CheckConstraint("source IN ('gateway','bank','alipay','nontax')", name="source"),
        CheckConstraint("version > 0", name="version"),
    )


class Discrepancy(Base):
    """A line of a statement that does not match, and what a person found about it."""

    __tablename__ = "discrepancy"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(8))
    number: Mapped[str] = mapped_column(String(64))
    trade_no: Mapped[str] = mapped_column(String(64))
    ours: Mapped[int | None] = mapped_column(Integer)
    theirs: Mapped[int | None] = mapped_column(Integer)
    finding: Mapped[str | None] = mapped_column(Text)
    found_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    found_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("outcome IN ('only_ours','only_theirs','differs')", name="outcome"),
        CheckConstraint("kind IN ('payment','refund')", name="kind"),
        CheckConstraint("(finding IS NULL) = (found_at IS NULL)", name="found"),
    )
