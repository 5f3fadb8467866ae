"""What a check makes of answers that never came because a model did not finish thinking."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from evalguard.config import BASELINE
from evalguard.gates.evidence import MISSING_ALLOWED
from evalguard.gates.findings import UNFINISHED
from evalguard.records import GateResult, ScoredSample, Verdict
from evalguard.runner.answers import UNCLOSED


def require_answers(
    result: GateResult, baseline: Collection[ScoredSample], candidate: Collection[ScoredSample]
) -> GateResult:
    """Return a gate's result with what either model did not answer.

    Where the baseline scores next to nothing, a candidate that answers nothing loses nothing. So
    no gate passes on a candidate that owes more answers than may be missing.

    Args:
        result: The gate's result.
        baseline: The baseline's samples of its tasks.
        candidate: The candidate's.
    """
    arms = ((BASELINE, baseline), (result.model, candidate))
    told = [text for name, samples in arms if (text := _told(name, samples))]
    if count_unclosed(candidate):
        result = replace(result, flags=(*result.flags, UNFINISHED))
    owed = count_unclosed(candidate) > MISSING_ALLOWED * len(candidate)
    if result.verdict is Verdict.PASS and owed:
        why = f"{told[-1]}, more than {MISSING_ALLOWED:.0%}; raise max_new_tokens"
        return replace(result, verdict=Verdict.INCONCLUSIVE, reason=why)
    return replace(result, reason="; ".join([result.reason, *told])) if told else result


def count_unclosed(samples: Collection[ScoredSample]) -> int:
    """Return the number of samples with an output whose thinking never ended."""
    return sum(sample.unclosed > 0 for sample in samples)


def warning(name: str, task: str, samples: Collection[ScoredSample], limit: int | None) -> str:
    """Return how many answers of a task a model owes, in a sentence; empty where it owes none.

    Args:
        name: The model.
        task: Suite and task.
        samples: Its samples.
        limit: The most tokens of an answer, where that is known.
    """
    told = _told(name, samples, f" of {task}")
    if not told:
        return ""
    within = f" within max_new_tokens {limit}" if limit else ""
    counted = "are not measured" if name == BASELINE else "score the worst"
    return f"{told}{within}; they {counted}"


def _told(name: str, samples: Collection[ScoredSample], of: str = "") -> str:
    unclosed = count_unclosed(samples)
    return f"{name}: {unclosed} of {len(samples)} answers{of} {UNCLOSED}" if unclosed else ""
