"""A case file put together for print."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from exam_system.accounts.models import Account
from exam_system.context import Context
from exam_system.exams.models import Exam
from exam_system.forensics.evidence import DOT, TALL, Evidence
from exam_system.forensics.experts import FEWEST, Group
from exam_system.forensics.flags import read_flags
from exam_system.forensics.models import CaseFile, Screening
from exam_system.language import when
from exam_system.printing import casefile_words as words
from exam_system.printing.casefile import Bars, CaseSheet, PairPage, casefile_pdf
from exam_system.printing.fonts import register
from exam_system.records.paper import anchor
from exam_system.trust.canonical import sha256_hex

Names = Mapping[int, tuple[str, str]]


def case_pdf(
    ctx: Context,
    exam: Exam,
    subject: str,
    screening: Screening,
    case: CaseFile,
    pairs: Sequence[Evidence],
    names: Names,
    group: Group,
) -> bytes:
    """The case file as a PDF; `names` is empty for those who must not know them yet."""
    assert screening.flags is not None
    flags, told = read_flags(screening.flags), json.loads(screening.parameters)
    people: dict[str, int] = {}
    for pair in pairs:
        people |= dict(zip(_codes(pair), pair.people, strict=True))
    sheet = CaseSheet(
        bureau=ctx.config.bureau,
        exam=exam.name,
        subject=subject,
        number=f"{screening.number}-{case.number:03}",
        people="、".join(_named(code, people[code], names) for code in sorted(people)),
        state=words.STATES[case.state],
        pairs=tuple(_page(pair, flags, told, names) for pair in pairs),
        method=_method(screening, flags, told),
        opinions=_opinions(ctx, group) if group.complete else (),
        status=_status(case, group),
        anchor=anchor(ctx.session, ctx.config.origin, None),
        at=ctx.clock.now(),
    )
    return casefile_pdf(sheet, register(ctx.config.fonts_folder))


def _codes(pair: Evidence) -> tuple[str, str]:
    return pair.told["first"], pair.told["second"]


def _named(code: str, who: int, names: Names) -> str:
    return f"{code}（{names[who][0]} {names[who][1]}）" if who in names else code


def _page(
    pair: Evidence, flags: Mapping[str, Any], parameters: Mapping[str, Any], names: Names
) -> PairPage:
    told, bars = pair.told, pair.bars
    first, second = _codes(pair)
    return PairPage(
        first=first,
        second=second,
        columns=tuple(
            (str(one.number), one.key, one.first, one.second, one.mark) for one in pair.items
        ),
        counts=words.COUNTS.format(answered=pair.answered, **_counts(told)),
        seats=_seats(pair, names),
        dots=tuple((dot.x // DOT, dot.y // DOT, dot.who) for dot in pair.dots),
        bars=Bars(bars.first, tuple(one / TALL for one in bars.heights), bars.seen),
        null=words.NULL_TEXT.format(
            mean=f"{bars.mean:.1f}", spread=f"{bars.spread:.1f}", seen=bars.seen
        ),
        statistics=_statistics(pair, parameters),
        rates=_rates(told, flags, parameters),
    )


def _counts(told: Mapping[str, Any]) -> dict[str, int]:
    return {key: told[key] for key in ("matches", "right", "wrong", "differences")}


def _seats(pair: Evidence, names: Names) -> str:
    told = pair.told
    text = [words.TIERS[told["tier"]] + "。"]
    if told["adjacent"]:
        text.append(words.ADJACENT)
    elif told["apart"][0] >= 0:
        text.append(words.APART.format(rows=told["apart"][0], columns=told["apart"][1]))
    if names:
        text += [f"{code}：{at.site}{at.room}{at.seat}号。" for code, at in _places(pair)]
    return "".join([*text, words.BESIDE])


def _places(pair: Evidence) -> list[tuple[str, Any]]:
    return list(zip(_codes(pair), pair.places, strict=True))


def _statistics(pair: Evidence, parameters: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    told = pair.told
    values: dict[str, object] = {
        "rate_a": pair.rates[0],
        "rate_b": pair.rates[1],
        "first_wrong": told["first_wrong"],
        "second_wrong": told["second_wrong"],
        "weight_a": f"10^{int(pair.weight[0])}",
        "weight_b": f"10^{int(pair.weight[1])}",
        "copied": parameters["copied"],
        "m4": short(told["mutual"]["m4"]),
        "mutual_omega": f"{float(told['mutual']['omega']):.2f}",
        "mutual_gbt": short(told["mutual"]["gbt"]),
    }
    for key in ("p", "gbt"):
        values |= {f"{key}_a": short(told[key][0]), f"{key}_b": short(told[key][1])}
    for place, way in enumerate("ab"):
        values[f"omega_{way}"] = f"{float(told['omega'][place]):.2f}"
    return tuple(
        (name, value.format(**values), meaning.format(**values))
        for name, value, meaning in words.ROWS
    )


def short(text: str) -> str:
    """A probability in two digits, as print shows it."""
    mantissa, _, ten = f"{float(text):.1e}".partition("e")
    return f"{mantissa}×10^{int(ten)}" if int(ten) < -2 else f"{float(text):.3f}"


def _rates(told: Mapping[str, Any], flags: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    tier = next(one for one in flags["tiers"] if one["tier"] == told["tier"])
    return words.RATES_TEXT.format(
        tier=words.TIERS[told["tier"]],
        tests=f"{tier['tests']:,}",
        budget=parameters["budgets"][told["tier"]],
        cutoff=short(tier["cutoff"]),
        calibrated=words.CALIBRATED if flags["null"]["calibrated"] else words.NOMINAL,
        expected=short(told["expected"]),
    )


def _method(screening: Screening, flags: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    assert screening.flags is not None
    software = "、".join(f"{name} {number}" for name, number in sorted(told["software"].items()))
    return words.METHOD_TEXT.format(
        basis=told["basis"],
        model=words.MODELS[flags["model"]],
        frozen=when(screening.frozen_at),
        software=software,
        parameters=sha256_hex(screening.parameters.encode()),
        answers=told["inputs"]["answers"],
        flags=sha256_hex(screening.flags.encode()),
    )


def _opinions(ctx: Context, group: Group) -> tuple[tuple[str, str, str], ...]:
    who = [one.account_id for one in group.experts]
    query = select(Account.id, Account.name).where(Account.id.in_(who))
    names = {row.id: row.name for row in ctx.session.execute(query)}
    return tuple(
        (
            f"{names[one.account_id]}\n{one.unit}",
            words.FINDINGS[group.opinions[one.id].finding],
            group.opinions[one.id].reason,
        )
        for one in group.experts
    )


def _status(case: CaseFile, group: Group) -> str:
    if case.state != "open":
        return words.DECIDED.format(state=words.STATES[case.state], reason=case.reason)
    total = max(FEWEST, len(group.experts))
    return words.WAITING.format(count=len(group.opinions), all=total)
