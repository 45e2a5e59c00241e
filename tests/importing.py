"""How a page's table is taken in: sent, looked at, confirmed."""

from __future__ import annotations

import io
import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def send(client: FlaskClient, url: str, data: bytes, name: str = "table.csv") -> TestResponse:
    """The preview of a table, or the page that says what is wrong with it."""
    return client.post(url, data={"file": (io.BytesIO(data), name)})


def confirm(client: FlaskClient, url: str, preview: TestResponse) -> TestResponse:
    """Press the button of a preview."""
    fields = dict(re.findall(r'name="(confirmed|seen)" value="([0-9a-f]{64})"', preview.text))
    assert set(fields) == {"confirmed", "seen"}, preview.text
    return client.post(url, data=fields)


def take_in(client: FlaskClient, url: str, data: bytes, name: str = "table.csv") -> TestResponse:
    """Both steps; the answer of the second."""
    return confirm(client, url, send(client, url, data, name))
