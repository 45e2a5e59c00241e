"""What tests of the doors share: forms as a browser sends them, puzzles solved by ALTCHA itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from io import BytesIO
from typing import Any

import altcha
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event
from werkzeug.test import TestResponse

from exam_system import vault
from tests.registration.setting import id_number
from tests.world import World

ID = "11010519491231002X"
OTHER_ID = id_number(11)
WHO = {"name": "欧阳𬭎", "id_number": ID, "phone": "13800138000"}
PASSWORD = "ten letters"
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def puzzle_of(page: str) -> str:
    """The puzzle that a page carries, as JSON."""
    found = re.search(r'data-work="([^"]+)"', page)
    assert found, "the page asks for no work"
    return unescape(found[1])


def solve(puzzle: str) -> str:
    """The answer, by the library's own solver."""
    challenge = altcha.Challenge.from_dict(json.loads(puzzle))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


def agreed(page: str) -> list[str]:
    """The digests in a page's boxes, none of which is ticked."""
    boxes = re.findall(r'<input[^>]+name="agree"[^>]*>', page)
    assert not any("checked" in box for box in boxes)
    return [found[1] for box in boxes if (found := re.search(r'value="([0-9a-f]{64})"', box))]


def register(client: FlaskClient, **changes: Any) -> TestResponse:
    """Fill in the form of registration as people do, and send it."""
    page = client.get("/register").text
    form = {**WHO, "password": PASSWORD, "again": PASSWORD, "agree": agreed(page)}
    form["altcha"] = solve(puzzle_of(page))
    return client.post("/register", data=form | changes)


def log_in(client: FlaskClient, login: str = ID, password: str = PASSWORD) -> TestResponse:
    """Send the form of the log-in."""
    return client.post("/login", data={"login": login, "password": password})


def card(shade: int = 120) -> bytes:
    """A photographed card, as JPEG with a camera's mark in it."""
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    Image.new("RGB", (856, 540), (shade, 80, 90)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def claim(client: FlaskClient, **changes: Any) -> TestResponse:
    """Fill in the form of takeovers, and send it."""
    page = client.get("/takeover").text
    files = {name: (BytesIO(card()), f"{name}.jpg") for name in ("front", "back", "held")}
    form = {**WHO, "claim": "stranger", "agree": agreed(page), **files}
    form["altcha"] = solve(puzzle_of(page))
    return client.post("/takeover", data=form | changes, content_type="multipart/form-data")


def told(answer: TestResponse, *own: str) -> tuple[int, list[tuple[str, str]], str]:
    """What somebody sees of an answer, without what is random and what they typed themselves."""
    page = re.sub(r'data-work="[^"]+"|(nonce-|nonce="|csrf_token" value=")[\w.-]+', "", answer.text)
    for text in own:
        page = page.replace(text, "")
    loose = ("Content-Security-Policy", "Set-Cookie", "Content-Length")
    return answer.status_code, [one for one in answer.headers if one[0] not in loose], page


@contextmanager
def work_of(world: World, app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the application does meanwhile: each statement by its first words, each Argon2id."""
    done: list[str] = []
    engine = app.extensions["office"].engine

    def said(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        done.append(" ".join(statement.split()[:4]))

    real = vault._argon

    def counted(*args: Any) -> Any:
        done.append("Argon2id")
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(vault, "_argon", counted)
        event.listen(engine, "before_cursor_execute", said)
        yield done
        event.remove(engine, "before_cursor_execute", said)
