"""Tables of fees: what was asked, what came in. Money is integer fen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Order(Base):
    """One order a application; `trade_no` is its name at the gateway."""

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
    __table_args__ = (
        CheckConstraint("state IN ('created','paying','paid','closed')", name="state"),
        CheckConstraint("fen >= 0", name="fen"),
    )


class Payment(Base):
    """Money that came in, once a transaction; `kept` false means that it is owed back."""

    __tablename__ = "payment"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("fee_order.id"), index=True)
    transaction: Mapped[str] = mapped_column(String(64), unique=True)
    notification: Mapped[str] = mapped_column(String(64))
    fen: Mapped[int] = mapped_column(Integer)
    kept: Mapped[bool] = mapped_column()
    paid_at: Mapped[datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        Index(
            "uq_payment_kept",
            "order_id",
            unique=True,
            sqlite_where=text("kept"),
            postgresql_where=text("kept"),
        ),
    )
