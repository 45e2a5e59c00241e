"""Full text search in Chinese: texts are cut into pairs of characters, the same on both databases.

Neither SQLite nor PostgreSQL knows where a Chinese word ends. `grams` cuts a run of Chinese
characters into every pair of neighbours and every single one, and keeps other words whole; both
databases only find texts that have all of them. SQLite looks in an FTS5 table, PostgreSQL in a
GIN index over the same words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, literal_column, select, text
from sqlalchemy.orm import Session

from exam_system.cases.models import Question

MOST = 20
LONGEST = 60  # characters of a query
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_RUNS = re.compile(f"[{_HAN}]+|[a-z0-9]+")
_IS_HAN = re.compile(f"[{_HAN}]")


def grams(written: str) -> str:
    """The words of a text for its search, each once, separated by blanks."""
    return " ".join(dict.fromkeys(_cut(written, single=True)))


def wanted(query: str) -> list[str]:
    """The words that a query asks for: pairs, and a character only where it stands alone."""
    return list(dict.fromkeys(_cut(query[:LONGEST], single=False)))


def _cut(written: str, *, single: bool) -> Iterator[str]:
    for run in _RUNS.findall(unicodedata.normalize("NFKC", written).lower()):
        if not _IS_HAN.match(run):
            yield run
            continue
        if single or len(run) == 1:
            yield from run
        yield from (run[n : n + 2] for n in range(len(run) - 1))


def find_questions(session: Session, query: str, page: int = 1) -> list[Question]:
    """Public questions that have every word of the query, newest first; all for an empty one.

    One more than MOST tells that there is another page.
    """
    found = select(Question).where(Question.withdrawn_at.is_(None))
    words = wanted(query)
    if words:
        found = found.where(_has(session, words))
    elif query.strip():
        return []
    newest = found.order_by(Question.id.desc()).offset((page - 1) * MOST).limit(MOST + 1)
    return list(session.scalars(newest))


def _has(session: Session, words: list[str]) -> ColumnElement[bool]:
    """That a question has all of these words, which hold neither quotes nor operators."""
    if session.get_bind().dialect.name == "sqlite":
        match = text("SELECT rowid FROM question_words WHERE question_words MATCH :words")
        query = " ".join(f'"{word}"' for word in words)
        return Question.id.in_(match.bindparams(words=query).columns(Question.id))
    asked = " & ".join(f"'{word}'" for word in words)
    index: ColumnElement[Any] = literal_column(
        "array_to_tsvector(string_to_array(question.grams, ' '))"
    )
    return index.op("@@", is_comparison=True)(
        text("CAST(:words AS tsquery)").bindparams(words=asked)
    )
