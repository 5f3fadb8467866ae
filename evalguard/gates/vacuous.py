"""Withhold a PASS from a gate that no candidate could fail.

Where the baseline already scores within the margin of the worst possible score, every candidate is
"not worse by the margin", one that answers nothing included. That is rarely the baseline's own
doing: a server that cuts the prompts or answers from a cache, a stop string, a template or a
scorer that fits neither model gives both 0.
"""

from __future__ import annotations

from dataclasses import replace

from evalguard.gates.demands import demand_text
from evalguard.records import Comparison, GateResult, Metric, Verdict


def hold_back_vacuous(result: GateResult, comparison: Comparison) -> GateResult:
    """Return the result, INCONCLUSIVE instead of PASS where the worst scores would PASS as well.

    Left alone are a gate that also bounds the candidate's own score (``min`` or ``max``), a metric
    without a worst score, and a candidate that is shown to be better than the baseline.

    Args:
        result: The result on the scores.
        comparison: The comparison that it was decided on.
    """
    gate, metric = comparison.gate, comparison.metric
    only_drop = gate.max_drop is not None and gate.min is None and gate.max is None
    if result.verdict is not Verdict.PASS or not only_drop or metric.clip is not None:
        return result
    assert result.baseline is not None
    assert result.margin is not None
    assert result.ci is not None
    worst = metric.low if metric.higher_is_better else metric.high
    if result.ci[0] > 0 or not abs(result.baseline - worst) <= result.margin:
        return result
    return replace(
        result,
        verdict=Verdict.INCONCLUSIVE,
        reason=(
            f"no candidate could fail {demand_text(gate)}: the baseline scores "
            f"{_score(result.baseline, metric)}, and the worst possible score is "
            f"{_score(worst, metric)}. Read some of the baseline's answers: the prompt, the scorer "
            "or the server may be at fault. If they are right, gate with min or min_gain, or a "
            "smaller margin"
        ),
    )


def _score(value: float, metric: Metric) -> str:
    return f"{value:.1%}" if metric.percent else f"{value:g}"
