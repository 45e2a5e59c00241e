"""Writing the archive: index, page, note, and a zip that is the same bytes from the same state."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from sqlalchemy import select

from exam_system.archive.contents import LOG, Item, files_of, log_of
from exam_system.clock import rfc3339
from exam_system.context import Context
from exam_system.errors import Conflict
from exam_system.exams.models import Exam
from exam_system.notices.disclosures import closing_of
from exam_system.records.keys import every_key
from exam_system.records.models import Act, Leaf
from exam_system.trust import checkpoint, notes
from exam_system.trust.archive_note import FINAL, INDEX, INTERIM, NOTE, PAGE, SUMS, ArchiveNote
from exam_system.trust.canonical import JSON, jcs, sha256_hex

_EPOCH = (1980, 1, 1, 0, 0, 0)
_HERE = Path(__file__).parent
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """An archive that was written: the SHA-256 of the zip, its state, how many files it has."""

    digest: str
    state: str
    files: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the index."""

    name: str
    bytes: int
    sha256: str


def write_archive(ctx: Context, exam: Exam, target: Path, tell: Tell) -> Written:
    """Write the archive of an exam to `target`; `tell` hears how far it is.

    Raises Conflict while nothing of the exam is published, or when a file of it changed meanwhile.
    """
    if exam.state == "draft":
        raise Conflict("Nothing of this exam is published yet")
    head = _Head.read(ctx)
    items = [*files_of(ctx.session, ctx.config, exam), *head.items(ctx.config.published / LOG)]
    listed = []
    for number, item in enumerate(items, 1):
        listed.append(_listed(item.name, item.read()))
        tell(number, 2 * len(items))
    state = FINAL if closing_of(ctx.session, exam) else INTERIM
    page = Item(PAGE, data=_page(exam, state, head.at, listed))
    listed.append(_listed(PAGE, page.data))
    closing = _closing(ctx, exam, state, head, sorted(listed, key=lambda one: one.name))
    return Written(
        _zip(f"archive-{exam.code}", [*items, page, *closing], listed, target, tell),
        state,
        len(listed),
    )


@dataclass(frozen=True, slots=True)
class _Head:
    """The log as it is served now: its head, the key that signed it, the time of its last act."""

    data: bytes
    size: int
    root: bytes
    vkey: str
    at: str

    @classmethod
    def read(cls, ctx: Context) -> _Head:
        data = (ctx.config.published / LOG / "checkpoint").read_bytes()
        opened = notes.open_note(data, every_key(ctx.session, "log"))
        head = checkpoint.parse(opened.text)
        query = select(Act.at).join(Leaf, Leaf.act_id == Act.id)
        at = ctx.session.scalars(query.where(Leaf.position == head.size - 1)).one()
        return cls(data, head.size, head.root, opened.signers[0].vkey, rfc3339(at))

    def items(self, folder: Path) -> list[Item]:
        """The files of the log of this size."""
        return [
            *log_of(folder, self.size),
            Item(f"{LOG}/log.vkey", data=f"{self.vkey}\n".encode()),
            Item(f"{LOG}/checkpoint", data=self.data),
        ]


def _listed(name: str, data: bytes) -> Listed:
    return Listed(name, len(data), sha256_hex(data))


@cache
def _words() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((_HERE / "words.json").read_text("utf-8"))
    return found


def _folders(listed: Iterable[Listed]) -> list[dict[str, JSON]]:
    """What the archive consists of, for people: each folder with its meaning in both languages."""
    counts = Counter(one.name.partition("/")[0] for one in listed if one.name != PAGE)
    found: list[dict[str, JSON]] = []
    for name in sorted(counts):
        zh, en = _words().get(name.partition("-")[0], [name, name])
        found.append({"name": name, "zh": zh, "en": en, "files": counts[name]})
    return found


def _page(exam: Exam, state: str, at: str, listed: Sequence[Listed]) -> bytes:
    templates = Environment(loader=FileSystemLoader(_HERE), autoescape=True)
    page = templates.get_template("page.html")
    return page.render(exam=exam, state=state, at=at, items=_folders(listed)).encode()


def _closing(
    ctx: Context, exam: Exam, state: str, head: _Head, listed: Sequence[Listed]
) -> list[Item]:
    """Index, signed note, and the list of digests, which has both."""
    files: list[JSON] = [
        {"name": one.name, "bytes": one.bytes, "sha256": one.sha256} for one in listed
    ]
    said: dict[str, JSON] = {
        "v": 1,
        "origin": ctx.config.origin,
        "exam": exam.code,
        "name": exam.name,
        "state": state,
        "log": head.size,
        "at": head.at,
        "items": [*_folders(listed)],
        "files": files,
    }
    index, size = jcs(said), sum(one.bytes for one in listed)
    parts = (exam.code, state, head.size, head.root, sha256_hex(index), len(files), size, head.at)
    text = ArchiveNote(ctx.config.origin, *parts).text
    note = notes.sign(text, ctx.keys.publisher)
    every = sorted([*((one.name, one.sha256) for one in listed),
                    (INDEX, sha256_hex(index)), (NOTE, sha256_hex(note))])  # fmt: skip
    sums = "".join(f"{digest}  {name}\n" for name, digest in every).encode()
    return [Item(INDEX, data=index), Item(NOTE, data=note), Item(SUMS, data=sums)]


def _zip(
    folder: str, items: Sequence[Item], listed: Sequence[Listed], target: Path, tell: Tell
) -> str:
    digests = {one.name: one.sha256 for one in listed}
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, item in enumerate(sorted(items, key=lambda one: one.name), 1):
            data = item.read()
            if digests.get(item.name, sha256_hex(data)) != sha256_hex(data):
                raise Conflict("%(name)s changed meanwhile: make it again", name=item.name)
            info = zipfile.ZipInfo(f"{folder}/{item.name}", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
            tell(len(items) + number, 2 * len(items))
    return sha256_hex(target.read_bytes())
