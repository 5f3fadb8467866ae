"""lm-eval's transformers model with adapters that are switched on one loaded base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import torch
import transformers
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from peft import PeftModel
from safetensors import safe_open
from transformers import Cache

from evalguard.engines.adapter_files import WEIGHTS_NAME, AdapterFiles
from evalguard.engines.base import BASE, PROBE_TEXTS, EngineSettings, Floats
from evalguard.engines.hf_scoring import Likelihood, Reader, can_share, plan
from evalguard.engines.modules import check_modules, plain_name
from evalguard.engines.quantised import keep_weights_exact
from evalguard.engines.sampling import is_sampled, sample
from evalguard.engines.structure import Structure
from evalguard.errors import ModelError
from evalguard.scorers.thinking_marks import is_mark

TokenRequest: TypeAlias = tuple[Any, list[int], list[int]]
"""lm-eval's key of a request, and the tokens of its context and of its continuation."""

_TRIAL_HEADER = 48
_REMEMBERED_TEXTS = 8192


class SwitchableHFLM(HFLM):
    """lm-eval's transformers model whose adapter can be chosen for each call."""

    _model: Any
    _active = BASE

    @cached_property
    def unpadded(self) -> set[str]:
        """Names of adapters that generate in batches of prompts of one length alone."""
        return set()

    @cached_property
    def _inner_names(self) -> dict[str, str]:
        """What peft calls the adapters that were loaded here."""
        return {}

    @cached_property
    def _structure(self) -> Structure:
        """The base's modules; first asked for before an adapter is loaded."""
        return Structure(self._model)

    def _create_model(
        self, *args: Any, quantization: str = "none", quantization_config: Any = None, **kwargs: Any
    ) -> None:
        if quantization != "none":
            quantization_config = _bitsandbytes_config(quantization, kwargs.get("dtype"))
        super()._create_model(*args, quantization_config=quantization_config, **kwargs)
        keep_weights_exact(self._model)

    def add_adapter(self, name: str, adapter: AdapterFiles) -> None:
        """Load an adapter; the real model is touched only when all of it is known to fit.

        Raises:
            ModelError: If it does not fit, or cannot be served beside the base.
        """
        self._check_type(adapter)
        own = check_modules(adapter, self._bare_model(), self._structure)
        self._check_full_weights(adapter, own)
        # A name of the project's, such as v1.2, may be none that torch gives a module.
        inner = f"evalguard_{len(self._inner_names)}"
        if isinstance(self._model, PeftModel):
            self._model.load_adapter(str(adapter.path), adapter_name=inner)
        else:
            self._model = PeftModel.from_pretrained(
                self._model, str(adapter.path), adapter_name=inner
            )
        self._model.eval()
        self._inner_names[name] = inner

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """Take out what was loaded within the block if it fails, wherever peft stopped."""
        model, structure = self._model, Structure(self._model)
        try:
            yield
        except BaseException:
            self._model = model
            structure.put_back()
            raise

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Return generated texts; sampled ones are drawn request by request (see ``sampling``)."""
        found: dict[int, str] = {}
        for group in self._batchable(requests):
            chosen = [requests[index] for index in group]
            found |= zip(group, self._generate(chosen, disable_tqdm), strict=True)
        return [found[index] for index in range(len(requests))]

    def _batchable(self, requests: list[Instance]) -> list[list[int]]:
        """Return the requests, by index, that may share a batch."""
        if not self._needs_one_length():
            return [list(range(len(requests)))]
        by_length: dict[int, list[int]] = {}
        for index, request in enumerate(requests):
            by_length.setdefault(len(self.tok_encode(request.arguments[0])), []).append(index)
        return list(by_length.values())

    def _needs_one_length(self) -> bool:
        """Whether padding would stand between virtual tokens and a prompt."""
        if self._inner_names:
            return self._active in self.unpadded
        given = getattr(self._model, "peft_config", {}).values()  # as a model in training
        return any(config.is_prompt_learning for config in given)

    def _generate(self, requests: list[Instance], disable_tqdm: bool) -> list[str]:
        drawn = [index for index, request in enumerate(requests) if is_sampled(request)]
        others = [request for request in requests if not is_sampled(request)]
        plain = iter(super().generate_until(others, disable_tqdm=disable_tqdm) if others else [])
        read_rows = self._read_rows if drawn and self._sharing_is_exact() else None
        texts = sample(self, [requests[i] for i in drawn], read_rows=read_rows)
        sampled = dict(zip(drawn, texts, strict=True))
        return [sampled[i] if i in sampled else next(plain) for i in range(len(requests))]

    def tok_encode(
        self, string: str, add_special_tokens: bool | None = None, *args: Any, **options: Any
    ) -> list[int]:
        """Encode as lm-eval does, each text once: choices share contexts, and models texts."""
        if args or options:
            tokens: list[int] = super().tok_encode(string, add_special_tokens, *args, **options)
            return tokens
        key = (string, add_special_tokens)
        if key not in self._encoded:
            if len(self._encoded) >= _REMEMBERED_TEXTS:
                del self._encoded[next(iter(self._encoded))]
            self._encoded[key] = tuple(super().tok_encode(string, add_special_tokens))
        return list(self._encoded[key])

    @cached_property
    def _encoded(self) -> dict[tuple[str, bool | None], tuple[int, ...]]:
        """Texts that were encoded, the oldest first."""
        return {}

    def tok_decode(self, tokens: Any, skip_special_tokens: bool = True) -> Any:
        """Decode as lm-eval does, but keep special tokens that mark thinking: it ends at them."""
        if not skip_special_tokens or self._special_but_marks is None:
            return super().tok_decode(tokens, skip_special_tokens)
        ids = [tokens] if isinstance(tokens, int) else list(tokens)
        kept = [token for token in ids if token not in self._special_but_marks]
        return super().tok_decode(kept, skip_special_tokens=False)

    @cached_property
    def _special_but_marks(self) -> frozenset[int] | None:
        """Special tokens other than marks of thinking; ``None`` where no mark is one."""
        added = self.tokenizer.added_tokens_decoder
        special = {id_: str(token) for id_, token in added.items() if token.special}
        marks = {id_ for id_, text in special.items() if is_mark(text)}
        if not marks:
            return None
        return frozenset({*special, *self.tokenizer.all_special_ids} - marks)

    def _loglikelihood_tokens(
        self, requests: list[TokenRequest], *args: Any, **options: Any
    ) -> list[Likelihood]:
        """Score continuations; those that share enough with others by their shared prefixes."""
        found = self._score_shared(requests)
        # Whole texts come here without the wish for silence that they were asked with.
        options["disable_tqdm"] = True
        rest = [request for index, request in enumerate(requests) if index not in found]
        plain = iter(super()._loglikelihood_tokens(rest, *args, **options) if rest else [])
        return [found[i] if i in found else next(plain) for i in range(len(requests))]

    def _read_rows(self, tokens: torch.Tensor, mask: torch.Tensor) -> Cache:
        mask = mask.to(self.device)
        with torch.no_grad(), self.autocast():
            output = self.model(
                input_ids=tokens.to(self.device),
                attention_mask=mask,
                position_ids=(mask.cumsum(-1) - 1).masked_fill(mask == 0, 1),
                use_cache=True,
                logits_to_keep=1,
            )
        cache: Cache = output.past_key_values
        return cache

    def autocast(self) -> torch.autocast:
        """Return the context in which lm-eval calls the model."""
        dtype = self.mixed_precision_dtype
        return torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None)

    def _score_shared(self, requests: Sequence[TokenRequest]) -> dict[int, Likelihood]:
        """Return the likelihoods, by index, of the requests for which sharing pays."""
        if not self._sharing_is_exact():
            return {}
        return self._read_shared(requests)

    def _read_shared(self, requests: Sequence[TokenRequest]) -> dict[int, Likelihood]:
        fitting = [
            index
            for index, (_, context, continuation) in enumerate(requests)
            # What is empty or too long is lm-eval's to refuse or to cut.
            if context and continuation and len(context) + len(continuation) <= self.max_length
        ]
        pairs = [requests[index][1:] for index in fitting]
        continuations = [pair[1] for pair in pairs]
        reader = Reader(self._forward, self.device)
        found: dict[int, Likelihood] = {}
        for group in plan(pairs):
            with suppress(torch.OutOfMemoryError):  # lm-eval's way may need less
                found |= {fitting[i]: value for i, value in reader.score(group, continuations)}
        return found

    def _sharing_is_exact(self) -> bool:
        adapters = getattr(self._model, "peft_config", {}).values()
        if any(config.is_prompt_learning or _is_activated(config) for config in adapters):
            return False  # they change what stands before a token, or depend on it
        return self._base_shares

    @cached_property
    def _base_shares(self) -> bool:
        """Whether sharing prefixes is possible and gave lm-eval's values when it was tried."""
        if getattr(self._base, "is_loaded_in_8bit", False):
            return False  # outliers are split off by all rows of a batch
        try:
            with torch.no_grad():
                return can_share(self._base) and self._shared_equals_plain()
        except Exception:  # noqa: BLE001 (a model's own code may raise anything)
            return False

    def _shared_equals_plain(self) -> bool:
        """Try a header, two questions and two choices in lm-eval's way and with shared prefixes.

        In 16 bits, where two batches differ by half a nat, only a mask or positions that have no
        effect are found.
        """
        tokens = self.tok_encode(" ".join(PROBE_TEXTS))
        header = (tokens * (_TRIAL_HEADER // len(tokens) + 1))[:_TRIAL_HEADER]
        questions, choices = (tokens[:6], tokens[3:6]), (tokens[2:4], tokens[5:9])
        requests = [(("", ""), header + q, c) for q in questions for c in choices]
        plain = super()._loglikelihood_tokens(requests, disable_tqdm=True)
        shared = self._read_shared(requests)
        tolerance = 1e-3 if self._base.dtype == torch.float32 else 0.5  # nats
        return len(shared) == len(plain) and all(
            abs(shared[index][0] - value) < tolerance for index, (value, _) in enumerate(plain)
        )

    def _forward(
        self,
        tokens: torch.Tensor,
        *,
        positions: torch.Tensor,
        mask: torch.Tensor | None = None,
        cache: Cache | None = None,
        keep: torch.Tensor,
    ) -> tuple[torch.Tensor, Cache]:
        if mask is not None:
            mask = mask[None, None]
            if self._base.config.get_text_config()._attn_implementation == "eager":
                mask = torch.where(mask, 0.0, torch.finfo(self._base.dtype).min)
        with torch.no_grad(), self.autocast():
            output = self.model(
                input_ids=tokens[None],
                position_ids=positions[None],
                attention_mask=mask,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=keep,
            )
        found = torch.log_softmax(output.logits[0], dim=-1, dtype=self.softmax_dtype)
        return found, output.past_key_values

    def log_probabilities(self, prompt: str, text: str) -> Floats:
        """Return log-probabilities along a text and for what follows it.

        Returns:
            float32 ``[tokens of the text + 1, vocabulary]``: one row for each of its tokens, given
            all before it, and one for the token after its end.
        """
        before, after = self._encode_pair(prompt, text)
        tokens = torch.tensor([[*before, *after]], device=self.device)
        logits = self._model_call(tokens)[0, -len(after) - 1 :].float()  # virtual tokens come first
        return np.asarray(torch.log_softmax(logits, dim=-1).cpu())

    @contextmanager
    def using(self, name: str) -> Iterator[None]:
        """Answer as the named model within the block."""
        self._active = name
        if not isinstance(self._model, PeftModel):
            yield
        elif name == BASE:
            with self._model.disable_adapter():
                yield
        else:
            if self._model.active_adapter != self._inner_names[name]:  # peft visits every module
                self._model.set_adapter(self._inner_names[name])
            yield

    def probes(self, tokens: Sequence[int]) -> list[list[int]]:
        """Return the probe texts as tokens, and one more with tokens that an adapter acts at."""
        encoded = [self.tok_encode(text) for text in PROBE_TEXTS]
        size = self._base.config.get_text_config().vocab_size
        known = [token for token in tokens if token < size]
        return encoded + ([[*encoded[0], *known, *encoded[1]]] if known else [])

    def probe_logits(self, name: str, tokens: Sequence[int] = ()) -> list[torch.Tensor]:
        """Return the logits of the named model on the probe texts, each [1, tokens, vocabulary].

        Args:
            name: Of the model.
            tokens: Those without which an adapter may change nothing.
        """
        encoded = self.probes(tokens)
        with self.using(name):
            return [
                self._model_call(torch.tensor([ids], device=self.device))[:, -len(ids) :].float()
                for ids in encoded
            ]

    @property
    def _base(self) -> Any:
        """The base without peft's wrapper, though with its layers in place of its own."""
        return self._model.get_base_model() if isinstance(self._model, PeftModel) else self._model

    def _bare_model(self) -> Any:
        with torch.device("meta"):
            return type(self._base)(deepcopy(self._base.config))

    def _check_type(self, adapter: AdapterFiles) -> None:
        loaded = {
            config.peft_type.value for config in getattr(self._model, "peft_config", {}).values()
        }
        if loaded - {adapter.peft_type}:
            raise ModelError(
                f"{adapter.path}: is of type {adapter.peft_type}, but {loaded.pop()} adapters "
                "are loaded: peft serves one type per base. Gate it in a separate project."
            )

    def _check_full_weights(self, adapter: AdapterFiles, names: tuple[str, ...]) -> None:
        """Accept weights of the base's own only where they are the base's, as peft saves them."""
        own = {
            name.replace(".base_layer.", "."): weight
            for name, weight in self._base.named_parameters(remove_duplicate=False)
        }
        with safe_open(adapter.path / WEIGHTS_NAME, framework="pt") as file:
            for name in names:
                plain = plain_name(name)
                found = file.get_tensor(name)
                if plain not in own or not torch.equal(found.to(own[plain]), own[plain]):
                    raise ModelError(
                        f"{adapter.path}: holds weights of '{plain}' that differ from the base's "
                        "and would replace them for the baseline too. Merge the adapter and "
                        "gate the merged model under 'model', not 'adapter'."
                    )


def _is_activated(config: Any) -> bool:
    """Whether an adapter only acts after certain tokens (aLoRA)."""
    return bool(getattr(config, "alora_invocation_tokens", None))


def constructor_arguments(settings: EngineSettings) -> dict[str, Any]:
    """Return what lm-eval's class is built with."""
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
