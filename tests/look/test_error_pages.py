"""Pages of errors: what to do, in both languages, and a number that stands in the log."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pytest
from flask import Flask, abort
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Unauthorized

from exam_system import error_pages, web
from exam_system.accounts.tries import TooMany
from exam_system.errors import Conflict, Forbidden, Refused, Sentence, Unavailable
from exam_system.language import translations
from tests.world import World

NUMBER = re.compile(r'class="error-number">([2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4})<')
SECRET = "11010519491231002X"


@pytest.fixture
def database() -> str:
    return "sqlite"


def gone() -> None:
    raise OperationalError("SELECT 1", {}, OSError("disk full"))


def raising(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


ERRORS: dict[int, Callable[[], None]] = {
    400: lambda: abort(400),
    403: raising(Forbidden("Your role may not see this page")),
    404: lambda: abort(404),
    405: lambda: abort(405),
    409: raising(Conflict("The form has expired: go back, reload the page and send it again")),
    413: lambda: abort(413),
    422: raising(Refused("The form has expired: go back, reload the page and send it again")),
    429: raising(TooMany("There were too many requests from here")),
    500: raising(RuntimeError(SECRET)),
    503: raising(Unavailable(Sentence("You may not do this"))),
}


def broken(world: World, act: Callable[[], None]) -> Flask:
    """The application, whose front page does something else."""
    app = world.app()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["exams.index"] = lambda: act() or ""
    return app


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_says_what_to_do_and_its_number_is_in_the_log(
    world: World, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    client = broken(world, ERRORS[status]).test_client()
    with caplog.at_level(logging.WARNING):
        answer = client.get("/?id=" + SECRET, headers={"Accept-Language": "zh"})
    assert answer.status_code == status
    number = NUMBER.search(answer.text)
    assert number, answer.text
    lines = [line for line in caplog.messages if number[1] in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"error {number[1]}: {status} GET / (public)")
    assert SECRET not in lines[0]
    advice = error_pages.ADVICE.get(status, error_pages.GO_BACK)
    assert status == 500 or advice.text(_chinese) in answer.text


@pytest.mark.parametrize("status", [403, 404, 429, 503])
def test_and_in_english(world: World, status: int) -> None:
    client = broken(world, ERRORS[status]).test_client()
    page = client.get("/", headers={"Accept-Language": "en"}).text
    assert str(error_pages.ADVICE[status]) in page.replace("&#39;", "'")
    assert NUMBER.search(page)


def test_a_database_that_is_gone_is_told_with_a_number(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    answer = broken(world, gone).test_client().get("/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    number = NUMBER.search(answer.text)
    assert number
    assert number[1] in caplog.text
    assert "disk full" in caplog.text


def test_a_page_that_there_is_not_is_logged_without_line_breaks(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    answer = world.app().test_client().get("/no\nsuch error AAAA-AAAA" + "x" * 500)
    assert answer.status_code == 404
    assert len(caplog.messages) == 1
    assert "\n" not in caplog.messages[0]
    assert len(caplog.messages[0]) < 250


def test_numbers_are_not_used_twice() -> None:
    assert len({error_pages.new_number() for _ in range(2000)}) == 2000


def test_reports_leave_no_line_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reports to the inspection office is promised that nothing tells the time."""
    client = world.app().test_client()
    assert client.post("/report", data={"text": ""}).status_code >= 400
    assert client.get("/report/no-such-page").status_code == 404
    assert caplog.messages == []


def test_who_must_log_in_is_told_so(world: World) -> None:
    client = broken(world, raising(web.LoginNeeded("Log in to go on"))).test_client()
    assert client.get("/").headers["Location"].startswith("/login")
    assert error_pages.ADVICE[Unauthorized.code]


def _chinese(text: str) -> str:
    return translations("zh").gettext(text)
