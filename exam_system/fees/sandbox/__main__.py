"""Run the sandbox: `python -m exam_system.fees.sandbox --port P --merchant gateway.json`."""

from pathlib import Path

import click
from werkzeug.serving import WSGIRequestHandler, make_server

from exam_system.fees.sandbox.alipay_app import Alipay
from exam_system.fees.sandbox.alipay_wire import AlipayKeys
from exam_system.fees.sandbox.app import Gateway
from exam_system.fees.sandbox.ledger import Ledger, alipay_name
from exam_system.fees.sandbox.wire import Keys


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), required=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--merchant", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), default=None)
def main(port: int, host: str, merchant: Path, state: Path | None) -> None:
    """A payment gateway to rehearse with. No money moves.

    MERCHANT is the gateway.json that make_merchant wrote; where make_alipay's
    alipay-gateway.json lies beside it, Alipay is there too. STATE keeps orders over a restart.
    """
    app = Gateway(Keys.load(merchant), Ledger(state), _alipay(merchant.parent, state))
    server = make_server(host, port, app, threaded=True, request_handler=Quiet)
    click.echo(f"sandbox payment gateway on http://{host}:{port}")
    server.serve_forever()


def _alipay(folder: Path, state: Path | None) -> Alipay | None:
    path = folder / "alipay-gateway.json"
    if not path.exists():
        return None
    own = state.with_name(f"alipay-{state.name}") if state else None
    return Alipay(AlipayKeys.load(path), Ledger(own, alipay_name))


class Quiet(WSGIRequestHandler):
    """Without a line for every request: pay tokens do not belong in a log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


if __name__ == "__main__":
    main()
