"""Sampling whose draws depend on a request's own seed, not on the batch that it runs in.

Each row has a generator of its own, and its next token is the argmax of logits + Gumbel noise,
which is an exact draw from the softmax (Maddison et al. 2014, arXiv:1411.0030). So a run that is
resumed, reordered or batched differently draws the same numbers. What is not guaranteed: logits
move by rounding with the shape of a batch, so that a near tie may fall otherwise; and the
generators of CPU and GPU draw different numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from lm_eval.models.utils import (
    handle_stop_sequences,
    normalize_gen_kwargs,
    postprocess_generated_text,
)
from transformers import (
    Cache,
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

_DEFAULT_BATCH = 16  # where lm-eval would look for a batch size by trying


def is_sampled(request: Instance) -> bool:
    """Return whether a request asks for a sampled text."""
    settings = request.arguments[-1]
    return (
        request.request_type == "generate_until"
        and isinstance(settings, dict)
        and bool(normalize_gen_kwargs(settings)["do_sample"])
    )


ReadRows = Callable[[torch.Tensor, torch.Tensor], Cache]
"""Tokens and mask, int64 ``[rows, columns]``, 0 at padding on the left → the cache of the rows."""


def sample(
    lm: HFLM, requests: Sequence[Instance], *, read_rows: ReadRows | None = None
) -> list[str]:
    """Return a sampled text for each request, in their order.

    A request's seed is the ``seed`` of its settings; without one, its prompt and how many of these
    requests have the same prompt and stand before it.

    Args:
        lm: The model.
        requests: What is asked.
        read_rows: Reads a prompt once for all of its samples in a batch; ``None`` where what one
            row has read cannot serve another.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    seeds = _seeds(requests)
    for index, request in enumerate(requests):
        shared = {key: value for key, value in request.arguments[1].items() if key != "seed"}
        groups[json.dumps(shared, sort_keys=True)].append(index)
    texts = [""] * len(requests)
    size = lm.batch_size if isinstance(lm.batch_size, int) else _DEFAULT_BATCH
    for settings, indices in groups.items():
        ordered = sorted(indices, key=lambda i: -len(requests[i].arguments[0]))
        for start in range(0, len(ordered), size):
            batch = ordered[start : start + size]
            prompts = [requests[i].arguments[0] for i in batch]
            own = [seeds[i] for i in batch]
            found = _sample_batch(lm, prompts, json.loads(settings), own, read_rows)
            for index, text in zip(batch, found, strict=True):
                texts[index] = text
    return texts


class _SeededDraw(LogitsProcessor):
    """Adds each row's own Gumbel noise, so that its likeliest token is a draw."""

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores, [rows, vocabulary], with noise."""
        noise = torch.empty_like(scores)
        for row, generator in zip(noise, self._generators, strict=True):
            row.exponential_(generator=generator)
        return scores - noise.log()


def _sample_batch(
    lm: HFLM,
    prompts: Sequence[str],
    settings: Mapping[str, Any],
    seeds: Sequence[int],
    read_rows: ReadRows | None,
) -> Iterator[str]:
    """Yield a text for each prompt of one batch."""
    kwargs = normalize_gen_kwargs(dict(settings), lm.max_gen_toks)
    eos = lm.tok_decode(lm.eot_token_id, skip_special_tokens=False)
    until = handle_stop_sequences(kwargs.pop("until"), eos=eos)
    new_tokens = kwargs.pop("max_gen_toks")
    ids, mask = lm.tok_batch_encode(
        list(prompts), left_truncate_len=lm.max_length - new_tokens, truncation=lm.truncation
    )
    processors = LogitsProcessorList(_warpers(kwargs))
    processors.append(_SeededDraw(seeds, lm.device))
    if read_rows and len(set(prompts)) < len(prompts) and ids.shape[1] > 1:
        kwargs["past_key_values"] = _read_once(prompts, ids, mask, read_rows)
    rows = lm._model_generate(
        context=ids.to(lm.device),
        attention_mask=mask.to(lm.device),
        stop=until,
        max_length=ids.shape[1] + new_tokens,
        logits_processor=processors,
        **{**kwargs, "do_sample": False},
    )
    for row in rows[:, ids.shape[1] :].tolist():
        text = lm.tok_decode(row)
        yield postprocess_generated_text(text, stop=until, think_end_token=None)


def _read_once(
    prompts: Sequence[str], ids: torch.Tensor, mask: torch.Tensor, read_rows: ReadRows
) -> Cache:
    """Return the cache of all columns but the last, equal prompts being read once."""
    places = {prompt: place for place, prompt in enumerate(dict.fromkeys(prompts))}
    rows = [prompts.index(prompt) for prompt in places]
    cache = read_rows(ids[rows, :-1], mask[rows, :-1])
    cache.batch_select_indices(torch.tensor([places[prompt] for prompt in prompts]))
    return cache


def _warpers(kwargs: dict[str, Any]) -> Iterator[LogitsProcessor]:
    """Take out of the settings what shapes the distribution before a draw."""
    temperature, top_k, top_p = (kwargs.pop(key, None) for key in ("temperature", "top_k", "top_p"))
    if temperature and temperature != 1.0:
        yield TemperatureLogitsWarper(float(temperature))
    if top_k:
        yield TopKLogitsWarper(int(top_k))
    if top_p is not None and top_p < 1.0:
        yield TopPLogitsWarper(float(top_p))


def _seeds(requests: Sequence[Instance]) -> list[int]:
    before: Counter[str] = Counter()
    seeds = []
    for request in requests:
        text, settings = request.arguments
        if "seed" in settings:
            seeds.append(int(settings["seed"]))
            continue
        digest = hashlib.sha256(f"{text}:{before[text]}".encode()).digest()
        seeds.append(int.from_bytes(digest[:4]))
        before[text] += 1
    return seeds
