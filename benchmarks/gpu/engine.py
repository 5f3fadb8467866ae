"""The hf engine in bfloat16 against lm-eval's ``HFLM``, on the same requests in one process."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.gpu.records import Context, Row, at_least, at_most, speedup
from benchmarks.gpu.shapes import SEED, SMALL, fitting, model_folder, random_text

CHOICES = 4
MAX_DIFFERENCE = 0.05
"""Nats between the two sides' log-likelihoods in bfloat16."""

ADAPTERS = {"a": 0.02, "b": 0.1, "c": 0.3}
"""Strength of each random adapter's change."""

_SINGLE_WORDS, _LONG_WORDS = (1, 1), (5, 9)
_REPEATS = 3
_BATCH = 32

_Respond: TypeAlias = Callable[[Sequence[Any]], list[Any]]

_EXACT_SOFTMAX = {"softmax_dtype": "float32"}
"""Given to both sides: in bfloat16 a log-likelihood of −10 is rounded to a sixteenth."""


@dataclass(frozen=True, slots=True)
class _Sizes:
    header_words: int
    questions: int
    prompts: int
    new_tokens: int


def _sizes(context: Context) -> _Sizes:
    return _Sizes(60, 8, 8, 8) if context.tiny else _Sizes(600, 96, 256, 64)


def choices(context: Context) -> Iterator[Row]:
    """Compare choices behind a shared header: values, and times as fast."""
    folder, sizes = model_folder(fitting(SMALL, context), context), _sizes(context)
    single = _choices(sizes, _SINGLE_WORDS)
    kinds = {"one token": single, "several tokens": _choices(sizes, _LONG_WORDS)}
    with _both(folder, context, **_EXACT_SOFTMAX) as (ours, theirs):
        reference = partial(theirs.loglikelihood, disable_tqdm=True)
        for kind, requests in kinds.items():
            label = f"{len(requests)} choices of {kind}"
            yield from _choices_rows(context, label, requests, ours, reference)
        theirs.batch_size_per_gpu = _BATCH
        whole = reference(single)
        theirs.batch_size_per_gpu = _BATCH // 4
        noise = _difference(whole, reference(single))
    yield Row(f"the same of HFLM in batches of {_BATCH} and {_BATCH // 4}", "", f"{noise:.3g}")
    with _both(folder, context) as (ours, theirs):
        found = _difference(ours(single), theirs.loglikelihood(single, disable_tqdm=True))
    yield Row("the same with log-softmax in bfloat16 on both sides", "", f"{found:.3g}")


def _choices_rows(
    context: Context, label: str, requests: Sequence[Any], ours: _Respond, theirs: _Respond
) -> Iterator[Row]:
    mine, reference, ratio = _side_by_side(partial(ours, requests), partial(theirs, requests))
    difference = _difference(mine, reference)
    yield at_most(f"{label}: max difference of a log-likelihood, nats", MAX_DIFFERENCE, difference)
    yield speedup(context, f"{label}: speed, HFLM = 1", 1.0, ratio)
    same = sum(a[1] == b[1] for a, b in zip(mine, reference, strict=True)) / len(mine)
    yield Row(f"{label}: greedy flags equal", "", f"{same:.1%}")


def answers(context: Context) -> Iterator[Row]:
    """Compare greedy generations: share of equal texts, and times as fast."""
    folder, requests = model_folder(fitting(SMALL, context), context), _generations(_sizes(context))
    with _both(folder, context) as (ours, theirs):
        mine, reference, ratio = _side_by_side(
            partial(ours, requests),
            partial(theirs.generate_until, requests, disable_tqdm=True),
            repeats=1,
        )
    label = f"{len(requests)} generations of {_sizes(context).new_tokens} tokens"
    same = sum(a == b for a, b in zip(mine, reference, strict=True)) / len(mine)
    yield at_least(f"{label}: equal texts", 99, 100 * same, " %")
    yield Row(f"{label}: speed, HFLM = 1", "", f"{ratio:.3g}×")


def adapters(context: Context) -> Iterator[Row]:
    """Compare a base with several adapters on it against one ``HFLM`` for each of them.

    The model has as many tokens as its tokenizer: of a larger vocabulary lm-eval cuts off the rest
    where it loads an adapter, which changes every log-likelihood.
    """
    from benchmarks.random_adapters import save_adapter
    from evalguard.engines.base import BASE

    shape = fitting(SMALL, context)
    shape = replace(shape, name=f"{shape.name} without padding", vocabulary=0)
    folder = model_folder(shape, context)
    requests = _choices(_sizes(context), _LONG_WORDS)
    paths = {
        name: save_adapter(folder, context.work / f"adapter {name}", scale=scale, seed=seed)
        for seed, (name, scale) in enumerate(ADAPTERS.items())
    }
    started = time.perf_counter()
    engine = _open(folder, context, **_EXACT_SOFTMAX)
    for name, path in paths.items():
        engine.load_adapter(name, str(path))
    mine = engine.respond([(name, one) for name in (BASE, *paths) for one in requests])
    own_seconds = time.perf_counter() - started
    engine.close()
    seconds, differences = 0.0, []
    for index, peft in enumerate((None, *paths.values())):
        started = time.perf_counter()
        with _closing(_hflm(folder, context, peft=peft, **_EXACT_SOFTMAX)) as lm:
            reference = lm.loglikelihood(requests, disable_tqdm=True)
        seconds += time.perf_counter() - started
        own = mine[len(requests) * index : len(requests) * (index + 1)]
        differences.append(_difference(own, reference))
    label = f"base and {len(paths)} adapters, {len(mine)} choices"
    yield at_most(
        f"{label}: max difference of a log-likelihood, nats", MAX_DIFFERENCE, max(differences)
    )
    label = f"{label}: speed with loading, {1 + len(paths)} HFLM = 1"
    yield speedup(context, label, 1.0, seconds / own_seconds)


def _choices(sizes: _Sizes, words: tuple[int, int]) -> list[Any]:
    from evalguard.engines.base import choice

    rng = random.Random(SEED)  # noqa: S311 - questions, not secrets
    header = random_text(rng, sizes.header_words)
    requests = []
    for _ in range(sizes.questions):
        question = f"{header} {random_text(rng, rng.randint(20, 30))}"
        texts = (random_text(rng, rng.randint(*words)) for _ in range(CHOICES))
        requests += [choice(question, f" {text}") for text in texts]
    return requests


def _generations(sizes: _Sizes) -> list[Any]:
    from evalguard.engines.base import generation

    rng = random.Random(SEED)  # noqa: S311 - prompts, not secrets
    return [
        generation(random_text(rng, rng.randint(10, 60)), tokens=sizes.new_tokens)
        for _ in range(sizes.prompts)
    ]


def _open(folder: Path, context: Context, **options: Any) -> Any:
    from evalguard.engines.base import EngineSettings
    from evalguard.engines.opening import open_engine

    settings = EngineSettings(
        model=str(folder),
        dtype="bfloat16",
        device=context.device,
        batch_size=_BATCH,
        options=options,
    )
    return open_engine("hf", settings)


def _hflm(folder: Path, context: Context, *, peft: Path | None = None, **options: Any) -> Any:
    from lm_eval.models.huggingface import HFLM

    return HFLM(
        pretrained=str(folder),
        dtype="bfloat16",
        device=context.device,
        batch_size=_BATCH,
        peft=None if peft is None else str(peft),
        **options,
    )


@contextmanager
def _closing(lm: Any) -> Iterator[Any]:
    """Free what lm-eval's model held at the end of the block."""
    import gc

    import torch

    yield lm
    del lm
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def _both(folder: Path, context: Context, **options: Any) -> Iterator[tuple[_Respond, Any]]:
    """Open the engine and ``HFLM`` with equal settings."""
    from evalguard.engines.base import BASE

    engine = _open(folder, context, **options)
    with _closing(_hflm(folder, context, **options)) as theirs:
        yield lambda requests: engine.respond([(BASE, one) for one in requests]), theirs
    engine.close()


def _side_by_side(
    ours: Callable[[], Any], theirs: Callable[[], Any], *, repeats: int = _REPEATS
) -> tuple[list[Any], list[Any], float]:
    """Return both sides' results, and the median speedup of ours.

    The first call of each is not timed: it compiles kernels and tries out shared prefixes.
    """
    mine, reference = ours(), theirs()
    ratios = []
    for _ in range(repeats):
        seconds = [_seconds(side) for side in (ours, theirs)]
        ratios.append(seconds[1] / seconds[0])
    return mine, reference, statistics.median(ratios)


def _seconds(call: Callable[[], Any]) -> float:
    """Both sides return Python numbers and texts, so that no GPU work is pending."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _difference(mine: Sequence[Any], reference: Sequence[Any]) -> float:
    return float(max(abs(a[0] - b[0]) for a, b in zip(mine, reference, strict=True)))
