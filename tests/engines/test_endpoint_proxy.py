"""Every request goes through the proxy that an option or the environment names."""

import json
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evalguard.engines.base import BASE, EngineSettings, generation
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.errors import EngineError

ROOT = "http://behind.invalid/v1"
ASKED = {f"GET {ROOT}/models", f"POST {ROOT}/chat/completions"}
CHOICE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}


@pytest.fixture
def proxy():
    """The address of a proxy that answers itself, and what it was asked."""
    seen = []

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(f"{self.command} {self.path}")
            said = {"data": [{"id": "m"}], "model": "m", "choices": [CHOICE]}
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 - the name that the library calls

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def ask(**options):
    named = {"base_url": ROOT, "api": "chat", "model": "m", "max_wait": 1}
    settings = EngineSettings(model="m", max_length=512, options=named | options)
    with closing(EndpointEngine(settings)) as engine:
        assert len(list(engine.stream([(BASE, generation("Hi?", tokens=4))]))) == 1


def test_the_option_holds_for_every_request(proxy):
    url, seen = proxy
    ask(proxy=url)
    assert {*seen} == ASKED


def test_the_environment_holds_for_every_request(proxy, monkeypatch):
    url, seen = proxy
    monkeypatch.setenv("HTTP_PROXY", url)
    ask()
    assert {*seen} == ASKED


def test_no_proxy_holds_for_every_request(proxy, monkeypatch):
    url, seen = proxy
    monkeypatch.setenv("HTTP_PROXY", url)
    monkeypatch.setenv("NO_PROXY", "behind.invalid")
    with pytest.raises(EngineError, match="cannot be read"):
        ask()
    assert not seen
