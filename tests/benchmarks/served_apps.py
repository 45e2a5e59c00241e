"""The applications that benchmarks serve: python -m tests.benchmarks.served_apps KIND WHAT PORT."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication
from sqlalchemy import DateTime, String, Text, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from exam_system.app import create_app

THREADS = 16


class Base(DeclarativeBase):
    """The table of the bare application."""


class Row(Base):
    """As many fields as an application has, one key, no index."""

    __tablename__ = "bare_row"
    id: Mapped[int] = mapped_column(primary_key=True)
    post: Mapped[str] = mapped_column(String(40))
    district: Mapped[int] = mapped_column()
    education: Mapped[str] = mapped_column(String(10))
    major: Mapped[str] = mapped_column(String(80))
    school: Mapped[str] = mapped_column(String(120))
    employer: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12))
    checks: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def bare(url: str) -> Flask:
    """Flask and SQLAlchemy's ORM and nothing else: a form becomes a row."""
    engine = create_engine(url, pool_size=24, max_overflow=16)
    Base.metadata.create_all(engine)
    app = Flask("bare")

    @app.post("/")
    def insert() -> str:
        form = request.form
        with Session(engine) as db:
            row = Row(
                post=form["post"],
                district=int(form["district"]),
                education=form["education"],
                major=form["major"],
                school=form["school"],
                employer=form["employer"],
                state="draft",
                checks="[]",
                created_at=datetime.now(UTC),
            )
            db.add(row)
            db.commit()
            return str(row.id)

    return app


def ours(folder: str) -> Flask:
    """The product."""
    return create_app(folder)


class Slip(Base):
    """A candidate's slip under a pick-up code."""

    __tablename__ = "slip"
    code: Mapped[str] = mapped_column(String(25), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


def looked_up(url: str) -> Flask:
    """The look-up of a slip by its code as Flask and SQLAlchemy's ORM do it."""
    engine = create_engine(url, pool_size=24, max_overflow=16)
    app = Flask("looked_up")

    @app.get("/<code>")
    def look(code: str) -> Response:
        with Session(engine) as db:
            return Response(db.get_one(Slip, code).text, mimetype="text/plain")

    return app


APPS = {"bare": bare, "ours": ours, "looked_up": looked_up}


class Served(BaseApplication):  # type: ignore[misc]
    """One process with several threads, alike for every application; nobody is turned away."""

    def __init__(self, kind: str, argument: str, port: str) -> None:
        self.kind, self.argument, self.port = kind, argument, port
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        self.cfg.set("bind", f"127.0.0.1:{self.port}")
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("threads", THREADS)
        self.cfg.set("control_socket_disable", True)
        self.cfg.set("loglevel", "warning")

    def load(self) -> Flask:
        """The application, made in the worker."""
        return APPS[self.kind](self.argument)


if __name__ == "__main__":
    os.environ.setdefault("EXAM_PASSPHRASE", "tests")
    Served(*sys.argv[1:]).run()
