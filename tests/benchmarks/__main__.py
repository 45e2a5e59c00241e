"""Prints every figure of the draws; `tests.benchmarks.log` has those of the log."""

from __future__ import annotations

from tests.benchmarks import ceremony, draws, proctoring, seating

for part in (draws, seating, proctoring, ceremony):
    for what, figure in part.run():
        print(f"{what:<70} {figure}", flush=True)
