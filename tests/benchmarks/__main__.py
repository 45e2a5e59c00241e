"""Prints every figure of the draws; `tests.benchmarks.log` has those of the log,
`tests.benchmarks.rush` those of registrations and payments."""

from __future__ import annotations

from tests.benchmarks import ceremony, draws, proctoring, seating, tickets

for part in (draws, seating, proctoring, ceremony, tickets):
    for what, figure in part.run():
        print(f"{what:<70} {figure}", flush=True)
