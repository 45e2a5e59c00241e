"""How numbers and days stand in a sentence."""

from __future__ import annotations

from exam_system.sheets.sentence import Sentence
from exam_system.wording import fill


def english(text: str, **values: object) -> str:
    return fill(text, text, values)


def test_one_thing_is_no_plural() -> None:
    late = "%(count)s bags are late"
    assert (english(late, count=1), english(late, count=2)) == ("1 bag is late", "2 bags are late")
    assert english("%(done)s of %(all)s turns", done=1, all=1) == "1 of 1 turns"
    sheet = "The marks of %(rows)s candidates were taken in"
    assert english(sheet, rows=1) == "The marks of 1 candidate were taken in"
    both = "district %(d)s: %(n)s candidates, %(rooms)s rooms hold %(m)s"
    assert english(both, d=1, n=21, rooms=1, m=1) == "district 1: 21 candidates, 1 room holds 1"
    assert str(Sentence("%(number)s posts were imported", number=1)) == "1 post was imported"


def test_a_day_is_said_in_words_and_a_time_as_it_is() -> None:
    said = "until %(at)s"
    assert english(said, at="2026-11-22 14:30") == "until 22 November 2026, 14:30"
    assert english(said, at="2026-03-05") == "until 5 March 2026"
    assert fill(said, "至%(at)s", {"at": "2026-11-22 14:30"}) == "至2026年11月22日14:30"
    for kept in ("2026-11-22T14:30:00Z", "kp-2026-11-22", "2026-13-01", 20261122):
        assert english("%(it)s", it=kept) == str(kept)


def test_a_sentence_in_a_sentence_is_said_once() -> None:
    inner = Sentence("%(rows)s rows", rows=1)
    assert str(Sentence("%(file)s: %(why)s", file="a.csv", why=inner)) == "a.csv: 1 row"
