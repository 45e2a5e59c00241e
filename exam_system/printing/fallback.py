"""Rare characters that Noto Sans SC lacks, taken over from its sisters for other regions.

Names bring characters such as 𠮷 and 𥹉, which only the Japanese or the Taiwanese design has. All
of them are drawn on the same body (1,000 units), so their outlines stand beside SC's unchanged,
and whoever sets text still knows one font.
"""

from __future__ import annotations

import unicodedata
from importlib.resources import as_file
from typing import Any

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont as FontFile
from fontTools.varLib import instancer

DONORS = ("TC", "JP", "KR")  # the first that has a character gives it


def add_rare_characters(font: Any, folder: Any, weight: int) -> None:
    """Give `font`, a static SC, every Chinese character that a donor below `folder` has more."""
    for region in DONORS:
        with as_file(folder / f"notosans{region.lower()}" / f"NotoSans{region}[wght].ttf") as path:
            donor = FontFile(path, lazy=True, recalcTimestamp=False)
            missing = set(filter(_is_han, donor.getBestCmap())) - set(font.getBestCmap())
            _cut(donor, missing, weight)
            _take_over(font, donor, region)


def _is_han(code: int) -> bool:
    return unicodedata.name(chr(code), "").startswith("CJK ")


def _cut(donor: Any, codes: set[int], weight: int) -> None:
    """Only these characters, at one weight."""
    options = Options(hinting=False, layout_features=[], notdef_outline=False)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "HVAR", "STAT", "vhea", "vmtx"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(donor)
    instancer.instantiateVariableFont(donor, {"wght": weight}, inplace=True)


def _take_over(font: Any, donor: Any, region: str) -> None:
    new = {name: f"{region}.{name}" for name in donor.getGlyphOrder() if name != ".notdef"}
    # The order first: outlines and widths are kept by it.
    font.setGlyphOrder([*font.getGlyphOrder(), *new.values()])
    for old, name in new.items():
        glyph = donor["glyf"][old]
        for component in getattr(glyph, "components", ()):
            component.glyphName = new[component.glyphName]
        font["glyf"].glyphs[name] = glyph
        font["hmtx"].metrics[name] = donor["hmtx"].metrics[old]
    _map(font, {code: new[name] for code, name in donor.getBestCmap().items()})


def _map(font: Any, names: dict[int, str]) -> None:
    for table in font["cmap"].tables:
        if table.format in (4, 12):
            last = 0xFFFF if table.format == 4 else 0x10FFFF
            table.cmap.update({code: name for code, name in names.items() if code <= last})
