"""An OpenAI-like server on loopback whose answers are rules and whose faults are chosen by name.

From tests::

    with scripted_server("filter-empty") as server:
        ...  # server.url, server.traffic.asks

From the command line::

    python -m benchmarks.servers.scripted 8000 filter-empty
    python -m benchmarks.servers.scripted --list

It has the models ``base``, ``good`` and ``bad`` of :mod:`benchmarks.servers.rules`, without
weights, and answers ``/v1/models``, ``/v1/chat/completions`` and ``/v1/completions``.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import struct
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.servers.behaviours import BEHAVIOURS, Behaviour
from benchmarks.servers.plain import answer_plainly
from benchmarks.servers.wire import CLOSED_UNTIL, Ask, Reply, Traffic
from evalguard.errors import did_you_mean

TLS = "self-signed"
"""The behaviour that is served over TLS."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """A running server.

    Attributes:
        url: Address up to and including ``/v1``.
        traffic: What it has seen.
        certificate: PEM file of its certificate, where it speaks TLS.
    """

    url: str
    traffic: Traffic
    certificate: Path | None = None

    @property
    def root(self) -> str:
        """Address without a path."""
        return self.url.removesuffix("/v1")


@contextmanager
def scripted_server(name: str = "plain", *, port: int = 0) -> Iterator[Scripted]:
    """Serve a behaviour in threads of this process, until the block ends.

    Args:
        name: A key of :data:`~benchmarks.servers.behaviours.BEHAVIOURS`.
        port: Where to listen on 127.0.0.1; any free port when 0.

    Raises:
        ValueError: If there is no such behaviour.
    """
    if name not in BEHAVIOURS:
        raise ValueError(f"no behaviour '{name}'. {did_you_mean(name, BEHAVIOURS)}")
    traffic = Traffic()
    with tempfile.TemporaryDirectory() as folder, _Server(port, BEHAVIOURS[name], traffic) as http:
        certificate = _with_tls(http, Path(folder)) if name == TLS else None
        thread = threading.Thread(target=http.serve, daemon=True)
        thread.start()
        scheme = "https" if certificate else "http"
        try:
            url = f"{scheme}://127.0.0.1:{http.server_address[1]}/v1"
            yield Scripted(url, traffic, certificate)
        finally:
            http.stop()
            thread.join()


class _Closed(Exception):  # noqa: N818 (it ends a loop; nothing failed)
    """Nobody is to be answered for a while."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, behaviour: Behaviour, traffic: Traffic) -> None:
        self.behaviour = behaviour
        self.traffic = traffic
        self._stopped = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def serve(self) -> None:
        """Answer until stopped; while it is to be closed, nothing listens on the port."""
        while not self._stopped.is_set():
            try:
                self.serve_forever(0.05)
            except _Closed:
                self.server_close()
                self._stopped.wait(self.traffic.notes[CLOSED_UNTIL] - time.monotonic())
                self.socket = socket.socket(self.address_family, self.socket_type)
                self.server_bind()
                self.server_activate()

    def stop(self) -> None:
        """End ``serve``."""
        self._stopped.set()
        self.shutdown()

    def service_actions(self) -> None:
        """See whether the port is to be closed."""
        if self._stopped.is_set() or time.monotonic() >= self.traffic.notes.get(CLOSED_UNTIL, 0.0):
            return
        raise _Closed

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.traffic.lock:
            self.server.traffic.connections += 1
            self._connection = self.server.traffic.connections

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(json.loads(self.rfile.read(length) or b"{}"))

    def log_message(self, *_arguments: Any) -> None:
        pass

    def _answer(self, body: dict[str, Any]) -> None:
        traffic = self.server.traffic
        with traffic.lock:
            ask = self._ask(body)
            traffic.asks.append(ask)
        try:
            if time.monotonic() < traffic.notes.get(CLOSED_UNTIL, 0.0):
                self._send(Reply(reset=True))
            else:
                self._send(self._reply(ask))
        finally:
            with traffic.lock:
                traffic.active -= 1

    def _reply(self, ask: Ask) -> Reply:
        behaviour = self.server.behaviour
        try:
            if not ask.body and not behaviour.lists:
                return answer_plainly(ask)
            return behaviour.respond(ask, answer_plainly)
        except Exception:
            self.server.traffic.faults.append(traceback.format_exc(limit=-3))
            raise

    def _ask(self, body: dict[str, Any]) -> Ask:
        traffic = self.server.traffic
        traffic.active += 1
        if body:
            traffic.by_model[str(body.get("model", ""))] += 1
        return Ask(
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            number=traffic.by_model.total(),
            of_model=traffic.by_model[str(body.get("model", ""))],
            active=traffic.active,
            connection=self._connection,
            traffic=traffic,
        )

    def _send(self, reply: Reply) -> None:
        if reply.delay_seconds:
            time.sleep(reply.delay_seconds)
        if reply.reset:
            return self._reset()
        content = reply.content
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.close:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(content[: len(content) // 2] if reply.cut else content)
        self.close_connection = self.close_connection or reply.cut or reply.close
        return None

    def _reset(self) -> None:
        """Close so that the client sees a reset, not an end."""
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.close_connection = True
        self.connection.close()


def _with_tls(http: _Server, folder: Path) -> Path:
    """Make the server speak TLS, and return its certificate."""
    from benchmarks.servers.certificate import write_self_signed

    certificate, key = write_self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    return certificate


def main() -> int:
    """Serve until interrupted, or list the behaviours."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers.scripted")
    parser.add_argument("port", type=int, nargs="?", default=0, help="0 takes a free one")
    parser.add_argument("behaviour", nargs="?", default="plain", choices=BEHAVIOURS, metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print every behaviour and end")
    options = parser.parse_args()
    if options.list:
        for one in BEHAVIOURS.values():
            print(f"{one.group}  {one.name:22} {one.what}")
        return 0
    with scripted_server(options.behaviour, port=options.port) as server:
        print(f"{server.url}  {BEHAVIOURS[options.behaviour].what}", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
