"""Answer sheets as arrays: what every module of this package takes and checks."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]

OMIT = -1
"""No answer or not reached. It is masked everywhere and never an option of its own: somebody who
ran out of time would otherwise agree with everybody else who did."""


class BadAnswers(ValueError):
    """Answer sheets, or what goes with them, do not have the shape or the values they need."""


def check_answers(answers: Integers, options: int) -> None:
    """Refuse sheets that are not (candidates, items) of whole numbers from -1 to options - 1."""
    if answers.ndim != 2 or not np.issubdtype(answers.dtype, np.integer):
        raise BadAnswers("Answers must be whole numbers in an array of candidates by items.")
    if answers.size and (answers.min() < OMIT or answers.max() >= options):
        raise BadAnswers(
            f"Answers must lie between 0 and {options - 1}, or be {OMIT} for an omit; found "
            f"{answers.min()} to {answers.max()}."
        )


def check_key(key: Integers, items: int, options: int) -> None:
    """Refuse a key that does not name one option of every item."""
    if key.shape != (items,) or not np.issubdtype(key.dtype, np.integer):
        raise BadAnswers(f"The key must be {items} whole numbers, one for each item.")
    if items and (key.min() < 0 or key.max() >= options):
        raise BadAnswers(f"The key must name options between 0 and {options - 1}.")


def one_hot(answers: Integers, options: int) -> Floats:
    """(candidates, items * options): 1 where an option was chosen; all 0 for an omit."""
    hot: Flags = answers[..., None] == np.arange(options)
    return hot.reshape(len(answers), -1).astype(np.float64)


def chosen(values: Floats, answers: Integers) -> Floats:
    """`values` (candidates, items, options) or (items, options) at the answers, 0 for an omit."""
    index = np.maximum(answers, 0).astype(np.intp)
    if values.ndim == 2:
        picked = values[np.arange(len(values)), index]
    else:
        picked = np.take_along_axis(values, index[..., None], axis=2)[..., 0]
    return np.where(answers == OMIT, 0.0, picked)


def to_master(answers: Integers, orders: Integers) -> Integers:
    """Answers of one form in the option numbers of the master form.

    `answers` (candidates, items) with items already in the order of the master; `orders` (items,
    options): the master's number of each option as this form prints it. Omits stay omits.
    """
    if not (np.sort(orders, axis=1) == np.arange(orders.shape[1])).all():
        raise BadAnswers("The order of options of every item must name each option once.")
    check_answers(answers, orders.shape[1])
    mapped = orders[np.arange(len(orders)), np.maximum(answers, 0)]
    return np.where(answers == OMIT, OMIT, mapped).astype(answers.dtype)
