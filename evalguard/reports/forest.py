"""Geometry of the forest plot: where each interval, point and margin stands, in per cent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalguard import figures
from evalguard.records import GateResult
from evalguard.reports.scale import Scale, fit_scale


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled difference on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One gate of one candidate on the axis; positions are per cent of its width.

    Attributes:
        number: Position of the gate in the result; names its place on the page.
        gate: The gate.
        interval: Left and right end; ``None`` where nothing was measured.
        point: The measured change.
        margin: Where the requirement stands; what lies left of it is not tolerated.
        zero: No change.
    """

    number: int
    gate: GateResult
    interval: tuple[float, float] | None
    point: float | None
    margin: float | None
    zero: float


@dataclass(frozen=True, slots=True)
class Requirement:
    """One gate with its result for every candidate."""

    gate: GateResult
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """Requirements that share an axis."""

    requirements: tuple[Requirement, ...]
    ticks: tuple[Tick, ...]
    unit: str
    is_stretched: bool


def forest(gates: Sequence[GateResult]) -> tuple[Axis, ...]:
    """Lay out all gates: those in percentage points on one axis, each other on its own."""
    numbered = list(enumerate(gates))
    axes: dict[object, list[tuple[int, GateResult]]] = {}
    for number, gate in numbered:
        key = "percent" if figures.in_percent(gate) else _identity(gate)
        axes.setdefault(key, []).append((number, gate))
    return tuple(_axis(members) for members in axes.values())


def _axis(members: Sequence[tuple[int, GateResult]]) -> Axis:
    scale = fit_scale(gate for _, gate in members)
    requirements: dict[object, list[Row]] = {}
    for number, gate in members:
        requirements.setdefault(_identity(gate), []).append(_row(number, gate, scale))
    example = members[0][1]
    return Axis(
        requirements=tuple(
            Requirement(rows[0].gate, tuple(rows)) for rows in requirements.values()
        ),
        ticks=tuple(_ticks(scale, example)),
        unit="percentage points" if figures.in_percent(example) else example.metric,
        is_stretched=scale.is_stretched,
    )


def _identity(gate: GateResult) -> tuple[str | None, ...]:
    """Return what tells a requirement from the others, whatever the candidate."""
    return (gate.source, gate.suite, gate.task, gate.metric, gate.name, gate.requirement)


def _row(number: int, gate: GateResult, scale: Scale) -> Row:
    def place(value: float | None) -> float | None:
        return None if value is None else round(100 * scale.position(value), 2)

    return Row(
        number=number,
        gate=gate,
        interval=(
            (100 * scale.position(gate.ci[0]), 100 * scale.position(gate.ci[1]))
            if gate.ci
            else None
        ),
        point=place(gate.delta),
        margin=place(figures.threshold(gate)),
        zero=100 * scale.position(0.0),
    )


def _ticks(scale: Scale, example: GateResult) -> Iterable[Tick]:
    factor = 100 if figures.in_percent(example) else 1

    def label(value: float) -> str:
        sign = figures.MINUS if value < 0 else "+" if value > 0 else ""
        return f"{sign}{abs(value) * factor:g}"

    for value in scale.ticks(label):
        yield Tick(100 * scale.position(value), label(value))
