"""The noise floor: the baseline against itself, in another order, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from evalguard.config import BASELINE
from evalguard.errors import MeasurementError
from evalguard.gates.results import error_result
from evalguard.records import Gate, GateResult, ScoredSample, ScoreKind
from evalguard.runner.answers import as_compared
from evalguard.runner.measure import Measurer
from evalguard.runner.measured import Measured
from evalguard.runner.plan import Plan
from evalguard.runner.planned_task import PlannedTask
from evalguard.store import fingerprint

BELOW_NOISE = "margin_below_noise"
"""Flag of a gate whose margin is no greater than what the baseline differs from itself."""


def with_noise(
    results: Sequence[GateResult],
    gates: Sequence[Gate],
    plan: Plan,
    measurer: Measurer,
    *,
    runs: int,
) -> tuple[GateResult, ...]:
    """Run the baseline again on the samples it was measured on, and flag gates below its noise.

    The repeats go through the engine in reverse order, so that batches are composed differently,
    and sampling draws again. They are stored under keys of their own.

    Args:
        results: Decided gates.
        gates: The gate of each result.
        plan: The plan of the check.
        measurer: Measured the baseline.
        runs: Runs of the baseline in all, the one that was gated included.

    Returns:
        The results with their noise floor: for a binary metric the share of samples that flip
        between runs, for others the mean absolute difference.
    """
    repeats = [_repeat(plan, measurer, number) for number in range(1, runs)]
    return tuple(
        _with_floor(result, gate, plan, measurer, repeats)
        for result, gate in zip(results, gates, strict=True)
    )


def _repeat(plan: Plan, measurer: Measurer, number: int) -> str:
    """Measure the baseline once more; return the name that the repeat is kept under."""
    name = f"{BASELINE}#{number}"
    wanted = {}
    for task in (task for task in plan if not task.follows_baseline):
        original = measurer.results.of((task.suite, task.name, BASELINE))
        key = measurer.fingerprint_of((task.suite, task.name, BASELINE))
        if original and key:
            repeat = fingerprint({"run": key, "repeat": number})
            again = Measured(name, task, repeat, draw=number)
            wanted[again] = tuple(reversed(original))
    measurer.measure(wanted)
    return name


def _with_floor(
    result: GateResult, gate: Gate, plan: Plan, measurer: Measurer, repeats: Iterable[str]
) -> GateResult:
    """Return a result with its noise floor; an ERROR where it cannot be computed."""
    try:
        return _flagged(result, _noise(gate, plan, measurer, repeats))
    except MeasurementError as error:
        return error_result(gate, result.model, f"the noise floor is unknown: {error}")


def _noise(gate: Gate, plan: Plan, measurer: Measurer, repeats: Iterable[str]) -> float | None:
    if gate.pool or plan.metric(gate).kind is ScoreKind.CORPUS:
        return None
    metric = plan.metric(gate)
    pairs = [
        [as_compared(one, metric, reference=False) for one in pair]
        for task in plan.of_gate(gate)
        for name in repeats
        for pair in _pairs(task, measurer, name)
    ]
    differences = [
        abs(first.scores[metric.name] - again.scores[metric.name])
        for first, again in pairs
        if not first.error and not again.error
    ]
    return sum(differences) / len(differences) if differences else None


def _pairs(
    task: PlannedTask, measurer: Measurer, name: str
) -> Iterable[tuple[ScoredSample, ScoredSample]]:
    """Return what both runs measured."""
    first, again = task.compared(
        *(measurer.results.of((task.suite, task.name, run)) for run in (BASELINE, name))
    )
    return (
        (first[id_], again[id_])
        for id_ in first.keys() & again.keys()
        if not first[id_].error and not again[id_].error
    )


def _flagged(result: GateResult, noise: float | None) -> GateResult:
    below = noise is not None and result.margin is not None and abs(result.margin) <= noise
    flags = (*result.flags, BELOW_NOISE) if below else result.flags
    return replace(result, noise=noise, flags=flags)
