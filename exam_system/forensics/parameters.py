"""What a screening is bound to before it runs: parameters, inputs, software."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib.metadata import version

from exam_system.errors import Invalid
from exam_system.people import reason_line
from exam_system.trust.canonical import JSON, jcs
from proctoring.similarity import Budget

STATISTIC = "copying likelihood ratio, saddlepoint tail, smaller of both directions"
LONGEST_BASIS = 200
LEAST_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Parameters:
    """`room`, `site` and `everywhere`: honest pairs that may be flagged by chance in each tier;
    `copied`: the share that the ratio presumes; `least`: answers a sheet must have; `basis`: who
    set this method and standard, in their words."""

    room: str = "0.05"
    site: str = "0.05"
    everywhere: str = "0.05"
    copied: str = "0.3"
    least: int = LEAST_ITEMS
    basis: str = ""

    @property
    def budgets(self) -> tuple[str, str, str]:
        """In the order of the tiers."""
        return self.room, self.site, self.everywhere

    @property
    def budget(self) -> Budget:
        """For the library."""
        return Budget(float(self.room), float(self.site), float(self.everywhere))


def checked(given: Parameters) -> Parameters:
    """The parameters in plain spelling; raises Invalid for what makes no sense."""
    room, site, everywhere = (f"{_share(one):f}" for one in given.budgets)
    copied = _share(given.copied)
    if copied >= 1:
        raise Invalid("The share copied lies between 0 and 1")
    if not LEAST_ITEMS // 2 <= given.least <= 255:
        raise Invalid(
            "A sheet that is compared has at least %(least)s answers", least=LEAST_ITEMS // 2
        )
    basis = reason_line(given.basis, LONGEST_BASIS)
    return Parameters(room, site, everywhere, f"{copied:f}", given.least, basis)


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text.strip())
    except InvalidOperation:
        raise Invalid("%(text)s is not a number such as 0.05", text=text) from None
    if not share.is_finite() or not 0 < share <= 1:
        raise Invalid("%(text)s does not lie above 0 and not above 1", text=text)
    return share


def document(given: Parameters, *, exam: str, subject: str, run: str, inputs: JSON) -> str:
    """parameters.json: canonical, with the versions of the software that will run."""
    software: JSON = {name: version(name) for name in ("exam-system", "numpy")}
    assert isinstance(software, dict)
    told: JSON = {
        "v": 1,
        "exam": exam,
        "session": subject,
        "run": run,
        "statistic": STATISTIC,
        "budgets": {"room": given.room, "site": given.site, "everywhere": given.everywhere},
        "copied": given.copied,
        "least": given.least,
        "basis": given.basis,
        "inputs": inputs,
        "software": {**software, "python": platform.python_version()},
    }
    return jcs(told).decode()


def parse(text: str) -> Parameters:
    """The parameters of parameters.json."""
    told = json.loads(text)
    return Parameters(**told["budgets"], **{key: told[key] for key in ("copied", "least", "basis")})
