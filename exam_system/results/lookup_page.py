"""The files of the look-up page: what every tree carries beside its shards."""

from __future__ import annotations

from functools import cache
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"
NAMES = ("index.html", "lookup.css", "lookup.js")
_BEGIN, _END = "<script>\n", "// ===== 12. The page"


@cache
def page_files() -> dict[str, bytes]:
    """index.html, lookup.css, lookup.js, and verify.js: the verifying part of verify.html."""
    whole = (STATIC / "verify.html").read_text(encoding="utf-8")
    program = whole[whole.index(_BEGIN) + len(_BEGIN) : whole.index(_END)]
    own = {name: (STATIC / "lookup" / name).read_bytes() for name in NAMES}
    return {**own, "verify.js": program.encode()}
