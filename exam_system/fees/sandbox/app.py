"""The sandbox as a WSGI application: routes, signatures, the pay page and the test switches."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map
from werkzeug.wrappers import Request, Response

from exam_system.fees.sandbox import bill, wire
from exam_system.fees.sandbox.alipay_app import Alipay
from exam_system.fees.sandbox.api import Api
from exam_system.fees.sandbox.ledger import Ledger, Order
from exam_system.fees.sandbox.notify import Notifier
from exam_system.fees.sandbox.till import Till, body_of, json_answer, rule
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

    def __init__(self, keys: Keys, ledger: Ledger, alipay: Alipay | None = None) -> None:
        self._keys, self._ledger = keys, ledger
        self._notifier = Notifier(keys)
        self._alipay = alipay
        tills = [Till("/sandbox", ledger, self._notifier)]
        if alipay:
            tills.append(alipay.till)
        self._tills = tills
        self._api = Api(keys, ledger, self._notifier)
        self._pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True)
        self._routes = Map(
            [
                rule("POST", "/v3/pay/transactions/native", self._create),
                rule("GET", ORDER_PATH, self._query),
                rule("POST", ORDER_PATH + "/close", self._close),
                rule("POST", REFUND_PATH, self._refund),
                rule("GET", REFUND_PATH + "/<number>", self._query_refund),
                rule("GET", "/v3/bill/tradebill", self._trade_bill),
                rule("GET", "/v3/billdownload/file", self._download),
                rule("GET", "/pay.css", self._stylesheet),
                rule("GET", "/pay/<token>", self._show),
                rule("POST", "/pay/<token>", self._pay_on_page),
                *(rule for till in tills for rule in till.rules()),
                *(alipay.rules() if alipay else ()),
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
            response = json_answer(
                refused.status, {"code": refused.code, "message": refused.message}
            )
        except HTTPException as error:
            response = json_answer(error.code or 500, {"code": "NOT_FOUND", "message": error.name})
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
        return json_answer(*self._api.create(body_of(request)))

    def _query(self, request: Request, number: str) -> Response:
        return json_answer(*self._api.query(number, request.args.get("mchid", "")))

    def _close(self, request: Request, number: str) -> Response:
        return json_answer(*self._api.close(number, body_of(request)))

    def _refund(self, request: Request) -> Response:
        return json_answer(*self._api.refund(body_of(request)))

    def _query_refund(self, request: Request, number: str) -> Response:
        return json_answer(*self._api.query_refund(number))

    def _trade_bill(self, request: Request) -> Response:
        given = request.args
        return json_answer(
            *self._api.trade_bill(given.get("bill_date", ""), given.get("tar_type", ""))
        )

    def _download(self, request: Request) -> Response:
        packed = self._api.download(request.args.get("token", ""))
        return Response(packed, content_type="application/x-gzip")

    def _stylesheet(self, request: Request) -> Response:
        return Response((PAGES / "pay.css").read_bytes(), content_type="text/css; charset=utf-8")

    def _show(self, request: Request, token: str) -> Response:
        order, _till = self._wanted(token)
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
            order, till = self._wanted(token)
            till.take(order.out_trade_no)
        except Refused as refused:
            if refused.status == 404:
                raise
        # Closed or already paid: the page itself says which, so the answer is the page.
        return Response(status=303, headers={"Location": _here(request, token)})

    def _wanted(self, token: str) -> tuple[Order, Till]:
        """The order of a pay page, on whichever wire it was made."""
        for till in self._tills[1:]:
            try:
                return till.ledger.by_token(token), till
            except Refused:
                continue
        return self._ledger.by_token(token), self._tills[0]


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
