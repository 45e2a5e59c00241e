"""What the page is asked in the tests: its verifier on bytes, and what it shows."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

# As text both ways: a driver that packs every value of its own takes longer than the page.
_VERIFY = """async (text) => {
  const [cases, keys] = JSON.parse(text);
  const unpack = ([path, data]) => (
    { path, bytes: Uint8Array.from(atob(data), (one) => one.charCodeAt(0)) });
  const runs = [];
  for (const files of cases) runs.push(await verifyFiles(files.map(unpack), keys));
  return JSON.stringify(runs);
}"""

Run = dict[str, Any]


def ask(page: Page, cases: Sequence[Mapping[str, bytes]], keys: str | None = None) -> list[Run]:
    """What verifyFiles says of each case; keys None takes the keys.txt among the files."""
    packed = [
        [[path, base64.b64encode(data).decode()] for path, data in files.items()] for files in cases
    ]
    found: list[Run] = json.loads(page.evaluate(_VERIFY, json.dumps([packed, keys])))
    return found


def ask_one(page: Page, files: Mapping[str, bytes], keys: str | None = None) -> Run:
    """As ask, for one case."""
    return ask(page, [files], keys)[0]


def refused(run: Run) -> list[str]:
    """The numbers of the checks that do not hold, in order of the objects."""
    return [one["check"] for one in run["objects"] if not one["ok"]]


def choose_folder(page: Page, folder: Path) -> Locator:
    """Give the page a folder as its button does; returns the summary once it is there."""
    page.set_input_files("#folder", folder)
    page.wait_for_selector("#after:not([hidden])", timeout=60_000)
    return page.locator("#summary")
