"""The certificate of a draw, made once when the draw is finished and kept as it is."""

from __future__ import annotations

from typing import Any

from exam_system.context import Context
from exam_system.exams.models import Exam
from exam_system.printing.certificate import Certificate, Count, Source, certificate_pdf
from exam_system.printing.fonts import register
from exam_system.records.paper import anchor
from exam_system.trust.canonical import jcs, sha256_hex


def certificate_of(
    ctx: Context, exam: Exam, manifest: dict[str, Any], result: dict[str, Any], seed: str
) -> bytes:
    """The PDF; the same rows, head of the log and time give the same bytes."""
    counts = [_count(*pair) for pair in zip(manifest["groups"], result["groups"], strict=True)]
    data = Certificate(
        bureau=ctx.config.bureau,
        draw=manifest["draw"],
        kind=manifest["kind"],
        exam=exam.name,
        attempt=manifest["attempt"],
        attempts=manifest["attempt"],
        algorithm=manifest["algorithm"],
        manifest=sha256_hex(jcs(manifest)),
        seed=seed,
        result=sha256_hex(jcs(result)),
        sources=tuple(Source(name, True) for name in manifest["sources"]),
        counts=tuple(counts),
        purpose=manifest["purpose"],
        label=example_label(manifest),
        bundle=f"{ctx.config.base_url}/published/draw-{manifest['draw']}-{manifest['attempt']}/",
        anchor=anchor(ctx.session, ctx.config.origin, None),
        at=ctx.clock.now().astimezone(ctx.config.zone),
    )
    return certificate_pdf(data, register(ctx.config.fonts_folder))


def example_label(manifest: dict[str, Any]) -> str:
    """The label whose ticket stands as an example: the first of the list."""
    labels = [label for group in manifest["groups"] for label in group["labels"]]
    return str(labels[0])


def _count(group: dict[str, Any], drawn: dict[str, Any]) -> Count:
    # Invigilators have several places; people are counted, not places.
    placed = {label for slot in drawn["slots"] for label in slot["labels"]}
    return Count(group["id"], len(group["labels"]), len(placed), len(drawn["reserve"]))
