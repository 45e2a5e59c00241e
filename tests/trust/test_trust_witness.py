from collections.abc import Callable

import pytest

from exam_system.trust import notes, witness
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed
from exam_system.trust.keys import Signer
from exam_system.trust.merkle import Levels, consistency_proof, leaf_hash
from exam_system.trust.witness import Request, Verdict, judge

LOG = Signer.from_seed("anshun.example/log", bytes(range(32)))
OTHER = Signer.from_seed("other.example/log", bytes([1]) * 32)
TREE = Levels(leaf_hash(b"%d" % n) for n in range(40))
FORK = Levels([leaf_hash(b"forged"), *(leaf_hash(b"%d" % n) for n in range(1, 40))])


def head(size: int, tree: Levels = TREE) -> Checkpoint:
    return Checkpoint(LOG.name, size, tree.root(size))


def ask(old: int, size: int, tree: Levels = TREE) -> Request:
    proof = consistency_proof(old, size, tree.node) if old <= size else ()
    return Request(old, proof, notes.sign(head(size, tree).text, LOG))


@pytest.mark.parametrize(
    ("old", "size"), [(0, 0), (0, 1), (0, 40), (1, 1), (1, 2), (7, 40), (8, 40), (40, 40)]
)
def test_growth_is_accepted(old: int, size: int) -> None:
    known = head(old) if old else None
    assert judge(known, ask(old, size), LOG.verifier) == Verdict(200, "", head(size))


def test_a_stored_head_of_size_zero_is_like_none() -> None:
    assert judge(head(0), ask(0, 9), LOG.verifier).checkpoint == head(9)


def test_a_malformed_checkpoint_is_400() -> None:
    for note in (b"", b"text\n", notes.sign("log\nsize\nroot\n", LOG)):
        assert judge(None, Request(0, (), note), LOG.verifier).status == 400


def test_a_log_that_is_not_watched_is_404() -> None:
    assert judge(None, ask(0, 3), OTHER.verifier).status == 404


def test_a_signature_of_nobody_known_is_403() -> None:
    stranger = notes.sign(head(3).text, OTHER)
    assert judge(None, Request(0, (), stranger), LOG.verifier).status == 403


def test_a_bad_signature_of_the_log_is_403() -> None:
    forged = ask(0, 3).checkpoint.replace(b"\n3\n", b"\n4\n")
    assert judge(None, Request(0, (), forged), LOG.verifier).status == 403


def test_a_smaller_checkpoint_than_the_old_size_is_400() -> None:
    assert judge(head(9), ask(9, 8), LOG.verifier).status == 400


@pytest.mark.parametrize("old", [0, 8, 10])
def test_another_old_size_is_409_and_tells_the_known_one(old: int) -> None:
    assert judge(head(9), ask(old, 12), LOG.verifier) == Verdict(409, "9\n")


def test_an_old_size_of_a_log_never_seen_is_409() -> None:
    assert judge(None, ask(3, 4), LOG.verifier) == Verdict(409, "0\n")


@pytest.mark.parametrize(("old", "size"), [(7, 40), (8, 40), (9, 9)])
def test_a_fork_is_422(old: int, size: int) -> None:
    verdict = judge(head(old), ask(old, size, FORK), LOG.verifier)
    assert (verdict.status, verdict.checkpoint) == (422, None)


def test_a_proof_too_many_or_too_few_is_422() -> None:
    good = ask(7, 40)
    for old, known, proof in (
        (7, head(7), good.proof[:-1]),
        (7, head(7), (*good.proof, bytes(32))),
        (0, None, good.proof),
        (40, head(40), (bytes(32),)),
    ):
        assert judge(known, Request(old, proof, good.checkpoint), LOG.verifier).status == 422


def test_an_empty_log_has_the_root_of_an_empty_tree() -> None:
    note = notes.sign(Checkpoint(LOG.name, 0, bytes(32)).text, LOG)
    assert judge(None, Request(0, (), note), LOG.verifier).status == 422


@pytest.mark.parametrize(("old", "size"), [(0, 5), (7, 40), (39, 40)])
def test_requests_round_trip(old: int, size: int) -> None:
    request = ask(old, size)
    assert request.encode().startswith(b"old %d\n" % old)
    assert witness.parse(request.encode()) == request


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data.replace(b"old 7", b"old 07"),
        lambda data: data.replace(b"old 7", b"old  7"),
        lambda data: data.replace(b"old 7", b"Old 7"),
        lambda data: data.replace(b"old 7\n", b""),
        lambda data: data.replace(b"old 7\n", b"old 7\r\n"),
        lambda data: data.replace(b"old 7\n", b"old 7\nQQ==\n"),
        lambda data: data.replace(b"old 7\n", "old 7\né\n".encode()),
        lambda data: data.replace(b"old 7\n", b"old 7\n" + (b"A" * 43 + b"=\n") * 64),
        lambda data: data.replace(b"\n\n", b"\n"),
    ],
)
def test_malformed_requests_are_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Malformed):
        witness.parse(change(ask(7, 40).encode()))
