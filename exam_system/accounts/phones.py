"""The value by which a candidate is found by their telephone number, without the number."""

from __future__ import annotations

from exam_system.vault import Vault


def phone_key(vault: Vault, phone: str) -> str:
    """The blind value of a clean number; never that of an ID number."""
    return vault.blind(f"phone:{phone}")
