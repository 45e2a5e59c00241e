"""Send callbacks as the real gateway does: signed anew each time, repeated until answered.

The schedule is short because people wait in a rehearsal (the real one takes 24 hours), and tests
bend it with `Behaviour`.
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
from exam_system.fees.sandbox.wire import Keys, Refused

ENDS = ("SUCCESS", "CLOSED", "ABNORMAL")
ANSWER_WITHIN = 5.0  # seconds, as the real gateway


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How callbacks and refunds misbehave; times in seconds."""

    duplicates: int = 0
    drop: bool = False
    delay: float = 0.0
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
        for given, forms in ((made.forms, FORMS), (made.refund_forms, REFUND_FORMS)):
            if not set(given) <= forms.keys():
                raise Refused(400, "PARAM_ERROR", f"forms are {', '.join(sorted(forms))}")
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
class Attempt:
    """One callback that was sent; status 0 when no answer came."""

    form: str
    status: int


class Notifier:
    """Sends callbacks in threads of their own and remembers how they were answered."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._lock = threading.Lock()
        self._attempts: dict[str, list[Attempt]] = {}
        self.behaviour = Behaviour()

    def send(self, order: Order) -> None:
        """Start the callbacks of a paid order as the current behaviour says; returns at once."""
        behaviour = self.behaviour
        for form in behaviour.forms:
            make = partial(FORMS[form], self._keys, order)
            self._send(Parcel(order.out_trade_no, order.notify_url, form, make, 0.0), behaviour)

    def send_refund(self, order: Order, back: Return) -> None:
        """Start the notifications that a refund has ended, once it has; returns at once."""
        behaviour = self.behaviour
        for form in behaviour.refund_forms:
            make = partial(REFUND_FORMS[form], self._keys, (order, back))
            wait = behaviour.refund_takes
            self._send(Parcel(back.out_refund_no, back.notify_url, form, make, wait), behaviour)

    def attempts(self, number: str) -> list[Attempt]:
        """What was sent for an order or a refund so far, in the order of the answers."""
        with self._lock:
            return list(self._attempts.get(number, []))

    def _send(self, parcel: "Parcel", behaviour: Behaviour) -> None:
        if behaviour.drop:
            return
        for _ in range(1 + behaviour.duplicates):
            threading.Thread(target=self._deliver, args=(parcel, behaviour), daemon=True).start()

    def _deliver(self, parcel: "Parcel", behaviour: Behaviour) -> None:
        for wait in (parcel.wait + behaviour.delay, *behaviour.retry_delays):
            time.sleep(wait)
            status = post(parcel.url, parcel.make(int(time.time())))
            with self._lock:
                tried = Attempt(parcel.form, status)
                self._attempts.setdefault(parcel.number, []).append(tried)
            if status in (200, 204) or parcel.form != "genuine":
                return


@dataclass(frozen=True, slots=True)
class Parcel:
    """A callback to be delivered: `make` signs it anew for each attempt, at POSIX seconds."""

    number: str
    url: str
    form: str
    make: Callable[[int], Message]
    wait: float


def post(url: str, message: Message) -> int:
    """POST a callback without following redirects or proxies; 0 when no answer came in time."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_WITHIN)
    try:
        connection.request(
            "POST",
            parts.path or "/",
            message.body,
            {**message.headers, "Content-Type": "application/json; charset=utf-8"},
        )
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
