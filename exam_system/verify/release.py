"""A publication: an announcement or a list of results, all its files, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exam_system.trust import checkpoint, notes, publication
from exam_system.trust.bulk import undisturbed
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.errors import Malformed
from exam_system.trust.publication import Publication
from exam_system.verify.checks import Check, Refused, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring
from exam_system.verify.lists import (
    Listed,
    read_list,
    require_csv,
    require_same_people,
    require_taken_over,
)
from exam_system.verify.numbers import require_numbers
from exam_system.verify.records import require_records
from exam_system.verify.text import document

RECORDS = "records.jsonl"
FILES = {
    "announcement": ("notice.pdf", "posts.csv", "posts.json", "rules.json"),
    "results": ("list.csv", "list.json", "notice.pdf", RECORDS, "rules.json"),
}
_BEFORE = {"shortlist": ("written", "scored"), "final": ("shortlist", "shortlisted")}
_AFTER = {"medical": "final", "appointment": "medical"}


def verify_publication(bag: Bag, keys: Keyring) -> str:
    """Check a publication; returns what it is and what could not be checked. Raises Refused."""
    said, rules = read_publication(bag, keys)
    _require_files(bag, said)
    remarks: list[str] = []
    if said.chain == "announcement":
        posts = require_posts(bag)
        count = f"{len(posts)} posts"
    else:
        with undisturbed():
            listed, remarks = _results(bag, keys, said, rules)
        count = f"{len(listed.rows)} rows"
    _require_digests(bag, said)
    remarks += [*_superseded(bag, keys, said), *_chain(bag, said)]
    name = f"{said.chain}-{said.exam}-v{said.version}"
    return f"{name} ({', '.join([said.stage, count, *remarks])})"


def read_publication(bag: Bag, keys: Keyring) -> tuple[Publication, dict[str, Any]]:
    """The opened and named publication.note of a folder, and the rules that it names."""
    where, data = bag.at("publication.note"), bag.get("publication.note")
    said = parse_publication(keys.opened(data, where, "publisher", cosigners=1), where, keys)
    rules = _rules(bag, said)
    keys.opened(data, where, "publisher", cosigners=_needed(bag, rules))
    if bag.name:
        expected = f"{said.chain}-{said.exam}-v{said.version}"
        require_equal(Check.NAME, bag.shown, bag.name, expected)
    return said, rules


def _needed(bag: Bag, rules: Mapping[str, Any]) -> int:
    """How many inspectors must have signed."""
    number = rules.get("cosigners", {"value": None})["value"]
    if type(number) is not int or number < 1:
        refuse(Check.RULES, bag.at("rules.json"), "cosigners is not a number of inspectors")
    return number


def parse_publication(text: str, where: str, keys: Keyring) -> Publication:
    """The text of a publication's note, which must list the files of its chain."""
    with holds(Check.PUBLICATION, where):
        said = publication.parse(text)
        if said.origin != keys.origin:
            raise Malformed(f"The origin is {said.origin}, not that of the log, {keys.origin}.")
        if tuple(file.name for file in said.files) != FILES[said.chain]:
            raise Malformed(f"The files are not {', '.join(FILES[said.chain])}.")
        if (said.root is None) != (said.chain == "announcement"):
            raise Malformed("Results have a root of records, announcements have none.")
    return said


def _require_files(bag: Bag, said: Publication) -> None:
    known = {"publication.note", *FILES[said.chain]} | ({"root.note"} if said.root else set())
    for name in sorted(set(bag.files) - known):
        refuse(Check.KNOWN, bag.at(name), "no such file belongs to this publication")
    for name in sorted(known - {RECORDS}):
        bag.get(name)


def _rules(bag: Bag, said: Publication) -> dict[str, Any]:
    where, data = bag.at("rules.json"), bag.get("rules.json")
    rules = document(Check.RULES, where, data)
    require_equal(Check.RULES, where, sha256_hex(data), said.rules)
    if not isinstance(rules, dict) or not all(
        isinstance(rule, dict) and set(rule) == {"value", "basis"} for rule in rules.values()
    ):
        refuse(Check.RULES, where, "a rule is not a value with its basis")
    return rules


def _require_digests(bag: Bag, said: Publication) -> None:
    for file in said.files:
        if file.name == RECORDS and RECORDS not in bag.files:
            continue
        found = publication.digest_file(file.name, bag.get(file.name))
        require_equal(Check.DIGEST, f"{bag.at(file.name)} sha256", found.sha256, file.sha256)
        require_equal(Check.DIGEST, f"{bag.at(file.name)} sm3", found.sm3, file.sm3)


def require_posts(bag: Bag) -> dict[str, int]:
    """Vacancies by code of the post, from posts.json."""
    where = bag.at("posts.json")
    posts = document(Check.POSTS, where, bag.get("posts.json"))
    if not isinstance(posts, list) or not posts:
        refuse(Check.POSTS, where, "this is not a list of posts")
    found: dict[str, int] = {}
    for number, post in enumerate(posts, 1):
        code, vacancies = _post(post)
        if not code or code in found or vacancies < 1:
            refuse(Check.POSTS, f"{where} post {number}", "its code or its vacancies are wrong")
        found[code] = vacancies
    return found


def _post(post: object) -> tuple[str, int]:
    if not isinstance(post, dict):
        return "", 0
    code, vacancies = post.get("code"), post.get("vacancies")
    if not isinstance(code, str) or type(vacancies) is not int:
        return "", 0
    return code, vacancies


def _results(
    bag: Bag, keys: Keyring, said: Publication, rules: Mapping[str, Any]
) -> tuple[Listed, list[str]]:
    _require_root(bag, keys, said, rules)
    listed = read_list(bag, said)
    require_csv(bag, rules, listed)
    vacancies = _vacancies(bag, keys, said)
    remarks = [] if vacancies else ["announcement not beside: vacancies not checked"]
    if said.stage in _AFTER:
        remarks += _taken_over(bag, keys, said, listed, vacancies)
    else:
        require_numbers(bag, rules, listed, vacancies)
        remarks += _stages(bag, keys, said, listed)
    if RECORDS in bag.files:
        require_records(bag, said, listed)
    else:
        remarks.append(f"without {RECORDS}")
        size = said.root.size if said.root else 0
        require_equal(Check.ROOT, f"{bag.at('root.note')} size", size, len(listed.rows))
    return listed, remarks


def _require_root(bag: Bag, keys: Keyring, said: Publication, rules: Mapping[str, Any]) -> None:
    where, needed = bag.at("root.note"), _needed(bag, rules)
    text = keys.opened(bag.get("root.note"), where, "publisher", cosigners=needed)
    with holds(Check.ROOT, where):
        found = checkpoint.parse(text)
    require_equal(Check.ROOT, where, found, said.checkpoint)


def _neighbour(bag: Bag, keys: Keyring, name: str, *files: str) -> tuple[Bag, Publication] | None:
    """A signed neighbour with the files that are read of it; None when it does not lie beside."""
    other = bag.beside(name)
    if other is None:
        return None
    said, _ = read_publication(other, keys)
    for file in said.files:
        if file.name in files:
            found = publication.digest_file(file.name, other.get(file.name))
            require_equal(Check.DIGEST, other.at(file.name), found, file)
    return other, said


def _vacancies(bag: Bag, keys: Keyring, said: Publication) -> dict[str, int] | None:
    """Vacancies from the newest announcement with the same rules; None when none lies beside."""
    stem = f"announcement-{said.exam}"
    versions = bag.versions(stem)
    for version in versions:
        found = _neighbour(bag, keys, f"{stem}-v{version}", "posts.json")
        if found and found[1].rules == said.rules:
            return require_posts(found[0])
    if versions:
        refuse(Check.RULES, bag.at("rules.json"), "no announcement beside has this rule set")
    return None


def _stages(bag: Bag, keys: Keyring, said: Publication, listed: Listed) -> list[str]:
    """Compare with the newest earlier list of the stage that this one rests on."""
    if said.stage not in _BEFORE:
        return []
    stage, outcome = _BEFORE[said.stage]
    base = _earlier(bag, keys, said, stage)
    if base is None:
        return [f"{stage} list not beside: not compared with it"]
    require_same_people(bag, listed, base, outcome)
    return []


def _taken_over(
    bag: Bag,
    keys: Keyring,
    said: Publication,
    listed: Listed,
    vacancies: Mapping[str, int] | None,
) -> list[str]:
    """A list after the totals has rows of the list before it, and only says who is in."""
    base = _earlier(bag, keys, said, _AFTER[said.stage])
    if base is None:
        return [f"{_AFTER[said.stage]} list not beside: not compared with it"]
    require_taken_over(bag, listed, base, vacancies)
    return []


def _earlier(bag: Bag, keys: Keyring, said: Publication, stage: str) -> Listed | None:
    """The newest earlier list of a stage that lies beside."""
    stem = f"results-{said.exam}"
    for version in (k for k in bag.versions(stem) if k < said.version):
        found = _neighbour(bag, keys, f"{stem}-v{version}", "list.json")
        if found and found[1].stage == stage:
            return read_list(*found)
    return None


def _superseded(bag: Bag, keys: Keyring, said: Publication) -> Sequence[str]:
    """A newer version of the same stage beside corrects this one: it holds, and counts no more."""
    stem = f"{said.chain}-{said.exam}"
    for version in (k for k in bag.versions(stem) if k > said.version):
        try:
            found = _neighbour(bag, keys, f"{stem}-v{version}")
        except Refused:
            continue  # it is refused by itself, and corrects nothing
        if found and found[1].stage == said.stage:
            return [f"SUPERSEDED by version {version}, which lies beside"]
    return []


def _chain(bag: Bag, said: Publication) -> Sequence[str]:
    if said.version == 1:
        return []
    name = f"{said.chain}-{said.exam}-v{said.version - 1}"
    other = bag.beside(name)
    if other is None:
        return [f"v{said.version - 1} not beside: chain not checked"]
    where = other.at("publication.note")
    with holds(Check.CHAIN, where):
        text = notes.parse(other.get("publication.note")).text
    digest = sha256_hex(text.encode())
    require_equal(Check.CHAIN, f"{bag.at('publication.note')} previous", said.previous, digest)
    return []
