"""Random marks by script number, recounts and look-up trees, as the features publish them."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from hashlib import sha256
from random import Random

from exam_system.results.lookup import make_tree
from exam_system.trust import marking_notes, masks
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.marking_notes import Asked, KeyNote, MarksNote
from exam_system.trust.merkle import Levels, leaf_hashes
from exam_system.trust.pickup import new_code, shard_name
from tests.verify.builder import ORIGIN, Office

Files = dict[str, bytes]
Rows = list[list[str]]
EXAM, SUBJECTS = "2026-gwy", ("sl", "xc")
HEADS = {
    "codes": ["admission", "subject", "drawn", "number"],
    "marks": ["number", "question", "first", "second", "third", "mark"],
    "scores": ["admission", "subject", "score"],
    "lines": ["subject", "place", "sheet", "taken", "counted", "difference"],
}
QUESTIONS = (
    Asked("xc1", "xc", "objective", "100", 0, "0"),
    Asked("sl1", "sl", "subjective", "60", 2, "5"),
    Asked("sl2", "sl", "subjective", "40", 1, "0"),
)
MODES = {"half_up": ROUND_HALF_UP, "truncate": ROUND_DOWN}


def table(name: str, rows: Rows) -> bytes:
    """A list as it is published."""
    return "".join(",".join(row) + "\n" for row in (HEADS[name], *sorted(rows))).encode()


def marks(rng: Random, office: Office, *, lie: bool = False) -> Files:
    """A first version of an exam's marks; `lie`: one cell in it is another, signed so."""
    secret, arbitration = f"{rng.getrandbits(256):064x}", rng.choice(("arbiter", "nearest"))
    rounding = rng.choice(tuple(MODES))
    codes = _codes(secret, rng.randint(3, 8))
    rows, scores = _marked(rng, codes, arbitration, MODES[rounding])
    parts = {"codes": codes, "marks": rows, "scores": scores}
    if lie:
        _spoil(rng, rng.choice(list(parts.values())))
    tables = {name: table(name, part) for name, part in parts.items()}
    told = {
        "exam": EXAM,
        "version": "1",
        "arbitration": arbitration,
        "rounding": rounding,
        "commitment": masks.commitment(EXAM, secret),
        "secret": secret,
        **{name: sha256(data).hexdigest() for name, data in tables.items()},
    }
    key = KeyNote(EXAM, "xc1", 1, sha256(b"key").hexdigest(), 9, 0, "")
    notes = {"marks.note": MarksNote(1, told, QUESTIONS).text(ORIGIN), key.name: key.text(ORIGIN)}
    signed = {
        name: office.note(text, office.publisher, cosigned=False) for name, text in notes.items()
    }
    return {
        f"marks-{EXAM}-v1/{name}": data
        for name, data in (*signed.items(), *((f"{n}.csv", d) for n, d in tables.items()))
    }


def _spoil(rng: Random, rows: Rows) -> None:
    row = rng.choice(rows)
    at = len(row) - 1 if rng.random() < 0.7 else rng.randrange(len(row))
    row[at] = rng.choice(("61.25", "100.01", "absent", "-1", rng.choice(rows)[at] + "1"))


def _codes(secret: str, people: int) -> Rows:
    drawn = {f"{subject}{n:05}": (f"0101{n:05}", subject)
             for subject in SUBJECTS for n in range(1, people + 1)}  # fmt: skip
    numbers = masks.numbers(secret, drawn)
    return [[*who, code, numbers[code]] for code, who in drawn.items()]


def _marked(rng: Random, codes: Rows, arbitration: str, mode: str) -> tuple[Rows, Rows]:
    rows: Rows = []
    scores: Rows = []
    for admission, subject, _drawn, number in codes:
        if rng.random() < 0.15:
            scores.append([admission, subject, "absent"])
            continue
        sum_of = Decimal(0)
        for asked in (one for one in QUESTIONS if one.subject == subject):
            given, mark = _given(rng, asked, arbitration)
            rows.append([number, asked.code, *given, f"{mark:f}"])
            sum_of += mark
        scores.append([admission, subject, f"{sum_of.quantize(Decimal('0.01'), rounding=mode):f}"])
    return rows, scores


def _given(rng: Random, asked: Asked, arbitration: str) -> tuple[list[str], Decimal]:
    """Up to three marks, and the one that follows from them."""
    half, most = Decimal("0.5"), int(asked.full)
    one, two, third = (half * rng.randint(most, 2 * most) for _ in range(3))
    if asked.markers == 0:
        return ["", "", ""], one
    if asked.markers == 1:
        return [f"{one}", "", ""], one
    if abs(one - two) <= Decimal(asked.threshold):
        return [f"{one}", f"{two}", ""], (one + two) / 2
    near = max((one, two), key=lambda mark: (-abs(mark - third), mark))
    settled = third if arbitration == "arbiter" else (near + third) / 2
    return [f"{one}", f"{two}", f"{third}"], settled


def recount(rng: Random, office: Office, *, lie: bool = False) -> Files:
    """A recounted sample."""
    rows: Rows = []
    for place in range(1, rng.randint(2, 9)):
        taken, gap = Decimal(rng.randint(80, 190)) / 2, rng.choice((0, 0, 0, -1, Decimal("0.5")))
        shown = "absent" if rng.random() < 0.1 else f"{taken}"
        gap = taken if shown == "absent" else gap
        counted = taken if shown == "absent" else taken + gap
        rows.append(["xc", f"{place}", f"s{place}", shown, f"{counted}", f"{gap}"])
    gaps = [abs(Decimal(row[5])) for row in rows]
    if lie:
        _spoil(rng, rows)
    told = {
        "exam": EXAM,
        "version": "1",
        "scripts": f"{len(rows)}",
        "equal": f"{gaps.count(Decimal(0))}",
        "differing": f"{len(gaps) - gaps.count(Decimal(0))}",
        "largest": f"{max(gaps).quantize(Decimal('0.01')):f}",
        "lines": sha256(table("lines", rows)).hexdigest(),
    }
    text = marking_notes.recount_text(ORIGIN, told)
    files = {"recount.note": office.note(text, office.publisher, cosigned=False)}
    return {
        f"recount-{EXAM}-v1/{name}": data
        for name, data in {**files, "lines.csv": table("lines", rows)}.items()
    }


def look_up(rng: Random, office: Office, *, lie: bool = False) -> Files:
    """The tree of some records, most with a code; `lie`: an entry stands in another shard."""
    lines = [f'{{"admission":"{n:09}"}}'.encode() for n in range(rng.randint(2, 40))]
    codes = [new_code(rng.randbytes) if n % 9 else None for n in range(1, len(lines) + 1)]
    tree = Levels(leaf_hashes(lines))
    head = Checkpoint(f"{ORIGIN}/results/{EXAM}/v1", tree.size, tree.root())
    page = {"root.note": office.note(head.text, office.publisher), "keys.txt": office.keys}
    page["index.html"] = b"<!doctype html>"
    made = make_tree(ORIGIN, EXAM, "written", 1, list(zip(codes, lines, strict=True)), page)
    shards = [bytearray(shard) for shard in made.shards]
    if lie:
        shards = shards[::-1] if len(shards) > 1 else [shards[0] + shards[0]]
    note = office.note(made.note.text, office.publisher, cosigned=False)
    files = {shard_name(n): bytes(data) for n, data in enumerate(shards)}
    return {
        f"lookup-{EXAM}-v1/{name}": data
        for name, data in {**files, **page, "lookup.note": note}.items()
    }
