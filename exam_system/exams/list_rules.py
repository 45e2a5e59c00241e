"""The rule of the numbered public lists that an exam posts before it is closed."""

from __future__ import annotations

from typing import Any

from exam_system.errors import Sentence
from exam_system.exams.rule_values import line, names

POSTED_BY = ("announcement", "written", "shortlist", "final", "medical", "appointment", "notice")
"""What posts a list: a release of this stage, or a notice and nothing else."""
MOST_LISTS = 12
LONGEST_LIST = 60


def read_lists(value: Any) -> tuple[str, ...]:
    """Each as "written=笔试成绩榜": what posts it, and what it is called; in their order."""
    found = tuple(line(name, LONGEST_LIST) for name in names(value))
    if len(found) > MOST_LISTS:
        raise Sentence("An exam has at most %(most)s numbered lists", most=MOST_LISTS)
    for one in found:
        source, _equals, name = one.partition("=")
        if source not in POSTED_BY or not name:
            raise Sentence(
                "Write each list like “written=笔试成绩榜”; it is posted by one of %(choices)s",
                choices=", ".join(POSTED_BY),
            )
    return found
