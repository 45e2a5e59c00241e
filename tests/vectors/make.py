"""Write the project's own vectors, or fail when the committed ones differ (`--check`).

Every key and secret here is public: it is the SHA-256 of a printed sentence. The tests compare
the committed files with sha256sum and openssl, so this code is not the only witness for itself.
"""

import json
import sys
from pathlib import Path

from exam_system.trust import acts, notes, publication, tickets
from exam_system.trust.canonical import jcs, sha256, sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.draw_note import DrawNote
from exam_system.trust.keys import COSIGNATURE, Signer
from exam_system.trust.merkle import Levels, consistency_proof, inclusion_proof, leaf_hash
from exam_system.trust.proof import TlogProof
from exam_system.trust.tiles import pack_entries, tile_files

HERE = Path(__file__).parent
ORIGIN = "anshun.example/log"
AT = 1217581200


def public_bytes(sentence: str) -> bytes:
    return sha256(f"exam-system public test vector: {sentence}".encode())


LOG = Signer.from_seed(ORIGIN, public_bytes("log key"))
PUBLISHER = Signer.from_seed(f"{ORIGIN}/publisher", public_bytes("publisher key"))
OFFICER = Signer.from_seed(f"{ORIGIN}/officer", public_bytes("officer key"))
INSPECTOR = Signer.from_seed("anshun.example/inspector", public_bytes("inspector key"), COSIGNATURE)


def draw() -> dict[str, object]:
    labels = [f"考生-{n:03}" for n in range(1, 41)]
    manifest = jcs({"v": 1, "draw": "2008-anshun-seats", "attempt": 1, "labels": labels})
    secrets = {role: public_bytes(f"{role} secret") for role in ("officer", "inspector")}
    sources = [(role, secret.hex()) for role, secret in secrets.items()]
    sources.append(("dice", "31415926535897932384"))
    text = tickets.transcript("2008-anshun-seats", 1, sha256_hex(manifest), sources)
    seed = tickets.seed(text)
    return {
        "manifest": manifest.decode(),
        "manifest_sha256": sha256_hex(manifest),
        "secrets": {role: secret.hex() for role, secret in secrets.items()},
        "commitments": {
            role: tickets.commitment("2008-anshun-seats", 1, role, secret)
            for role, secret in secrets.items()
        },
        "transcript": text.decode(),
        "seed": seed,
        "purpose": "seat",
        "tickets": {label: tickets.ticket(seed, "seat", label).hex() for label in labels},
        "order": tickets.order(seed, "seat", labels),
        "below": {str(n): tickets.below(seed, "lottery", n) for n in (1, 2, 6, 9973, 2**63 + 1)},
        "words": {
            "purpose": "room",
            "label": "第一考场",
            "u32": tickets.words(seed, "room", "第一考场", 16),
            "u64": tickets.words(seed, "room", "第一考场", 8, width=64),
        },
    }


def entries() -> list[bytes]:
    made = []
    for n in range(1, 12):
        salt = public_bytes(f"salt {n}")
        digest = acts.payload(salt, {"draw": "2008-anshun-seats", "n": n})
        at = f"2008-08-01T09:{n:02}:00Z"
        made.append(acts.entry("draws.commit_secret", "2008-anshun", at, "u-1", f"d-{n}", digest))
    return made


def head(levels: Levels, size: int) -> bytes:
    text = Checkpoint(ORIGIN, size, levels.root(size)).text
    return notes.sign(text, LOG, INSPECTOR, at=AT + size)


def log() -> dict[str, object]:
    leaves = entries()
    levels = Levels(map(leaf_hash, leaves))
    return {
        "log": LOG.verifier.vkey,
        "inspector": INSPECTOR.verifier.vkey,
        "entries": [leaf.decode() for leaf in leaves],
        "leaf_hashes": [leaf_hash(leaf).hex() for leaf in leaves],
        "roots": [levels.root(size).hex() for size in range(len(leaves) + 1)],
        "checkpoints": [head(levels, size).decode() for size in range(len(leaves) + 1)],
        "inclusion": [
            [h.hex() for h in inclusion_proof(i, len(leaves), levels.node)]
            for i in range(len(leaves))
        ],
        "consistency": [
            [h.hex() for h in consistency_proof(old, len(leaves), levels.node)]
            for old in range(len(leaves) + 1)
        ],
        "tiles": {path: data.hex() for path, data in tile_files(len(leaves), levels.node)},
        "bundle": pack_entries(leaves).hex(),
    }


def signed() -> dict[str, object]:
    """Each kind of signed text, with the signers and the message that each of them signed."""
    texts = {
        "draw.note": (draw_note_text(), (OFFICER, INSPECTOR)),
        "publication.note": (publication_text(), (PUBLISHER, INSPECTOR)),
        "root.note": (root_text(), (PUBLISHER, INSPECTOR)),
    }
    return {
        name: {
            "vkeys": [signer.verifier.vkey for signer in signers],
            "time": AT,
            "text": text,
            "note": notes.sign(text, *signers, at=AT).decode(),
        }
        for name, (text, signers) in texts.items()
    }


def draw_note_text() -> str:
    done = draw()
    return DrawNote(
        draw="2008-anshun-seats",
        attempt=1,
        attempts=1,
        algorithm="order/v1",
        manifest=str(done["manifest_sha256"]),
        seed=str(done["seed"]),
        result=sha256_hex(jcs({"v": 1})),
        sources=("officer", "inspector", "dice"),
        certificate=sha256_hex(b"%PDF"),
    ).text


def records() -> list[bytes]:
    made = []
    for n in range(1, 8):
        salt = public_bytes(f"record salt {n}").hex()
        made.append(
            jcs({"v": 1, "admission": f"0101{n:04}", "total": f"{60 + n}.50", "salt": salt})
        )
    return sorted(made, key=sha256)


def results() -> publication.Publication:
    levels = Levels(map(leaf_hash, records()))
    return publication.Publication(
        origin=ORIGIN,
        exam="2008-anshun",
        stage="final",
        chain="results",
        version=2,
        rules=sha256_hex(b"{}"),
        files=(
            publication.digest_file("list.csv", "准考证号,总成绩\n".encode()),
            publication.digest_file("rules.json", b"{}"),
        ),
        root=publication.Root(levels.size, levels.root()),
        previous=sha256_hex(b"version 1"),
        reason="一名考生的面试成绩录入有误",
    )


def publication_text() -> str:
    return results().text


def root_text() -> str:
    head = results().checkpoint
    return head.text if head else ""


def slip() -> dict[str, object]:
    rows = records()
    levels = Levels(map(leaf_hash, rows))
    note = notes.sign(root_text(), PUBLISHER, INSPECTOR, at=AT)
    proof = TlogProof(3, inclusion_proof(3, len(rows), levels.node), note, extra=rows[3])
    return {
        "vkeys": [PUBLISHER.verifier.vkey, INSPECTOR.verifier.vkey],
        "records": [row.decode() for row in rows],
        "proof": proof.encode().decode(),
    }


def files() -> dict[str, str]:
    """Name → text of every vector file."""
    made = {"draw": draw(), "log": log(), "signed": signed(), "slip": slip(), "keys": keys()}
    return {
        f"{name}.json": json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        for name, value in made.items()
    }


def keys() -> dict[str, object]:
    return {
        signer.name: {
            "seed": signer.private.private_bytes_raw().hex(),
            "type": signer.type,
            "vkey": signer.verifier.vkey,
        }
        for signer in (LOG, PUBLISHER, OFFICER, INSPECTOR)
    }


def main(check: bool) -> int:
    differing = []
    for name, text in files().items():
        path = HERE / name
        if check and (not path.exists() or path.read_bytes() != text.encode()):
            differing.append(name)
        if not check:
            path.write_bytes(text.encode())
    if differing:
        print(f"These vectors are not what the code makes: {', '.join(differing)}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(check=sys.argv[1:] == ["--check"]))
