"""The hall screen in words: one set of texts for the page and for what it asks every second."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from exam_system.interviews.showing import Box, Hall


def hall_view(hall: Hall) -> dict[str, Any]:
    """The hall's words and numbers, the same for the page and for its polling."""
    return {
        "mark": hall.mark,
        "panel": hall.panel,
        "number": "" if hall.place is None else str(hall.place),
        "sentence": _sentence(hall),
        "boxes": [_box(hall, box) for box in hall.boxes],
        "substitutes": " ".join(str(box.place) for box in hall.boxes if box.substitute),
        "result": hall.result,
        "heard": [
            [str(one.place), _("absent") if one.absent else one.result] for one in hall.heard
        ],
    }


def _box(hall: Hall, box: Box) -> dict[str, Any]:
    place = str(box.place)
    if box.score:
        words = {"high": _("highest, dropped"), "low": _("lowest, dropped"), "": _("counts")}
        tone = "out" if box.dropped else "kept"
        # Where elements are trimmed one by one, the struck marks say what does not count.
        struck = any(out for one in hall.boxes for _, out in one.marks)
        word = "" if struck else words[box.dropped]
        shown = {"place": place, "tone": tone, "text": box.score, "word": word}
        return {**shown, "marks": [[mark, bool(out)] for mark, out in box.marks]}
    if box.entered:
        return {"place": place, "tone": "in", "text": "✓", "word": _("entered"), "marks": []}
    word = _("awaited") if hall.phase == "called" else ""
    return {"place": place, "tone": "wait", "text": "–", "word": word, "marks": []}


def _sentence(hall: Hall) -> str:
    sentences = {
        "waiting": _("The session has not begun"),
        "open": _of_open(hall),
        "closed": _("The session is closed"),
    }
    return str(sentences[hall.state])


def _of_open(hall: Hall) -> str:
    if hall.phase == "called":
        entered = sum(box.entered for box in hall.boxes)
        counts = {"place": hall.place, "entered": entered, "count": len(hall.boxes)}
        said = _(
            "Number %(place)s is in the room: %(entered)s of %(count)s scores are in", **counts
        )
    elif hall.phase == "scored":
        values = {"place": hall.place, "result": hall.result}
        said = _("The score of number %(place)s is %(result)s", **values)
    else:
        said = _("Nobody has been called yet")
    return str(said)
