"""Answer similarity: how much more two answer sheets agree than their writers' abilities explain.

Arrays in, arrays out; numpy only; nothing here knows names, rooms or a database, and nothing here
is a verdict: a p-value says how surprising the agreement is, never who copied.

1. `answers`: sheets as an array of options, omits as -1 and masked everywhere; forms with another
   order of options are mapped to the master first.
2. A model gives every candidate the probability of every option: `nominal` with `ability` and
   `calibration`, or `classical` (Wesolowsky) where the exam is too small for that.
3. `screen`: all pairs against integer thresholds on bit planes; `block`: exact omega of a room.
4. `comparison`: all statistics of the pairs that are left, from `agreement` (what agrees, and with
   what chance), `omega`, `binomial` (GBT), `trinomial` (M4), `ratio` (the copying likelihood
   ratio, also against a leaked key), `kindex` (K, K1, K2, S1, S2) and `wrong` (wrong matches).
5. `rings`: flagged pairs that hang together.

`search` does all of it: a sitting in, flags of three tiers out, with cut-offs from pairs that
cannot have met (`null`), by threads or on a cluster (`work`, `cluster`).
"""

from proctoring.similarity.answers import OMIT, BadAnswers, to_master
from proctoring.similarity.comparison import Comparison, compare
from proctoring.similarity.findings import Cutoff, Findings, Flagged
from proctoring.similarity.leaked import KeyFindings, against_key
from proctoring.similarity.null import Null
from proctoring.similarity.search import search
from proctoring.similarity.sitting import TIERS, Budget, Sitting
from proctoring.similarity.work import Progress, Runner, threads

__all__ = [
    "OMIT",
    "TIERS",
    "BadAnswers",
    "Budget",
    "Comparison",
    "Cutoff",
    "Findings",
    "Flagged",
    "KeyFindings",
    "Null",
    "Progress",
    "Runner",
    "Sitting",
    "against_key",
    "compare",
    "search",
    "threads",
    "to_master",
]
