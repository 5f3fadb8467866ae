"""The step behind a measurement: the gates of a check, decided on the samples that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from evalguard.config import BASELINE
from evalguard.errors import MeasurementError, TrustError
from evalguard.gates.compare import Aggregate, compare
from evalguard.gates.decide import decide
from evalguard.gates.looks import LookPlan
from evalguard.gates.pooled import pool
from evalguard.gates.results import error_result, not_run_result
from evalguard.records import Comparison, Gate, GateResult, Metric, ScoredSample, ScoreKind
from evalguard.runner.answers import as_compared
from evalguard.runner.judging import check_steady
from evalguard.runner.non_answers import held_to_answers
from evalguard.runner.planned_task import PlannedTask
from evalguard.runner.prepare import Check
from evalguard.runner.schedule import Selected
from evalguard.stats import stage_of
from evalguard.tasks.base import CorpusTask, content_id
from evalguard.tasks.judged import APPROVED

Reached = Mapping[tuple[str, str], float]
"""Share of its samples that each suite and candidate has been measured on."""

Arms = tuple[list[ScoredSample], list[ScoredSample]]
"""Samples of the baseline and of a candidate."""


class Compared(NamedTuple):
    """A comparison, with all that it was made of.

    Attributes:
        measured: The samples as they were measured.
        metric: What is compared.
        arms: The samples as they are compared.
        comparison: The comparison.
    """

    measured: Arms
    metric: Metric
    arms: Arms
    comparison: Comparison


class _NotReachedError(Exception):
    """The samples of a gate were not asked for yet."""


Kept = dict[int, Compared]
"""The last comparison of each selected gate: where no sample is new since, it is taken again."""


def decide_gates(
    check: Check,
    reached: Reached,
    *,
    looks: LookPlan | None,
    previous: tuple[GateResult, ...],
    kept: Kept,
    brief: bool,
    final: bool,
) -> tuple[GateResult, ...]:
    """Decide every selected gate.

    Args:
        check: The check.
        reached: How far each gate may look. The baseline may be measured further, for another
            candidate.
        looks: The looks at which gates may stop; ``None`` for one at the end.
        previous: The results of the look before.
        kept: The comparisons of the look before; brought up to date.
        brief: Leave out the figures of gates that another look will replace.
        final: Whether nothing more will be measured.

    Returns:
        The results in the order of the selected gates; what cannot be compared is an ERROR.
    """
    errors: dict[int, GateResult] = {}
    comparisons: dict[int, Comparison] = {}
    for index, (gate, model) in enumerate(check.selected):
        try:
            if gate.pool:
                known = {check.selected[at]: one for at, one in kept.items()}
                kept[index] = _pooled(check, reached, gate, model, known)
            else:
                kept[index] = _compare(check, reached, gate, model, kept.get(index), final=final)
            comparisons[index] = kept[index].comparison
        except _NotReachedError as missing:
            errors[index] = not_run_result(gate, model, str(missing))
        except MeasurementError as error:
            errors[index] = error_result(gate, model, str(error))
    decided = decide(
        list(comparisons.values()),
        confidence_level=check.project.thresholds.confidence_level,
        looks=looks,
        final=final,
        previous=previous,
        brief=brief,
        candidates=check.project.sharing,
    )
    merged = errors | dict(zip(comparisons, decided, strict=True))
    return tuple(merged[index] for index in range(len(check.selected)))


def compare_gate(check: Check, gate: Gate, model: str) -> Comparison:
    """Return the comparison under a gate on all of its planned samples, which are measured.

    Raises:
        MeasurementError: If the two models cannot be compared.
    """
    reached = {(gate.suite, model): 1.0}
    if gate.pool:
        return _pooled(check, reached, gate, model, {}).comparison
    return _compare(check, reached, gate, model, None, final=True).comparison


def _compare(
    check: Check, reached: Reached, gate: Gate, model: str, before: Compared | None, *, final: bool
) -> Compared:
    for arm in (BASELINE, model):
        if reason := check.measurer.results.untrusted.get(arm):
            raise TrustError(reason if arm == model else f"the baseline: {reason}")
    for planned in check.plan.of_gate(gate):
        if reason := check.judged.refusal(planned):
            raise TrustError(reason)
    if reason := check.plan.cannot_fail(gate):
        raise TrustError(f"this gate cannot fail: {reason}")
    if (gate.suite, model) not in reached:
        raise _NotReachedError("the check ended before its suite")
    measured, metric = _measured(check, reached, gate, model), _metric(check, gate)
    if before and (before.measured, before.metric) == (measured, metric):
        arms = before.arms
    else:
        before, arms = None, _arms(check, reached, gate, model)
    if final:
        _check_any_measured(*arms)
    if before:
        return before
    check_steady(arms[1])
    share = reached[gate.suite, model]
    labels = check.judged.drawn_labels(check.plan.of_gate(gate))
    stages = [stage for stage in range(stage_of(share)) if check.plan.n_planned(gate, stage)]

    def compared(arms: Arms, stages: Sequence[int]) -> Comparison:
        return compare(
            check.plan.with_weights(gate),
            metric,
            *arms,
            model=model,
            n_planned=sum(check.plan.n_planned(gate, stage) for stage in stages),
            aggregate=_aggregate(check, gate),
            labels=labels,
        )

    if len(stages) > 1 and labels:
        # Questions were drawn for labels among the planned samples alone.
        stages = stages[:1]
        arms = _arms(check, reached, gate, model, stages[0])
    comparison = compared(arms, stages)
    if len(stages) > 1:
        apart = [(_arms(check, reached, gate, model, stage), [stage]) for stage in stages]
        comparison = replace(comparison, stages=tuple(compared(*one) for one in apart))
    return Compared(measured, metric, arms, comparison)


def _pooled(
    check: Check, reached: Reached, gate: Gate, model: str, known: Mapping[Selected, Compared]
) -> Compared:
    """Compare all samples of all of its gates' suites, whichever of them stopped early.

    Gates that are ``known`` and had all samples are not compared again.
    """
    if reached.get((gate.suite, model), 0.0) < 1:
        raise _NotReachedError("it is decided once, when all samples of its gates are measured")
    all_samples = {(member.suite, model): 1.0 for member in gate.pool}
    members = [
        _compare(
            check, all_samples, member, model, known.get((member, model)), final=True
        ).comparison
        for member in gate.pool
    ]
    comparison = pool(gate, members)
    return Compared(([], []), comparison.metric, ([], []), comparison)


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

    def aggregate(samples: Sequence[ScoredSample]) -> float:
        try:
            return task.aggregate(gate.metric, samples)
        except MeasurementError:
            raise
        except (Exception, SystemExit) as error:  # a scorer may raise anything
            raise MeasurementError(
                f"suite '{task.suite}', task '{task.name}': '{gate.metric}' of {len(samples)} "
                f"samples cannot be computed: {error!r}"
            ) from error

    return aggregate


def _measured(check: Check, reached: Reached, gate: Gate, model: str) -> Arms:
    """Return the measured samples of both arms in the frozen order."""
    arms: Arms = ([], [])
    for planned in check.plan.of_gate(gate):
        for arm, name in zip(arms, (BASELINE, model), strict=True):
            scored = check.measurer.results.of((planned.suite, planned.name, name))
            arm += [scored[id_] for id_ in _ids(reached, gate, model, planned) if id_ in scored]
    return arms


def _arms(check: Check, reached: Reached, gate: Gate, model: str, stage: int | None = None) -> Arms:
    """Return the same as they are compared, which may depend on the other arm's.

    Args:
        check: The check.
        reached: How far each gate may look.
        gate: The gate.
        model: The candidate.
        stage: Only the samples of one stage; all of them when omitted.
    """
    arms: Arms = ([], [])
    results, metric = check.measurer.results, check.plan.metric(gate)
    for planned in check.plan.of_gate(gate):
        measured = [results.of((gate.suite, planned.name, arm)) for arm in (BASELINE, model)]
        ids = _ids(reached, gate, model, planned)
        if stage is not None:
            own = set(planned.stages[stage])
            ids = tuple(id_ for id_ in ids if id_ in own)
        both = planned.compared(*measured)
        if planned.answers_in_text:
            both = both[0], held_to_answers(*both, metric)
        repeated = _repeated(both[0]) if planned.kind.prompt_is_question else frozenset()
        for arm, scored, reference in zip(arms, both, (True, False), strict=True):
            arm += [
                as_compared(_clustered(scored[id_], repeated), metric, reference=reference)
                for id_ in ids
                if id_ in scored
            ]
    return arms


def _ids(reached: Reached, gate: Gate, model: str, planned: PlannedTask) -> tuple[str, ...]:
    share = reached.get((gate.suite, model))
    return planned.first(share) if share else ()


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
