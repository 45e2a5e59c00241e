"""What can be wrong with bytes that somebody handed in; every message is a sentence for them."""


class TrustError(ValueError):
    """Any refusal of the ground floor."""


class Malformed(TrustError):
    """The bytes are not of the shape that PROTOCOLS.md defines."""


class CanonicalError(Malformed):
    """A value has no canonical form, or bytes are not in it."""


class MalformedNote(Malformed):
    """The bytes are not a signed note."""


class BadKey(TrustError):
    """A key, its name or its file cannot be used."""


class BadSignature(TrustError):
    """A key that the reader knows did not make the signature beside its name."""


class NoKnownSignature(TrustError):
    """None of the keys that the reader trusts signed the note."""


class MerkleError(TrustError):
    """A tree, an inclusion proof or a consistency proof does not hold."""


class DrawError(TrustError):
    """A draw was asked for something that has no defined outcome."""
