"""One published folder for all tests; tests that change files work on copies in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from exam_system.verify.keyring import Keyring, parse_keys
from tests.verify.builder import Office
from tests.verify.publications import publish_everything


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Office]:
    """A folder `published` and the keys that made it."""
    folder = tmp_path_factory.mktemp("site") / "published"
    return folder, publish_everything(folder)


@pytest.fixture(scope="session")
def published(site: tuple[Path, Office]) -> Path:
    """The folder."""
    return site[0]


@pytest.fixture(scope="session")
def office(site: tuple[Path, Office]) -> Office:
    """The keys."""
    return site[1]


@pytest.fixture(scope="session")
def keys(office: Office) -> Keyring:
    """The trusted keys."""
    return parse_keys(office.keys, "keys.txt")
