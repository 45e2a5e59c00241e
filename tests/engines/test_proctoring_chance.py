"""Tickets and words are those of draw/v1, no end of a word is uneven, and no engine has a float."""

import ast
from pathlib import Path

import numpy as np
import pytest

from exam_system.trust import tickets
from proctoring import chance, exchange

SEED = "c2518153430b2d04ba13c4796619c32c2ecfc1bef0456e2dbac773d249c5a14f"
ENGINES = (
    *("avoidance", "chance", "exchange", "flow", "lottery", "panels", "panels_check"),
    *("panels_input", "panels_limits", "reading", "rotation", "rotation_check", "rotation_draw"),
    *("rotation_input", "rotation_limits", "rotation_reserves", "serving", "shortfall"),
)


def test_tickets_and_words_are_those_of_the_protocol() -> None:
    assert chance.ticket(SEED, "a/0", "考") == tickets.ticket(SEED, "a/0", "考")
    assert chance.words(SEED, "a/0", "x", 9).tolist() == tickets.words(SEED, "a/0", "x", 9, 64)
    for n in (1, 7, 1000, 2**63 + 1, 2**64):
        assert chance.below(SEED, "a", n) == tickets.below(SEED, "a", n)
    stream, drawn = chance.Stream(SEED, "a", "x"), tickets.words(SEED, "a", "x", 9000)
    limit = 2**32 // 3_000_000_000 * 3_000_000_000
    expected = [word % 3_000_000_000 for word in drawn if word < limit][:5000]
    assert [stream.below(3_000_000_000) for _ in range(5000)] == expected


def test_tickets_that_agree_in_their_first_bytes_are_told_apart_by_the_rest() -> None:
    columns = np.array([[1, 5, 0, 0], [1, 4, 9, 0], [0, 7, 7, 7], [1, 4, 9, 0]], dtype=np.uint64)
    same = np.zeros(4, dtype=np.int64)
    assert chance.ticket_order(columns, same).tolist() == [2, 1, 3, 0]
    assert chance.ticket_order(columns, np.array([0, 1, 1, 70_000])).tolist() == [0, 2, 1, 3]


@pytest.mark.parametrize("n", [3, 7, 1000, 2**40 + 1])
def test_words_of_the_uneven_end_are_rejected(n) -> None:
    limit = 2**64 // n * n
    word = np.array([0, limit - 1, limit, 2**64 - 1], dtype=np.uint64)
    even, offset = exchange._below(word, np.full(4, n))
    assert even.tolist() == [True, True, False, False]
    assert offset.tolist()[:2] == [0, n - 1]


def test_a_power_of_two_rejects_nothing() -> None:
    even, offset = exchange._below(np.array([2**64 - 1], dtype=np.uint64), np.array([8]))
    assert (even.tolist(), offset.tolist()) == ([True], [7])


@pytest.mark.parametrize("name", ENGINES)
def test_no_float_is_written_in_an_engine(name) -> None:
    path = Path(__file__).parents[2] / "proctoring" / f"{name}.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
        assert not (isinstance(node, ast.Name) and node.id in ("float", "hash", "round"))
        assert not isinstance(node, ast.Div)
