"""The bureau's own colours: what pages need is worked out of one colour, legible in light and dark.

Contrast is that of WCAG 2.2 (relative luminance, success criteria 1.4.3 and 1.4.11).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from exam_system.errors import Fault

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
PAPER_DARK: Colour = (24, 31, 39)
"""What panels lie on in the dark: `--paper` in site.css."""
LEGIBLE = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3)."""
_STEPS = 100


def parse(text: str) -> Colour:
    """`#rrggbb` as three numbers of 0 to 255; raises Fault for anything else."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise Fault(f'{text!r} is no colour: write it as "#rrggbb", for instance "#0b4a8f"')
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def written(colour: Colour) -> str:
    """The same as `#rrggbb`."""
    return f"#{bytes(colour).hex()}"


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` (0 to 1) of the other colour in the first one."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _until(colour: Colour, towards: Colour, holds: Callable[[Colour], bool]) -> Colour:
    """The first mixture on the way for which something holds; the end of the way if none."""
    mixtures = (mix(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(filter(holds, mixtures), towards)


def require_legible(text: str) -> None:
    """Raise Fault when white letters on the colour, or it on white paper, could not be read."""
    found = contrast(parse(text), WHITE)
    if found < LEGIBLE:
        better = written(_until(parse(text), BLACK, lambda one: contrast(one, WHITE) >= LEGIBLE))
        raise Fault(
            f"the contrast of {text} with white is {found:.1f}, text needs {LEGIBLE}: "
            f"choose a darker colour, for instance {better}"
        )


def light(colour: Colour) -> dict[str, Colour]:
    """The bureau's colours on white paper."""
    return {
        "brand": colour,
        "brand-deep": mix(colour, BLACK, 0.3),
        "brand-link": colour,
        "brand-pale": mix(colour, WHITE, 0.91),
        "brand-line": mix(colour, WHITE, 0.75),
        "brand-head": colour,
    }


def dark(colour: Colour) -> dict[str, Colour]:
    """The same in the dark: fills still carry white letters, words are light enough."""
    pale = mix(colour, PAPER_DARK, 0.7)

    def reads(wanted: float) -> Colour:
        return _until(colour, WHITE, lambda one: contrast(one, pale) >= wanted)

    fill = _until(WHITE, colour, lambda one: contrast(one, WHITE) >= LEGIBLE + 0.3)
    return {
        "brand": fill,
        "brand-deep": reads(8.0),
        "brand-link": reads(6.0),
        "brand-pale": pale,
        "brand-line": mix(colour, PAPER_DARK, 0.35),
        "brand-head": mix(colour, BLACK, 0.5),
    }


def stylesheet(text: str) -> str:
    """look.css: the custom properties that site.css uses, of the configured colour."""
    colour = parse(text)
    return (
        f":root {{ {_properties(light(colour))} }}\n"
        f'@media screen {{ [data-bs-theme="dark"] {{ {_properties(dark(colour))} }} }}\n'
    )


def _properties(colours: dict[str, Colour]) -> str:
    named = [f"--{name}: {written(value)};" for name, value in colours.items()]
    link, deep = (",".join(map(str, colours[name])) for name in ("brand-link", "brand-deep"))
    return " ".join(
        [*named, f"--bs-link-color-rgb: {link};", f"--bs-link-hover-color-rgb: {deep};"]
    )
