"""The state machines that the service catalogue draws: moves, and the names of states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exam_system.approvals import states as approvals
from exam_system.cases import states as letters
from exam_system.custody import states as custody
from exam_system.draws import states as draws
from exam_system.exams import states as exams
from exam_system.fees import states as fees
from exam_system.notices import states as notices
from exam_system.registration import states as applications
from exam_system.violations import states as violations


@dataclass(frozen=True, slots=True)
class Machine:
    """A table of moves and what pages call its states (to be translated)."""

    moves: Mapping[str, frozenset[str]]
    names: Mapping[str, str]


DRAW_NAMES = {
    "frozen": "List frozen",
    "committed": "Commitments in",
    "rolled": "Dice typed in",
    "confirmed": "Dice confirmed",
    "revealed": "Secrets revealed",
    "finished": "Result signed",
    "published": "Result published",
    "void": "Void",
}
"""Shorter than in draws.states, where they are sentences."""
MACHINES: dict[str, Machine] = {
    "exams": Machine(exams.MOVES, exams.STATE_NAMES),
    "applications": Machine(applications.MOVES, applications.STATES),
    "orders": Machine(fees.MOVES, fees.STATES),
    "refunds": Machine(fees.REFUND_MOVES, fees.REFUND_STATES),
    "draws": Machine(draws.MOVES, DRAW_NAMES),
    "bags": Machine(custody.MOVES["paper"], custody.STATES),
    "cases": Machine(violations.CASE_MOVES, violations.CASE_STATES),
    "letters": Machine(letters.MOVES, letters.STATES),
    "approvals": Machine(approvals.MOVES, approvals.NAMES),
    "notices": Machine(notices.MOVES, notices.STATES),
}
