"""Lists by the page."""

from __future__ import annotations


def page_count(rows: int, size: int) -> int:
    """How many pages so many rows make; an empty list has one."""
    return max(1, -(-rows // size))
