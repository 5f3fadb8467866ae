"""HTTPS through a proxy (CONNECT), to a server whose certificate an authority of its own signed."""

import json
import socket
import ssl
import threading
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.servers.certificate import signed
from evalguard.engines.base import BASE, EngineSettings, generation
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.errors import EngineError, UsageError

HOST = "models.example"
"""A name that only the proxy resolves."""

CHOICE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The files of the authority's certificate, and of the server's with its key."""
    folder = tmp_path_factory.mktemp("certificates")
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in "ab")
    is_authority = x509.BasicConstraints(ca=True, path_length=None)
    (folder / "ca.pem").write_bytes(signed("CA", authority, "CA", authority, is_authority))
    hosts = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    private = own.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "own.pem").write_bytes(signed(HOST, own, "CA", authority, hosts) + private)
    return folder / "ca.pem", folder / "own.pem"


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that trusts no certificate goes away


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


@pytest.fixture
def behind(certificates):
    """The port of the server, and the keys that it was sent."""
    keys = []

    class Server(Handler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            keys.append(self.headers.get("Authorization"))
            body = json.dumps({"data": [{"id": "m"}], "model": "m", "choices": [CHOICE]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 - the name that the library calls

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates[1])
    with Quiet(("127.0.0.1", 0), Server) as http:
        http.socket = context.wrap_socket(http.socket, server_side=True)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield http.server_port, keys
        http.shutdown()


@pytest.fixture
def proxy(behind):
    """The address of a proxy that connects to the server, and what it was sent."""
    port, _ = behind
    seen = []

    class Proxy(Handler):
        def do_CONNECT(self):
            seen.append((self.path, dict(self.headers)))
            if self.headers.get("Proxy-Authorization") == "Basic d3Jvbmc6cHc=":
                self.send_error(407, "Proxy Authentication Required")
                return
            self.send_response(200)
            self.end_headers()
            with socket.create_connection(("127.0.0.1", port)) as other:
                back = threading.Thread(target=pump, args=(other, self.connection), daemon=True)
                back.start()
                pump(self.connection, other)
                back.join()
            self.close_connection = True

    with Quiet(("127.0.0.1", 0), Proxy) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", seen
        http.shutdown()


def pump(source, target):
    """Pass bytes on until one side ends."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-1234")


def ask(**options):
    named = {"base_url": f"https://{HOST}/v1", "api": "chat", "model": "m", "max_wait": 1}
    settings = EngineSettings(model="m", max_length=512, options=named | options)
    with closing(EndpointEngine(settings)) as engine:
        [(_, answer)] = engine.stream([(BASE, generation("Hi?", tokens=4))])
        assert answer == "Hi."


@pytest.mark.parametrize("by", ["options", "environment"])
def test_every_request_goes_through_the_tunnel_and_the_proxy_sees_no_key(
    proxy, behind, certificates, monkeypatch, by
):
    url, seen = proxy
    options = {"proxy": url, "ca_cert_path": str(certificates[0])}
    if by == "environment":
        monkeypatch.setenv("HTTPS_PROXY", url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates[0]))
        options = {}
    ask(**options)
    assert {path for path, _ in seen} == {f"{HOST}:443"}
    assert "sk-secret" not in str(seen)
    assert len(behind[1]) > 5
    assert {*behind[1]} == {"Bearer sk-secret-1234"}


def test_an_authority_that_nobody_named_is_not_trusted(proxy, behind):
    with pytest.raises(EngineError, match="ca_cert_path") as caught:
        ask(proxy=proxy[0])
    assert "certificate" in str(caught.value).lower()
    assert behind[1] == []


def test_a_certificate_of_another_host_is_not_trusted(proxy, behind, certificates):
    with pytest.raises(EngineError, match="certificate"):
        ask(
            proxy=proxy[0],
            ca_cert_path=str(certificates[0]),
            base_url="https://other.example/v1",
        )
    assert behind[1] == []


def test_a_proxy_that_wants_another_password_is_named_without_it(
    proxy, behind, certificates, monkeypatch
):
    url = proxy[0].replace("//", "//wrong:pw@")
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(EngineError, match=r"407 .*options: proxy', or HTTPS_PROXY") as caught:
        ask(ca_cert_path=str(certificates[0]))
    assert "wrong:pw" not in str(caught.value)
    assert behind[1] == []


def test_a_password_of_a_proxy_is_no_option():
    with pytest.raises(UsageError, match="HTTPS_PROXY") as caught:
        ask(proxy="http://me:pw-1@proxy:3128")
    assert "pw-1" not in str(caught.value)


@pytest.mark.skipif(find_spec("socksio") is not None, reason="the package is there")
def test_what_a_proxy_of_another_kind_needs_is_said(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    with pytest.raises(UsageError, match="pip install socksio"):
        ask()


def test_an_environment_whose_proxy_is_no_url_is_named(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "ftp://me:pw-1@proxy:3128")
    with pytest.raises(UsageError, match="HTTPS_PROXY") as caught:
        ask()
    assert "pw-1" not in str(caught.value)


def test_a_proxy_that_is_away_is_named(behind, certificates):
    with pytest.raises(EngineError, match="proxy"):
        ask(proxy="http://127.0.0.1:9", ca_cert_path=str(certificates[0]))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_the_authority_that_cannot_be_read_is_named(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(UsageError, match=r"ca_cert_path: .*ca\.pem: not certificates"):
        ask(ca_cert_path=str(file))


@pytest.mark.parametrize("url", ["127.0.0.1:3128", "ftp://127.0.0.1:3128", 3128])
def test_a_proxy_that_is_no_url_is_named(url):
    with pytest.raises(UsageError, match=r"options: proxy"):
        ask(proxy=url)
