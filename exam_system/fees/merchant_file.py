"""What the drivers' merchant files have in common: how they are read, where a gateway may be."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from exam_system.fees.gateway import GatewayError

M = TypeVar("M")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def read_merchant(kind: type[M], path: Path) -> M:
    """A dataclass of texts from a JSON file; raises GatewayError that names what is missing."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        made: Any = kind
        return made(**{item.name: str(data[item.name]) for item in fields(made)})  # type: ignore[no-any-return]
    except (OSError, ValueError, TypeError) as error:
        raise GatewayError(f"{path} cannot be read as a merchant file: {error}") from error
    except KeyError as error:
        raise GatewayError(f"{path} lacks the entry {error.args[0]}") from error


def is_local(url: str) -> bool:
    """Whether this machine is meant: a sandbox gateway."""
    return urlsplit(url).hostname in LOOPBACK


def require_safe(gateway: str) -> None:
    """Raise GatewayError unless the way to the gateway is https or does not leave this machine."""
    if urlsplit(gateway).scheme != "https" and not is_local(gateway):
        raise GatewayError("the gateway address must be https unless it is this machine")
