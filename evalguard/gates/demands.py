"""What a gate demands: checked against its metric, as a margin, and in words."""

from __future__ import annotations

from evalguard.errors import ConfigError, MeasurementError, Problem
from evalguard.records import Gate, Margin, Metric


def check_gate(gate: Gate, metric: Metric) -> None:
    """Refuse margins and bounds that mean nothing for a metric.

    Raises:
        ConfigError: With every problem of the gate at once.
    """
    problems: list[tuple[str, str]] = []
    for key, margin in (("max_drop", gate.max_drop), ("min_gain", gate.min_gain)):
        if margin is not None and (problem := metric.problem_of(margin)):
            problems.append((key, f"{margin}{problem}"))
    for key, bound in (("min", gate.min), ("max", gate.max)):
        if bound is not None and not metric.low <= bound <= metric.high:
            allowed = f"{metric.low:g}…{metric.high:g}"
            problems.append((key, f"{bound:g} lies outside the range of {metric.name}, {allowed}"))
    if gate.max_drop is not None and gate.min_gain is not None:
        problems.append(("", "max_drop and min_gain exclude each other; remove one"))
    if all(demand is None for demand in (gate.max_drop, gate.min_gain, gate.min, gate.max)):
        problems.append(("", "requires nothing; give max_drop, min_gain, min or max"))
    if problems:
        raise ConfigError(
            Problem(gate.source, f"{gate.name}.{key}" if key else gate.name, message)
            for key, message in problems
        )


def relative_demand(gate: Gate) -> Margin | None:
    """Return what the gate demands of the difference, if anything."""
    return gate.max_drop or gate.min_gain


def absolute_margin(gate: Gate, baseline: float) -> float | None:
    """Return δ as a difference of scores, negative for a gain that must be shown.

    Raises:
        MeasurementError: If it is relative to a baseline of 0.
    """
    demanded = relative_demand(gate)
    if demanded is None:
        return None
    if demanded.unit == "%" and baseline <= 0:
        raise MeasurementError(
            f"{gate.suite}/{gate.metric}: the baseline scores {baseline:g} on average, and "
            f"{demanded} of that is no margin; give it in pp"
        )
    value = demanded.value * (baseline if demanded.unit == "%" else 1.0)
    return value if gate.max_drop else -value


def demand_text(gate: Gate) -> str:
    """Return all that a gate demands, in words.

    Example:
        >>> demand_text(Gate(name="", suite="", metric="", max_drop=Margin(0.02, "pp"), min=0.95))
        'max_drop 2pp, min 0.95'
    """
    margins = {"max_drop": gate.max_drop, "min_gain": gate.min_gain}
    bounds = {"min": gate.min, "max": gate.max}
    return ", ".join(
        [f"{key} {margin}" for key, margin in margins.items() if margin is not None]
        + [f"{key} {bound:g}" for key, bound in bounds.items() if bound is not None]
    )


def demand_of_difference(gate: Gate) -> str:
    """Return what the gate demands of the difference, in words."""
    return f"max_drop {gate.max_drop}" if gate.max_drop else f"min_gain {gate.min_gain}"
