"""The receipt: sixteen digits that the reporter keeps and the database does not hold."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from exam_system.chance import Chance
from exam_system.errors import Invalid
from exam_system.trust.sealed import public_half
from exam_system.vault import Vault

DIGITS = 16
_PURPOSE = "report receipt"


@dataclass(frozen=True, slots=True)
class Drawer:
    """What follows from a receipt: where its rows lie, and what opens the answers in them."""

    lookup: str
    private: bytes

    @property
    def reply_key(self) -> bytes:
        """The public half, to which answers are sealed."""
        return public_half(self.private)


def make_receipt(chance: Chance) -> str:
    """Sixteen digits, each as likely as the other: 53 bits."""
    return f"{int.from_bytes(chance.take(16), 'big') % 10**DIGITS:0{DIGITS}d}"


def grouped(receipt: str) -> str:
    """Four groups of four, as it is shown."""
    return " ".join(receipt[at : at + 4] for at in range(0, DIGITS, 4))


def read_receipt(text: str) -> str:
    """What somebody typed as sixteen digits; raises Invalid."""
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    if not re.fullmatch(r"[0-9]{16}", digits):
        raise Invalid("A receipt has sixteen digits").about("receipt")
    return digits


def drawer_of(vault: Vault, receipt: str) -> Drawer:
    """Derive both from the receipt with scrypt under the instance's secret (a tenth of a second).

    Without the secret a copy of the database cannot even be searched by trying receipts.
    """
    derived = vault.stretch(receipt, _PURPOSE)
    return Drawer(derived[:32].hex(), derived[32:])
