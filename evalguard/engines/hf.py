"""The transformers engine: lm-eval's ``HFLM`` with adapters switched on one loaded base."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lm_eval
import torch
import transformers
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from peft import PeftModel, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file

from evalguard.engines.adapter_files import WEIGHTS_NAME, AdapterFiles, read_adapter
from evalguard.engines.base import BASE, AdapterCheck, EngineSettings, Response
from evalguard.errors import EngineError, ModelError, TrustError
from evalguard.quiet import quiet

PROBE_TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "Question: What is the capital of France? Answer:",
    '{"name": "Ada", "age": 36}',
)
"""What an adapter is shown when its effect on the logits is measured."""

SMALL_MODEL_PARAMETERS = 50_000_000
"""Below this size one thread is faster than several, which spend their time waiting."""


class HFEngine:
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
        with quiet():
            try:
                self._lm = _SwitchableHFLM(**_constructor_arguments(settings))
            except (OSError, ValueError, KeyError, SafetensorError) as error:
                raise ModelError(f"{settings.model}: cannot be loaded: {error}") from error
        parameters = sum(p.numel() for p in self._lm.model.parameters())
        if parameters < SMALL_MODEL_PARAMETERS:
            torch.set_num_threads(1)

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return (BASE, *self._adapters)

    @property
    def max_length(self) -> int:
        """Context in tokens."""
        return int(self._lm.max_length)

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Load an adapter beside the base and prove that it takes effect.

        Raises:
            ModelError: If its files are unsafe, corrupt or of another model.
            TrustError: If it leaves the logits unchanged.
        """
        files = read_adapter(Path(path))
        try:
            with quiet():
                self._lm.add_adapter(name, files)
        except (RuntimeError, ValueError, KeyError, SafetensorError) as error:
            raise ModelError(
                f"{path}: does not fit the base model: {_first_line(error)} "
                f"It was trained on '{files.base_model}'."
            ) from error
        effect = self._lm.adapter_effect(name)
        if not effect > 0:
            raise TrustError(
                f"{path}: the adapter changes nothing: its logits equal the base's. "
                f"Every score would be the baseline's own. Check that training reached it."
            )
        self._adapters.append(name)
        return AdapterCheck(effect=effect)

    def respond(
        self,
        requests: Sequence[tuple[str, Instance]],
        *,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Response]:
        """Answer requests, each for a named model, in their order.

        Requests are grouped by model and type; lm-eval sorts and batches each group.

        Raises:
            EngineError: If the forward pass failed, memory ran out, or a model is not loaded.
        """
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, (model, instance) in enumerate(requests):
            groups[model, instance.request_type].append(index)
        responses: list[Response | None] = [None] * len(requests)
        for (model, request_type), indices in groups.items():
            if model not in self.models:
                raise EngineError(f"model '{model}' is not loaded; loaded: {self.models}")
            method = getattr(self._lm, _METHODS.get(request_type, request_type))
            try:
                with self._lm.using(model), quiet():
                    answers = method([requests[i][1] for i in indices], disable_tqdm=True)
            except (RuntimeError, AssertionError, ValueError) as error:
                raise EngineError(f"hf engine, model '{model}': {_first_line(error)}") from error
            for index, answer in zip(indices, answers, strict=True):
                responses[index] = answer
            if on_done:
                on_done(len(indices))
        return [answer for answer in responses if answer is not None]

    def close(self) -> None:
        """Free the memory and give the threads back."""
        del self._lm
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        torch.set_num_threads(self._threads)


_METHODS = {"multiple_choice": "loglikelihood"}


class _SwitchableHFLM(HFLM):
    """lm-eval's transformers model whose adapter can be chosen for each call."""

    _model: Any

    def _create_model(
        self, *args: Any, quantization: str = "none", quantization_config: Any = None, **kwargs: Any
    ) -> None:
        if quantization != "none":
            quantization_config = _bitsandbytes_config(quantization, kwargs.get("dtype"))
        super()._create_model(*args, quantization_config=quantization_config, **kwargs)

    def add_adapter(self, name: str, files: AdapterFiles) -> None:
        """Load an adapter; every tensor of its file must find its module."""
        if isinstance(self._model, PeftModel):
            self._model.load_adapter(str(files.path), adapter_name=name)
        else:
            self._model = PeftModel.from_pretrained(self._model, str(files.path), adapter_name=name)
        self._model.eval()
        # Loading again tells which tensors found no place, of which peft only warns.
        tensors = load_file(files.path / WEIGHTS_NAME)
        outcome = set_peft_model_state_dict(self._model, tensors, adapter_name=name)
        if outcome.unexpected_keys:
            raise KeyError(
                f"{len(outcome.unexpected_keys)} of {len(tensors)} tensors found no module, "
                f"such as '{outcome.unexpected_keys[0]}'."
            )

    @contextmanager
    def using(self, name: str) -> Iterator[None]:
        """Answer as the named model within the block."""
        if not isinstance(self._model, PeftModel):
            yield
        elif name == BASE:
            with self._model.disable_adapter():
                yield
        else:
            self._model.set_adapter(name)
            yield

    def adapter_effect(self, name: str) -> float:
        """Return the mean absolute change of the logits by an adapter on the probe texts."""
        changes = []
        for text in PROBE_TEXTS:
            tokens = torch.tensor([self.tok_encode(text)], device=self.device)
            with self.using(BASE):
                base = self._model_call(tokens).float()
            with self.using(name):
                adapted = self._model_call(tokens).float()
            changes.append((adapted - base).abs().mean().item())
        return sum(changes) / len(changes)


def _constructor_arguments(settings: EngineSettings) -> dict[str, Any]:
    device = settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
    arguments: dict[str, Any] = {
        "pretrained": settings.model,
        "revision": settings.revision or "main",
        "tokenizer": settings.tokenizer,
        "dtype": settings.dtype,
        "device": device,
        "batch_size": settings.batch_size,
        "max_length": settings.max_length,
        "trust_remote_code": settings.trust_remote_code,
        "use_safetensors": True,
        **settings.options,
    }
    if settings.quantization != "none":
        arguments |= {"quantization": settings.quantization, "device_map": {"": device}}
    return arguments


def _bitsandbytes_config(quantization: str, dtype: Any) -> transformers.BitsAndBytesConfig:
    if quantization == "int8":
        return transformers.BitsAndBytesConfig(load_in_8bit=True)
    compute = torch.float32 if dtype in (None, "auto", "float32") else getattr(torch, str(dtype))
    return transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(":")

