"""One weight of a variable font, and the rare characters that Noto Sans SC lacks from its sisters.

Names bring characters such as 𠮷 and 𥹉, which only the Japanese or the Taiwanese design has. All
of them are drawn on the same body (1,000 units), so their outlines stand beside SC's unchanged,
and whoever sets text still knows one font.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from importlib.resources import as_file
from io import BytesIO
from pathlib import Path
from typing import Any

import uharfbuzz as hb
from fontTools.ttLib import TTFont as FontFile

# Layout and vertical tables are of no use to reportlab.
UNUSED = ("BASE", "GDEF", "GPOS", "GSUB", "HVAR", "VVAR", "STAT", "VORG", "vhea", "vmtx")
DONORS = ("TC", "JP", "KR")  # the first that has a character gives it


def cut(path: Path, weight: int, codes: Collection[int] | None = None) -> Any:
    """A variable font at one weight, whole or only these characters, as a font of fontTools."""
    face = hb.Face(hb.Blob.from_file_path(str(path)))
    wanted = hb.SubsetInput()
    if codes is None:
        wanted.keep_everything()
    else:
        wanted.unicode_set.update(codes)
    wanted.drop_table_tag_set.update(map(_tag, UNUSED))
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.GLYPH_NAMES
    wanted.pin_axis_location(face, "wght", float(weight))
    data = hb.subset(face, wanted).blob.data
    return FontFile(BytesIO(data), recalcBBoxes=False, recalcTimestamp=False)


def _tag(name: str) -> int:
    return int.from_bytes(name.encode(), "big")


def add_rare_characters(font: Any, folder: Any, weight: int) -> None:
    """Give `font`, a static SC, every Chinese character that a donor below `folder` has more."""
    for region in DONORS:
        with as_file(folder / f"notosans{region.lower()}" / f"NotoSans{region}[wght].ttf") as path:
            with FontFile(path, lazy=True) as all_of_it:
                has = set(filter(_is_han, all_of_it.getBestCmap()))
            donor = cut(path, weight, has - set(font.getBestCmap()))
        _take_over(font, donor, region)


def _is_han(code: int) -> bool:
    return unicodedata.name(chr(code), "").startswith("CJK ")


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
