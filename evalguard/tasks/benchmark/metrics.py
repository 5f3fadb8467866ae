"""The range of lm-eval's metrics, and the statistical test that each of them gets."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any

import lm_eval.tasks as lm_eval_tasks
import numpy as np
from lm_eval.api import metrics as lm_eval_metrics

from evalguard.records import Metric, ScoreKind

ALWAYS_BINARY = frozenset(
    {
        "exact_match",
        "em",
        "mc1",
        "pass@1",
        "pass_at_1",
        "prompt_level_strict_acc",
        "prompt_level_loose_acc",
    }
)
"""Metrics that are 0 or 1 for every sample, whatever computes them."""

SOMETIMES_SHARES = frozenset({"coqa", "drop", "qasper", "squad_completion", "xquad"})
"""lm-eval tasks whose own ``em`` or ``exact_match`` averages over several right answers."""

BINARY_METRICS = ALWAYS_BINARY | {"acc", "acc_norm", "acc_bytes", "acc_mutual_info"}
"""Metrics that are 0 or 1 if lm-eval's own code computes them: TruthfulQA's mc2 is a share."""

MEANS = (lm_eval_metrics.mean, lm_eval_metrics.nanmean, np.mean, np.nanmean)
"""Aggregations of one value per sample; NaN means that the sample has none."""

_AGGREGATED = {
    lm_eval_metrics.f1_score: (0.0, 1.0),
    lm_eval_metrics.matthews_corrcoef: (-1.0, 1.0),
    lm_eval_metrics.brier_score: (0.0, 2.0),
    lm_eval_metrics.bleu: (0.0, 100.0),
    lm_eval_metrics.chrf: (0.0, 100.0),
    lm_eval_metrics.chrfpp: (0.0, 100.0),
}
"""Ranges of lm-eval's own aggregations."""

_OF_TASKS = (
    ("*", "bert_score", -1.0, 1.0),
    ("bbq.*", "acc*", 0.0, 1.0),
    ("bbq.*", "*bias_score*", -1.0, 1.0),
    ("code_x_glue.*", "smoothed_bleu_4", 0.0, 100.0),
    ("darija_bench.*", "rouge*", 0.0, 1.0),
    ("eq_bench.*", "eqbench", -200.0, 100.0),
    ("eq_bench.*", "percent_parseable", 0.0, 100.0),
    ("french_bench.*", "rouge*", 0.0, 100.0),
    ("glue.*", "*", 0.0, 1.0),
    ("ifeval.*", "*", 0.0, 1.0),
    ("leaderboard.*", "*", 0.0, 1.0),
    ("lingoly.*", "exact_match", 0.0, 1.0),
    ("noticia.*", "rouge1", 0.0, 1.0),
    ("simple_cooccurrence_bias.*", "difference_male_female", -1.0, 1.0),
    ("squadv2.*", "*", 0.0, 100.0),
    ("super_glue.*", "*", 0.0, 1.0),
    ("truthfulqa*", "*_acc", 0.0, 1.0),
    ("truthfulqa*", "*_diff", -100.0, 100.0),
    ("truthfulqa*", "*_max", 0.0, 100.0),
    ("wmt2016.*", "bleu", 0.0, 1.0),
)
"""Module of a task of lm-eval, its metric, and the range that its own code gives."""

LM_EVAL_METRICS = {
    "generate_until": "exact_match, bleu, chrf, ter",
    "loglikelihood": "acc, perplexity",
    "loglikelihood_rolling": "word_perplexity, byte_perplexity, bits_per_byte",
    "multiple_choice": "acc, acc_norm, acc_bytes, acc_mutual_info, f1, mcc, brier_score",
}
"""Metrics that lm-eval's own code computes for each output type."""

_UNBOUNDED = (("*", "likelihood_diff"), ("*", "wer"))
"""Module and metric of unbounded means."""

PERPLEXITIES: dict[Callable[..., Any], str] = {
    lm_eval_metrics.perplexity: "nats_per_target",
    lm_eval_metrics.weighted_perplexity: "",
    lm_eval_metrics.bits_per_byte: "nats_per_byte",
}
"""Aggregations of log-likelihoods, and the per-sample metric that a gate uses instead."""

_NATS_CLIP = {"nats_per_target": 4.0, "nats_per_word": 1.0, "nats_per_byte": 0.25}
"""A loss beyond it counts no further; a byte is about a quarter of a token."""


@dataclass(frozen=True, slots=True)
class Declared:
    """The range and direction that a suite declares for a metric."""

    low: float
    high: float
    higher_is_better: bool | None = None


def module_of(code: Any) -> str:
    """Return the module of a task's own code within lm-eval's tasks; empty for other code.

    A copy of a file of lm-eval is that file, wherever it is.
    """
    function = getattr(code, "func", code)
    name = str(getattr(function, "__module__", ""))
    if name.startswith("lm_eval."):
        return name.removeprefix("lm_eval.tasks.") if name.startswith("lm_eval.tasks.") else ""
    try:
        content = Path(inspect.getsourcefile(function) or "").read_bytes()
    except (OSError, TypeError):
        return ""
    return _lm_eval_modules().get(content, "")


@lru_cache(maxsize=1)
def _lm_eval_modules() -> Mapping[bytes, str]:
    """Return the modules of lm-eval's tasks by what their files hold."""
    root = Path(lm_eval_tasks.__path__[0])
    return {
        file.read_bytes(): ".".join(file.relative_to(root).with_suffix("").parts)
        for file in sorted(root.rglob("*.py"))
        if file.stat().st_size
    }


def metric_of(
    name: str,
    aggregation: Callable[..., Any],
    *,
    higher_is_better: bool | None,
    own_code: Any = None,
    declared: Declared | None = None,
) -> Metric:
    """Return a metric of lm-eval with its kind, range and direction.

    Args:
        name: Its name, with its filter after a comma where there are several.
        aggregation: What makes one figure of all samples.
        higher_is_better: What lm-eval says; ``None`` where it does not.
        own_code: The task's own scoring function, if it has one.
        declared: What the suite declares for it.

    Returns:
        The metric; where it cannot be gated, ``ungated`` says why and what to write.
    """
    base = name.partition(",")[0]
    if declared is not None and declared.higher_is_better is not None:
        higher_is_better = declared.higher_is_better
    is_mean = aggregation in MEANS
    known = _known_range(base, aggregation, own_code)
    if declared is not None:
        known = (declared.low, declared.high)
    kind = ScoreKind.BOUNDED if is_mean else ScoreKind.CORPUS
    if is_mean and declared is None and _is_binary(base, own_code):
        kind = ScoreKind.BINARY
    low, high = known or (0.0, 1.0)
    return Metric(
        name,
        kind,
        low,
        high,
        True if higher_is_better is None else bool(higher_is_better),
        ungated=_why_ungated(
            base, aggregation, higher_is_better, known, is_mean=is_mean, own_code=own_code
        ),
    )


def nats_metric(base: str, aggregation: Callable[..., Any], suffix: str = "") -> Metric | None:
    """Return the metric in nats that gates use for a perplexity; ``None`` for other metrics."""
    if aggregation not in PERPLEXITIES:
        return None
    name = PERPLEXITIES[aggregation]
    if not name:
        name = "nats_per_byte" if "byte" in base else "nats_per_word"
    return Metric(
        f"{name}{suffix}",
        ScoreKind.BOUNDED,
        0.0,
        100.0,
        higher_is_better=False,
        clip=_NATS_CLIP[name],
        in_nats=True,
    )


def nats_of(value: Any) -> float | None:
    """Return the nats of a sample's log-likelihood, per unit where it comes with a count."""
    if isinstance(value, tuple):
        likelihood, count = value
        return -likelihood / count if count else None
    return -float(value)


def declaration(name: str, *, direction: bool = False) -> str:
    """Return the line of a suite that declares a metric."""
    more = ", higher_is_better: true" if direction else ""
    return f"metrics: {{{name}: {{low: 0, high: 100{more}}}}}"


def _is_binary(base: str, own_code: Any) -> bool:
    if own_code is None:
        return base in BINARY_METRICS
    shares = any(module_of(own_code).startswith(name) for name in SOMETIMES_SHARES)
    return base in ALWAYS_BINARY and not shares


def _known_range(
    base: str, aggregation: Callable[..., Any], own_code: Any
) -> tuple[float, float] | None:
    if aggregation in _AGGREGATED:
        return _AGGREGATED[aggregation]
    for code in (own_code, aggregation):
        module = module_of(code)
        for task, metric, low, high in _OF_TASKS:
            if module and fnmatch(module, task) and fnmatch(base, metric):
                return low, high
    return None


def _is_unbounded(base: str, own_code: Any) -> bool:
    module = module_of(own_code)
    return any(fnmatch(module, task) and base == name for task, name in _UNBOUNDED)


def _why_ungated(
    base: str,
    aggregation: Callable[..., Any],
    higher_is_better: bool | None,
    known: tuple[float, float] | None,
    *,
    is_mean: bool,
    own_code: Any,
) -> str:
    nats = nats_metric(base, aggregation)
    if nats is not None:
        return (
            f"{base} is unbounded, so no margin can be tested; gate '{nats.name}' instead, its "
            "logarithm per sample: max_drop: 0.05 nats"
        )
    if higher_is_better is None:
        return (
            f"the direction of '{base}' is unknown; add to the suite's task: "
            f"{declaration(base, direction=True)}"
        )
    if known is None and (not is_mean or _is_unbounded(base, own_code)):
        return (
            f"the range of '{base}' is unknown; add to the suite's task, with its limits: "
            f"{declaration(base)}"
        )
    return ""
