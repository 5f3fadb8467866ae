"""Call a gate that no candidate could fail an ERROR.

Where the baseline already scores within the margin of the worst possible score, no candidate can
lose more than the margin, one that answers nothing included. The same holds where both models give
one answer to every question, though the targets differ. That is rarely the baseline's own doing: a
server that cuts the prompts or answers from a cache, a stop string, a template or a scorer that
fits neither model gives both the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalguard.demands import demands_of, requirement
from evalguard.records import (
    Comparison,
    GateResult,
    Metric,
    PairedColumns,
    SamplePair,
    Verdict,
)

_SHOWN = 60
"""Characters of an answer that a message shows."""


def refuse_vacuous(result: GateResult, comparison: Comparison, *, ended: bool) -> GateResult:
    """Return the result, ERROR where no candidate could have failed on these samples.

    Left alone are a FAIL, a gate that demands more than a tolerated loss, such as a bound, a metric
    without a worst score, and a candidate that is shown to be better than the baseline.

    Args:
        result: The result on the scores.
        comparison: The comparison that it was decided on.
        ended: Whether no more samples will come; until then there is no PASS, and no ERROR.
    """
    gate, metric = comparison.gate, comparison.metric
    only_drop = all(demand.on_difference for demand in demands_of(gate))
    open_or_passed = result.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)
    if not open_or_passed or not only_drop or metric.clip is not None:
        return result
    if result.baseline is None or result.margin is None or result.ci is None:
        return result  # another look will say more
    if result.margin < 0 or result.ci[0] > 0:
        return result  # a gain is demanded, or shown
    said = _only_answer(comparison) if result.verdict is Verdict.PASS else ""
    floor = metric.worst if metric.floor is None else metric.floor
    baseline = result.baseline
    if result.corrected is not None:  # false alarms of a judge leave nothing to lose either
        baseline = min(baseline, result.corrected.baseline, key=lambda mean: abs(mean - floor))
    above = baseline - floor if metric.higher_is_better else floor - baseline
    if above <= result.margin:
        lost = "the worst possible score is" if metric.floor is None else "a collapsed model's is"
        why = (
            f"no candidate could fail {requirement(gate)}: the baseline scores "
            f"{_score(baseline, metric)}, and {lost} {_score(floor, metric)}"
        )
    elif said:
        why = (
            f"both models gave the same answer to all {result.n - result.missing} questions, whose "
            f"targets differ: {said[:_SHOWN]!r}"
        )
    else:
        return result
    if not ended and result.verdict is Verdict.INCONCLUSIVE:
        return result
    verdict = Verdict.ERROR if ended else Verdict.INCONCLUSIVE
    return replace(result, verdict=verdict, reason=f"{why}. {_advice(comparison.pairs)}")


def _advice(pairs: Sequence[SamplePair]) -> str:
    """Return where to look."""
    if pairs and not any(pair.baseline_output.strip() for pair in pairs):
        return (
            "All of the baseline's answers are empty: a stop string, the chat template or the "
            "server's limit cuts them"
        )
    return (
        "Read some of the baseline's answers: the prompt, the target, the scorer or the server may "
        "be at fault. If they are right, gate with min or min_gain"
    )


def _only_answer(comparison: Comparison) -> str:
    """Return the answer that both models gave to all questions; empty where answers differ.

    Empty as well where no answer is text, as of perplexities, and where one answer may be right for
    all: the scorer reads no target, and scores it the same each time, such as a refusal.
    """
    pairs = comparison.pairs
    if isinstance(pairs, PairedColumns):  # scores without answers
        return ""
    measured = [p for p in pairs if None not in (p.baseline_score, p.candidate_score)]
    scores = {one for pair in measured for one in (pair.baseline_score, pair.candidate_score)}
    if not comparison.metric.reads_target and len(scores) == 1:
        return ""
    answers = {one for pair in measured for one in (pair.baseline_output, pair.candidate_output)}
    targets = {pair.target for pair in measured}
    return answers.pop() if len(answers) == 1 and len(targets) > 1 else ""


def _score(value: float, metric: Metric) -> str:
    return f"{value:.1%}" if metric.percent else f"{value:g}"
