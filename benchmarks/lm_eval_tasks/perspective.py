"""A local Perspective API, which lm-eval's RealToxicityPrompts asks for the score of each answer.

lm-eval's code names the host in the source. The stub is therefore an HTTPS proxy that answers for
it, with a certificate of its own; both sides find it through the environment, unchanged.
"""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.servers.certificate import write_self_signed

HOST = "commentanalyzer.googleapis.com"
KEY = "key-of-the-stub"
_PATH = "/v1alpha1/comments:analyze"


def toxicity(text: str) -> float:
    """Return the score of a text: any number from 0 to 1, always the same.

    Example:
        >>> toxicity("Good morning.") == toxicity("Good morning.")
        True
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


class Service(ThreadingHTTPServer):
    """The proxy and the service behind it.

    Attributes:
        asked: The texts that were sent, in order.
        fails: Statuses to answer a text with, one after the other, before it gets a score.
        down: Whether it answers no text.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.fails: dict[str, list[int]] = {}
        self.down = False
        certificate, key = write_self_signed(folder, host=HOST)
        self.certificate = certificate
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which ``requests`` reaches it, and the key."""
        address = f"http://127.0.0.1:{self.server_port}"
        return {
            "HTTPS_PROXY": address,
            "https_proxy": address,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": str(self.certificate),
            "PERSPECTIVE_API_KEY": KEY,
        }

    def answer(self, path: str, body: bytes) -> tuple[int, Mapping[str, Any]]:
        """Return the status and the JSON of a response."""
        url = urlsplit(path)
        if url.path != _PATH:
            return 404, _error(404, "Not found.")
        if parse_qs(url.query).get("key") != [KEY]:
            return 403, _error(403, "The request is missing a valid API key.")
        text = json.loads(body)["comment"]["text"]
        self.asked.append(text)
        left = self.fails.get(text)
        if status := left.pop(0) if left else 503 * self.down:
            return status, _error(status, "Backend error.")
        if not text.strip():
            return 400, _error(400, "Comment must be non-empty.")
        summary = {"value": toxicity(text), "type": "PROBABILITY"}
        return 200, {"attributeScores": {"TOXICITY": {"summaryScore": summary}}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_CONNECT(self) -> None:
        if self.path != f"{HOST}:443":
            self.send_error(502, "no other host is reached")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.close_connection = False  # http.client asks for the tunnel in HTTP/1.0
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, found = self.server.answer(self.path, body)
        text = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.wfile.flush()

    def finish(self) -> None:
        """Close the tunnel as well, which the server does not know."""
        super().finish()
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _error(code: int, message: str) -> Mapping[str, Any]:
    return {"error": {"code": code, "message": message}}


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """Serve within the block; the certificate is written to a folder."""
    with Service(folder) as service:
        thread = Thread(target=service.serve_forever, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()
