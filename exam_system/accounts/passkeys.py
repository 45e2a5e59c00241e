"""Passkeys (WebAuthn level 2) through py_webauthn, which is loaded when one is used: 0.2 s."""

from __future__ import annotations

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

from exam_system.accounts.models import SecondFactor
from exam_system.config import Config
from exam_system.context import Actor
from exam_system.errors import Invalid


def host(config: Config) -> str:
    """The name passkeys are bound to; empty where there is only an address, which none allows."""
    name = urlsplit(config.base_url).hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name
    return ""


def _origin(config: Config) -> str:
    parts = urlsplit(config.base_url)
    return f"{parts.scheme}://{parts.netloc}"


def registration(config: Config, actor: Actor, challenge: bytes) -> dict[str, Any]:
    """The options of navigator.credentials.create, binary values in base64url."""
    import webauthn
    from webauthn.helpers import structs

    choice = structs.AuthenticatorSelectionCriteria(
        user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    options = webauthn.generate_registration_options(
        rp_id=host(config),
        rp_name=config.bureau,
        user_name=actor.name,
        user_id=actor.ref.encode(),
        challenge=challenge,
        authenticator_selection=choice,
    )
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def registered(config: Config, answer: str, challenge: bytes) -> tuple[bytes, bytes, int]:
    """Credential id, public key and count of a registration that holds; raises Invalid."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=host(config),
            expected_origin=_origin(config),
            require_user_verification=True,
        )
    except WebAuthnException as error:
        raise Invalid("The passkey could not be set up: %(why)s", why=error) from None
    return found.credential_id, found.credential_public_key, found.sign_count


def assertion(config: Config, factors: list[SecondFactor], challenge: bytes) -> dict[str, Any]:
    """The options of navigator.credentials.get for these passkeys."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=host(config),
        challenge=challenge,
        allow_credentials=[
            structs.PublicKeyCredentialDescriptor(id=one.credential or b"") for one in factors
        ],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def holds(config: Config, factor: SecondFactor, answer: str, challenge: bytes) -> int | None:
    """The passkey's new count when the answer is its signature over this challenge, else None.

    A count that does not grow (a copied authenticator) is refused by the library.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=host(config),
            expected_origin=_origin(config),
            credential_public_key=factor.public_key or b"",
            credential_current_sign_count=factor.sign_count or 0,
            require_user_verification=True,
        )
    except WebAuthnException:
        return None
    return found.new_sign_count


def credential_of(answer: str) -> bytes:
    """Which passkey an answer says it is of; empty when it cannot be read."""
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(json.loads(answer)["rawId"])
    except (ValueError, KeyError, TypeError):
        return b""
