"""What keys that were retired or replaced did: bundles, keys.txt, and the check that refuses.

Both verifiers are asked the same; nothing here uses either of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from exam_system.trust.keys import COSIGNATURE, Signer
from tests.verify.builder import AT, ORIGIN, DrawMaker, Office, bundle, signer
from tests.verify.publications import ReleaseMaker, interview_note, ticket_note, withdrawn_note

Files = dict[str, bytes]
ROLES = ("log", "publisher", "officer", "inspector")
LATER, EARLIER = AT + 60, AT - 60


@dataclass(frozen=True)
class Case:
    """Files with their keys.txt, and the check that refuses them (None: they hold)."""

    files: Files
    keys: bytes
    refused: str | None = None


def successor(role: str, seed: int = 40) -> Signer:
    """A new key of a role, with the name of the old one."""
    name = ORIGIN if role == "log" else f"{ORIGIN}/{role}"
    if role == "inspector":
        return signer("city.example/inspector-new", seed, COSIGNATURE)
    return signer(name, seed)


def ended(office: Office, role: str, size: int, time: int, new: Signer | None = None) -> bytes:
    """keys.txt after the role's key was retired and a new one listed."""
    old = getattr(office, role).verifier.vkey
    new = new or successor(role)
    rows = f"retired {role} {old} {size} {time}\n{role} {new.verifier.vkey}\n"
    return office.keys + rows.encode()


def office_with_acts(count: int = 9) -> Office:
    """An office whose log has begun."""
    office = Office()
    for number in range(count):
        office.act("accounts.log_in", f"account:{number}", {"n": number}, exam="")
    return office


def in_folder(name: str, files: Files) -> Files:
    """Paths with the folder's name."""
    return {f"{name}/{path}": data for path, data in files.items()}


def everything(office: Office) -> Files:
    """One object of each kind, all by the office's first keys."""
    maker = DrawMaker(office, changes=named(office))
    files = in_folder(maker.name, bundle(maker))
    for stage in ("announcement", "written"):
        release = ReleaseMaker(office, stage)
        files |= in_folder(release.name, release.files())
    files |= {
        "slip.tlog-proof": ReleaseMaker(office, "written").slip(2),
        "act.tlog-proof": office.proof(3),
        "interview.note": interview_note(office, "85.00 86.00 87.00 88.00 90.00", "5 1", "87.00"),
        "ticket.note": ticket_note(office),
    }
    return files | in_folder("log", office.log_files())


def named(office: Office) -> dict[str, Any]:
    """The keys as a manifest names them."""
    inspectors = [office.inspector, *office.others]
    names = ["inspector", *(f"inspector-{n}" for n in range(2, len(inspectors) + 1))]
    keys = {name: key.verifier.vkey for name, key in zip(names, inspectors, strict=True)}
    return {"keys": {**keys, "officer": office.officer.verifier.vkey}}


def part(files: Files, name: str) -> Files:
    """One object of them."""
    return {path: data for path, data in files.items() if path.split("/")[0] == name}


def cases() -> dict[str, Case]:
    """Every case by what it shows."""
    found: dict[str, Case] = {}
    for make in (old_ones_hold, late_ones, heads, inspectors, lists, beside):
        found |= make()
    return found


def old_ones_hold() -> dict[str, Case]:
    """Everything signed before its key was replaced stays good."""
    office = office_with_acts()
    files = everything(office)
    size = len(office.entries)
    found = {
        f"{role} replaced afterwards": Case(files, ended(office, role, size, LATER))
        for role in ROLES
    }
    keys = office.keys
    for number, role in enumerate(ROLES):
        tail = ended(office, role, size, LATER, successor(role, 50 + number))
        keys += tail.removeprefix(office.keys)
    return {**found, "all replaced afterwards": Case(files, keys)}


def late_ones() -> dict[str, Case]:
    """What a retired key signed once it had been retired."""
    office = office_with_acts()
    files, size = everything(office), len(office.entries)
    late = ended(office, "publisher", size, EARLIER)
    notes = ("announcement-2026-kp-v1", "results-2026-kp-v1", "slip.tlog-proof")
    found = {f"{name} too late": Case(part(files, name), late, "V48") for name in notes}
    interview, ticket = part(files, "interview.note"), part(files, "ticket.note")
    draw = part(files, "draw-2026-kp-seats-1")
    return {
        **found,
        "an interview that nothing dates": Case(interview, late),
        "a ticket of before": Case(ticket, late),
        "a ticket of a later head": Case(ticket, ended(office, "publisher", 3, LATER), "V48"),
        "a draw too late": Case(draw, ended(office, "officer", size, EARLIER), "V48"),
        "a list frozen too late": Case(draw, ended(office, "officer", 9, LATER), "V48"),
        "a list frozen in time": Case(draw, ended(office, "officer", 10, LATER)),
    }


def heads() -> dict[str, Case]:
    """Heads of the log by its old and its new key."""
    office = office_with_acts()
    old, keys = in_folder("log", office.log_files()), ended(office, "log", 9, LATER)
    office.act("oversight.rotate_key", "key:log", {}, exam="")
    stolen = in_folder("log", office.log_files())
    grown = replace(office, log=successor("log"))
    early = replace(grown, entries=office.entries[:9])
    return {
        "the last head of the old key": Case(old, keys),
        "a head of the new key": Case(in_folder("log", grown.log_files()), keys),
        "a later head of the old key": Case(stolen, keys, "V48"),
        "an earlier head of the new key": Case(in_folder("log", early.log_files()), keys, "V48"),
        "a proof under a later head of the old key": Case(
            {"act.tlog-proof": office.proof(3)}, keys, "V48"
        ),
        "a proof under the new key": Case({"act.tlog-proof": grown.proof(3)}, keys),
    }


def inspectors() -> dict[str, Case]:
    """A lost inspector's key, the remaining ones, and who comes instead."""
    office = office_with_acts()
    office.others = [signer("q.example/inspector", 5, COSIGNATURE)]
    lost = replace(office, inspector=office.others[0], others=[office.inspector])
    lost.entries = office.entries
    maker = DrawMaker(lost, changes=named(office))
    draw = in_folder(maker.name, bundle(maker))
    early = ended(office, "inspector", 10, EARLIER)
    both = DrawMaker(office_with_acts(), changes=named(Office()))
    whole = in_folder(both.name, bundle(both))
    gone = replace(office_with_acts(), inspector=successor("inspector"))
    instead = DrawMaker(gone, changes=named(Office()))
    new = in_folder(instead.name, bundle(instead))
    first = Office()
    swapped = (
        first.keys
        + (
            f"inspector {successor('inspector').verifier.vkey}\n"
            f"retired inspector {first.inspector.verifier.vkey} 12 {EARLIER}\n"
        ).encode()
    )
    return {
        "the remaining inspector suffices": Case(draw, early),
        "a retired inspector's late line": Case(
            whole, ended(first, "inspector", 12, EARLIER), "V48"
        ),
        "an inspector retired before the freezing": Case(
            whole, ended(first, "inspector", 9, LATER), "V48"
        ),
        "an inspector who came instead": Case(new, ended(first, "inspector", 12, EARLIER)),
        "an inspector who was there before": Case(new, swapped, "V6"),
    }


def lists() -> dict[str, Case]:
    """keys.txt with a history that cannot be."""
    office = office_with_acts()
    proof = {"act.tlog-proof": office.proof(3)}
    old, new = office.log.verifier.vkey, successor("log").verifier.vkey
    other = signer("elsewhere.example/log", 41).verifier.vkey
    publisher, second = office.publisher.verifier.vkey, successor("publisher").verifier.vkey
    wrong = {
        "two keys of the log": f"log {new}\n",
        "a retirement of nobody": f"retired log {new} 9 9\nlog {new}\n",
        "a retirement of another role": f"retired officer {old} 9 9\nlog {new}\n",
        "two retirements": f"retired log {old} 9 9\nretired log {old} 9 9\nlog {new}\n",
        "a log of another name": f"retired log {old} 9 9\nlog {other}\n",
        "a retired key again": f"retired log {old} 9 9\nlog {old}\n",
        "nobody who serves": f"retired publisher {publisher} 9 9\n",
        "no time": f"retired log {old} 9\nlog {new}\n",
        "a number more": f"retired log {old} 9 9 9\nlog {new}\n",
        "a number with a zero": f"retired log {old} 09 9\nlog {new}\n",
        "an end before the beginning": f"retired publisher {publisher} 9 9\npublisher {second}\n"
        f"retired publisher {second} 8 9\npublisher {successor('publisher', 44).verifier.vkey}\n",
    }  # fmt: skip
    return {name: Case(proof, office.keys + rows.encode(), "V1") for name, rows in wrong.items()}


def _withdrawn(office: Office) -> dict[str, Case]:
    """Tickets beside the lists of withdrawn ones."""
    first, second = (ticket_note(office, serial=serial) for serial in (1, 2))
    old, new = withdrawn_note(office, 1), withdrawn_note(office, 2, version=2)
    unsigned = old.replace(b"ticket 010100101 1\n", b"")
    both = {"w1.note": old, "w2.note": new}
    return {
        "a withdrawn ticket": Case({"ticket.note": first, "w1.note": old}, office.keys, "V76"),
        "the ticket after it": Case({"ticket.note": second, "w1.note": old}, office.keys),
        "the newest list counts": Case({"ticket.note": second, **both}, office.keys, "V76"),
        "an old ticket counts as the first": Case(
            {"ticket.note": ticket_note(office), "w1.note": old}, office.keys, "V76"
        ),
        "a list with a line less": Case({"w1.note": unsigned}, office.keys, "V5"),
    }


def beside() -> dict[str, Case]:
    """What the objects beside one another contradict."""
    office = office_with_acts()
    first = ReleaseMaker(office, "written")
    files = in_folder(first.name, first.files())
    said = {"stage": "written", "version": 2, "digest": "0" * 64}
    office.act("results.publish_release", "release:2026-kp:results:v1", said)
    current = {**files, **in_folder("log", office.log_files())}
    office.act("results.publish_release", "release:2026-kp:results:v2", said)
    old = {**files, **in_folder("log", office.log_files())}
    other = office_with_acts(8)
    other.act("accounts.log_out", "account:8", {"n": 8}, exam="")
    forked = {"act.tlog-proof": other.proof(2), **in_folder("log", office.log_files())}
    ticket = {"ticket.note": ticket_note(other), **in_folder("log", office.log_files())}
    kept = {"act.tlog-proof": office.proof(2), **in_folder("log", office.log_files())}
    maker = DrawMaker(other)
    forked_draw = in_folder(maker.name, bundle(maker))
    longer = office_with_acts(3)
    held = DrawMaker(longer)
    drawn = in_folder(held.name, bundle(held))
    for number in range(40):
        longer.act("accounts.log_in", f"account:{number}", {"n": number}, exam="")
    log = in_folder("log", longer.log_files())
    return {
        "the newest list": Case(current, office.keys),
        "an old list beside the log": Case(old, office.keys, "V49"),
        "a proof of another log": Case(forked, office.keys, "V44"),
        "a ticket of another log": Case(ticket, office.keys, "V44"),
        "a proof of this log": Case(kept, office.keys),
        **_withdrawn(office),
        "a draw of another log": Case({**forked_draw, **log}, office.keys, "V44"),
        "a draw of this log": Case({**drawn, **log}, longer.keys),
    }
