"""Serves GGUF files by the servers of llama.cpp, from an interpreter that has them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.servers.real.launch import free_port, not_installed, running

VARIABLES = {"llama_cpp": "LLAMA_CPP_PYTHON", "xllamacpp": "LLAMA_SERVER_PYTHON"}
"""Variable that names an interpreter with each of the modules; this one by default."""

_PACKAGES = {"llama_cpp": "llama-cpp-python[server]", "xllamacpp": "xllamacpp"}

_NATIVE = """
import json, sys, threading, xllamacpp

asked = json.loads(sys.argv[1])
params = xllamacpp.CommonParams()
params.model.path, params.model_alias, params.port = asked["model"], {"base"}, asked["port"]
params.n_parallel, params.n_ctx = asked["slots"], asked["slots"] * asked["context"]
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.cache_ram_mib = asked["cache"]
params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(path, 1.0) for path in asked["adapters"]]
server = xllamacpp.Server(params)
threading.Event().wait()
"""


def installed(module: str) -> tuple[str, str]:
    """Return the interpreter that has a server of llama.cpp, and the server's version.

    Args:
        module: ``llama_cpp`` for llama-cpp-python's, ``xllamacpp`` for llama.cpp's own
            (``llama-server``) as a library.

    Raises:
        NotInstalledError: If it has none.
        RuntimeError: If it has none, though the variable names it.
    """
    variable = VARIABLES[module]
    python = os.environ.get(variable, sys.executable)
    server = f"{module}.server" if module == "llama_cpp" else module
    asked = subprocess.run(
        [python, "-c", f"import {server}, {module}; print({module}.__version__)"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise not_installed(python, _PACKAGES[module], variable)
    return python, asked.stdout.strip()


@contextmanager
def llama_cpp_server(
    models: Mapping[str, Mapping[str, Any]], *, context: int, folder: Path
) -> Iterator[str]:
    """Serve models by ``python -m llama_cpp.server``, and yield the server's URL.

    Args:
        models: What each is loaded with, such as ``model`` and ``lora_path``, by its name.
        context: Context in tokens.
        folder: Where settings and log go.
    """
    python, _ = installed("llama_cpp")
    port = free_port()
    settings = {"n_ctx": context, "n_threads": 1, "n_threads_batch": 1, "logits_all": True}
    entries = [{"model_alias": name, **settings, **own} for name, own in models.items()]
    config = {"host": "127.0.0.1", "port": port, "models": entries}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    command = [python, "-m", "llama_cpp.server", "--config_file", str(folder / "config.json")]
    with running(command, ready=f"http://127.0.0.1:{port}/v1/models", log=folder / "log"):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def llama_server(
    base: Path,
    adapters: Sequence[Path],
    *,
    context: int,
    log: Path,
    slots: int = 2,
    cache_mib: int = 0,
) -> Iterator[str]:
    """Serve a base by llama.cpp's own server, and yield the server's URL.

    A request says which adapters it wants, by their places: ``lora: [{id: 0, scale: 1.0}]``. One
    that says nothing gets them all.

    Args:
        base: GGUF file of the model, which is served as ``base``.
        adapters: GGUF files.
        context: Context of a request in tokens.
        log: Where its output goes.
        slots: Requests that are answered at a time.
        cache_mib: Memory for prompts of before (``--cache-ram``), 8192 by default there; what is
            kept is found by the prompt alone, whatever its adapters.
    """
    python, _ = installed("xllamacpp")
    port = free_port()
    asked = {
        "model": str(base),
        "port": port,
        "adapters": list(map(str, adapters)),
        "context": context,
        "slots": slots,
        "cache": cache_mib,
    }
    command = [python, "-c", _NATIVE, json.dumps(asked)]
    with running(command, ready=f"http://127.0.0.1:{port}/health", log=log):
        yield f"http://127.0.0.1:{port}/v1"
