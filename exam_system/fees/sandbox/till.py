"""The test switches of one wire: somebody pays, and callbacks are told to misbehave."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from exam_system.fees.sandbox import wire
from exam_system.fees.sandbox.ledger import Ledger, Order
from exam_system.fees.sandbox.notify import Behaviour, Notifier
from exam_system.fees.sandbox.wire import Refused


@dataclass(frozen=True, slots=True)
class Till:
    """The switches below `root` for the orders of one ledger."""

    root: str
    ledger: Ledger
    notifier: Notifier

    def rules(self) -> Iterator[Rule]:
        """The routes of this wire's switches."""
        yield rule("POST", f"{self.root}/behaviour", self._behave)
        yield rule("POST", f"{self.root}/clock", self._stand)
        yield rule("POST", f"{self.root}/pay/<number>", self._pay)
        yield rule("POST", f"{self.root}/pay-again/<number>", self._pay_again)
        yield rule("POST", f"{self.root}/notify/<number>", self._notify)
        yield rule("GET", f"{self.root}/callbacks/<number>", self._callbacks)

    def take(self, number: str, behaviour: Behaviour | None = None) -> Order:
        """Take the money of an order and tell the merchant as the behaviour says."""
        order = self.ledger.pay(number)
        self.notifier.send(order, behaviour)
        return order

    def _pay(self, request: Request, number: str) -> Response:
        order = self.take(number, self._for_once(request))
        return json_answer(200, {"transaction_id": order.transaction_id})

    def _pay_again(self, request: Request, number: str) -> Response:
        behaviour = self._for_once(request)
        order = self.ledger.pay_again(number)
        self.notifier.send(order, behaviour)
        return json_answer(200, {"transaction_id": order.transaction_id})

    def _notify(self, request: Request, number: str) -> Response:
        order = self.ledger.order(number)
        if not order.paid_at:
            raise Refused(400, "INVALID_REQUEST", "the order is not paid: nothing to tell")
        self.notifier.send(order, self._for_once(request))
        return json_answer(200, {})

    def _for_once(self, request: Request) -> Behaviour | None:
        """The switches in the body of a request, which hold for its callbacks alone."""
        if not request.get_data():
            return None
        _must_be_json(request)
        return self.notifier.changed(body_of(request))

    def _behave(self, request: Request) -> Response:
        _must_be_json(request)
        self.notifier.behaviour = self.notifier.changed(body_of(request))
        return json_answer(200, asdict(self.notifier.behaviour))

    def _stand(self, request: Request) -> Response:
        """Let the hour of payments stand at `at` (POSIX seconds) until it is set anew."""
        _must_be_json(request)
        at = body_of(request).get("at")
        if type(at) is not int or at < 0:
            raise Refused(400, "PARAM_ERROR", "at is a whole number of seconds")
        self.ledger.stands_at = at
        return json_answer(200, {"at": at})

    def _callbacks(self, request: Request, number: str) -> Response:
        tried = [asdict(one) for one in self.notifier.attempts(number)]
        return json_answer(200, {"attempts": tried})


def _must_be_json(request: Request) -> None:
    if request.mimetype != "application/json":
        # A page of another site could post a form here, but not JSON.
        raise Refused(415, "PARAM_ERROR", "send JSON")


def rule(method: str, path: str, view: Callable[..., Response]) -> Rule:
    """One route of the sandbox."""
    return Rule(path, methods=[method], endpoint=view)


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request; 400 for anything else."""
    try:
        data = json.loads(request.get_data())
    except ValueError as error:
        raise Refused(400, "PARAM_ERROR", "the body is not JSON") from error
    if not isinstance(data, dict):
        raise Refused(400, "PARAM_ERROR", "the body is not a JSON object")
    return data


def json_answer(status: int, data: dict[str, Any] | None) -> Response:
    """JSON as the gateway writes it; no body at all for None."""
    body = b"" if data is None else wire.encode(data)
    return Response(body, status, content_type="application/json; charset=utf-8")
