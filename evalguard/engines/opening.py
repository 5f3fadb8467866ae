"""Which engine a project runs on, and opening it; heavy libraries load only when one is opened."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.engines.adapter_files import read_adapter
from evalguard.engines.base import Engine, EngineSettings
from evalguard.engines.machine import cuda_devices, installed, vllm_build
from evalguard.engines.registry import find_kind
from evalguard.engines.safetensors_header import read_folder
from evalguard.engines.vllm_support import lora_obstacle
from evalguard.errors import (
    EngineError,
    ModelError,
    PrerequisiteError,
)

SMALL_MODEL_PARAMETERS = 1_000_000_000
"""Smaller models run on transformers where there is no GPU, because vLLM takes minutes to start, to
compare itself with transformers and to load the adapters. Chosen by hand, not measured."""

_OUT_OF_MEMORY = re.compile(
    r"out of memory|(?:not|n't|not enough|insufficient) (?:allocate )?memory|bad_alloc",
    re.IGNORECASE,
)

_CPU_HEAD_SIZES = (32, 64, 80, 96, 112, 128, 160, 192, 224, 256, 512)
"""Head dimensions that the attention of vLLM's CPU build takes."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine to run on.

    Attributes:
        name: ``hf``, ``vllm``, ``endpoint``, a package's, or an lm-eval model type.
        reason: Why, in a few words.
        auto: Whether the project leaves the choice to EvalGuard.
    """

    name: str
    reason: str
    auto: bool = True

    @property
    def line(self) -> str:
        """The choice in one line.

        Example:
            >>> EngineChoice("hf", "no GPU, and the model has 0.8 M parameters").line
            'engine: hf (auto: no GPU, and the model has 0.8 M parameters)'
        """
        return f"engine: {self.name} ({self.choice})"

    @property
    def choice(self) -> str:
        """Who chose it, and why."""
        return f"auto: {self.reason}" if self.auto else self.reason


def choose_engine(name: str, bases: Sequence[EngineSettings]) -> EngineChoice:
    """Return what an engine's name in a project stands for.

    Args:
        name: As configured; ``auto`` takes vLLM where it serves every base and adapter and pays
            for its start, else transformers.
        bases: The bases of the project with their adapters; one engine serves all.

    Raises:
        UsageError: If there is no such engine.
        ModelError: If an adapter folder cannot be used.
    """
    if name != "auto":
        return EngineChoice(find_kind(name).name, "set in the project", auto=False)
    build = vllm_build()
    if build is None:
        return EngineChoice("hf", "vLLM is not installed")
    _, on_cpu = build
    if not on_cpu and not cuda_devices():
        return EngineChoice("hf", "the installed vLLM needs a GPU, and none was found")
    for base in bases:
        if reason := _vllm_obstacle(base, on_cpu=on_cpu):
            return EngineChoice("hf", reason)
    return EngineChoice("vllm", "vLLM is installed and serves every model of the project")


def open_engine(name: str, settings: EngineSettings) -> Engine:
    """Load a base model on an engine.

    Args:
        name: ``hf``, ``vllm``, ``endpoint``, a package's, or an lm-eval model type.
        settings: How to load it.

    Raises:
        PrerequisiteError: If a package that the engine needs is not installed.
        UsageError: If there is no such engine, or its options are wrong.
        ModelError: If the model cannot be loaded.
        EngineError: If a server cannot be reached.
    """
    if installed("lm-eval") is None:
        raise PrerequisiteError(f"engine '{name}'", extra="models")
    kind = find_kind(name)
    return kind.open(settings) if kind.remote else _loaded(kind.open, settings)


def _loaded(load: Callable[[EngineSettings], Engine], settings: EngineSettings) -> Engine:
    """Load a model, and say what failed where its library does not.

    Raises:
        EngineError: If memory runs out.
        ModelError: If the library fails otherwise.
    """
    try:
        return load(settings)
    except (RuntimeError, MemoryError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(said):
            raise EngineError(
                f"{settings.model}: not enough memory to load it ({said}). Stop other processes, "
                "set 'quantization', or check fewer models at once: 'evalguard check -k NAME'."
            ) from error
        raise ModelError(f"{settings.model}: cannot be loaded: {said}") from error


def _vllm_obstacle(base: EngineSettings, *, on_cpu: bool) -> str | None:
    """Return why vLLM is not taken for a base and its adapters, or ``None``."""
    if base.quantization != "none":
        return f"vLLM serves no base in {base.quantization}"
    if base.device is not None:
        return f"vLLM cannot be pinned to device '{base.device}'"
    for name, path in base.adapters:
        if obstacle := lora_obstacle(read_adapter(Path(path)), on_cpu=on_cpu):
            return f"adapter '{name}' {obstacle}"
    return _cpu_obstacle(base) if on_cpu else None


def _cpu_obstacle(base: EngineSettings) -> str | None:
    """Return why vLLM's CPU build is not taken for a base, or ``None``."""
    head = _head_size(Path(base.model))
    if head is not None and head not in _CPU_HEAD_SIZES:
        return f"vLLM's CPU build does not support head dimension {head}"
    parameters = sum(tensor.size for tensor in read_folder(Path(base.model)).values())
    if 0 < parameters < SMALL_MODEL_PARAMETERS:
        return (
            f"no GPU, and the model has {parameters / 1e6:.3g} M parameters; vLLM is used from "
            f"{SMALL_MODEL_PARAMETERS / 1e6:,.0f} M"
        )
    return None


def _head_size(folder: Path) -> int | None:
    """Return the dimension of a local model's attention heads, where its config tells."""
    file = folder / "config.json"
    if not file.is_file():
        return None
    try:
        config: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file}: broken JSON: {error}. Save the model again.") from error
    if head := config.get("head_dim"):
        return int(head)
    hidden, heads = config.get("hidden_size"), config.get("num_attention_heads")
    return int(hidden) // int(heads) if hidden and heads else None
