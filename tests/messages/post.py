"""A mail server on this machine that keeps what it takes, and can be told how to misbehave."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Box:
    """What arrived; `answers` are given to the next letters in place of taking them."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a letter, or give the next answer; "hang up" after having taken it."""
        answer = self.answers.pop(0) if self.answers else ""
        if answer in ("", "hang up"):
            data: Any = envelope.content
            letter = message_from_bytes(data, policy=policy.default)
            self.letters.append((envelope.rcpt_tos[0], letter))  # type: ignore[arg-type]
        if answer == "hang up":
            server.transport.abort()  # type: ignore[union-attr]
        return answer or "250 OK"


def start(box: Box, port: int) -> Controller:
    """The server, listening."""
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    return controller
