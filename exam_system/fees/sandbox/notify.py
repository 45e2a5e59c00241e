"""Send callbacks as the real gateways do: signed anew each time, repeated until answered.

The schedule is short because people wait in a rehearsal (the real one takes 24 hours), and tests
bend it with `Behaviour`. What a callback looks like on one of the two wires is in its `Dialect`.
"""

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from exam_system.fees.sandbox.forgeries import FORMS, REFUND_FORMS
from exam_system.fees.sandbox.ledger import Order, Return
from exam_system.fees.sandbox.messages import Message
from exam_system.fees.sandbox.wire import Refused

ENDS = ("SUCCESS", "CLOSED", "ABNORMAL")
ANSWER_WITHIN = 5.0  # seconds, as the real gateway


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How callbacks and refunds misbehave; times in seconds.

    `hold`: callbacks wait until so many of them do, and then go out in reverse order.
    """

    duplicates: int = 0
    drop: bool = False
    delay: float = 0.0
    hold: int = 0
    forms: tuple[str, ...] = ("genuine",)
    retry_delays: tuple[float, ...] = (1.0, 2.0, 5.0)
    refund_gap: float = 60.0
    refund_takes: float = 0.0
    refund_forms: tuple[str, ...] = ("genuine",)
    refund_ends: str = "SUCCESS"

    def changed(self, changes: Mapping[str, Any]) -> "Behaviour":
        """With some switches set anew; 400 for one that does not exist or has another kind."""
        known = {item.name: item.default for item in fields(self)}
        for name, value in changes.items():
            if name not in known or not _fits(known[name], value):
                raise Refused(400, "PARAM_ERROR", f"no such switch or value: {name}")
        lists = {key: tuple(v) for key, v in changes.items() if isinstance(v, list)}
        made = replace(self, **{**changes, **lists})
        if made.refund_ends not in ENDS:
            raise Refused(400, "PARAM_ERROR", f"a refund ends as {', '.join(ENDS)}")
        return made


def _fits(usual: object, new: Any) -> bool:
    if isinstance(usual, tuple):
        return isinstance(new, list) and all(_fits(usual[0], item) for item in new)
    if isinstance(usual, float):
        return type(new) in (int, float) and 0 <= new <= 86400
    return type(new) is type(usual)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire: its forms of a payment's and of a refund's callback, and what stops repeats."""

    forms: Mapping[str, Callable[[Any, Order, int], Message]]
    refund_forms: Mapping[str, Callable[[Any, tuple[Order, Return], int], Message]]
    taken: Callable[[int, bytes], bool]


WECHAT = Dialect(FORMS, REFUND_FORMS, lambda status, body: status in (200, 204))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One callback that was sent; status 0 when no answer came."""

    form: str
    status: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """A callback to be delivered: `make` signs it anew for each attempt, at POSIX seconds."""

    number: str
    url: str
    form: str
    make: Callable[[int], Message]
    wait: float


class Notifier:
    """Sends callbacks in threads of their own and remembers how they were answered."""

    def __init__(self, keys: Any, dialect: Dialect = WECHAT) -> None:
        self._keys, self._dialect = keys, dialect
        self._lock = threading.Lock()
        self._attempts: dict[str, list[Attempt]] = {}
        self._held: list[Parcel] = []
        self.behaviour = Behaviour()

    def changed(self, changes: Mapping[str, Any]) -> Behaviour:
        """The behaviour with some switches set anew; 400 for what this wire does not know."""
        made = self.behaviour.changed(changes)
        given = ((made.forms, self._dialect.forms), (made.refund_forms, self._dialect.refund_forms))
        for names, forms in given:
            if not set(names) <= forms.keys():
                raise Refused(400, "PARAM_ERROR", f"forms are {', '.join(sorted(forms))}")
        return made

    def send(self, order: Order, behaviour: Behaviour | None = None) -> None:
        """Start the callbacks of a paid order as the behaviour says; returns at once."""
        behaviour = behaviour or self.behaviour
        for form in behaviour.forms:
            make = partial(self._dialect.forms[form], self._keys, order)
            self._send(Parcel(order.out_trade_no, order.notify_url, form, make, 0.0), behaviour)

    def send_refund(self, order: Order, back: Return) -> None:
        """Start the notifications that a refund has ended, once it has; returns at once."""
        behaviour = self.behaviour
        for form in behaviour.refund_forms:
            make = partial(self._dialect.refund_forms[form], self._keys, (order, back))
            wait = behaviour.refund_takes
            self._send(Parcel(back.out_refund_no, back.notify_url, form, make, wait), behaviour)

    def attempts(self, number: str) -> list[Attempt]:
        """What was sent for an order or a refund so far, in the order of the answers."""
        with self._lock:
            return list(self._attempts.get(number, []))

    def _send(self, parcel: Parcel, behaviour: Behaviour) -> None:
        if behaviour.drop:
            return
        for _ in range(1 + behaviour.duplicates):
            batch = self._ready(parcel, behaviour.hold)
            if batch:
                _start(self._deliver_all, batch, behaviour)

    def _ready(self, parcel: Parcel, hold: int) -> list[Parcel]:
        """What goes out now: the parcel, or nothing yet, or all that waited, the last one first."""
        if not hold:
            return [parcel]
        with self._lock:
            self._held.append(parcel)
            if len(self._held) < hold:
                return []
            batch, self._held = self._held[::-1], []
            return batch

    def _deliver_all(self, batch: list[Parcel], behaviour: Behaviour) -> None:
        for parcel in batch:
            self._deliver(parcel, behaviour)

    def _deliver(self, parcel: Parcel, behaviour: Behaviour) -> None:
        for wait in (parcel.wait + behaviour.delay, *behaviour.retry_delays):
            time.sleep(wait)
            status, body = post(parcel.url, parcel.make(int(time.time())))
            with self._lock:
                tried = Attempt(parcel.form, status)
                self._attempts.setdefault(parcel.number, []).append(tried)
            if self._dialect.taken(status, body) or parcel.form != "genuine":
                return


def _start(work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()


def post(url: str, message: Message) -> tuple[int, bytes]:
    """POST a callback without following redirects or proxies: status and the answer's beginning.

    The status is 0 when no answer came in time.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_WITHIN)
    try:
        connection.request(
            "POST",
            parts.path or "/",
            message.body,
            {"Content-Type": "application/json; charset=utf-8", **message.headers},
        )
        answer = connection.getresponse()
        return answer.status, answer.read(64)
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
