"""Put what somebody typed back into a form of a page: pure, on the page's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

Fields = Sequence[tuple[str, str]]
Attributes = Sequence[tuple[str, str | None]]

UNTOUCHED = ("hidden", "password", "file", "submit", "button", "image", "reset")
OFF = "one-time-code"


@dataclass(slots=True)
class _Form:
    """A form of the page: where it is sent, its hidden fields, which details hold it."""

    action: str
    hidden: list[tuple[str, str]] = field(default_factory=list)
    inside: tuple[int, ...] = ()


def refill(page: str, path: str, action: str, typed: Fields, note: str) -> str:
    """`page`, the HTML of `path`, with the form that is sent to `action` filled in.

    Of several such forms it is the first one whose hidden fields are as they were sent. `note` is
    shown at its head. Passwords, files, codes and hidden fields stay as the page has them; a page
    without such a form comes back as it is.
    """
    survey = _Survey(path)
    survey.feed(page)
    sent = set(typed)
    for number, form in enumerate(survey.forms):
        if form.action == action and set(form.hidden) <= sent:
            filler = _Filler(page, number, form.inside, typed, note)
            filler.feed(page)
            return filler.result()
    return page


class _Walk(HTMLParser):
    """Counts forms and details as they begin."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.form, self.details = -1, -1
        self.inside = False

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
    """Every form of a page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[_Form] = []
        self.open: list[int] = []

    def began(self, tag: str, attrs: Attributes) -> None:
        """Note forms, what they hide, and the details around them."""
        said = dict(attrs)
        if tag == "details":
            self.open.append(self.details)
        elif tag == "form":
            target = urlsplit(said.get("action") or self.path).path
            posts = (said.get("method") or "").lower() == "post"
            self.forms.append(_Form(target if posts else "", inside=tuple(self.open)))
        elif tag == "input" and self.inside and said.get("type") == "hidden":
            name = said.get("name") or ""
            if name not in NEVER:
                self.forms[-1].hidden.append((name, said.get("value") or ""))

    def ended(self, tag: str) -> None:
        """Note where details end."""
        if tag == "details" and self.open:
            self.open.pop()


NEVER = frozenset({"csrf_token", "password", "again", "code", "passkey", "altcha"})
"""Fields that are never kept: secrets, and what is good for one sending only."""


class _Filler(_Walk):
    """Rewrites the fields of one form; everything else stays byte for byte."""

    def __init__(
        self, page: str, number: int, details: tuple[int, ...], typed: Fields, note: str
    ) -> None:
        super().__init__()
        self.page, self.number, self.opened = page, number, details
        self.note = f'<p class="alert alert-info" role="status">{escape(note)}</p>'
        self.values: dict[str, list[str]] = {}
        for name, value in typed:
            self.values.setdefault(name, []).append(value)
        self.starts = [0]
        for line in page.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.edits: list[tuple[int, int, str]] = []
        self.select: str | None = None
        self.area: tuple[int, str] | None = None

    def result(self) -> str:
        """The page with every edit made."""
        text, at = [], 0
        for begins, ends, new in sorted(self.edits):
            text += [self.page[at:begins], new]
            at = ends
        return "".join([*text, self.page[at:]])

    def _here(self) -> int:
        line, column = self.getpos()
        return self.starts[line - 1] + column

    def _span(self) -> tuple[int, int]:
        begins = self._here()
        return begins, begins + len(self.get_starttag_text() or "")

    def began(self, tag: str, attrs: Attributes) -> None:
        """Edit a field of the form; open the details that hold it."""
        if tag == "details" and self.details in self.opened:
            self._edit(tag, [*(a for a in attrs if a[0] != "open"), ("open", "")])
        if not self.inside or self.form != self.number:
            return
        if tag == "form":
            end = self._span()[1]
            self.edits.append((end, end, self.note))
        elif tag == "input":
            self._input(attrs)
        elif tag == "select":
            self.select = dict(attrs).get("name")
        elif tag == "option" and self.select in self.values:
            self._mark(tag, attrs, "selected", self.values[self.select or ""])
        elif tag == "textarea" and dict(attrs).get("name") in self.values:
            self.area = self._span()[1], dict(attrs)["name"] or ""

    def ended(self, tag: str) -> None:
        """Replace what stood in a text area."""
        if tag == "select":
            self.select = None
        if tag == "textarea" and self.area is not None:
            begins, name = self.area
            self.edits.append((begins, self._here(), "\n" + escape(self._next(name))))
            self.area = None

    def _input(self, attrs: Attributes) -> None:
        said = dict(attrs)
        kind, name = (said.get("type") or "text").lower(), said.get("name") or ""
        if kind in UNTOUCHED or said.get("autocomplete") == OFF:
            return
        if kind in ("checkbox", "radio"):
            self._mark("input", attrs, "checked", self.values.get(name, []))
        elif name in self.values:
            others = [pair for pair in attrs if pair[0] != "value"]
            self._edit("input", [*others, ("value", self._next(name))])

    def _mark(self, tag: str, attrs: Attributes, mark: str, values: Sequence[str]) -> None:
        value = dict(attrs).get("value")
        chosen = ("on" if value is None else value) in values
        others = [pair for pair in attrs if pair[0] != mark]
        self._edit(tag, [*others, (mark, "")] if chosen else others)

    def _next(self, name: str) -> str:
        """The values of one name in the order in which they were sent."""
        waiting = self.values[name]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def _edit(self, tag: str, attrs: Attributes) -> None:
        said = "".join(
            f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attrs
        )
        self.edits.append((*self._span(), f"<{tag}{said}>"))
