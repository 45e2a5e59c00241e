"""Put what somebody typed back into a form of a page, with what was wrong: pure, on its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from exam_system.form_rules import Control, Say, faults

Fields = Sequence[tuple[str, str]]
Attributes = Sequence[tuple[str, str | None]]

UNTOUCHED = ("hidden", "password", "file", "submit", "button", "image", "reset")
OFF = "one-time-code"
AGAIN = "typed-again"
"""The id of the note at the head of a form that was filled again."""
LIST = "data-problems-list"
"""Marks the list in which a page shows its refusals."""
CONTROLS = ("input", "select", "textarea")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a page says of a form that was refused: its problems, each a field's name ("" for none)
    and a sentence; how a broken rule of the form is said; the words before an error."""

    problems: Fields
    say: Say
    error: str


@dataclass(slots=True)
class _Form:
    """A form of the page: where it is sent, its fields, which details hold it."""

    action: str
    hidden: list[tuple[str, str]] = field(default_factory=list)
    inside: tuple[int, ...] = ()
    controls: list[Control] = field(default_factory=list)


def refill(
    page: str,
    path: str,
    action: str,
    typed: Fields,
    note: str,
    refusal: Refusal | None = None,
    *,
    files: str = "",
) -> str:
    """`page`, the HTML of `path`, with the form that is sent to `action` filled in.

    Of several such forms it is one whose hidden fields are as they were sent, and which has most of
    the fields that were; the first of equals. `note` is shown at its head, and `files` where it has
    fields for files. Passwords, files, codes and hidden fields stay as the page has them; a page
    without such a form comes back as it is. After a `refusal` its problems, and what breaks a rule
    of the form besides, stand in the list of problems, each with a link, and beside their fields.
    """
    survey = _Survey(page, path)
    survey.feed(page)
    survey.name_fields()
    number = _sent_form(survey.forms, action, typed)
    if number is None:
        return page
    form = survey.forms[number]
    if any(control.kind == "file" for control in form.controls):
        note = f"{note} {files}".strip()
    filler = _Filler(page, number, form.inside, typed, note)
    if refusal is not None:
        filler.mark(_listed(form, typed, refusal), refusal.error)
    filler.feed(page)
    return filler.result()


def _sent_form(forms: Sequence[_Form], action: str, typed: Fields) -> int | None:
    """Which form it was: by where it goes and what it hides, then by the names of its fields."""
    sent, names = set(typed), {name for name, _value in typed}
    fitting = [
        number
        for number, form in enumerate(forms)
        if form.action == action and set(form.hidden) <= sent
    ]
    known = [len(names & {one.name for one in forms[number].controls}) for number in fitting]
    return fitting[known.index(max(known))] if fitting else None


def _listed(form: _Form, typed: Fields, refusal: Refusal) -> list[tuple[Control | None, str]]:
    """The problems of a form in the order of its fields, first those of none."""
    named = {control.name: control for control in reversed(form.controls)}
    found = [
        (next((named[name] for name in names.split() if name in named), None), said)
        for names, said in refusal.problems
    ]
    refused = {control.name for control, _said in found if control is not None}
    values: dict[str, list[str]] = {}
    for name, value in typed:
        values.setdefault(name, []).append(value)
    for control in form.controls:
        control.values = values.get(control.name, [])
    broken = [pair for pair in faults(form.controls, refusal.say) if pair[0].name not in refused]
    return sorted([*found, *broken], key=lambda pair: pair[0].at if pair[0] else -1)


class _Walk(HTMLParser):
    """Counts forms and details as they begin."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.form, self.details = -1, -1
        self.inside = False
        self.starts = [0]
        for line in page.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)

    def here(self) -> int:
        """Where in the page the tag begins."""
        line, column = self.getpos()
        return self.starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form":
            self.form, self.inside = self.form + 1, True
        self.details += tag == "details"
        self.began(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        self.ended(tag)

    def began(self, tag: str, attrs: Attributes) -> None:
        """A tag begins."""

    def ended(self, tag: str) -> None:
        """A tag ends."""


class _Survey(_Walk):
    """Every form of a page, its fields and what they are called."""

    def __init__(self, page: str, path: str) -> None:
        super().__init__(page)
        self.path = path
        self.forms: list[_Form] = []
        self.open: list[int] = []
        self.words: list[str] | None = None
        self.label_of: str | None = None
        self.wrapped: list[Control] = []
        self.legends: list[str] = []
        self.labels: dict[str, str] = {}
        self.choosing = False

    def began(self, tag: str, attrs: Attributes) -> None:
        """Note forms, their fields, and the details around them."""
        said = dict(attrs)
        if tag == "details":
            self.open.append(self.details)
        elif tag == "form":
            target = urlsplit(said.get("action") or self.path).path
            posts = (said.get("method") or "").lower() == "post"
            self.forms.append(_Form(target if posts else "", inside=tuple(self.open)))
        elif tag == "fieldset":
            self.legends.append("")
        elif tag in ("label", "legend"):
            self.words, self.label_of, self.wrapped = [], said.get("for"), []
        elif tag in CONTROLS and self.inside:
            self._control(tag, said)
        self.choosing = self.choosing or tag in ("select", "textarea")

    def _control(self, tag: str, said: dict[str, str | None]) -> None:
        name = said.get("name") or ""
        if tag == "input" and said.get("type") == "hidden":
            if name not in NEVER:
                self.forms[-1].hidden.append((name, said.get("value") or ""))
            return
        control = Control(self.here(), tag, said)
        if control.kind == "radio" and self.legends:
            control.label = self.legends[-1]
        self.forms[-1].controls.append(control)
        if self.words is not None:
            self.wrapped.append(control)

    def ended(self, tag: str) -> None:
        """Note where details, labels and groups end."""
        if tag == "details" and self.open:
            self.open.pop()
        elif tag == "fieldset" and self.legends:
            self.legends.pop()
        elif tag in ("select", "textarea"):
            self.choosing = False
        elif tag in ("label", "legend") and self.words is not None:
            self._named(tag, "".join(self.words))

    def _named(self, tag: str, words: str) -> None:
        if tag == "legend" and self.legends:
            self.legends[-1] = words
        elif self.label_of:
            self.labels[self.label_of] = words
        for control in self.wrapped:
            control.label = control.label or words
        self.words = None

    def name_fields(self) -> None:
        """Give each field the label that names its id."""
        for form in self.forms:
            for control in form.controls:
                control.label = control.label or self.labels.get(control.said.get("id") or "", "")

    def handle_data(self, data: str) -> None:
        if self.words is not None and not self.choosing:
            self.words.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.handle_data(unescape(f"&#{name};"))


NEVER = frozenset({"csrf_token", "password", "again", "code", "passkey", "altcha"})
"""Fields that are never kept: secrets, and what is good for one sending only."""


class _Filler(_Walk):
    """Rewrites the fields of one form; everything else stays byte for byte."""

    def __init__(
        self, page: str, number: int, details: tuple[int, ...], typed: Fields, note: str
    ) -> None:
        super().__init__(page)
        self.page, self.number, self.opened = page, number, details
        self.note = (
            f'<p class="alert alert-info" id="{AGAIN}" role="status" tabindex="-1">'
            f"{escape(note)}</p>"
        )
        self.values: dict[str, list[str]] = {}
        for name, value in typed:
            self.values.setdefault(name, []).append(value)
        self.edits: list[tuple[int, int, str]] = []
        self.select: str | None = None
        self.area: tuple[int, str] | None = None
        self.wrong: dict[int, tuple[Control, list[str]]] = {}
        self.summary, self.error, self.list_at = "", "", -1

    def mark(self, listed: Sequence[tuple[Control | None, str]], error: str) -> None:
        """Keep what is to be said on top and beside which field."""
        self.error = f'<span class="visually-hidden">{escape(error)}</span>'
        for control, said in listed:
            target = control.id if control else AGAIN
            link = f'<a class="alert-link" href="#{escape(target)}">{escape(said)}</a>'
            self.summary += f"<li>{link}</li>"
            if control is not None:
                self.wrong.setdefault(control.at, (control, []))[1].append(said)

    def result(self) -> str:
        """The page with every edit made."""
        text, at = [], 0
        for begins, ends, new in sorted(self.edits):
            text += [self.page[at:begins], new]
            at = ends
        return "".join([*text, self.page[at:]])

    def _span(self) -> tuple[int, int]:
        begins = self.here()
        return begins, begins + len(self.get_starttag_text() or "")

    def began(self, tag: str, attrs: Attributes) -> None:
        """Edit a field of the form; open the details that hold it."""
        if tag == "details" and self.details in self.opened:
            self._edit(tag, [*(a for a in attrs if a[0] != "open"), ("open", "")])
        if self.summary and tag == "ul" and (LIST, None) in attrs:
            self.list_at = self._span()[1]
        if not self.inside or self.form != self.number:
            return
        if tag == "form":
            end = self._span()[1]
            self.edits.append((end, end, self.note))
        elif tag == "option" and self.select in self.values:
            self._edit(tag, _mark(attrs, "selected", "", self.values[self.select or ""]))
        elif tag in CONTROLS:
            new = self._filled(tag, attrs)
            if self.here() in self.wrong:
                new = self._blamed(new)
            if new != attrs:
                self._edit(tag, new)

    def _filled(self, tag: str, attrs: Attributes) -> Attributes:
        """The attributes with what was typed."""
        said = dict(attrs)
        name = said.get("name") or ""
        if tag == "select":
            self.select = name
        elif tag == "textarea" and name in self.values:
            self.area = self._span()[1], name
        elif tag == "input":
            return self._input(attrs, said, name)
        return attrs

    def _blamed(self, attrs: Attributes) -> Attributes:
        """The attributes of a field that is wrong, the sentence put in front of it."""
        control, told = self.wrong[self.here()]
        beside = f"{control.id}-error"
        sentence = f'<span class="field-error" id="{escape(beside)}">{self.error} '
        place = self.here()
        self.edits.append((place, place, f"{sentence}{escape(' '.join(told))}</span>"))
        said = dict(attrs)
        said["id"] = control.id
        said["class"] = f"{said.get('class') or ''} is-invalid".strip()
        said["aria-describedby"] = f"{said.get('aria-describedby') or ''} {beside}".strip()
        if control.kind != "radio":
            said["aria-invalid"] = "true"
        return list(said.items())

    def ended(self, tag: str) -> None:
        """Replace what stood in a text area, and the list of problems."""
        if tag == "select":
            self.select = None
        if tag == "textarea" and self.area is not None:
            begins, name = self.area
            self.edits.append((begins, self.here(), "\n" + escape(self._next(name))))
            self.area = None
        if tag == "ul" and self.list_at >= 0:
            self.edits.append((self.list_at, self.here(), self.summary))
            self.list_at, self.summary = -1, ""

    def _input(self, attrs: Attributes, said: dict[str, str | None], name: str) -> Attributes:
        kind = (said.get("type") or "text").lower()
        if kind in UNTOUCHED or said.get("autocomplete") == OFF:
            return attrs
        if kind in ("checkbox", "radio"):
            return _mark(attrs, "checked", "on", self.values.get(name, []))
        if name not in self.values:
            return attrs
        return [*(pair for pair in attrs if pair[0] != "value"), ("value", self._next(name))]

    def _next(self, name: str) -> str:
        """The values of one name in the order in which they were sent."""
        waiting = self.values[name]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def _edit(self, tag: str, attrs: Attributes) -> None:
        said = "".join(
            f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attrs
        )
        self.edits.append((*self._span(), f"<{tag}{said}>"))


def _mark(attrs: Attributes, mark: str, otherwise: str, values: Sequence[str]) -> Attributes:
    """The attributes of a choice, marked when it is among the values."""
    value = dict(attrs).get("value")
    others = [pair for pair in attrs if pair[0] != mark]
    return [*others, (mark, "")] if (otherwise if value is None else value) in values else others
