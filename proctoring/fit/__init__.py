"""Person fit: answer sheets that contradict themselves, and what may lie behind it.

Arrays in, arrays out. A value says that a sheet is odd, not why: copying, a leaked paper, guessing
and illness look alike, and honest sheets reach any cut-off in the share that it states.

`likelihood`: lz and lz* of a model. `guttman`: Ht, U3 and C*, without a model. `preknowledge`:
better and faster on the items that are known to have leaked. `times`: the lognormal model of
response times. `erasures`: answers changed to right ones, by person and by room.
"""

from proctoring.fit.erasures import Erasures, erasures, group_erasures
from proctoring.fit.guttman import Guttman, guttman
from proctoring.fit.likelihood import PersonFit, person_fit
from proctoring.fit.preknowledge import joint_tail, preknowledge_scores, preknowledge_times
from proctoring.fit.times import Lognormal, calibrate_times, speeds, time_fit

__all__ = [
    "Erasures",
    "Guttman",
    "Lognormal",
    "PersonFit",
    "calibrate_times",
    "erasures",
    "group_erasures",
    "guttman",
    "joint_tail",
    "person_fit",
    "preknowledge_scores",
    "preknowledge_times",
    "speeds",
    "time_fit",
]
