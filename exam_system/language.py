"""Chinese and English: catalogues are read from plain .po files, one for each feature."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, request
from flask_babel import Babel, Domain, get_locale
from flask_babel import format_datetime as _format
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from exam_system.errors import Fault
from exam_system.wording import fill, worded

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = ("zh", "en")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?![^<]*>)")  # not within a tag


@cache
def catalogue(language: str) -> Catalog:
    """All messages of a language; Fault when two files translate one message differently."""
    whole = Catalog(locale=language)
    for path in sorted((FOLDER / language).glob("*.po")):
        with open(path, "rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    _add(whole, message.id, message.string, path)
    return whole


def _add(whole: Catalog, msgid: object, text: object, path: Path) -> None:
    known = whole.get(msgid)  # type: ignore[arg-type]
    if known is not None and known.string != text:
        raise Fault(f"{path}: {msgid!r} is translated differently in another catalogue")
    whole.add(msgid, text)  # type: ignore[arg-type]


@cache
def translations(language: str) -> Translations:
    """What gettext looks messages up in."""
    buffer = BytesIO()
    write_mo(buffer, catalogue(language))
    buffer.seek(0)
    return Translations(buffer)


def _spoken() -> Translations:
    return translations(str(get_locale() or "en")[:2])


class PlainDomain(Domain):  # type: ignore[misc]
    """A gettext domain that reads .po files; English is the messages themselves."""

    def get_translations(self) -> Translations:
        """The catalogue of the request's language."""
        return _spoken()

    def gettext(self, string: str, **variables: object) -> str:
        """A sentence in the request's language, its places filled where there are any."""
        said = str(self.get_translations().ugettext(string))
        return fill(string, said, variables) if variables else said


@pass_context
def _in_page(context: Context, message: str, /, **values: object) -> str:
    """What `_` is in templates: a sentence whose values are escaped."""
    said = str(_spoken().ugettext(message))
    text, words = worded(message, said, values)
    return (Markup(text) if context.eval_ctx.autoescape else text) % words


def choose_language() -> str:
    """What the address says, else the switch's cookie, what the browser asks for, Chinese."""
    chosen = request.args.get("language", request.cookies.get("language"))
    if chosen in LANGUAGES:
        return chosen
    for value in request.accept_languages.values():
        if value[:2].lower() in LANGUAGES:
            return str(value[:2].lower())
    return "zh"


def install_language(app: Flask) -> None:
    """Set Babel up on the application and give templates `when` and `yuan`."""
    zone = app.extensions["office"].config.timezone
    babel = Babel()
    babel.init_app(app, default_locale="zh", default_timezone=zone, locale_selector=choose_language)
    babel.domain_instance = PlainDomain()
    app.jinja_env.filters.update(when=when, yuan=yuan, whole=whole)
    app.jinja_env.globals.update(language=choose_language, gettext=_in_page)


def when(at: datetime | None) -> str:
    """A time on a page, in the bureau's zone; empty for none."""
    return "" if at is None else str(_format(at, "yyyy-MM-dd HH:mm"))


def whole(text: object) -> Markup:
    """A text whose days do not break: browsers part 2026-03-09 after a hyphen."""
    return Markup(_DAY.sub(r'<span class="text-nowrap">\g<0></span>', str(escape(text))))


def yuan(fen: int) -> str:
    """Integer fen as yuan: 10000 → ¥100.00."""
    return f"¥{fen // 100}.{fen % 100:02d}"
