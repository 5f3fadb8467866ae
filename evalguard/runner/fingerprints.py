"""Keys under which the samples of a model are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalguard.config import ModelSpec
from evalguard.engines.base import ServesByName
from evalguard.engines.endpoint.fixed_values import Values, is_as_before
from evalguard.runner.versions import SERVED_CHECKS, VERSIONED, installed_versions
from evalguard.store import SampleStore, fingerprint

_VALUES = "log-probabilities"


def answering_versions(*packages: str, served: bool) -> dict[str, str]:
    """Return the versions that count for what an engine answers.

    Args:
        packages: The engine's own packages.
        served: Whether it is a server, whose answers are checked.
    """
    checks = {"served checks": SERVED_CHECKS} if served else {}
    return installed_versions(*VERSIONED, *packages) | checks


def local_fingerprint(
    store: SampleStore,
    spec: ModelSpec,
    *,
    engine: str,
    versions: Mapping[str, str],
    depends_on: object,
) -> str:
    """Return the key of a model by its weights.

    Args:
        store: Hashes files.
        spec: The model.
        engine: Name of its engine.
        versions: Versions that count for what the engine answers.
        depends_on: What else its answers depend on; ``None`` for nothing.
    """
    return store.model_fingerprint(
        spec.model,
        revision=spec.revision,
        adapter=spec.adapter,
        tokenizer=spec.tokenizer,
        dtype=spec.engine.dtype,
        quantization=spec.quantization,
        engine=engine,
        engine_version=versions,
        engine_options=_options(spec, depends_on),
    )


def served_fingerprint(
    store: SampleStore, spec: ModelSpec, engine: ServesByName, *, depends_on: object
) -> str:
    """Return the key of a model whose weights cannot be seen: its name and how it answers.

    Args:
        store: Hashes files, and keeps what the key is made of.
        spec: The model.
        engine: The server that has it.
        depends_on: What else its answers depend on; ``None`` for nothing.

    Raises:
        TrustError: If the server refuses most harmless prompts.
    """
    behaviour = engine.behaviour()
    parts: dict[str, Any] = {
        "served": spec.model,
        "adapter": spec.adapter and store.folder_fingerprint(spec.adapter),
        "behaviour": behaviour.answers,
        "engine_options": _options(spec, depends_on),
        "engine_version": installed_versions(*VERSIONED),
        "served checks": SERVED_CHECKS,
    }
    if behaviour.values:
        parts["log-probabilities"] = _as_before(store, fingerprint(parts), behaviour.values)
    key = fingerprint(parts)
    store.describe_fingerprint(key, parts)
    return key


def _as_before(store: SampleStore, key: str, values: Values) -> Values:
    """Return what a model's log-probabilities were when they were first seen, but for noise.

    A hash of values that differ a little each time would be another one each time.

    Args:
        store: Remembers those of every model that had a name and its answers.
        key: Stands for the name and the answers.
        values: The present ones.
    """
    known: list[Values] = store.fingerprint_description(key).get(_VALUES, [])
    for before in known:
        if is_as_before(values, before):
            return before
    store.describe_fingerprint(key, {_VALUES: [*known, values]})
    return values


def _options(spec: ModelSpec, depends_on: object) -> dict[str, Any]:
    options = {**spec.engine.options, "max_length": spec.engine.max_length}
    if spec.trust_remote_code:
        options["trust_remote_code"] = True
    return {**options, "depends_on": depends_on} if depends_on else options
