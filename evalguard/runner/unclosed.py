"""Report answers that never came because a model did not finish thinking."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from evalguard.config import BASELINE
from evalguard.gates.evidence import MISSING_ALLOWED
from evalguard.gates.findings import UNFINISHED
from evalguard.records import GateResult, ScoredSample, Verdict
from evalguard.runner.answers import UNCLOSED
from evalguard.scorers.thinking import UNCLOSED_THINKING

_RAISE_LIMIT = "raise max_new_tokens (max_gen_toks in an lm-eval task)"


def require_answers(
    result: GateResult, baseline: Collection[ScoredSample], candidate: Collection[ScoredSample]
) -> GateResult:
    """Return a gate's result with the missing answers of both models in its reason.

    Where the baseline scores close to the minimum, a candidate that answers nothing loses nothing.
    So no gate passes with more than ``MISSING_ALLOWED`` of the candidate's answers missing, except
    one on the share of them.

    Args:
        result: The gate's result.
        baseline: The baseline's samples of the gate's tasks.
        candidate: The candidate's.
    """
    if result.metric == UNCLOSED_THINKING:
        return result
    arms = ((BASELINE, baseline), (result.model, candidate))
    counts = [text for name, samples in arms if (text := _unclosed_of(name, samples))]
    if count_unclosed(candidate):
        result = replace(result, flags=(*result.flags, UNFINISHED))
    too_many = count_unclosed(candidate) > MISSING_ALLOWED * len(candidate)
    if result.verdict is Verdict.PASS and too_many:
        why = f"{counts[-1]}, more than {MISSING_ALLOWED:.0%}; {_RAISE_LIMIT}"
        return replace(result, verdict=Verdict.INCONCLUSIVE, reason=why)
    if not counts:
        return result
    undecided = result.verdict is Verdict.INCONCLUSIVE and too_many
    fix = [_RAISE_LIMIT] if undecided or result.verdict is Verdict.ERROR else []
    return replace(result, reason="; ".join([result.reason, *counts, *fix]))


def count_unclosed(samples: Collection[ScoredSample]) -> int:
    """Return the number of samples with an output whose thinking never ended."""
    return sum(sample.unclosed > 0 for sample in samples)


def warning(name: str, task: str, samples: Collection[ScoredSample], limit: int | None) -> str:
    """Return a warning about a model's missing answers to a task; empty where none is missing.

    Args:
        name: The model.
        task: Suite and task.
        samples: Its samples.
        limit: ``max_new_tokens``, where it is known.
    """
    count = _unclosed_of(name, samples, f" of {task}")
    if not count:
        return ""
    within = f" within max_new_tokens {limit}" if limit else ""
    counted = "are not measured" if name == BASELINE else "get the worst score"
    return f"{count}{within}; they {counted}; {_RAISE_LIMIT}"


def _unclosed_of(name: str, samples: Collection[ScoredSample], of: str = "") -> str:
    unclosed = count_unclosed(samples)
    return f"{name}: {unclosed} of {len(samples)} answers{of} {UNCLOSED}" if unclosed else ""
