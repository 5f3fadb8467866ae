"""Turn comparisons into verdicts: all gates together, at one look or at the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from evalguard.errors import MeasurementError, UsageError
from evalguard.gates.evidence import Evidence, from_counts
from evalguard.gates.looks import Look, LookPlan, is_extended, is_settled, take_look
from evalguard.gates.results import error_result, postponed_result, result_of
from evalguard.gates.stages import gather_stages, share_of
from evalguard.gates.undetermined import hold_back
from evalguard.gates.vacuous import refuse_vacuous
from evalguard.records import POOLED, Comparison, Gate, GateResult, Metric, Verdict, one_sided_error
from evalguard.stats import holm

__all__ = ["decide", "decide_counts", "error_result", "is_settled"]


class _Key(NamedTuple):
    """What makes a gate of a model the same at two looks."""

    source: str
    gate: str
    suite: str
    task: str | None
    metric: str
    model: str


class _Case(NamedTuple):
    comparison: Comparison
    evidence: Evidence
    look: Look


def decide(
    comparisons: Sequence[Comparison],
    *,
    confidence_level: float = 0.95,
    looks: LookPlan | None = None,
    final: bool = True,
    previous: Sequence[GateResult] = (),
    brief: bool = False,
    candidates: int = 1,
) -> tuple[GateResult, ...]:
    """Decide all gates together.

    A gate PASSes when each of its demands is shown to be met, and FAILs when one is shown not to
    be, with Holm's adjustment over the gates of a model. With ``looks``, each look spends its part
    of the error by the share of samples really reached; a verdict once given stands. A gate whose
    samples allow no test is ERROR, and does not keep the others from being decided; so is a
    ``max_drop`` that the worst possible scores would meet, too. A gate that is pooled over others
    decides once, at the end, with an error of its own; Holm's adjustment takes no notice of it.

    Args:
        comparisons: One for each gate and model, with the samples measured so far: at an early
            look a prefix of the frozen random order. Pass all of them at every look.
        confidence_level: Confidence of each side of a verdict.
        looks: Set when the run looks before its end; ``None`` for one decision at the end.
        final: Whether no more samples will come.
        previous: What this function returned at the look before.
        brief: Leave out the figures of gates that another look will replace.
        candidates: Number of candidates of which any may be released: each PASSes at its share of
            the error, so that the chance that any bad one passes all of its guards stays at
            1 − ``confidence_level``. 1 for candidates that are each asked for their own sake.

    Returns:
        One result for each comparison, in order.

    Raises:
        ConfigError: If a gate demands something that its metric cannot have.
        UsageError: If the confidence level lies outside (0.5, 1), ``candidates`` is below 1, or
            two comparisons are of one gate and model.

    Example:
        >>> from evalguard.records import Gate, Margin, Metric, SamplePair
        >>> gate = Gate(name="recall", suite="qa", metric="acc", max_drop=Margin(0.05, "pp"))
        >>> pairs = tuple(SamplePair(task="qa", sample_id=str(i), prompt="", target="",
        ...                          baseline_output="", candidate_output="", baseline_score=1.0,
        ...                          candidate_score=1.0) for i in range(59))
        >>> comparison = Comparison(gate=gate, model="v2", metric=Metric("acc"), pairs=pairs,
        ...                         n_planned=59)
        >>> result, = decide([comparison])
        >>> str(result.verdict), round(result.p_pass, 4)
        ('PASS', 0.0485)
    """
    _check_confidence(confidence_level)
    if candidates < 1:
        raise UsageError(f"candidates={candidates}: expected at least 1")
    before = {_key_of_result(result): result for result in previous}
    results: dict[_Key, GateResult] = {}
    open_cases: dict[_Key, _Case] = {}
    for comparison in comparisons:
        key = _key_of_comparison(comparison)
        if key in results or key in open_cases:
            raise UsageError(
                f"two comparisons share gate '{key.gate}' and model '{key.model}'; give each "
                "gate a unique name"
            )
        earlier = before.get(key)
        share = share_of(comparison)
        if earlier is not None and is_settled(earlier) and not is_extended(earlier, share):
            results[key] = earlier
            continue
        look = take_look(
            None if comparison.gate.pool else looks,
            share,
            earlier,
            alpha=_alpha(comparison.gate, confidence_level),
            final=final,
            candidates=candidates,
        )
        try:
            open_cases[key] = _Case(comparison, gather_stages(comparison), look)
        except MeasurementError as error:
            results[key] = (
                error_result(comparison.gate, comparison.model, str(error))
                if look.ended
                else postponed_result(comparison, str(error), earlier.shares if earlier else ())
            )

    adjusted = _adjusted(open_cases, results)
    for key, case in open_cases.items():
        result = result_of(*case, *adjusted[key], brief=brief)
        result = hold_back(result, case.comparison, case.look.level_pass)
        results[key] = refuse_vacuous(result, case.comparison, ended=case.look.ended)
    return tuple(results[_key_of_comparison(comparison)] for comparison in comparisons)


def _adjusted(
    cases: dict[_Key, _Case], settled: dict[_Key, GateResult]
) -> dict[_Key, tuple[float, int]]:
    """Return each open gate's p-value of FAIL adjusted over its model, and over how many gates.

    A gate that has FAILed at an earlier look is rejected and leaves the family; one that has
    PASSed stays in it and cannot be rejected.
    """
    members: dict[_Family, list[_Key]] = defaultdict(list)
    for key in cases:
        members[_family(key)].append(key)
    bystanders: dict[_Family, int] = defaultdict(int)
    for key, result in settled.items():
        bystanders[_family(key)] += result.verdict is not Verdict.FAIL
    adjusted = {}
    for name, keys in members.items():
        pvalues = [cases[key].look.overall(cases[key].evidence.p_fail) for key in keys]
        family = holm([*pvalues, *[1.0] * bystanders[name]])
        for key, pvalue in zip(keys, family, strict=False):
            adjusted[key] = (pvalue, len(family))
    return adjusted


def decide_counts(
    gate: Gate, *, losses: int, gains: int, n: int, confidence_level: float = 0.95
) -> GateResult:
    """Decide a gate on a difference from the counts of a binary metric alone.

    Args:
        gate: The gate; its margin in percentage points.
        losses: Questions that only the baseline got right.
        gains: Questions that only the candidate got right.
        n: All questions.
        confidence_level: Confidence of each side.

    Raises:
        ConfigError: If the gate's margin means nothing.
        UsageError: If the margin is relative, or the gate demands a bound.
        DataError: If the counts do not fit each other.

    Example:
        >>> from evalguard.records import Margin
        >>> gate = Gate(name="recall", suite="", metric="acc", max_drop=Margin(0.05, "pp"))
        >>> str(decide_counts(gate, losses=30, gains=20, n=500).verdict)
        'PASS'
    """
    _check_confidence(confidence_level)
    evidence = from_counts(gate, losses=losses, gains=gains, n=n)
    alpha = one_sided_error(confidence_level)
    look = take_look(None, 1.0, None, alpha=alpha, final=True)
    comparison = Comparison(
        gate=gate, model="candidate", metric=Metric(gate.metric), pairs=(), n_planned=n
    )
    return result_of(comparison, evidence, look, evidence.p_fail, 1)


_Family = tuple[str, _Key | None]


def _family(key: _Key) -> _Family:
    """Return over what FAIL is adjusted: a model's gates, and each pooled one by itself."""
    return key.model, key if key.suite == POOLED else None


def _alpha(gate: Gate, confidence_level: float) -> float:
    own = confidence_level if gate.confidence_level is None else gate.confidence_level
    _check_confidence(own)
    return one_sided_error(own)


def _check_confidence(confidence_level: float) -> None:
    if not 0.5 < confidence_level < 1:
        raise UsageError(f"confidence_level={confidence_level}: expected above 0.5 and below 1")


def _key_of_comparison(comparison: Comparison) -> _Key:
    gate = comparison.gate
    return _Key(gate.source, gate.name, gate.suite, gate.task, gate.metric, comparison.model)


def _key_of_result(result: GateResult) -> _Key:
    return _Key(result.source, result.name, result.suite, result.task, result.metric, result.model)
