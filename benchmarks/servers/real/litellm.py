"""Puts a LiteLLM proxy in front of a server, from an interpreter that has one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.servers.real.launch import free_port, not_installed, running

PYTHON = "LITELLM_PYTHON"
"""Variable: an interpreter that has ``litellm[proxy]``; this one by default."""


def litellm_version() -> tuple[str, str]:
    """Return the interpreter that has LiteLLM's proxy, and the proxy's version.

    Raises:
        NotInstalledError: If it has none.
        RuntimeError: If it has none, though the variable names it.
    """
    python = os.environ.get(PYTHON, sys.executable)
    code = (
        "import granian, litellm.proxy; from importlib.metadata import version; "
        "print(version('litellm'))"
    )
    asked = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise not_installed(python, "litellm[proxy]", PYTHON)
    return python, asked.stdout.strip()


@contextmanager
def litellm_proxy(
    models: Mapping[str, Mapping[str, Any]],
    *,
    key: str,
    folder: Path,
    router: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Serve other servers' models under names of a proxy, and yield the proxy's URL.

    Args:
        models: Parameters of each model, such as ``api_base``, by its name.
        key: The key that the proxy asks for.
        folder: Where settings and log go.
        router: Settings of the router, such as its fallbacks.
    """
    python, _ = litellm_version()
    port = free_port()
    entries = [{"model_name": name, "litellm_params": own} for name, own in models.items()]
    config = {"model_list": entries, "router_settings": dict(router or {})}
    (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    code = "from litellm.proxy.proxy_cli import run_server; run_server()"
    command = [python, "-c", code, "--config", str(folder / "config.yaml")]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = {
        "LITELLM_MASTER_KEY": key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
    }
    ready = f"http://127.0.0.1:{port}/health/liveliness"
    with running(command, ready=ready, log=folder / "log", environment=environment):
        yield f"http://127.0.0.1:{port}/v1"
