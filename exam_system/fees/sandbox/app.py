"""The sandbox as a WSGI application: routes, signatures, the pay page and the test switches."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from exam_system.fees.sandbox import bill, wire
from exam_system.fees.sandbox.api import Api
from exam_system.fees.sandbox.ledger import Ledger, Order
from exam_system.fees.sandbox.notify import Notifier
from exam_system.fees.sandbox.wire import Keys, Refused

PAGES = Path(__file__).with_name("pages")
LARGEST_BODY = 1 << 16
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
ORDER_PATH = "/v3/pay/transactions/out-trade-no/<number>"
REFUND_PATH = "/v3/refund/domestic/refunds"


class Gateway:
    """WSGI callable. /v3/ is for the merchant, /pay/ for people, /sandbox/ for tests and demos."""

    def __init__(self, keys: Keys, ledger: Ledger) -> None:
        self._keys, self._ledger = keys, ledger
        self._notifier = Notifier(keys)
        self._api = Api(keys, ledger, self._notifier)
        self._pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True)
        self._routes = Map(
            [
                _rule("POST", "/v3/pay/transactions/native", self._create),
                _rule("GET", ORDER_PATH, self._query),
                _rule("POST", ORDER_PATH + "/close", self._close),
                _rule("POST", REFUND_PATH, self._refund),
                _rule("GET", REFUND_PATH + "/<number>", self._query_refund),
                _rule("GET", "/v3/bill/tradebill", self._trade_bill),
                _rule("GET", "/v3/billdownload/file", self._download),
                _rule("GET", "/pay.css", self._stylesheet),
                _rule("GET", "/pay/<token>", self._show),
                _rule("POST", "/pay/<token>", self._pay_on_page),
                _rule("POST", "/sandbox/behaviour", self._behave),
                _rule("POST", "/sandbox/pay/<number>", self._pay),
                _rule("POST", "/sandbox/pay-again/<number>", self._pay_again),
                _rule("POST", "/sandbox/notify/<number>", self._notify),
                _rule("GET", "/sandbox/callbacks/<number>", self._callbacks),
            ]
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = LARGEST_BODY
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        merchant = request.path.startswith("/v3/")
        try:
            if merchant:
                self._check(request)
            view, arguments = self._routes.bind_to_environ(request.environ).match()
            response: Response = view(request, **arguments)
        except Refused as refused:
            response = _json(refused.status, {"code": refused.code, "message": refused.message})
        except HTTPException as error:
            response = _json(error.code or 500, {"code": "NOT_FOUND", "message": error.name})
        if merchant:
            response.headers.extend(
                wire.signed_headers(self._keys, response.get_data(), at=int(time.time()))
            )
        return response

    def _check(self, request: Request) -> None:
        wire.check_request(
            self._keys,
            request.headers.get("Authorization", ""),
            method=request.method,
            target=request.environ["REQUEST_URI"],
            body=request.get_data(),
            now=int(time.time()),
        )

    def _create(self, request: Request) -> Response:
        return _json(*self._api.create(_body(request)))

    def _query(self, request: Request, number: str) -> Response:
        return _json(*self._api.query(number, request.args.get("mchid", "")))

    def _close(self, request: Request, number: str) -> Response:
        return _json(*self._api.close(number, _body(request)))

    def _refund(self, request: Request) -> Response:
        return _json(*self._api.refund(_body(request)))

    def _query_refund(self, request: Request, number: str) -> Response:
        return _json(*self._api.query_refund(number))

    def _trade_bill(self, request: Request) -> Response:
        given = request.args
        return _json(*self._api.trade_bill(given.get("bill_date", ""), given.get("tar_type", "")))

    def _download(self, request: Request) -> Response:
        packed = self._api.download(request.args.get("token", ""))
        return Response(packed, content_type="application/x-gzip")

    def _stylesheet(self, request: Request) -> Response:
        return Response((PAGES / "pay.css").read_bytes(), content_type="text/css; charset=utf-8")

    def _show(self, request: Request, token: str) -> Response:
        order = self._ledger.by_token(token)
        page = self._pages.get_template("pay.html").render(
            order=order,
            yuan=bill.yuan(order.fen),
            state=_state(order),
            action=_here(request, token),
            back=_back(request, order),
        )
        headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
        headers |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        return Response(page, headers=headers, content_type="text/html; charset=utf-8")

    def _pay_on_page(self, request: Request, token: str) -> Response:
        try:
            self._take(self._ledger.by_token(token).out_trade_no)
        except Refused as refused:
            if refused.status == 404:
                raise
        # Closed or already paid: the page itself says which, so the answer is the page.
        return Response(status=303, headers={"Location": _here(request, token)})

    def _pay(self, request: Request, number: str) -> Response:
        order = self._take(number)
        return _json(200, {"transaction_id": order.transaction_id})

    def _pay_again(self, request: Request, number: str) -> Response:
        order = self._ledger.pay_again(number, int(time.time()))
        self._notifier.send(order)
        return _json(200, {"transaction_id": order.transaction_id})

    def _take(self, number: str) -> Order:
        order = self._ledger.pay(number, int(time.time()))
        self._notifier.send(order)
        return order

    def _notify(self, request: Request, number: str) -> Response:
        order = self._ledger.order(number)
        if not order.paid_at:
            raise Refused(400, "INVALID_REQUEST", "the order is not paid: nothing to tell")
        self._notifier.send(order)
        return _json(200, {})

    def _behave(self, request: Request) -> Response:
        if request.mimetype != "application/json":
            # A page of another site could post a form here, but not JSON.
            raise Refused(415, "PARAM_ERROR", "send JSON")
        self._notifier.behaviour = self._notifier.behaviour.changed(_body(request))
        return _json(200, asdict(self._notifier.behaviour))

    def _callbacks(self, request: Request, number: str) -> Response:
        return _json(200, {"attempts": [asdict(a) for a in self._notifier.attempts(number)]})


def _rule(method: str, path: str, view: Callable[..., Response]) -> Rule:
    return Rule(path, methods=[method], endpoint=view)


def _body(request: Request) -> dict[str, Any]:
    try:
        data = json.loads(request.get_data())
    except ValueError as error:
        raise Refused(400, "PARAM_ERROR", "the body is not JSON") from error
    if not isinstance(data, dict):
        raise Refused(400, "PARAM_ERROR", "the body is not a JSON object")
    return data


def _json(status: int, data: dict[str, Any] | None) -> Response:
    body = b"" if data is None else wire.encode(data)
    return Response(body, status, content_type="application/json; charset=utf-8")


def _state(order: Order) -> str:
    if order.state == "NOTPAY":
        return "shut" if order.expires and time.time() >= order.expires else "open"
    return {"SUCCESS": "paid", "REFUND": "refunded", "CLOSED": "shut"}[order.state]


def _back(request: Request, order: Order) -> str:
    """Where the page links back to: what the merchant attached, else what the link carried."""
    for address in (order.attach, request.args.get("return_url", "")):
        if address.startswith(("http://", "https://")):
            return address
    return ""


def _here(request: Request, token: str) -> str:
    back = request.args.get("return_url", "")
    return f"/pay/{token}" + (f"?{urlencode({'return_url': back})}" if back else "")
