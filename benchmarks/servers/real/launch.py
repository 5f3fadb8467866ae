"""Starts a server as a process of its own and waits until it answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

START_SECONDS = 600.0
STOP_SECONDS = 60.0


class NotInstalledError(Exception):
    """A server that cannot be started here, and why."""


def not_installed(python: str, package: str, variable: str) -> Exception:
    """Return why a package is missing; one that a variable promises is no reason to go without.

    Args:
        python: The interpreter that has no such package.
        package: What is missing.
        variable: Variable that may name the interpreter.
    """
    if variable in os.environ:
        return RuntimeError(f"{variable}={python} has no {package}")
    return NotInstalledError(f"{python} has no {package} ({variable} names another)")


def free_port() -> int:
    """Return a port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, ready: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the block ends.

    Args:
        command: What starts it.
        ready: URL that it answers once it can be asked.
        log: Where its output goes.
        environment: Further variables of its environment.

    Raises:
        RuntimeError: If it ends, or does not answer in time.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    try:
        _wait(ready, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def vllm_server(base: Path, adapters: Mapping[str, Path], log: Path) -> Iterator[str]:
    """Serve a base and adapters by ``vllm serve``, and yield the server's URL.

    Args:
        base: The model, which is served as ``base``.
        adapters: Folder of each adapter by the name that it is served under.
        log: Where its output goes.
    """
    from evalguard.engines.vllm_library import vllm_environment

    port = free_port()
    modules = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    command = [
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(base)),
        *("--served-model-name", "base", "--host", "127.0.0.1", "--port", str(port)),
        *("--dtype", "float32", "--enforce-eager", "--enable-lora", "--max-lora-rank", "8"),
        *("--max-loras", str(len(adapters) + 1), "--lora-target-modules", *modules),
        *("--lora-modules", *(f"{name}={path}" for name, path in adapters.items())),
    ]
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        with vllm_environment():
            stack.enter_context(running(command, ready=f"{url}/health", log=log))
        yield f"{url}/v1"


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}:\n{_end(log)}")
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise RuntimeError(f"no answer from {url} within {START_SECONDS:.0f} s:\n{_end(log)}")


def _end(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]
