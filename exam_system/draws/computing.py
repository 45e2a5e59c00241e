"""From a frozen manifest and the revealed values to the result: pure, the same for everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from exam_system.errors import Conflict, Fault, Invalid, Sentence
from exam_system.trust import tickets
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.errors import TrustError
from exam_system.verify.engines import ENGINES
from proctoring.deal import BadGroups as BadDeal
from proctoring.deal import Shortage, TooFewPeople
from proctoring.reading import BadInput
from proctoring.shortfall import NAMED, SENTENCES, SHORT, Infeasible, NotFound, Shortfall
from seating.findings import CannotWork, Finding
from seating.reading import BadGroups

APART = ("post", "school")
DICE = {"digits": 20, "sides": 10}
# Any seed will do to see whether a draw can be made: feasibility does not depend on it.
DRY_SEED = sha256_hex(b"dry run")


def draw_groups(manifest: Mapping[str, Any], seed: str) -> list[dict[str, Any]]:
    """The drawn groups; raises Invalid with the reason when the draw cannot be made."""
    engine = ENGINES.get(manifest["algorithm"])
    if engine is None:
        raise Fault(f"there is no algorithm {manifest['algorithm']}")
    try:
        return engine(manifest["groups"], seed, manifest["purpose"])
    except TooFewPeople as error:
        raise _refusal([_sentence(item) for item in error.shortages]) from None
    except CannotWork as error:
        raise cannot(error.findings) from None
    except Infeasible as error:
        raise infeasible(error) from None
    except NotFound as error:
        raise not_found(error) from None
    except (BadGroups, BadDeal, BadInput, TrustError) as error:
        raise Invalid("The draw cannot be made: %(why)s", why=error) from None


def result_of(manifest: Mapping[str, Any], seed: str) -> dict[str, Any]:
    """The document of result.json."""
    return {
        "v": 1,
        "draw": manifest["draw"],
        "attempt": manifest["attempt"],
        "groups": draw_groups(manifest, seed),
    }


def transcript_of(
    manifest: Mapping[str, Any], digest: str, values: Mapping[str, str | None]
) -> bytes:
    """The transcript; `values` by source. Raises Conflict while one of them is missing."""
    given = [(name, values.get(name) or "") for name in manifest["sources"]]
    missing = [name for name, value in given if not value]
    if missing:
        raise Conflict("Not all values are known: %(which)s is missing", which=missing[0])
    return tickets.transcript(manifest["draw"], manifest["attempt"], digest, given)


def ticket_rows(manifest: Mapping[str, Any], seed: str) -> Iterator[tuple[str, str, str]]:
    """(purpose, label, ticket hex) group by group, in ticket order."""
    purpose = manifest["purpose"]
    for group in manifest["groups"]:
        for label in tickets.order(seed, purpose, group["labels"]):
            yield purpose, label, tickets.ticket(seed, purpose, label).hex()


def cannot(findings: Sequence[Finding]) -> Invalid:
    """The refusal that tells what no seed can help."""
    return _refusal([Sentence(found.msgid, **_told(found.params)) for found in findings])


def _told(params: Mapping[str, str | int]) -> dict[str, object]:
    """The kind of what is kept apart is a word of the pages, all else is a name or a number."""
    kind = {"kind": Sentence(str(params["kind"]))} if params.get("kind") in APART else {}
    return {**params, **kind}


def infeasible(error: Infeasible) -> Invalid:
    """The same for invigilators and interviewers: what is short and what would cure it."""
    return _refusal([_shortfall(one) for one in error.shortfalls])


def _shortfall(one: Shortfall) -> Sentence:
    params = {**one.params, "who": _named(one.who)}
    what, cure = (Sentence(sentence, **params) for sentence in SENTENCES[one.rule])
    where = Sentence(one.where.msgid, **one.where.names)
    return Sentence(SHORT, where=where, what=what, short=one.short, cure=cure)


def not_found(error: NotFound) -> Invalid:
    return Invalid(
        "The draw was not found after %(epochs)s epochs of exchanges: %(where)s. This does not "
        "prove that it is impossible; more people or fewer relations make it easier",
        epochs=error.epochs,
        where=_named(error.where),
    )


def _named(names: Sequence[str]) -> str | Sentence:
    if len(names) <= NAMED:
        return ", ".join(names)
    return Sentence(
        "%(names)s and %(number)s more",
        names=", ".join(names[:NAMED]),
        number=len(names) - NAMED,
    )


def _refusal(found: Sequence[Sentence]) -> Invalid:
    return Invalid("The draw cannot be made: %(where)s", where=reduce(_and, found))


def _sentence(item: Shortage) -> Sentence:
    return Sentence(
        "group %(group)s, %(slots)s: needs %(needed)s people, at most %(available)s can serve "
        "there: short by %(short)s",
        group=item.group,
        slots=", ".join(item.slots),
        needed=item.needed,
        available=item.available,
        short=item.short,
    )


def _and(first: Sentence, second: Sentence) -> Sentence:
    return Sentence("%(first)s; %(second)s", first=first, second=second)
