"""What a form of a page says about its fields, and what is wrong with what was typed: pure.

The rules are those that the page states in HTML (required, type, min, max, minlength, maxlength,
pattern): browsers hold to them before a form is sent, and here they hold without any script too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from exam_system.people import narrow, read_day, read_moment

Say = Callable[[str, str, str], str]
"""Makes a sentence of the kind of a fault, the label of its field, and the bound that it breaks."""

NOT_READ = ("hidden", "submit", "button", "image", "reset", "file", "password")
"""Kinds of fields whose values are never kept, so that nothing can be said of them again."""
_TICKED = ("radio", "checkbox")


@dataclass(slots=True)
class Control:
    """A field of a form: where its tag begins in the page, its attributes, what it is called."""

    at: int
    tag: str
    said: Mapping[str, str | None]
    label: str = ""
    values: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name under which it is sent."""
        return self.said.get("name") or ""

    @property
    def kind(self) -> str:
        """Its type; "select" or "textarea" where it is no input."""
        return (self.said.get("type") or "text").lower() if self.tag == "input" else self.tag

    @property
    def id(self) -> str:
        """What a link leads to; made of its place where the page gives none."""
        return self.said.get("id") or f"field-{self.at}"

    def shown(self) -> str:
        """Its label on one line, without the colon at its end."""
        return " ".join((self.said.get("aria-label") or self.label or self.name).split()).rstrip(
            ":："
        )


def faults(controls: Sequence[Control], say: Say) -> Iterator[tuple[Control, str]]:
    """Each field whose value breaks a rule of the form, and the sentence that says so."""
    groups: set[str] = set()
    for control in controls:
        if not control.name or control.kind in NOT_READ or "disabled" in control.said:
            continue
        if control.kind == "radio" and control.name in groups:
            continue
        groups.add(control.name)
        found = _fault(control)
        if found is not None:
            yield control, say(found[0], control.shown(), found[1])


def _fault(control: Control) -> tuple[str, str] | None:
    """The kind of what is wrong and the bound."""
    if control.kind in _TICKED:
        value = control.said.get("value")
        sent = control.values if control.kind == "radio" else {value or "on"} & {*control.values}
        if "required" not in control.said or sent:
            return None
        return ("choose" if control.kind == "radio" else "tick"), ""
    if not control.values:
        return None  # it was not on the page that was sent
    value = control.values.pop(0) if len(control.values) > 1 else control.values[0]
    if not value.strip():
        missing = "choose" if control.tag == "select" else "missing"
        return (missing, "") if "required" in control.said else None
    return _too_far(control, value) or _misshapen(control, value) or _length(control, value)


def _too_far(control: Control, value: str) -> tuple[str, str] | None:
    read = _READS.get(control.kind)
    if read is None:
        return None
    try:
        number = read(value)
    except ValueError:
        return control.kind, ""
    least, most = control.said.get("min"), control.said.get("max")
    if least and number < read(least):
        return "least", least
    return ("most", most) if most and number > read(most) else None


def _number(text: str) -> Decimal:
    try:
        return Decimal(narrow(text))
    except InvalidOperation as error:
        raise ValueError from error


_READS: dict[str, Callable[[str], Any]] = {
    "number": _number,
    "date": read_day,
    "datetime-local": read_moment,
}


def _misshapen(control: Control, value: str) -> tuple[str, str] | None:
    pattern = control.said.get("pattern")
    if not pattern or control.tag != "input":
        return None
    fits = any(re.fullmatch(pattern, text) for text in (value, narrow(value)))
    return None if fits else ("pattern", control.said.get("title") or "")


def _length(control: Control, value: str) -> tuple[str, str] | None:
    least, most = control.said.get("minlength"), control.said.get("maxlength")
    long = len(value.replace("\r\n", "\n"))
    if least and long < int(least):
        return "short", least
    return ("long", most) if most and long > int(most) else None
