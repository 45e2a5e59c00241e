"""Prints every figure."""

from __future__ import annotations

from tests.benchmarks import draws

for what, figure in draws.run():
    print(f"{what:<70} {figure}")
