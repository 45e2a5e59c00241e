"""Answers for those who follow a page: its mark, and server-sent events whenever it changes."""

from __future__ import annotations

from flask import Response, current_app, request

from exam_system.draws.live import Key, Look, Watching

STREAM = "text/event-stream"
FRESH = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def mark(key: Key, look: Look) -> str:
    """What changes whenever a page has something new; one look for all who ask in this process."""
    return _watching().stamp(key, look)


def mark_answer(key: Key, look: Look) -> Response:
    """The mark as an answer of its own, for browsers that ask again and again."""
    return Response(mark(key, look), mimetype="text/plain", headers=FRESH)


def stream(key: Key, look: Look) -> Response:
    """Server-sent events of a page: `story` with the new mark whenever there is news.

    `since` (or Last-Event-ID) is what the browser shows already. Answers 204, after which a
    browser does not ask again, when all places for streams are taken.
    """
    watching = _watching()
    watching.stamp(key, look)
    if not watching.enter():
        return Response(status=204, mimetype=STREAM, headers=FRESH)
    known = request.headers.get("Last-Event-ID") or request.args.get("since", "")
    answer = Response(watching.events(key, look, known), mimetype=STREAM, headers=FRESH)
    answer.call_on_close(watching.leave)
    return answer


def _watching() -> Watching:
    """The streams of this process."""
    found: Watching = current_app.extensions.setdefault("watching", Watching())
    return found
