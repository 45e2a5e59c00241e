"""Alipay's part of the sandbox: its one door, its bills and its own test switches."""

import time
from collections.abc import Iterator

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from exam_system.fees.sandbox import alipay_wire as wire
from exam_system.fees.sandbox.alipay_api import AlipayApi
from exam_system.fees.sandbox.alipay_forgeries import FORMS, REFUND_FORMS
from exam_system.fees.sandbox.alipay_wire import AlipayKeys
from exam_system.fees.sandbox.ledger import Ledger
from exam_system.fees.sandbox.notify import Dialect, Notifier
from exam_system.fees.sandbox.till import Till, rule

ALIPAY = Dialect(FORMS, REFUND_FORMS, lambda status, body: (status, body) == (200, b"success"))


class Alipay:
    """The routes that only Alipay has; its `till` has the switches."""

    def __init__(self, keys: AlipayKeys, ledger: Ledger) -> None:
        self._keys = keys
        notifier = Notifier(keys, ALIPAY)
        self.till = Till("/sandbox/alipay", ledger, notifier)
        self._api = AlipayApi(keys, ledger, notifier, keys.gateway.removesuffix("/gateway.do"))

    def rules(self) -> Iterator[Rule]:
        """The door for the merchant, by GET and by POST, and the download of bills."""
        yield rule("GET", "/gateway.do", self._called)
        yield rule("POST", "/gateway.do", self._called)
        yield rule("GET", "/alipay/bill/<token>", self._bill)

    def _called(self, request: Request) -> Response:
        given = dict(request.values.items())
        method, signed = given.get("method", ""), True
        try:
            content = wire.check_request(self._keys, given, now=int(time.time()))
            told = self._api.call(method, content, given.get("notify_url", ""))
        except wire.Denied as refused:
            word = {"40002": "Invalid Arguments"}.get(refused.code, "Business Failed")
            told = {"code": refused.code, "msg": word}
            told |= {"sub_code": refused.sub_code, "sub_msg": refused.message}
            signed = refused.signed
        body = wire.answer(self._keys, method, told, signed=signed)
        return Response(body, content_type="text/html;charset=utf-8")

    def _bill(self, request: Request, token: str) -> Response:
        packed = self._api.download(token)
        if packed is None:
            return Response(status=404)
        return Response(packed, content_type="application/zip")
