"""The step behind a measurement: the gates of a check, decided on the samples that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalguard.config import BASELINE, TestSet
from evalguard.errors import MeasurementError, TrustError
from evalguard.gates.compare import Aggregate, compare
from evalguard.gates.decide import decide
from evalguard.gates.looks import LookPlan
from evalguard.gates.results import error_result
from evalguard.records import Comparison, Gate, GateResult, Metric, ScoredSample, ScoreKind
from evalguard.runner.answers import as_compared
from evalguard.runner.judging import check_steady
from evalguard.runner.prepare import Check
from evalguard.scorers.probes import APPROVED
from evalguard.tasks.base import CorpusTask, content_id

Reached = Mapping[tuple[str, str], float]
"""Share of its samples that each suite and candidate has been measured on."""


def decide_gates(
    check: Check,
    reached: Reached,
    *,
    looks: LookPlan | None,
    previous: tuple[GateResult, ...],
    final: bool,
) -> tuple[GateResult, ...]:
    """Decide every selected gate.

    Args:
        check: The check.
        reached: How far each gate may look. The baseline may be measured further, for another
            candidate.
        looks: The looks at which gates may stop; ``None`` for one at the end.
        previous: The results of the look before.
        final: Whether nothing more will be measured.

    Returns:
        The results in the order of the selected gates; what cannot be compared is an ERROR.
    """
    errors: dict[int, GateResult] = {}
    comparisons: dict[int, Comparison] = {}
    for index, (gate, model) in enumerate(check.selected):
        try:
            comparisons[index] = _compare(check, reached, gate, model, final=final)
        except MeasurementError as error:
            errors[index] = error_result(gate, model, str(error))
    decided = decide(
        list(comparisons.values()),
        confidence_level=check.project.thresholds.confidence_level,
        looks=looks,
        final=final,
        previous=previous,
    )
    merged = errors | dict(zip(comparisons, decided, strict=True))
    return tuple(merged[index] for index in range(len(check.selected)))


def _compare(check: Check, reached: Reached, gate: Gate, model: str, *, final: bool) -> Comparison:
    for arm in (BASELINE, model):
        if reason := check.measurer.results.untrusted.get(arm):
            raise TrustError(reason if arm == model else f"the baseline: {reason}")
    for planned in check.plan.of_gate(gate):
        if reason := check.judged.refusal(planned):
            raise TrustError(reason)
    baseline, candidate = _samples(check, reached, gate, model)
    if final:
        _check_any_measured(baseline, candidate)
    check_steady(candidate)
    return compare(
        check.plan.with_weights(gate),
        _metric(check, gate),
        baseline,
        candidate,
        model=model,
        n_planned=check.plan.n_planned(gate),
        aggregate=_aggregate(check, gate),
    )


def _metric(check: Check, gate: Gate) -> Metric:
    """Return what a gate measures; of a judge's verdicts, with how often they are right."""
    metric, tasks = check.plan.metric(gate), check.plan.of_gate(gate)
    if metric != APPROVED or not all(planned.judged for planned in tasks):
        return metric
    return replace(metric, detector=check.judged.rates(tasks))


def _aggregate(check: Check, gate: Gate) -> Aggregate | None:
    """Return what makes a corpus metric of its samples; ``None`` for other metrics."""
    if check.plan.metric(gate).kind is not ScoreKind.CORPUS:
        return None
    task = check.plan.of_gate(gate)[0].task
    assert isinstance(task, CorpusTask)
    return lambda samples: task.aggregate(gate.metric, samples)


def _samples(
    check: Check, reached: Reached, gate: Gate, model: str
) -> tuple[list[ScoredSample], list[ScoredSample]]:
    """Return the measured samples of both arms in the frozen order."""
    arms: tuple[list[ScoredSample], list[ScoredSample]] = ([], [])
    results, metric = check.measurer.results, check.plan.metric(gate)
    share = reached.get((gate.suite, model))
    for planned in check.plan.of_gate(gate):
        measured = [results.of((gate.suite, planned.name, arm)) for arm in (BASELINE, model)]
        ids = planned.first(share) if share else ()
        both = planned.compared(*measured)
        repeated = _repeated(both[0]) if isinstance(planned.config, TestSet) else frozenset()
        for arm, scored, reference in zip(arms, both, (True, False), strict=True):
            arm += [
                as_compared(_clustered(scored[id_], repeated), metric, reference=reference)
                for id_ in ids
                if id_ in scored
            ]
    return arms


def _repeated(samples: Mapping[str, ScoredSample]) -> frozenset[str]:
    """Return the prompts that several samples have: a model answers them alike."""
    counts = Counter(sample.prompt for sample in samples.values())
    return frozenset(prompt for prompt, count in counts.items() if count > 1)


def _clustered(sample: ScoredSample, repeated: frozenset[str]) -> ScoredSample:
    """Return a sample of a repeated prompt in one cluster with its repetitions."""
    if sample.cluster is not None or sample.prompt not in repeated:
        return sample
    return replace(sample, cluster=f"prompt {content_id(sample.prompt)}")


def _check_any_measured(*arms: Sequence[ScoredSample]) -> None:
    """Raise where a whole arm failed, saying why its first sample did."""
    for arm in arms:
        if arm and all(sample.error for sample in arm):
            raise MeasurementError(f"none of {len(arm)} samples: {arm[0].error}")
