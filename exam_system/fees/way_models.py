"""Tables of the other ways to pay: links and codes, files of the bank, takings at the counter."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class PayWay(Base):
    """A way that was opened for an order besides WeChat Pay, whose link is the order's own.

    `link` is what the QR code says, or the payment code; `last_day` the last day of the code,
    `seen_day` the last one of a bank file taken in since.
    """

    __tablename__ = "pay_way"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("fee_order.id"))
    driver: Mapped[str] = mapped_column(String(10))
    link: Mapped[str] = mapped_column(String(512), unique=True)
    last_day: Mapped[date | None] = mapped_column(Date)
    seen_day: Mapped[date | None] = mapped_column(Date)
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        Unique("order_id", "driver"),
        CheckConstraint("driver IN ('alipay','nontax')", name="driver"),
        CheckConstraint("(driver = 'nontax') = (last_day IS NOT NULL)", name="last_day"),
    )


class BankFile(Base):
    """A bank's file of payments by code, once read: `lines` is what was read, as .csv.

    `digest` is that of the lines, so that the same content is taken in once under any name; with
    no line, when nobody has paid on `day`, it is that of the day as well.
    """

    __tablename__ = "bank_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    day: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    lines: Mapped[str] = mapped_column(Text)
    count: Mapped[int] = mapped_column(Integer)
    fen: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    read_at: Mapped[datetime] = mapped_column(UtcTime)
    read_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("state IN ('read','taken')", name="state"),
        CheckConstraint("(state = 'taken') = (taken_at IS NOT NULL)", name="taken"),
        CheckConstraint("count >= 0 AND fen >= 0", name="count"),
    )


class Taking(Base):
    """Money taken at the counter; it pays for nothing until two people have counted it.

    `number` is the receipt's; `means` cash or card, `slip` the terminal's number for a card.
    """

    __tablename__ = "taking"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(48), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("fee_order.id"), index=True)
    fen: Mapped[int] = mapped_column(Integer)
    means: Mapped[str] = mapped_column(String(4))
    slip: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    taken_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    taken_at: Mapped[datetime] = mapped_column(UtcTime)
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    __table_args__ = (
        CheckConstraint("means IN ('cash','card')", name="means"),
        CheckConstraint("(means = 'card') = (slip <> '')", name="slip"),
        CheckConstraint("state IN ('taken','counted','void')", name="state"),
        CheckConstraint("(state = 'void') = (reason <> '')", name="reason"),
        CheckConstraint("(state = 'counted') = (note_id IS NOT NULL)", name="note_id"),
        CheckConstraint("fen > 0", name="fen"),
        Index(
            "uq_taking_open",
            "order_id",
            unique=True,
            sqlite_where=text("state = 'taken'"),
            postgresql_where=text("state = 'taken'"),
        ),
    )
