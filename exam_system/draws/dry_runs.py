"""The newest dry run of each draw, kept sealed beside the database until another takes its place.

A dry run of a large draw takes a while: it is made by a button, behind the page, and found again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from exam_system.clock import parse_rfc3339, rfc3339
from exam_system.config import Config
from exam_system.context import Context
from exam_system.draws.confidential import opening
from exam_system.draws.manifest import next_manifest
from exam_system.draws.rehearsal import Rehearsal, rehearse
from exam_system.errors import Sentence
from exam_system.exams.models import Exam
from exam_system.records.tree import write_durable
from exam_system.running import tell
from exam_system.vault import Vault
from exam_system.verify.matching import frequencies_of

FOLDER = "rehearsals"  # of an instance


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run gave at a time: `problem` where the draw could not be held then, else how many
    there are, how many places, by which algorithm; `found` and `chances` unless the draw is
    confidential: its labels are kept nowhere."""

    at: datetime
    problem: Sentence | None = None
    people: int = 0
    places: int = 0
    algorithm: str = ""
    runs: int = 0
    found: Rehearsal | None = None
    chances: tuple[dict[str, Any], ...] = ()


def make(ctx: Context, exam: Exam, kind: str) -> DryRun:
    """Make a dry run of the next attempt and keep it; no row is written."""
    at = ctx.clock.now()
    try:
        made = _made(next_manifest(ctx, exam, kind), at)
    except Sentence as error:
        made = DryRun(at, error)
    data = ctx.keys.vault.seal_bytes(_written(made), _about(exam, kind))
    write_durable(_path(ctx.config, exam, kind), data)
    return made


def newest(config: Config, vault: Vault, exam: Exam, kind: str) -> DryRun | None:
    """The newest dry run of a draw; None before the first."""
    path = _path(config, exam, kind)
    if not path.exists():
        return None
    return _read(vault.open_bytes(path.read_bytes(), _about(exam, kind)))


def _made(manifest: Mapping[str, Any], at: datetime) -> DryRun:
    found = rehearse(manifest, tell=tell)
    groups = manifest["groups"]
    places = sum(slot["capacity"] for group in groups for slot in group["slots"])
    run = DryRun(at, None, len(found.counts), places, manifest["algorithm"], found.runs)
    if opening(manifest):
        return run
    return replace(run, found=found, chances=tuple(frequencies_of(manifest)))


def _path(config: Config, exam: Exam, kind: str) -> Path:
    return config.instance / FOLDER / f"{exam.code}-{kind}"


def _about(exam: Exam, kind: str) -> str:
    return f"rehearsal {exam.code} {kind}"


def _written(made: DryRun) -> bytes:
    found = made.found
    document = {
        "at": rfc3339(made.at),
        "problem": _told(made.problem) if made.problem else None,
        "numbers": [made.people, made.places, made.algorithm, made.runs],
        "counts": [[*pair, counts] for pair, counts in found.counts.items()] if found else None,
        "columns": {name: list(some) for name, some in found.columns.items()} if found else None,
        "chances": made.chances,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _read(data: bytes) -> DryRun:
    document = json.loads(data)
    at = parse_rfc3339(document["at"])
    if document["problem"]:
        return DryRun(at, _sentence(document["problem"]))
    people, places, algorithm, runs = document["numbers"]
    found = None
    if document["counts"] is not None:
        counts = {(group, label): Counter(some) for group, label, some in document["counts"]}
        columns = {name: tuple(some) for name, some in document["columns"].items()}
        found = Rehearsal(runs, counts, columns)
    chances = tuple(document["chances"])
    return DryRun(at, None, people, places, algorithm, runs, found, chances)


def _told(sentence: Sentence) -> list[Any]:
    """A sentence with its parameters, which may be sentences themselves."""
    params = {
        name: {"sentence": _told(value)} if isinstance(value, Sentence) else str(value)
        for name, value in sentence.params.items()
    }
    return [sentence.msgid, params]


def _sentence(told: list[Any]) -> Sentence:
    msgid, params = told
    read = {
        name: _sentence(value["sentence"]) if isinstance(value, dict) else value
        for name, value in params.items()
    }
    return Sentence(msgid, **read)
