"""drand: quicknet's own round 1000, and what must not pass for a round."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from exam_system.demo.beacon import Beacon
from exam_system.trust import drand
from exam_system.trust.errors import DrawError, Malformed

SIGNATURE = (
    "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125"
    "e342b73a8dd2bacbe47e4b6b63ed5e39"
)
RANDOMNESS = "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"
GROUP = "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e"
INFINITY = "c" + "0" * 95


def test_round_1000_of_quicknet() -> None:
    chosen = drand.Round(drand.QUICKNET, 1000)
    assert drand.require_signed(chosen, SIGNATURE) == RANDOMNESS
    assert chosen.time == "2023-08-23T15:59:24Z"
    assert drand.parse(chosen.document) == chosen


def test_quicknets_hash_is_that_of_its_parameters() -> None:
    """As drand computes it: period, genesis, key, the group's hash, the name of the beacon."""
    chain = drand.QUICKNET
    told = chain.period.to_bytes(4, "big") + chain.genesis.to_bytes(8, "big")
    told += bytes.fromhex(chain.public_key) + bytes.fromhex(GROUP) + b"quicknet"
    assert hashlib.sha256(told).hexdigest() == chain.chain


@pytest.mark.parametrize(
    ("number", "signature"),
    [
        (1001, SIGNATURE),
        (1000, "a" + SIGNATURE[1:]),  # the other of the two points
        (1000, "8" + SIGNATURE[1:]),
        (1000, INFINITY),
        (1000, "f" * 96),
        (1000, "0" * 96),
        (1000, SIGNATURE[:-2]),
        (1000, SIGNATURE.upper()),
    ],
)
def test_anything_else_is_refused(number: int, signature: str) -> None:
    with pytest.raises(DrawError):
        drand.require_signed(drand.Round(drand.QUICKNET, number), signature)


def test_another_key_does_not_sign_for_quicknet() -> None:
    own = Beacon("tests", drand.QUICKNET.genesis)
    mine = own.sign(1000)
    assert drand.require_signed(drand.Round(own.chain, 1000), mine)
    with pytest.raises(DrawError):
        drand.require_signed(drand.Round(drand.QUICKNET, 1000), mine)


def test_the_point_at_infinity_is_no_key() -> None:
    """It would verify the point at infinity as the signature of every round."""
    nothing = drand.Chain("0" * 64, "c" + "0" * 191, 3, 0)
    with pytest.raises(DrawError):
        drand.require_signed(drand.Round(nothing, 1), INFINITY)


@pytest.mark.parametrize(
    ("after", "number"), [(-9, 1), (0, 1), (1, 2), (3, 2), (4, 3), (2997, 1000)]
)
def test_the_first_round_from_a_time_on(after: int, number: int) -> None:
    found = drand.first_from(drand.QUICKNET, drand.QUICKNET.genesis + after)
    assert found.number == number


@pytest.mark.parametrize(
    "change",
    [
        {"round": 0},
        {"round": "1000"},
        {"round": True},
        {"time": "2023-08-23T15:59:25Z"},
        {"scheme": "pedersen-bls-chained"},
        {"period": 0},
        {"genesis": -1},
        {"chain": "00"},
        {"public_key": "AB" * 96},
        {"round": 2**60},
        {"more": 1},
    ],
)
def test_a_document_of_another_shape(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        drand.parse({**drand.Round(drand.QUICKNET, 1000).document, **change})


def test_the_curve_is_loaded_only_where_a_round_is_checked() -> None:
    line = "import exam_system.verify.run, sys; print('py_ecc' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_nested_json_is_still_refused_after_a_round_was_checked() -> None:
    """The library lifts the recursion limit, and such bytes would then crash the process."""
    lines = (
        "from exam_system.trust import canonical, drand, errors",
        f"drand.require_signed(drand.Round(drand.QUICKNET, 1000), {SIGNATURE!r})",
        "try: canonical.parse_jcs(b'[' * 100_000)",
        "except errors.CanonicalError: print('refused')",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "refused\n")
