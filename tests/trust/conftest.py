"""Where vectors lie: the project's own, and the public ones beside a checkout."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A loaded machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

TESTS = Path(__file__).resolve().parents[1]
PUBLIC = TESTS.parents[1] / "shared" / "vectors"


@pytest.fixture(scope="session")
def public_vectors() -> Path:
    if not PUBLIC.is_dir():
        pytest.skip("the public vectors are not beside this checkout")
    return PUBLIC


@pytest.fixture(scope="session")
def own_vectors() -> Callable[[str], Any]:
    return lambda name: json.loads((TESTS / "vectors" / f"{name}.json").read_bytes())


@pytest.fixture(scope="session")
def run_program() -> Callable[..., bytes]:
    def run(*command: str, data: bytes = b"") -> bytes:
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed")
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    return run


@pytest.fixture(scope="session")
def sha256sum(run_program: Callable[..., bytes]) -> Callable[[bytes], str]:
    return lambda data: run_program("sha256sum", data=data).decode()[:64]
