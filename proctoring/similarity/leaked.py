"""A leaked key: who answers as the leaked sheet does, beyond what his ability explains."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import BadAnswers, Flags, Floats, Integers, check_answers
from proctoring.similarity.modelling import Modelled, modelled_on
from proctoring.similarity.ratio import COPIED
from proctoring.similarity.sitting import Sitting
from proctoring.similarity.stages import chunks
from proctoring.similarity.work import Desk, threads


@dataclass(frozen=True, slots=True)
class KeyFindings:
    """Everybody's tail `p` (candidates,), and the rows that reach `cutoff`, smallest p first."""

    p: Floats
    flagged: npt.NDArray[np.intp]
    cutoff: float
    modelled: Modelled


def against_key(
    sitting: Sitting, leaked: Integers, *, copied: float = COPIED, budget: float = 0.05
) -> KeyFindings:
    """The copying likelihood ratio of every candidate with the leaked sheet (items,) as source.

    Omits of the leaked sheet are -1. One test a candidate: the cut-off is `budget`, the number of
    false flags expected of an honest sitting, over their number. Once more with those flagged left
    out of the calibration. A leaked sheet that is right throughout tells the able from the honest
    least: what then counts is where a weak candidate is right.
    """
    if leaked.shape != sitting.key.shape or not 0 < budget <= 1:
        raise BadAnswers("A leaked key has an answer for every item, a budget lies in (0, 1].")
    check_answers(leaked[None], sitting.options)
    everybody = np.ones(len(sitting.answers), dtype=bool)
    first = _against(sitting, leaked, everybody, (copied, budget))
    if not len(first.flagged):
        return first
    everybody[first.flagged] = False
    return _against(sitting, leaked, everybody, (copied, budget))


def _against(
    sitting: Sitting, leaked: Integers, used: Flags, wanted: tuple[float, float]
) -> KeyFindings:
    desk, sheets = Desk(threads(), None, {}), sitting.answers
    modelled = modelled_on(desk, sitting, sheets, used, name="key")
    rows = np.arange(len(sheets))
    parts = [
        modelled.ratio(rows[slice(*cut)], leaked, wanted[0]).tail for cut in chunks(len(sheets))
    ]
    p, cutoff = np.concatenate(parts), wanted[1] / len(sheets)
    order = np.argsort(p, kind="stable")
    return KeyFindings(p, order[p[order] <= cutoff], cutoff, modelled)
