"""Headers, forms, languages, errors: what every page has."""

from __future__ import annotations

import re

import pytest

from exam_system.access import Role
from tests import reloading
from tests.world import PASSWORD, World


@pytest.fixture
def database() -> str:
    return "sqlite"


def test_every_answer_carries_a_strict_policy_with_a_fresh_nonce(world: World) -> None:
    client = world.app().test_client()
    policies = [client.get("/").headers["Content-Security-Policy"] for _ in range(2)]
    assert "default-src 'none'" in policies[0]
    assert "unsafe" not in policies[0]
    nonces = [re.findall(r"nonce-([\w-]+)", policy) for policy in policies]
    assert nonces[0] != nonces[1]
    answer = client.get("/no-such-page")
    assert answer.status_code == 404
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_of_members_are_not_kept_by_the_browser(world: World) -> None:
    client = world.client(world.app(), Role.OFFICER)
    assert client.get("/office/exams").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", ["", "forged", "令牌"])
def test_a_form_without_its_token_is_refused_in_words(world: World, token: str) -> None:
    app = world.app()
    app.config["WTF_CSRF_ENABLED"] = True
    data = {"login": "officer", "password": PASSWORD, "csrf_token": token}
    answer = app.test_client().post("/login", data=data)
    assert answer.status_code in (200, 422)
    assert answer.headers.get("Location") is None


@pytest.mark.parametrize(
    ("accept", "words"),
    [
        ("zh-CN", "考试项目"),
        ("zh-Hans-CN,zh;q=0.9", "考试项目"),
        ("en-GB,en;q=0.8", "Exams"),
        ("fr", "考试项目"),
        ("", "考试项目"),
    ],
)
def test_the_browser_chooses_the_language_and_chinese_is_first(
    world: World, accept: str, words: str
) -> None:
    answer = world.app().test_client().get("/", headers={"Accept-Language": accept})
    assert words in answer.text


def test_the_switch_wins_over_the_browser_and_comes_back(world: World) -> None:
    client = world.app().test_client()
    answer = client.post("/language/en", data={"next": "/log"})
    assert answer.location == "/log"
    page = client.get("/log", headers={"Accept-Language": "zh-CN"})
    assert "The log of acts" in page.text
    assert '<html lang="en">' in page.text
    client.post("/language/xx", data={"next": "//evil.example"})
    assert "The log of acts" in client.get("/log").text


@pytest.mark.parametrize(
    "path",
    ["/published/../config.toml", "/published/%2e%2e/config.toml", "/published/log/../../keys"],
)
def test_only_published_files_are_served(world: World, path: str) -> None:
    assert world.app().test_client().get(path).status_code in (404, 308, 400)


def test_the_log_is_served_as_it_was_signed(world: World) -> None:
    world.seal()
    client = world.app().test_client()
    served = client.get("/published/log/checkpoint").data
    assert served == (world.config.published / "log" / "checkpoint").read_bytes()
    assert client.get("/published/keys.txt").status_code == 200


def test_a_fault_is_said_in_both_languages(world: World) -> None:
    app = world.app()
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    def broken() -> str:
        raise RuntimeError("nobody thought of this")

    app.view_functions["exams.index"] = broken
    answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert "系统出现故障" in answer.text
    assert "Nothing was done" in answer.text
    assert "nobody thought" not in answer.text


def test_an_act_that_is_answered_with_a_page_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every app of a test looks whether a reload would do something twice: see reloading."""
    client = world.client(world.app(), Role.OFFICER)
    assert client.post("/office/candidates", data={"q": "王小明"}).status_code == 200
    monkeypatch.delitem(reloading.ANSWERS, "search.candidates")
    with pytest.raises(AssertionError, match="a reload would do it again"):
        client.post("/office/candidates", data={"q": "王小明"})
