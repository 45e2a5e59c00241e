"""Noto Sans SC for PDF: two static weights cut once from the variable font, made fit to print.

Rare characters that it lacks are added from its sisters (see `fallback`).
reportlab embeds static TrueType only. The instances are renamed, because both weights keep the
default master's PostScript name and reportlab would then embed one file for both.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics, ttfonts

from exam_system.printing.errors import PrintError
from exam_system.printing.fallback import add_rare_characters, cut

FAMILY = "Noto Sans SC"
WEIGHTS = {"Regular": 400, "Bold": 700}
LICENCE = "OFL.txt"
BLOCK = 100  # entries one bfchar block may hold (Adobe Technical Note 5411, section 1.4.1)


@dataclass(frozen=True, slots=True)
class Fonts:
    """Names under which reportlab knows the two weights."""

    regular: str
    bold: str


def make_fonts(folder: Path) -> None:
    """Write the two weights and their licence into `folder` unless they are there.

    Files appear whole or not at all, and a second caller waits for the first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        for style in WEIGHTS:
            if not font_path(folder, style).exists():
                _instance(style, folder)
        if not (folder / LICENCE).exists():
            _copy_licence(folder / LICENCE)


def font_path(folder: Path, style: str) -> Path:
    return folder / f"NotoSansSC-{style}.ttf"


def register(folder: Path) -> Fonts:
    """Make both weights known to reportlab; the files must be there (see `make_fonts`)."""
    rl_config.useA85 = 0
    ttfonts.makeToUnicodeCMap = to_unicode
    for style in WEIGHTS:
        if _name(style) not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(_load(font_path(folder, style), _name(style)))
    return Fonts(_name("Regular"), _name("Bold"))


def missing_glyphs(text: str) -> list[str]:
    """The characters of `text`, each once, that would print as nothing; line ends do not count."""
    known = pdfmetrics.getFont(_name("Regular")).face.charToGlyph
    return [c for c in dict.fromkeys(text) if ord(c) not in known and c != "\n"]


def check_glyphs(document: Any) -> None:
    """Raise PrintError for the first character that cannot be printed in any string of a document.

    `document` is a dataclass; bytes in it (photos, proofs) are not text and are not looked at.
    """
    for text in _strings(document):
        for character in missing_glyphs(text):
            point = f"U+{ord(character):04X}"
            raise PrintError("glyph", character=character, point=point, text=text[:40])


def to_unicode(font: str, subset: list[int]) -> str:
    """The ToUnicode map of one subset, so that text can be copied and searched.

    Replaces reportlab's, which writes characters above U+FFFF as one number of five digits
    instead of a UTF-16BE surrogate pair (ISO 32000-1, 9.10.3), so that they copy as nothing.
    """
    entries = [
        f"<{code:02X}> <{chr(value).encode('utf-16-be', 'surrogatepass').hex().upper()}>"
        for code, value in enumerate(subset)
    ]
    blocks = [entries[i : i + BLOCK] for i in range(0, len(entries), BLOCK)]
    head = (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        f"/CIDSystemInfo << /Registry ({font}) /Ordering ({font}) /Supplement 0 >> def\n"
        f"/CMapName /{font} def\n/CMapType 2 def\n1 begincodespacerange\n"
        f"<00> <{len(subset) - 1:02X}>\nendcodespacerange\n"
    )
    body = "".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks
    )
    return head + body + "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _strings(getattr(value, field.name))
    elif isinstance(value, Iterable) and not isinstance(value, bytes):
        for item in value:
            yield from _strings(item)


def _name(style: str) -> str:
    return f"NotoSansSC-{style}"


def _load(path: Path, name: str) -> Any:
    font = ttfonts.TTFont(name, str(path), asciiReadable=False)
    # reportlab copies the 10 MB of outlines anew for every subset of every document.
    font.face.get_table = cache(font.face.get_table)
    return font


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _source() -> Any:
    return files("justmytype_intl_cjk") / "fonts" / "ofl"


def _instance(style: str, folder: Path) -> None:
    with as_file(_source() / "notosanssc" / "NotoSansSC[wght].ttf") as path:
        font = cut(path, WEIGHTS[style])
    add_rare_characters(font, _source(), WEIGHTS[style])
    _rename(font["name"], style)
    _write(font, font_path(folder, style))


def _rename(names: Any, style: str) -> None:
    new = {1: FAMILY, 2: style, 4: f"{FAMILY} {style}", 6: _name(style), 16: FAMILY, 17: style}
    for record in list(names.names):
        if record.nameID in new:
            record.string = new[record.nameID]


def _write(font: Any, target: Path) -> None:
    draft = target.with_suffix(".part")
    font.save(draft, reorderTables=None)
    os.replace(draft, target)


def _copy_licence(target: Path) -> None:
    draft = target.with_suffix(".part")
    with as_file(_source() / "notosanssc" / LICENCE) as path:
        shutil.copyfile(path, draft)
    os.replace(draft, target)
