"""Amounts of money in the capital numerals that receipts in China bear.

Rules: annex 1 of the Measures for Payment and Settlement (Yinfa 1997 No. 393), section 3.
"""

from __future__ import annotations

DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿")


def capital_yuan(fen: int) -> str:
    """A positive amount in fen: 10030 is 壹佰元叁角整; below a trillion yuan."""
    if not 0 < fen < 10**14:
        raise ValueError(f"{fen} fen cannot be written in capital numerals")
    yuan, rest = divmod(fen, 100)
    jiao, cents = divmod(rest, 10)
    text = _whole(yuan) + "元" if yuan else ""
    if jiao:
        text += DIGITS[jiao] + "角"
    elif yuan and cents:
        text += DIGITS[0]
    return text + (DIGITS[cents] + "分" if cents else "整")


def _whole(number: int) -> str:
    """A whole number; a run of zeros between digits is read as one."""
    text, gap = "", False
    for place in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**place % 10
        if digit:
            text += (DIGITS[0] if gap and text else "") + DIGITS[digit] + UNITS[place % 4]
        gap = digit == 0
        if place % 4 == 0 and number // 10**place % 10**4:
            text += GROUPS[place // 4]
    return text
