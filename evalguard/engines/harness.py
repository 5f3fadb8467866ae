"""Any other lm-eval model type, by name: one instance for one model, without adapters."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import lm_eval
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_model

from evalguard.engines.base import (
    BASE,
    AdapterCheck,
    Engine,
    EngineSettings,
    Outcome,
    Response,
)
from evalguard.engines.grouping import stream_in_groups
from evalguard.errors import EngineError, ModelError
from evalguard.quiet import quiet

_FAILURES = (RuntimeError, ValueError, TypeError, AssertionError, LookupError, OSError)


class HarnessEngine(Engine):
    """A model of an lm-eval type, such as ``sglang``, ``openvino`` or ``gguf``."""

    def __init__(self, name: str, settings: EngineSettings) -> None:
        """Build lm-eval's model.

        Raises:
            ModelError: If the model cannot be loaded.
        """
        self.name = name
        self.version = f"{name}, lm-eval {lm_eval.__version__}"
        self._settings = settings
        try:
            with quiet():
                kind = get_model(name)
                self._lm = kind.create_from_arg_obj(_arguments(kind, settings))
        except ImportError as error:
            raise ModelError(f"engine '{name}': {error}. Install what it needs.") from error
        except _FAILURES as error:
            raise ModelError(f"{settings.model}: engine '{name}': {error}") from error

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return (BASE,)

    @property
    def max_length(self) -> int:
        """Context in tokens.

        Raises:
            ModelError: If neither the settings nor lm-eval's model tell it.
        """
        length = self._settings.max_length or getattr(self._lm, "max_length", None)
        if length is None:
            raise ModelError(
                f"engine '{self.name}' does not report the model's context length. Set it with "
                "'engine: {max_length: TOKENS}'."
            )
        return int(length)

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Refuse: whether the adapter took effect could not be proved.

        Raises:
            ModelError: Always.
        """
        raise ModelError(
            f"{path}: engine '{self.name}' serves no adapters. Merge '{name}' and gate the "
            "merged model under 'model', not 'adapter', or use hf, vllm or endpoint."
        )

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests; yield each answer as it comes.

        Raises:
            EngineError: If lm-eval's model failed.
        """
        return stream_in_groups(requests, self.models, self._answer, engine=self.name)

    def close(self) -> None:
        """Free the memory."""
        del self._lm
        gc.collect()

    def _answer(self, model: str, method: str, instances: list[Instance]) -> Sequence[Response]:
        try:
            with quiet():
                answers: Sequence[Response] = getattr(self._lm, method)(instances)
        except _FAILURES as error:
            raise EngineError(f"{self.name} engine: {error}") from error
        return answers


def _arguments(kind: Any, settings: EngineSettings) -> dict[str, Any]:
    """Return the settings that a model type's constructor takes, under its own names for them."""
    accepted = set(inspect.signature(kind).parameters)
    name = "pretrained" if "pretrained" in accepted else "model"
    known = {
        name: settings.model,
        "revision": settings.revision,
        "tokenizer": settings.tokenizer,
        "dtype": settings.dtype,
        "device": settings.device,
        "batch_size": settings.batch_size,
        "max_length": settings.max_length,
        "trust_remote_code": settings.trust_remote_code,
    }
    given = {key: value for key, value in known.items() if key in accepted and value is not None}
    return given | dict(settings.options)
