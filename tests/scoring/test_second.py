"""An independent 60-line recomputation agrees on 10,000 random exams."""

from collections import Counter
from pathlib import Path
from random import Random

from tests.scoring import second
from tests.scoring.exams import by_package, by_second, drawn

EXAMS = 10_000


def test_a_second_program_agrees_on_ten_thousand_random_exams() -> None:
    rng = Random(2026)
    seen: Counter[str] = Counter()
    for _ in range(EXAMS):
        made = drawn(rng)
        found = [(row.rank, row.outcome) for row in by_package(made).rows]
        assert found == by_second(made), made
        seen.update(outcome for _, outcome in found)
        seen["equal"] += len({rank for rank, _ in found if rank}) < sum(1 for r, _ in found if r)
    assert min(seen[k] for k in ("absent", "below", "proposed", "tied", "not", "equal")) > 400


def test_the_second_program_is_short_and_shares_no_code() -> None:
    text = Path(second.__file__).read_text(encoding="utf-8")
    code = [line for line in text.splitlines() if line.strip() and not line.startswith('"""')]
    assert len(code) <= 60
    assert [line for line in code if "import" in line] == ["from fractions import Fraction as F"]
