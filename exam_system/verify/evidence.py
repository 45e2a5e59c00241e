"""An evidence bundle: acts of a case with their proofs against one cosigned head, and the files
they speak of (docs/VERIFICATION.md, "Evidence bundle")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exam_system.trust import acts, checkpoint, proof
from exam_system.trust.canonical import digest_text, jcs, sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed
from exam_system.trust.merkle import leaf_hash, verify_inclusion
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.draw import verify_draw
from exam_system.verify.files import Bag, kind_of
from exam_system.verify.keyring import Keyring, parse_keys
from exam_system.verify.release import verify_publication
from exam_system.verify.text import document, record

MANIFEST, SUMS, ACTS = "manifest.json", "SHA256SUMS", "acts.jsonl"
HEAD, KEYS, README = "head.note", "keys.txt", "README.txt"
_SHAPE = {"v": int, "origin": str, "made": str, "filter": dict, "acts": int, "head": str,
          "files": dict}  # fmt: skip
_LINE = {"position": int, "entry": dict, "details": (dict, type(None)), "salt": (str, type(None))}
_PROOF = re.compile(r"proofs/(0|[1-9][0-9]{0,15})\.tlog-proof")
_INNER = {"draw": verify_draw, "publication": verify_publication}


@dataclass(frozen=True, slots=True)
class Within(Bag):
    """A folder inside the bundle; its neighbours are those inside the bundle, nothing outside."""

    near: Mapping[str, Mapping[str, bytes]]

    def beside(self, name: str) -> Bag | None:
        """The neighbour of this name inside the bundle."""
        files = self.near.get(name)
        return None if files is None else _within(name, files, self)

    def versions(self, stem: str) -> list[int]:
        """Versions k, newest first, of the neighbours called `<stem>-v<k>`."""
        pattern = re.compile(re.escape(stem) + r"-v([1-9][0-9]{0,8})")
        found = (pattern.fullmatch(name) for name in self.near)
        return sorted({int(match[1]) for match in found if match}, reverse=True)


def _within(name: str, files: Mapping[str, bytes], near: Within) -> Within:
    kind = kind_of(name, {file.partition("/")[0] for file in files})
    return Within(kind, name, f"{near.shown.partition('/')[0]}/files/{name}", files, near.parent,
                  near.near)  # fmt: skip


def verify_evidence(bag: Bag, keys: Keyring) -> str:
    """Check an evidence bundle; returns what it is. Raises Refused."""
    said = _manifest(bag, keys)
    _require_own_keys(bag, keys)
    head = _head(bag, keys, said["head"])
    count, erased = _acts(bag, head)
    require_equal(Check.EVIDENCE, f"{bag.at(MANIFEST)} acts", said["acts"], count)
    folders = _folders(bag)
    for name in sorted(folders):
        _folder(bag, name, folders, keys)
    rest = f", details of {erased} erased" if erased else ""
    return f"{bag.shown} ({count} acts under {head.size}{rest}, {len(folders)} folders)"


def _manifest(bag: Bag, keys: Keyring) -> dict[str, object]:
    """V45: the manifest names every file with its digest, and SHA256SUMS says the same."""
    where, data = bag.at(MANIFEST), bag.get(MANIFEST)
    said = record(Check.EVIDENCE, where, document(Check.EVIDENCE, where, data), _SHAPE)
    require_equal(Check.EVIDENCE, f"{where} v", said["v"], 1)
    require_equal(Check.EVIDENCE, f"{where} origin", said["origin"], keys.origin)
    found = {name: sha256_hex(bag.files[name]) for name in sorted(bag.files)}
    listed = {**said["files"], MANIFEST: sha256_hex(data), SUMS: found.get(SUMS)}
    for name in sorted(listed.keys() - found.keys()):
        refuse(Check.COMPLETE, bag.at(name), "the file is missing")
    for name in sorted(found):
        require_equal(Check.EVIDENCE, bag.at(name), found[name], listed.get(name, "no such file"))
    sums = "".join(f"{found[name]}  {name}\n" for name in found if name != SUMS)
    if bag.get(SUMS) != sums.encode():
        refuse(Check.EVIDENCE, bag.at(SUMS), "it does not say what the files are")
    return said


def _require_own_keys(bag: Bag, keys: Keyring) -> None:
    """The bundle's own keys.txt is shown to people: it has no key that is not trusted."""
    where = bag.at(KEYS)
    trusted = {(one.role, one.key.vkey) for one in keys.rows}
    for one in parse_keys(bag.get(KEYS), where).rows:
        if (one.role, one.key.vkey) not in trusted:
            refuse(Check.KEYS, where, f"the key of {one.key.name} is not one you trust")


def _head(bag: Bag, keys: Keyring, digest: object) -> Checkpoint:
    where, data = bag.at(HEAD), bag.get(HEAD)
    require_equal(Check.EVIDENCE, f"{bag.at(MANIFEST)} head", digest, sha256_hex(data))
    text = keys.opened(data, where, "log", cosigners=1)
    with holds(Check.CHECKPOINT, where):
        head = checkpoint.parse(text)
    require_equal(Check.CHECKPOINT, where, head.origin, keys.origin)
    return head


def _acts(bag: Bag, head: Checkpoint) -> tuple[int, int]:
    """V46: every act with its proof; how many acts, and how many without details."""
    where, data = bag.at(ACTS), bag.get(ACTS)
    if data and not data.endswith(b"\n"):
        refuse(Check.EVIDENCE_ACT, where, "the last line does not end in a newline")
    last, erased, proofs = -1, 0, set()
    lines = data.split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        place = f"{where} line {number}"
        position, has_details = _act(bag, place, line, head)
        if position <= last:
            refuse(Check.EVIDENCE_ACT, place, "the acts are not in the log's order")
        last, erased = position, erased + (not has_details)
        proofs.add(f"proofs/{position}.tlog-proof")
    _require_only(bag, proofs)
    return len(lines), erased


def _require_only(bag: Bag, proofs: set[str]) -> None:
    plain = {MANIFEST, SUMS, ACTS, HEAD, KEYS, README}
    for name in sorted(bag.files):
        if _PROOF.fullmatch(name) and name not in proofs:
            refuse(Check.KNOWN, bag.at(name), "this is the proof of no act of acts.jsonl")
        if name not in plain | proofs and not name.startswith("files/"):
            refuse(Check.KNOWN, bag.at(name), "no such file belongs to an evidence bundle")


def _act(bag: Bag, place: str, line: bytes, head: Checkpoint) -> tuple[int, bool]:
    value = document(Check.EVIDENCE_ACT, place, line)
    raw = record(Check.EVIDENCE_ACT, place, value, _LINE)
    entry = jcs(raw["entry"])
    with holds(Check.EVIDENCE_ACT, place):
        said = acts.parse_entry(entry)
        if (raw["details"] is None) != (raw["salt"] is None):
            raise Malformed("Details and salt are there together or not at all.")
    if raw["salt"] is not None:
        with holds(Check.PAYLOAD, place):
            made = acts.payload(bytes.fromhex(digest_text(raw["salt"])), raw["details"])
        require_equal(Check.PAYLOAD, place, made, said.payload)
    name = f"proofs/{raw['position']}.tlog-proof"
    _require_proved(bag, name, entry, raw["position"], head)
    return raw["position"], raw["details"] is not None


def _require_proved(bag: Bag, name: str, entry: bytes, position: int, head: Checkpoint) -> None:
    """The bytes before the head's are read; the head itself was opened once for all proofs."""
    where = bag.at(name)
    with holds(Check.EVIDENCE_ACT, where):
        found = proof.parse(bag.get(name))
        if found.checkpoint != bag.get(HEAD):
            raise Malformed("The proof is not against head.note.")
        if (found.index, found.extra) != (position, entry):
            raise Malformed("The proof is of another act.")
        if found.encode() != bag.get(name):
            raise Malformed("The proof is not written as proofs are.")
        verify_inclusion(leaf_hash(entry), position, head.size, found.hashes, head.root)


def _folders(bag: Bag) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for name, data in bag.files.items():
        if name.startswith("files/"):
            folder, slash, rest = name.removeprefix("files/").partition("/")
            if not slash:
                refuse(Check.EVIDENCE_FILES, bag.at(name), "this lies in no folder of its own")
            found.setdefault(folder, {})[rest] = data
    return found


def _folder(bag: Bag, name: str, folders: Mapping[str, Mapping[str, bytes]], keys: Keyring) -> None:
    """V47: a folder that an act speaks of holds by itself."""
    near = Within("", "", bag.shown, {}, bag.parent, folders)
    inner = _within(name, folders[name], near)
    if inner.kind not in _INNER:
        refuse(Check.EVIDENCE_FILES, inner.shown, "this is neither a draw nor a publication")
    if name not in set(spoken_of(_subjects(bag))):
        refuse(Check.EVIDENCE_FILES, inner.shown, "no act of acts.jsonl speaks of it")
    _INNER[inner.kind](inner, keys)


def _subjects(bag: Bag) -> list[str]:
    lines = bag.get(ACTS).split(b"\n")[:-1]
    values = (document(Check.EVIDENCE_ACT, bag.at(ACTS), line) for line in lines)
    return [str(value["entry"]["subject"]) for value in values]  # type: ignore[index, call-overload]


def spoken_of(subjects: Sequence[str]) -> Iterator[str]:
    """The names of the published folders that acts about these subjects speak of."""
    for subject in dict.fromkeys(subjects):
        kind, _colon, rest = subject.partition(":")
        name, _colon, number = rest.rpartition(":")
        if kind == "draw" and name:
            yield f"draw-{name}-{number}"
        elif kind == "release" and ":" in name:
            exam, _colon, chain = name.rpartition(":")
            yield f"{chain}-{exam}-{number}"
