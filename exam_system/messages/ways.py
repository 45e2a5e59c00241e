"""Ways out of the house: e-mail by SMTP, text messages through whatever the bureau has.

`messages.json` of the instance says which there are; without it messages stand on the
candidates' pages only. The password of the mail server is no matter of a file: it comes from the
environment variable EXAM_SMTP_PASSWORD.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

from exam_system.errors import Fault
from exam_system.records.tree import write_durable

PASSWORD = "EXAM_SMTP_PASSWORD"
PATIENCE = 20
SECURITY = ("starttls", "tls", "none")


class Trouble(Exception):
    """The channel cannot be used at all now: nothing more is tried in this round."""


class Refused(Exception):
    """This one message was not taken; `final` when trying again is useless."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


class Unknown(Exception):
    """Nobody can say whether this message was taken: it must not be sent again by itself."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it leaves: `ref` names it for ever, so that a server can see doubles."""

    ref: str
    to: str
    title: str
    text: str
    at: datetime


class Way(Protocol):
    """A channel that is open. `send` returns once the next station has taken the letter over."""

    def send(self, letter: Letter) -> None:
        """Raises Refused, Unknown or Trouble."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server; `security`: starttls, tls, or none (a server on this machine)."""

    host: str
    port: int
    security: str
    user: str
    sender: str
    name: str

    @contextmanager
    def open(self) -> Iterator[Way]:
        """One connection for a round. Raises Trouble."""
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise Trouble(f"{self.host}:{self.port}: {error}") from error
        try:
            yield _Mail(self, server)
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=PATIENCE, context=trusted
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        if self.security == "starttls":
            server.starttls(context=trusted)
        if self.user:
            server.login(self.user, os.environ.get(PASSWORD, ""))
        return server

    def mail(self, letter: Letter) -> EmailMessage:
        """The letter as RFC 5322 text; headers that would break out of their line are refused."""
        mail = EmailMessage()
        mail["From"] = Address(self.name, addr_spec=self.sender)
        mail["To"] = Address(addr_spec=letter.to)
        mail["Subject"] = letter.title
        mail["Date"] = format_datetime(letter.at)
        mail["Message-ID"] = f"<{letter.ref}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        return mail


@dataclass(frozen=True, slots=True)
class _Mail:
    smtp: Smtp
    server: smtplib.SMTP

    def send(self, letter: Letter) -> None:
        try:
            self.server.send_message(self.smtp.mail(letter))
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _refused(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            # The line broke after something was said: the server may have taken it.
            raise Unknown(str(error)) from error


def _refused(code: int, said: bytes | str) -> Refused:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return Refused(f"{code} {words}", final=code >= 500)


@dataclass(frozen=True, slots=True)
class Spool:
    """Text messages as files in a folder, one each, from which the bureau's own service sends
    them; a file is whole once it is there, and its name is the message's reference."""

    folder: Path

    @contextmanager
    def open(self) -> Iterator[Way]:
        """The folder, made where it is missing. Raises Trouble."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Trouble(f"{self.folder}: {error}") from error
        yield self

    def send(self, letter: Letter) -> None:
        """Put the file there; a name that is there already was sent before."""
        words = {"ref": letter.ref, "to": letter.to, "text": f"{letter.title}。{letter.text}"}
        try:
            write_durable(
                self.folder / f"{letter.ref}.json", json.dumps(words, ensure_ascii=False).encode()
            )
        except OSError as error:
            raise Trouble(f"{self.folder}: {error}") from error


@dataclass(frozen=True, slots=True)
class Ways:
    """The channels of an instance, by name."""

    mail: Smtp | None = None
    sms: Spool | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are there."""
        return tuple(name for name in ("mail", "sms") if getattr(self, name) is not None)


def load_ways(instance: Path) -> Ways:
    """Read `messages.json`; raises Fault naming what is wrong."""
    path = instance / "messages.json"
    if not path.exists():
        return Ways()
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        mail = Smtp(**said["mail"]) if "mail" in said else None
        sms = Spool(instance / said["sms"]["folder"]) if "sms" in said else None
    except (ValueError, TypeError, KeyError) as error:
        raise Fault(f"{path} cannot be read: {error}") from None
    if mail is not None and mail.security not in SECURITY:
        raise Fault(f"{path}: security must be one of {', '.join(SECURITY)}")
    return Ways(mail, sms)
