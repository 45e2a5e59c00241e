"""Figures as ratios to a limit measured in the same run: `python -m tests.benchmarks`.

Never part of the test run: a figure of a busy machine is no failure.
"""
