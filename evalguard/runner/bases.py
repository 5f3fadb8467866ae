"""What models share that are served by one loaded base, and how an engine loads it."""

from __future__ import annotations

from collections.abc import Iterable

from evalguard.config import ModelSpec
from evalguard.engines.base import EngineSettings, OnWait
from evalguard.errors import TrustError
from evalguard.runner.model_thinking import without_thinking

BaseKey = tuple[str, str | None, str | None, str, bool, str]


def base_key(spec: ModelSpec) -> BaseKey:
    """Return what models must share to be served by one loaded base."""
    return (
        spec.model,
        spec.revision,
        spec.tokenizer,
        spec.quantization,
        spec.trust_remote_code,
        spec.engine.model_dump_json(),
    )


def check_own_model(spec: ModelSpec, others: Iterable[ModelSpec]) -> None:
    """Check that no other candidate is the same model on a server, under the same name.

    Args:
        spec: A candidate that is a model of its own, and no adapter.
        others: All candidates.

    Raises:
        TrustError: If one is.
    """
    for other in others:
        if other.name != spec.name and not other.adapter and base_key(other) == base_key(spec):
            raise TrustError(
                f"the candidates '{other.name}' and '{spec.name}' are one model on the server, "
                f"'{spec.model}', so one of them would get the other's verdict. Give each its own "
                "name, or list the model once"
            )


def engine_settings(
    spec: ModelSpec, sharing: Iterable[ModelSpec], *, on_wait: OnWait | None
) -> EngineSettings:
    """Return how an engine loads a model's base.

    Args:
        spec: The model.
        sharing: The models that the base serves.
        on_wait: Called while the engine waits for a server.
    """
    engine = spec.engine
    return EngineSettings(
        model=spec.model,
        revision=spec.revision,
        tokenizer=spec.tokenizer,
        dtype=engine.dtype,
        quantization=spec.quantization,
        device=engine.device,
        batch_size=engine.batch_size,
        max_length=engine.max_length,
        trust_remote_code=spec.trust_remote_code,
        options=without_thinking(engine.options),
        adapters=tuple((other.name, other.adapter) for other in sharing if other.adapter),
        on_wait=on_wait,
    )
