from __future__ import annotations

import csv
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from fontTools.ttLib import TTFont
from reportlab.pdfbase.pdfmetrics import getFont

import exam_system
from exam_system.printing import errors, texts
from exam_system.printing.errors import PrintError
from exam_system.printing.fonts import (
    Fonts,
    check_glyphs,
    font_path,
    make_fonts,
    missing_glyphs,
    to_unicode,
)
from exam_system.printing.layout import Sheet
from tests.printing.conftest import AT

CACHE = Path(__file__).parents[2] / ".cache" / "fonts"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "names" / "rare_name_chars.csv"


@pytest.mark.parametrize(("style", "weight"), [("Regular", 400), ("Bold", 700)])
def test_each_weight_is_static_and_has_its_own_names(fonts: Fonts, style: str, weight: int) -> None:
    font = TTFont(font_path(CACHE, style), lazy=True)
    names = {number: font["name"].getDebugName(number) for number in (1, 2, 4, 6)}
    assert "fvar" not in font
    assert font["OS/2"].usWeightClass == weight
    assert names == {
        1: "Noto Sans SC",
        2: style,
        4: f"Noto Sans SC {style}",
        6: f"NotoSansSC-{style}",
    }


def test_bold_strokes_are_not_the_regular_ones(fonts: Fonts) -> None:
    regular, bold = (TTFont(font_path(CACHE, style), lazy=True) for style in ("Regular", "Bold"))
    name = regular.getBestCmap()[ord("中")]
    assert regular["glyf"][name].coordinates != bold["glyf"][name].coordinates


def test_the_licence_lies_beside_the_fonts(fonts: Fonts) -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (CACHE / "OFL.txt").read_text(encoding="utf-8")


def test_fonts_that_are_there_are_left_alone(fonts: Fonts) -> None:
    before = [font_path(CACHE, style).stat().st_mtime_ns for style in ("Regular", "Bold")]
    make_fonts(CACHE)
    assert [font_path(CACHE, style).stat().st_mtime_ns for style in ("Regular", "Bold")] == before
    assert not list(CACHE.glob("*.part"))


def test_outlines_are_read_once(fonts: Fonts) -> None:
    face = getFont(fonts.bold).face
    assert face.get_table("glyf") is face.get_table("glyf")


def test_a_character_without_glyph_is_named(fonts: Fonts) -> None:
    assert missing_glyphs("欧阳𬭎·\nABC") == []
    assert missing_glyphs("𪚥野\u200b𪚥") == ["𪚥", "\u200b"]


def test_a_document_with_such_a_character_is_refused(fonts: Fonts) -> None:
    @dataclass
    class Page:
        photo: bytes
        rows: tuple[tuple[str, ...], ...]

    check_glyphs(Page(b"\xff\x00", (("王䶮", "1"),)))
    with pytest.raises(PrintError, match=r"𪚥 \(U\+2A6A5\) in “张𪚥”") as caught:
        check_glyphs(Page(b"", (("王䶮", "1"), ("张𪚥", "2"))))
    assert caught.value.code == "glyph"


def test_characters_above_the_first_plane_map_to_surrogate_pairs() -> None:
    lines = to_unicode("X", [0, 0x4E2D, 0x2CB4E]).splitlines()
    assert lines[lines.index("3 beginbfchar") + 1 :][:3] == [
        "<00> <0000>",
        "<01> <4E2D>",
        "<02> <D872DF4E>",
    ]


def test_blocks_of_the_map_hold_at_most_a_hundred_entries() -> None:
    text = to_unicode("X", list(range(0x4E00, 0x4E00 + 256)))
    assert [line for line in text.splitlines() if line.endswith("beginbfchar")] == [
        "100 beginbfchar",
        "100 beginbfchar",
        "56 beginbfchar",
    ]
    assert "<00> <FF>" in text


def test_our_own_words_can_all_be_printed(fonts: Fonts) -> None:
    source = inspect.getsource(texts)
    assert missing_glyphs(source) == []


@pytest.mark.skipif(not SHARED.exists(), reason="shared data not beside the checkout")
def test_rare_name_characters_are_all_covered(fonts: Fonts) -> None:
    with SHARED.open(encoding="utf-8") as handle:
        characters = [row["char"] for row in csv.DictReader(handle)]
    assert len(characters) == 30
    assert missing_glyphs("".join(characters)) == []


@pytest.mark.parametrize("style", ["Regular", "Bold"])
def test_what_the_sisters_add_has_outlines_and_the_width_of_a_character(
    fonts: Fonts, style: str
) -> None:
    font = TTFont(font_path(CACHE, style), lazy=True)
    names = [font.getBestCmap()[ord(character)] for character in "𠮷𥹉中"]
    assert [font["hmtx"][name][0] for name in names] == [1000] * 3
    assert all(font["glyf"][name].numberOfContours > 0 for name in names)


def test_the_two_weights_of_an_added_character_differ(fonts: Fonts) -> None:
    regular, bold = (TTFont(font_path(CACHE, style), lazy=True) for style in ("Regular", "Bold"))
    one, other = (font["glyf"][font.getBestCmap()[ord("𠮷")]] for font in (regular, bold))
    assert one.coordinates != other.coordinates


def test_text_with_added_characters_can_be_copied(
    fonts: Fonts, text_of: Callable[[bytes], str]
) -> None:
    sheet = Sheet(fonts, title="名单", author="考试局", at=AT)
    sheet.text(20, 30, "张𠮷、王𥹉、欧阳𬭎", 12)
    sheet.text(20, 40, "李𠮷", 12, bold=True)
    assert text_of(sheet.finish()).split() == ["张𠮷、王𥹉、欧阳𬭎", "李𠮷"]


def test_every_sentence_has_a_chinese_one_with_the_same_places() -> None:
    folder = Path(exam_system.__file__).parent / "translations" / "zh"
    with (folder / "printing.po").open("rb") as handle:
        catalogue = {entry.id: entry for entry in read_po(handle, locale="zh") if entry.id}
    sentences = {*errors.PRINT_MESSAGES.values(), *errors.PHOTO_MESSAGES.values()}
    assert set(catalogue) == sentences
    for sentence in sentences:
        assert places(str(catalogue[sentence].string)) == places(sentence)


def places(sentence: str) -> set[str]:
    return {part.split(")")[0] for part in sentence.split("%(")[1:]}
