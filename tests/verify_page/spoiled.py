"""Ways to damage the bytes of a case."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from random import Random

from exam_system.trust import choice_note, draw_note, notes, publication
from exam_system.trust.canonical import jcs, sha256_hex
from tests.verify import builder
from tests.verify.builder import Office
from tests.verify.cases import changed_values
from tests.verify_page.made import (
    Case,
    Files,
    draw,
    in_folder,
)

Spoiler = Callable[[Random, Case], Files]


def spoil(rng: Random, case: Case) -> Files:
    """The files of the case, damaged in one way that is possible for it."""
    kinds = [spoiler for spoiler in SPOILERS if spoiler is not broken_seal or _folders(case)]
    return rng.choice(kinds)(rng, case)


def zipped(files: Files) -> Files:
    """Every folder as a zip of its name."""
    tops: dict[str, Files] = {}
    for path, data in files.items():
        top, slash, _ = path.partition("/")
        tops.setdefault(top if slash else "", {})[path] = data
    loose = tops.pop("", {})
    return {**loose, **{f"{top}.zip": _zip(inner) for top, inner in tops.items()}}


def _zip(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path), data)
    return buffer.getvalue()


# ----- damage


def _pick(rng: Random, case: Case) -> str:
    """A file, the small ones as often as the large ones; the keys less often."""
    names = sorted(case.files)
    name = rng.choice(names)
    return rng.choice(names) if name == "keys.txt" else name


def _folders(case: Case) -> list[str]:
    return sorted({path.partition("/")[0] for path in case.files if "/" in path})


def _with(case: Case, name: str, data: bytes) -> Files:
    return {**case.files, name: data}


def flipped(rng: Random, case: Case) -> Files:
    """One bit of one byte."""
    name = _pick(rng, case)
    data = bytearray(case.files[name])
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return _with(case, name, bytes(data))


def digit(rng: Random, case: Case) -> Files:
    """One digit made another."""
    name = _pick(rng, case)
    data = bytearray(case.files[name])
    places = [at for at, byte in enumerate(data) if 48 <= byte <= 57] or [0]
    at = rng.choice(places)
    data[at] = rng.choice([byte for byte in range(48, 58) if byte != data[at]])
    return _with(case, name, bytes(data))


def cut(rng: Random, case: Case) -> Files:
    """The end is missing."""
    name = _pick(rng, case)
    data = case.files[name]
    return _with(case, name, data[: rng.choice((0, len(data) // 2, len(data) - 1))])


def appended(rng: Random, case: Case) -> Files:
    """Something after the end, or a mark before the beginning."""
    name = _pick(rng, case)
    data = case.files[name]
    tail = rng.choice((b"\n", b" ", b"\0", b"x", "\u2028".encode(), b"\r\n"))
    return _with(case, name, rng.choice((data + tail, b"\xef\xbb\xbf" + data)))


def lines_changed(rng: Random, case: Case) -> Files:
    """A line taken out, doubled, or put in another place; or the line ends of another system."""
    name = _pick(rng, case)
    rows = case.files[name].split(b"\n")
    at, to = rng.randrange(len(rows)), rng.randrange(len(rows))
    others = rows[:at] + rows[at + 1 :]
    choices = (
        others,
        [*rows[: at + 1], *rows[at:]],
        [*others[:to], rows[at], *others[to:]],
        [row + b"\r" for row in rows],
    )
    return _with(case, name, b"\n".join(rng.choice(choices)))


def missing(rng: Random, case: Case) -> Files:
    """A file is not there."""
    name = rng.choice([path for path in sorted(case.files) if path != "keys.txt"])
    return {path: data for path, data in case.files.items() if path != name}


def extra(rng: Random, case: Case) -> Files:
    """A file that belongs to nothing."""
    name = _pick(rng, case)
    added = rng.choice((f"{name}.bak", str(PurePosixPath(name).with_name("Thumbs.db"))))
    return _with(case, added, rng.choice((b"", case.files[name])))


def swapped(rng: Random, case: Case) -> Files:
    """Two files changed places."""
    one, other = _pick(rng, case), _pick(rng, case)
    return {**case.files, one: case.files[other], other: case.files[one]}


def from_elsewhere(rng: Random, case: Case) -> Files:
    """A file of another bundle of the same office, under its name here."""
    name = _pick(rng, case)
    others = draw(rng, case.office)
    path = next((p for p in others if PurePosixPath(p).name == PurePosixPath(name).name), None)
    return _with(case, name, others[path or rng.choice(sorted(others))])


def renamed(rng: Random, case: Case) -> Files:
    """A folder or file under another name."""
    name = _pick(rng, case)
    top = name.partition("/")[0]
    other = rng.choice((f"{top}0", top.replace("1", "2"), f"x{top}"))
    return {
        (other + path.removeprefix(top) if path.partition("/")[0] == top else path): data
        for path, data in case.files.items()
    }


def json_changed(rng: Random, case: Case) -> Files:
    """One value of a JSON file changed, written as canonically as before."""
    name = _json(rng, case)
    if name is None:
        return flipped(rng, case)
    value = json.loads(case.files[name])
    return _with(case, name, jcs(rng.choice(list(changed_values(value)))))


def json_loosened(rng: Random, case: Case) -> Files:
    """The same value in other bytes: a space, a key twice, an escape, a float."""
    name = _json(rng, case)
    if name is None:
        return flipped(rng, case)
    text = case.files[name].decode()
    spoiled = rng.choice(
        (
            text.replace(",", ", ", 1),
            text.replace("{", '{"v":1,', 1),
            text.replace("e", "\\u0065", 1),
            text.replace("1", "1.0", 1),
            text.replace('""', '"\\ud800"', 1) + "\n",
        )
    )
    return _with(case, name, spoiled.encode())


def _json(rng: Random, case: Case) -> str | None:
    names = [name for name in sorted(case.files) if name.endswith(".json")]
    return rng.choice(names) if names else None


def wrong_signature(rng: Random, case: Case) -> Files:
    """A note whose line is another key's, or is missing, or is a stranger's."""
    name = _note(rng, case)
    if name is None:
        return flipped(rng, case)
    text, office = notes.parse(case.files[name]).text, case.office
    stranger = builder.signer("city.example/inspector", 99, 4)
    thief = builder.signer(f"{builder.ORIGIN}/publisher", 98)
    outsider = builder.signer("elsewhere.example/log", 97)
    keys = [office.log, office.publisher, office.officer, office.inspector]
    chosen = [stranger, thief, outsider, *keys]
    signers = rng.sample(chosen, rng.randint(1, 2))
    return _with(case, name, notes.sign(text, *signers, at=builder.AT))


def _note(rng: Random, case: Case) -> str | None:
    names = [
        name for name in sorted(case.files) if name.endswith((".note", "checkpoint", ".note.txt"))
    ]
    return rng.choice(names) if names else None


def broken_seal(rng: Random, case: Case) -> Files:
    """A folder changed, and its note written and signed again by the right hands."""
    folder = rng.choice(_folders(case))
    changed = Case(case.office, rng.choice((json_changed, digit, lines_changed))(rng, case))
    inner = {
        path.removeprefix(f"{folder}/"): data
        for path, data in changed.files.items()
        if path.startswith(f"{folder}/")
    }
    try:
        return {**changed.files, **in_folder(folder, _resealed(case.office, inner))}
    except ValueError:  # what was changed can no longer be signed
        return changed.files


def _resealed(office: Office, inner: Files) -> Files:
    if "publication.note" in inner:
        return {"publication.note": _publication_note(office, inner)}
    if "choice.note" in inner:
        chosen = choice_note.parse(notes.parse(inner["choice.note"]).text)
        chosen = replace(chosen, choices=sha256_hex(inner.get("choice.json", b"")))
        return {"choice.note": office.note(chosen.text, office.publisher)}
    if "draw.note" not in inner:
        return {}
    said = draw_note.parse(notes.parse(inner["draw.note"]).text)
    said = replace(
        said,
        manifest=sha256_hex(inner["manifest.json"]),
        seed=sha256_hex(inner["transcript.txt"]),
        result=sha256_hex(inner["result.json"]),
        certificate=sha256_hex(inner["certificate.pdf"]),
    )
    return {"draw.note": office.note(said.text, office.officer)}


def _publication_note(office: Office, inner: Files) -> bytes:
    said = publication.parse(notes.parse(inner["publication.note"]).text)
    files = tuple(
        publication.digest_file(file.name, inner[file.name]) if file.name in inner else file
        for file in said.files
    )
    said = replace(said, files=files, rules=sha256_hex(inner["rules.json"]))
    return office.note(said.text, office.publisher)


SPOILERS: tuple[Spoiler, ...] = (
    *(flipped, flipped, digit, digit, cut, appended, lines_changed, lines_changed),
    *(missing, extra, swapped, from_elsewhere, renamed, json_changed, json_changed),
    *(json_loosened, wrong_signature, broken_seal, broken_seal, broken_seal),
)
