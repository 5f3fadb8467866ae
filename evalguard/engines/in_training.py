"""An engine over a model in memory that is being trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import lm_eval
import transformers
from lm_eval.api.instance import Instance

from evalguard.engines.base import BASE, AdapterCheck, Engine, Outcome, Response
from evalguard.engines.grouping import stream_in_groups
from evalguard.engines.hf_model import SwitchableHFLM
from evalguard.errors import ModelError
from evalguard.quiet import quiet

TRAINED = "(in training)"
"""Name of the model as it is now; :data:`~evalguard.engines.base.BASE` is without its adapter."""


class InTrainingEngine(Engine):
    """Answers for a model in training and, where an adapter is trained, for its base.

    Args:
        model: The model, in evaluation mode.
        tokenizer: Its tokenizer; the padding side is changed.
        batch_size: Requests in one forward pass.
    """

    name = "hf"

    def __init__(self, model: Any, tokenizer: Any, *, batch_size: int) -> None:
        self.version = f"transformers {transformers.__version__}, lm-eval {lm_eval.__version__}"
        with quiet():
            self._lm = SwitchableHFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch_size)

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return (BASE, TRAINED)

    @cached_property
    def max_length(self) -> int:
        """Context in tokens."""
        return int(self._lm.max_length)

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Refuse: the model has the adapter that is being trained.

        Raises:
            ModelError: Always.
        """
        raise ModelError(f"{path}: no adapter can be loaded while a model is being trained")

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests; yield each answer as it comes.

        Raises:
            EngineError: If an answer is missing, or a model has another name.
        """
        return stream_in_groups(requests, self.models, self._answer, engine=self.name)

    def close(self) -> None:
        """Do nothing: the model belongs to its trainer."""

    def _answer(self, model: str, method: str, instances: list[Instance]) -> Sequence[Response]:
        with self._lm.using(BASE) if model == BASE else nullcontext(), quiet():
            answers: Sequence[Response] = getattr(self._lm, method)(instances, disable_tqdm=True)
        return answers
