"""What a witness is asked and how it judges (C2SP tlog-witness v1.0.0).

The witness keeps its last head in its own storage. It judges and stores the new head in one
step that nobody else can enter, and cosigns only after that.
"""

from dataclasses import dataclass

from exam_system.trust import checkpoint, notes
from exam_system.trust.canonical import MAX_NUMBER, b64, number, unb64
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import BadSignature, Malformed, MerkleError, NoKnownSignature
from exam_system.trust.keys import Verifier
from exam_system.trust.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency

MAX_PROOF = 63


@dataclass(frozen=True, slots=True)
class Request:
    """Please cosign `checkpoint` (a signed note); `proof` leads to it from size `old`."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.old <= MAX_NUMBER or len(self.proof) > MAX_PROOF:
            raise Malformed("The old size or the number of hashes is out of range.")
        if any(len(item) != HASH_BYTES for item in self.proof):
            raise Malformed(f"A hash of the proof is not {HASH_BYTES} bytes long.")

    def encode(self) -> bytes:
        """The bytes of an add-checkpoint request, over HTTP or in a file."""
        rows = [f"old {self.old}", *map(b64, self.proof)]
        return "".join(f"{row}\n" for row in rows).encode() + b"\n" + self.checkpoint


@dataclass(frozen=True, slots=True)
class Verdict:
    """An HTTP status and the body to answer with.

    For 200 the body is empty and `checkpoint` is the head to store and then cosign. For 409 the
    body is the known size and its type is text/x.tlog.size. Otherwise the body is a sentence.
    """

    status: int
    body: str
    checkpoint: Checkpoint | None = None


def parse(data: bytes) -> Request:
    """Read a request; Malformed is answered with 400."""
    head, separator, note = data.partition(b"\n\n")
    if not separator or not head.isascii():
        raise Malformed("The request has no empty line between its proof and its checkpoint.")
    old, *hashes = head.decode("ascii").split("\n")
    if not old.startswith("old "):
        raise Malformed("The request does not begin with the old size.")
    return Request(number(old[4:]), tuple(map(unb64, hashes)), note)


def judge(head: Checkpoint | None, request: Request, log: Verifier) -> Verdict:
    """Whether the request extends `head`, the last checkpoint this witness stored for the log."""
    try:
        new = checkpoint.parse(notes.parse(request.checkpoint).text)
    except Malformed as error:
        return Verdict(400, f"{error}\n")
    if new.origin != log.name:
        return Verdict(404, f"This witness does not watch the log {new.origin}.\n")
    try:
        notes.open_note(request.checkpoint, [log])
    except (BadSignature, NoKnownSignature) as error:
        return Verdict(403, f"{error}\n")
    return _judge_growth(head, request, new)


def _judge_growth(head: Checkpoint | None, request: Request, new: Checkpoint) -> Verdict:
    seen = head.size if head else 0
    if request.old > new.size:
        return Verdict(400, f"The checkpoint is smaller than the old size {request.old}.\n")
    if request.old != seen:
        return Verdict(409, f"{seen}\n")
    try:
        _require_growth(head, request, new)
    except MerkleError as error:
        return Verdict(422, f"{error}\n")
    return Verdict(200, "", new)


def _require_growth(head: Checkpoint | None, request: Request, new: Checkpoint) -> None:
    if new.size == 0 and new.root != EMPTY_ROOT:
        raise MerkleError("The root of an empty log is not the root of an empty tree.")
    if head and head.size:
        verify_consistency(head.size, head.root, new.size, new.root, request.proof)
    elif request.proof:
        raise MerkleError("There is nothing to prove from size 0; the proof must be empty.")
