"""Servers for tests: ``vllm serve`` on loopback, and one that answers as it is told."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests as http

START_SECONDS = 300


@contextmanager
def vllm_server(base: Path, adapters: dict[str, Path], log: Path) -> Iterator[str]:
    """Serve a base and adapters, and yield the server's URL."""
    port = _free_port()
    modules = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", str(base), "--served-model-name", "base", "--port", str(port)]
    command += ["--host", "127.0.0.1", "--dtype", "float32", "--enforce-eager", "--enable-lora"]
    command += ["--max-lora-rank", "8", "--max-loras", str(len(adapters) + 1)]
    command += ["--lora-target-modules", *modules]
    command += ["--lora-modules", *(f"{name}={path}" for name, path in adapters.items())]
    from evalguard.engines.vllm_library import vllm_environment

    with log.open("wb") as output, vllm_environment():
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(60)


Reply = tuple[int, dict[str, Any]]


@contextmanager
def replying_server(reply: Callable[[str, dict[str, Any] | None], Reply]) -> Iterator[str]:
    """Serve what ``reply(path, body)`` returns, and yield the server's URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*reply(self.path, None))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._send(*reply(self.path, json.loads(self.rfile.read(length))))

        def _send(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            if http.get(url, timeout=5).ok:
                return
        except http.ConnectionError:
            time.sleep(0.5)
    raise AssertionError(f"no answer within {START_SECONDS} s:\n{log.read_text()[-3000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
