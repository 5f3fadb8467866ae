"""The transformers engine: lm-eval's ``HFLM`` with adapters switched on one loaded base."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import lm_eval
import torch
import transformers
from lm_eval.api.instance import Instance
from safetensors import SafetensorError

from evalguard.engines.adapter_files import changed_tokens, read_adapter
from evalguard.engines.base import (
    BASE,
    AdapterCheck,
    Engine,
    EngineSettings,
    Floats,
    Outcome,
    Response,
    check_loaded,
)
from evalguard.engines.fit import origin_notes
from evalguard.engines.grouping import stream_in_groups
from evalguard.engines.hf_model import SwitchableHFLM, constructor_arguments
from evalguard.engines.hf_trials import needs_unpadded_batches
from evalguard.engines.misfit import PEFT_ERRORS
from evalguard.engines.modules import unknown_keys
from evalguard.errors import EngineError, EvalGuardError, ModelError, TrustError
from evalguard.hub import loading_errors
from evalguard.quiet import quiet

SMALL_MODEL_PARAMETERS = 50_000_000
"""Below this size one thread is faster than several, which spend their time waiting."""


class HFEngine(Engine):
    """A base model in transformers that answers for itself and for any number of adapters.

    Scores equal those of ``lm_eval --model hf``, with and without ``peft=``: the requests go
    through lm-eval's own class.
    """

    name = "hf"

    def __init__(self, settings: EngineSettings) -> None:
        """Load the base.

        Raises:
            ModelError: If the folder is missing, unsafe or no causal language model.
        """
        self.version = f"transformers {transformers.__version__}, lm-eval {lm_eval.__version__}"
        self._threads = torch.get_num_threads()
        self._adapters: list[str] = []
        self._model, self._revision = settings.model, settings.revision
        self._damage = ""
        with quiet():
            try:
                self._lm = SwitchableHFLM(**constructor_arguments(settings))
            except loading_errors() as error:
                raise ModelError(f"{settings.model}: cannot be loaded: {error}") from error
        parameters = sum(p.numel() for p in self._lm.model.parameters())
        if parameters < SMALL_MODEL_PARAMETERS:
            torch.set_num_threads(1)

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return (BASE, *self._adapters)

    @cached_property
    def max_length(self) -> int:  # asked for every prompt
        """Context in tokens."""
        return int(self._lm.max_length)

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Load an adapter beside the base and prove that it takes effect.

        Raises:
            ModelError: If its files are unsafe, corrupt or of another model.
            TrustError: If it leaves the logits unchanged.
        """
        adapter = read_adapter(Path(path))
        if name in self.models:
            raise ModelError(
                f"{path}: a model named '{name}' is already loaded; choose another name."
            )
        tokens = changed_tokens(adapter)
        base = self._lm.probe_logits(BASE, tokens)
        try:
            with quiet(), self._lm.undone_on_error():
                self._lm.add_adapter(name, adapter)
                effect = self._check_effect(name, path, base, tokens)
                if needs_unpadded_batches(self._lm, name, path, tokens):
                    self._lm.unpadded.add(name)
        except (EvalGuardError, SafetensorError, *PEFT_ERRORS) as error:
            if _mean_change(base, self._lm.probe_logits(BASE, tokens)) > 0:
                self._damage = f"{path}: the adapter failed to load and changed the base"
            if isinstance(error, EvalGuardError):
                raise
            beside = " alongside the other adapters" if self._adapters else ""
            raise ModelError(f"{path}: cannot be loaded{beside}: {_first_line(error)}.") from error
        self._adapters.append(name)
        notes = (*origin_notes(adapter, self._model, self._revision), *unknown_keys(adapter))
        return AdapterCheck(effect, notes)

    def _check_effect(
        self, name: str, path: str, base: list[torch.Tensor], tokens: tuple[int, ...]
    ) -> float:
        """Compare the logits on the probe texts with those of the base before the adapter came."""
        if _mean_change(base, self._lm.probe_logits(BASE, tokens)) > 0:
            raise TrustError(
                f"{path}: loading the adapter changes the base itself. Merge it with `evalguard "
                "merge`, and gate the merged model under 'model', not 'adapter'."
            )
        effect = _mean_change(base, self._lm.probe_logits(name, tokens))
        if not math.isfinite(effect):
            raise TrustError(
                f"{path}: with the adapter the logits are not finite. Check its scaling "
                "(lora_alpha / r), or use an earlier checkpoint."
            )
        if not effect > 0:
            raise TrustError(
                f"{path}: the adapter changes nothing: its logits equal the base's, so every "
                "score would be the baseline's. Check that training updated it."
            )
        return effect

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests, each for a named model; yield each answer as it comes.

        Requests are grouped by model and type; lm-eval sorts and batches each group.

        Raises:
            EngineError: If the forward pass failed, memory ran out, or a model is not loaded.
            TrustError: If an adapter that was loaded before has changed the base.
        """
        self._check_base()
        return stream_in_groups(requests, self.models, self._answer, engine=self.name)

    def _answer(self, model: str, method: str, instances: list[Instance]) -> Sequence[Response]:
        try:
            # lm-eval's own no_grad still counts the versions of every tensor.
            with self._lm.using(model), torch.inference_mode(), quiet():
                answers: Sequence[Response] = getattr(self._lm, method)(
                    instances, disable_tqdm=True
                )
        except (RuntimeError, AssertionError, ValueError) as error:
            raise EngineError(f"hf engine, model '{model}': {_first_line(error)}") from error
        return answers

    def log_probabilities(self, model: str, prompt: str, text: str) -> Floats:
        """Return log-probabilities along a text after a prompt, and for what follows it.

        Raises:
            EngineError: If the forward pass failed, memory ran out, or the model is not loaded.
            TrustError: If an adapter that was loaded before has changed the base.
        """
        self._check_base()
        check_loaded([model], self.models)
        try:
            with self._lm.using(model), quiet():
                return self._lm.log_probabilities(prompt, text)
        except (RuntimeError, AssertionError, ValueError) as error:
            raise EngineError(f"hf engine, model '{model}': {_first_line(error)}") from error

    def close(self) -> None:
        """Free the memory and give the threads back."""
        weights = [weakref.ref(weight) for weight in self._lm.model.parameters()]
        del self._lm
        if any(weight() is not None for weight in weights):  # a cycle, or an error, holds them
            gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        torch.set_num_threads(self._threads)

    def _check_base(self) -> None:
        if self._damage:
            raise TrustError(f"{self._damage}, so no model on it can be trusted.")


def _mean_change(before: list[torch.Tensor], after: list[torch.Tensor]) -> float:
    """Return the mean absolute difference, averaged over the texts."""
    changes = [(b - a).abs().mean().item() for a, b in zip(before, after, strict=True)]
    return sum(changes) / len(changes)


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(":")
