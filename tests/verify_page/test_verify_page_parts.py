"""The page's own arithmetic against public vectors and other programs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from playwright.sync_api import Page

from exam_system.trust.canonical import jcs
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.merkle import Levels, consistency_proof, leaf_hash
from exam_system.trust.witness import Request
from proctoring.deal import deal_v1
from tests.verify.builder import ORIGIN, Office
from tests.verify_page.asked import ask_one, refused
from tests.verify_page.made import deal_groups

pytestmark = pytest.mark.browser
VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
beside = pytest.mark.skipif(not VECTORS.is_dir(), reason="the public vectors are not beside")

_MERKLE = """async (cases) => {
  const wrong = [];
  for (const one of cases) {
    const [proof, at] = [(one.proof ?? []).map(unbase64), (key) => unbase64(one[key] ?? "")];
    const size = (key) => BigInt(one[key]);
    const run = async () => {
      if ("leafIdx" in one) {
        await verifyInclusion(at("leafHash"), size("leafIdx"), size("treeSize"), proof, at("root"));
      } else {
        await verifyConsistency(size("size1"), at("root1"), size("size2"), at("root2"), proof);
      }
    };
    const failed = await run().then(() => false, (error) => error instanceof Malformed);
    if (failed !== one.wantErr) wrong.push(one.desc);
  }
  return wrong;
}"""


@beside
def test_public_merkle_vectors(page: Page) -> None:
    cases = [json.loads(path.read_bytes()) for path in VECTORS.glob("merkle/**/*.json")]
    assert len(cases) == 196
    assert page.evaluate(_MERKLE, cases) == []


_NOTES = """async (cases) => {
  const wrong = [];
  for (const one of cases) {
    const said = await (async () => {
      const keys = [];
      try {
        for (const vkey of one.vkeys) keys.push(await parseKey(vkey));
      } catch { return "bad-key"; }
      try {
        const note = parseNote(utf8(one.note));
        for (const line of note.lines) {
          const key = keys.find(({ name, id }) => name === line.name && id === line.id);
          if (key && !(await goodLine(key, note.text, line.blob))) return "bad-signature";
        }
      } catch { return "malformed"; }
      return "ok";
    })();
    if (said !== one.expect) wrong.push([one.source, one.why, said, one.expect]);
  }
  return wrong;
}"""


@beside
def test_public_note_vectors(page: Page) -> None:
    cases = json.loads((VECTORS / "notes" / "notes.json").read_bytes())
    assert page.evaluate(_NOTES, cases) == []


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])
def test_sm3_and_sha256(page: Page, size: int) -> None:
    data = Random(size).randbytes(size)
    other = hashes.Hash(hashes.SM3())
    other.update(data)
    made = page.evaluate(
        "async (list) => { const data = Uint8Array.from(list);"
        " return [sm3Hex(data), await sha256Hex(data)]; }",
        list(data),
    )
    assert made == [other.finalize().hex(), hashlib.sha256(data).hexdigest()]


_PARSED = """(texts) => texts.map((text) => {
  try { return canonical(parseCanonical(utf8(text))) === text; } catch { return false; }
})"""


def test_canonical_json(page: Page) -> None:
    value: Any = {"€": '\u2028\x7f\b"\\/', "a": [1, -5, True, None, ""], "𝒳": {}, "\ufb33": 0}
    good = [jcs(value).decode(), "9007199254740991", '"é"', "[]"]
    bad = ['{"a":1,"a":1}', '{"b":1,"a":2}', "1.0", "1e2", "-0", "9007199254740992", "0.5"]
    bad += ['"\\ud800"', '"\\u0041"', '"\\/"', " 1", "1\n", "[1,]", "NaN", "", "\ufeff1", "01"]
    assert page.evaluate(_PARSED, [*good, *bad]) == [True] * len(good) + [False] * len(bad)


def test_deals_of_many_people(page: Page) -> None:
    """More than in the bundles: 60 groups whose marks force people to move."""
    rng = Random(11)
    groups = [group for _ in range(30) for group in deal_groups(rng)]
    for number, group in enumerate(groups):
        group["id"] = str(number)
        order = rng.sample(group["labels"], len(group["labels"]))
        places = {label: place.to_bytes(2, "big") for place, label in enumerate(order)}
        made = page.evaluate("([group, people]) => dealV1(group, people)", [group, order])
        assert [made] == deal_v1([group], places.__getitem__)


# ----- the log only grew


def grown(office: Office, count: int) -> bytes:
    """Some acts more; the new head."""
    for number in range(count):
        office.act("accounts.log_in", f"account:{number}", {"n": number}, exam="")
    return office.head()


def request(office: Office, old: int) -> bytes:
    """What the witness is asked, with the proof."""
    tree = Levels(map(leaf_hash, office.entries))
    proof = consistency_proof(old, tree.size, tree.node)
    return Request(old, tuple(proof), office.head()).encode()


def history(page: Page, office: Office, **files: bytes) -> tuple[list[str], str]:
    run = ask_one(page, {f"{name}.txt": data for name, data in files.items()}, office.keys.decode())
    return refused(run), run["objects"][-1]["en"]


def test_a_consistency_proof_between_two_checkpoints(page: Page) -> None:
    office = Office()
    old = grown(office, 5)
    grown(office, 8)
    assert history(page, office, old=old, request=request(office, 5)) == (
        [],
        "The log only grew: 1 comparisons of signed heads",
    )
    _, told = history(page, office, request=request(office, 5))
    assert told.endswith("not compared: no checkpoint of 5 entries here")


def test_a_log_that_was_rewritten_is_refused(page: Page) -> None:
    office, other = Office(), Office()
    old = grown(office, 5)
    other.act("accounts.log_out", "account:0", {}, exam="")
    grown(other, 12)
    assert history(page, office, old=old, request=request(other, 5))[0] == ["V44"]
    forked = other.note(Checkpoint(ORIGIN, 5, b"\1" * 32).text, other.log)
    found, told = history(page, office, old=old, other=forked)
    assert found == ["V44"]
    assert "two histories" in told


def test_a_log_folder_is_compared_with_an_older_head(page: Page) -> None:
    office = Office()
    old = grown(office, 300)
    grown(office, 10)
    files = {f"log/{path}": data for path, data in office.log_files().items()}
    keys = office.keys.decode()
    assert refused(ask_one(page, {**files, "old.txt": old}, keys)) == []
    forked = office.note(Checkpoint(ORIGIN, 300, b"\2" * 32).text, office.log)
    assert refused(ask_one(page, {**files, "old.txt": forked}, keys)) == ["V44"]
