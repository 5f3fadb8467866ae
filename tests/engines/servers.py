"""A server for tests that answers as it is told, and engines with two adapters on a server."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from lm_eval.api.instance import Instance

from benchmarks.servers.real.launch import NotInstalledError
from evalguard.engines.base import Engine, EngineSettings
from evalguard.engines.endpoint.engine import EndpointEngine


def with_adapters(engine: Engine) -> Iterator[Engine]:
    """Load the adapters a and b, yield the engine, and close it."""
    for name in ("a", "b"):
        assert engine.load_adapter(name, "unused").effect > 0
    yield engine
    engine.close()


_opened: list[EndpointEngine] = []


def opened(url: str, base: Any, **options: Any) -> EndpointEngine:
    """Open a model on a server; a test's engines are closed when it ends."""
    model = {"model": "base"} | options.pop("names", {})
    settings = EngineSettings(
        model=str(base),
        max_length=options.pop("max_length", None),
        options={"base_url": url, "max_wait": 1, **model, **options},
    )
    _opened.append(EndpointEngine(settings))
    return _opened[-1]


def close_opened() -> None:
    """Close the engines that were opened."""
    while _opened:
        _opened.pop().close()


class Chatting(EndpointEngine):
    """Sends what the user says in a rendered prompt, for the server to render."""

    def stream(self, requests):
        return super().stream([(model, _unrendered(request)) for model, request in requests])


def _unrendered(request: Instance) -> Instance:
    prompt, *rest = request.arguments
    said = prompt.removeprefix("<|user|>").removesuffix("<|end|><|assistant|>")
    return Instance(request.request_type, request.doc, (said, *rest), request.idx)


@contextmanager
def serving(server: AbstractContextManager[str]) -> Iterator[str]:
    """Run a server and yield its URL, or skip the test where it is not installed."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(server)
        except NotInstalledError as reason:
            pytest.skip(str(reason))
        yield url


Reply = tuple[int, dict[str, Any]]


@contextmanager
def replying_server(
    reply: Callable[[str, dict[str, Any] | None], Reply], *, port: int = 0
) -> Iterator[str]:
    """Serve what ``reply(path, body)`` returns, and yield the server's URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # a connection, and its thread, for many requests
        wbufsize = -1  # header and body at once, for which no client waits

        def do_GET(self) -> None:
            self._send(*reply(self.path, None))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._send(*reply(self.path, json.loads(self.rfile.read(length))))

        def _send(
            self, status: int, answer: dict[str, Any], headers: Mapping[str, str] = {}
        ) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    with Server(("127.0.0.1", port), Handler) as server:
        # A test waits for the next poll at its end; the default is one every half second.
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()
