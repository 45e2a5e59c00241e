import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_system.trust import tickets
from exam_system.trust.canonical import jcs, parse_jcs, sha256_hex
from exam_system.trust.errors import CanonicalError, DrawError

SEED = "c2518153430b2d04ba13c4796619c32c2ecfc1bef0456e2dbac773d249c5a14f"
SOURCES = [("officer", "a" * 64), ("inspector", "b" * 64), ("dice", "62135466123455136425")]


@pytest.fixture(scope="module")
def public(public_vectors: Path) -> Any:
    return json.loads((public_vectors / "draw" / "draw-v1.json").read_bytes())


def test_public_manifest_commitments_transcript_and_seed(public: Any) -> None:
    manifest = public["manifest_jcs"].encode()
    assert jcs(parse_jcs(manifest)) == manifest
    assert sha256_hex(manifest) == public["manifest_sha256"]
    draw, secrets = "2026-puyang-interview-0007", public["secrets"]
    made = {
        role: tickets.commitment(draw, 1, role, bytes.fromhex(secret))
        for role, secret in secrets.items()
    }
    assert made == public["commitments"]
    sources = [*secrets.items(), ("dice", "62135466123455136425")]
    text = tickets.transcript(draw, 1, sha256_hex(manifest), sources)
    assert text.decode() == public["transcript"]
    assert tickets.seed(text) == public["seed"]


def test_public_tickets_and_order(public: Any) -> None:
    seed, labels = public["seed"], list(public["tickets"])
    made = {label: tickets.ticket(seed, "order", label).hex() for label in labels}
    assert made == public["tickets"]
    assert tickets.order(seed, "order", labels) == public["order"]


def test_public_integers_and_words(public: Any) -> None:
    seed, words = public["seed"], public["words"]
    made = {n: tickets.below(seed, "lottery", int(n)) for n in public["below"]}
    assert made == public["below"]
    text = (words["purpose"], words["label"])
    assert tickets.words(seed, *text, 8) == words["u32_big_endian"]
    assert tickets.words(seed, *text, 4, width=64) == words["u64_big_endian"][:4]
    shown = b"".join(word.to_bytes(4, "big") for word in tickets.words(seed, *text, 16))
    assert shown.hex() == words["shake256_hex_64"]


def test_attempt_draw_and_role_are_inside_a_commitment() -> None:
    secret = bytes(32)
    made = {
        tickets.commitment(draw, attempt, role, secret)
        for draw in ("a", "b")
        for attempt in (1, 2)
        for role in ("officer", "inspector")
    }
    assert len(made) == 8


@given(st.lists(st.text("abc考官-0", min_size=1), unique=True), st.randoms())
def test_order_does_not_depend_on_the_order_given(labels: list[str], shuffler: Any) -> None:
    mixed = labels.copy()
    shuffler.shuffle(mixed)
    found = tickets.order(SEED, "seat", mixed)
    assert found == tickets.order(SEED, "seat", labels)
    digests = [hashlib.sha256(f"{SEED}:seat:{label}".encode()).digest() for label in found]
    assert digests == sorted(digests)


def test_equal_tickets_are_ordered_by_label_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "ticket", lambda seed, purpose, label: bytes(32))
    labels = ["\U00010000", "\uffff", "z", "考"]
    assert tickets.order(SEED, "seat", labels) == ["z", "考", "\uffff", "\U00010000"]


def test_a_value_above_the_limit_is_rejected() -> None:
    n = 2**63 + 1
    values = [
        int(hashlib.sha256(f"{SEED}:p{i}:0".encode()).hexdigest()[:16], 16) for i in range(64)
    ]
    above = next(i for i, value in enumerate(values) if value >= n)
    drawn = tickets.below(SEED, f"p{above}", n)
    assert drawn != values[above] % n
    second = int(hashlib.sha256(f"{SEED}:p{above}:1".encode()).hexdigest()[:16], 16)
    assert second < n
    assert drawn == second


def test_integers_cover_their_range_evenly() -> None:
    seeds = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(6000)]
    counts = Counter(tickets.below(seed, "lottery", 6) for seed in seeds)
    assert set(counts) == set(range(6))
    # chi-square with 5 degrees of freedom; fixed seeds, so this never flickers
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5


def test_edges_of_integers() -> None:
    assert tickets.below(SEED, "lottery", 1) == 0
    first = int(hashlib.sha256(f"{SEED}:lottery:0".encode()).hexdigest()[:16], 16)
    assert tickets.below(SEED, "lottery", 2**64) == first
    for n in (0, -1, 2**64 + 1):
        with pytest.raises(DrawError):
            tickets.below(SEED, "lottery", n)


def test_words_refuse_other_widths() -> None:
    assert tickets.words(SEED, "room", "a", 0) == []
    with pytest.raises(DrawError):
        tickets.words(SEED, "room", "a", 1, width=16)  # type: ignore[arg-type]
    with pytest.raises(DrawError):
        tickets.words(SEED, "room", "a", -1)


@pytest.mark.parametrize("purpose", ["", "Seat", "a b", "a:b", "座位", "seat\n"])
def test_purposes_are_plain(purpose: str) -> None:
    with pytest.raises(DrawError):
        tickets.ticket(SEED, purpose, "a")


@pytest.mark.parametrize("label", ["", "a\nb", "e\u0301"])
def test_labels_are_clean(label: str) -> None:
    with pytest.raises(CanonicalError):
        tickets.ticket(SEED, "seat", label)


def test_a_label_takes_part_once() -> None:
    with pytest.raises(DrawError):
        tickets.order(SEED, "seat", ["a", "b", "a"])


@pytest.mark.parametrize("seed", ["", SEED.upper(), SEED[:-1], SEED + "\n"])
def test_a_seed_is_a_digest(seed: str) -> None:
    with pytest.raises(CanonicalError):
        tickets.ticket(seed, "seat", "a")


@pytest.mark.parametrize(
    "sources",
    [
        [],
        [("officer", "a"), ("officer", "b")],
        [("manifest", "a")],
        [("Officer", "a")],
        [("", "a")],
        [("officer", "")],
        [("officer", "a b")],
        [("officer", "a\ndice 1")],
        [("officer", "a\u2028")],
    ],
)
def test_transcripts_cannot_be_ambiguous(sources: list[tuple[str, str]]) -> None:
    with pytest.raises(DrawError):
        tickets.transcript("d", 1, SEED, sources)


def test_transcript_needs_draw_attempt_and_manifest() -> None:
    with pytest.raises(CanonicalError):
        tickets.transcript("d\nattempt 2", 1, SEED, SOURCES)
    with pytest.raises(DrawError):
        tickets.transcript("d", 0, SEED, SOURCES)
    with pytest.raises(CanonicalError):
        tickets.transcript("d", 1, "beef", SOURCES)


def test_secrets_are_32_bytes() -> None:
    with pytest.raises(DrawError):
        tickets.commitment("d", 1, "officer", bytes(31))
    with pytest.raises(DrawError):
        tickets.commitment("d", 1, "of ficer", bytes(32))
