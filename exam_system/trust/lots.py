"""lots/v1: an order by sealed envelopes. The office fills them first, people pick afterwards.

1. The list (JCS) names the people of a group in the order in which they come up, their turns.
   There are as many envelopes as people, numbered from 1.
2. The officer makes a secret of 32 bytes and logs, before anybody picks, the SHA-256 of
   `exam-system/lots/v1 commit\\n<exam>\\n<group>\\n<attempt>\\n<SHA-256 of the list>\\n<secret>\\n`
   (secret in hex).
3. The envelope numbers in the order of their tickets, SHA-256("<secret hex>:lot:<number>"), hold
   the places 1, 2, …: the first of them place 1.
4. Everybody picks an envelope in the order of the turns. Nobody has an envelope that was picked.
   Who is absent gets, when all have had their turn, the lowest number that is left, in the order
   of the turns.
5. The secret is shown, and everybody recomputes the commitment and every place.

This keeps the office from changing what lies in an envelope after it has seen who picks it. It does
not keep somebody who knows the secret from telling a friend which number to take: where that
matters the rule set has the order drawn (order/v1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exam_system.trust import tickets
from exam_system.trust.canonical import clean_label, digest_text, jcs, sha256_hex
from exam_system.trust.errors import DrawError

ALGORITHM = "lots/v1"
PURPOSE = "lot"
SOURCES = ("officer", "envelopes")
_SECRET = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Lot:
    """One envelope when all are opened; `picked` is False for what was left to somebody absent."""

    envelope: int
    place: int
    label: str
    turn: int
    picked: bool


def name_of(exam: str, group: str) -> str:
    """What signed notes call the lots of a group."""
    return f"{exam}-lots-{group}"


def commitment(exam: str, group: str, attempt: int, listed: str, secret: str) -> str:
    """Hex digest that the officer logs; `listed` is the digest of the list, the secret is hex."""
    if not _SECRET.fullmatch(secret):
        raise DrawError("The secret of sealed lots is 64 characters from 0-9 and a-f.")
    if attempt < 1:
        raise DrawError("Attempts are counted from 1.")
    head = f"exam-system/lots/v1 commit\n{clean_label(exam)}\n{clean_label(group)}\n{attempt}\n"
    return sha256_hex(f"{head}{digest_text(listed)}\n{secret}\n".encode())


def places(secret: str, size: int) -> list[int]:
    """The place in each envelope, the first item being that of envelope 1."""
    numbers = tickets.order(secret, PURPOSE, map(str, range(1, size + 1)))
    place = {int(number): at for at, number in enumerate(numbers, 1)}
    return [place[number] for number in range(1, size + 1)]


def settle(secret: str, labels: Sequence[str], picks: Sequence[int | None]) -> list[Lot]:
    """Who has which place, by envelope. `labels` and `picks` by turn, None for somebody absent.

    Raises DrawError unless everybody had a turn and no envelope was picked twice.
    """
    size, taken = len(labels), [one for one in picks if one is not None]
    if len(picks) != size:
        raise DrawError(f"{len(picks)} of {size} people have had their turn.")
    if len(set(taken)) != len(taken) or not set(taken) <= set(range(1, size + 1)):
        raise DrawError("An envelope was picked twice, or there is none of that number.")
    left = iter(sorted(set(range(1, size + 1)) - set(taken)))
    place = places(secret, size)
    lots = []
    for turn, (label, pick) in enumerate(zip(labels, picks, strict=True), 1):
        envelope = next(left) if pick is None else pick
        lots.append(Lot(envelope, place[envelope - 1], label, turn, pick is not None))
    return sorted(lots, key=lambda lot: lot.envelope)


def result_text(exam: str, group: str, attempt: int, lots: Sequence[Lot]) -> bytes:
    """The bytes of result.json."""
    rows: list[Any] = [
        {
            "envelope": lot.envelope,
            "place": lot.place,
            "label": lot.label,
            "turn": lot.turn,
            "picked": lot.picked,
        }
        for lot in lots
    ]
    return jcs({"v": 1, "exam": exam, "group": group, "attempt": attempt, "lots": rows})


def result_rows(lots: Sequence[Lot]) -> list[tuple[str, ...]]:
    """The rows of result.csv, the header first: by place."""
    rows = [
        (str(lot.place), lot.label, str(lot.turn), str(lot.envelope), "yes" if lot.picked else "no")
        for lot in sorted(lots, key=lambda lot: lot.place)
    ]
    return [("place", "label", "turn", "envelope", "picked"), *rows]
