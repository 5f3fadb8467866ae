"""Geometry of the curves of a training run, each in a square of 100 by 100."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalguard.records import LossPoint, TrainingRecord

_HEADROOM = 1.05
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_LINES = 4


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in the square, its y axis downwards, with what it stands for."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn of a run.

    Attributes:
        loss: Training loss.
        eval_loss: Held-out loss; empty where none was logged.
        least: The least held-out loss, where it was not the last.
        x_ticks: Steps to label.
        y_ticks: Losses to label.
    """

    loss: tuple[Spot, ...]
    eval_loss: tuple[Spot, ...]
    least: Spot | None
    x_ticks: tuple[Spot, ...]
    y_ticks: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class AnswerCurve:
    """What is drawn of the answers of preference stages.

    Attributes:
        chosen: Log-probability of the chosen answers.
        rejected: Log-probability of the rejected answers.
        x_ticks: Steps to label.
        y_ticks: Log-probabilities to label.
        figures: Name and course of what else was logged, from the first step to the last.
    """

    chosen: tuple[Spot, ...]
    rejected: tuple[Spot, ...]
    x_ticks: tuple[Spot, ...]
    y_ticks: tuple[Spot, ...]
    figures: tuple[tuple[str, str], ...]


def draw_curve(record: TrainingRecord) -> Curve | None:
    """Lay out the loss curves; ``None`` with fewer than two logged losses."""
    points = [point for point in record.curve if _losses(point)]
    if len(points) < 2:
        return None
    first, last = points[0].step, points[-1].step
    top = max(value for point in points for value in _losses(point)) * _HEADROOM or 1.0

    def spot(step: int, value: float, label: str) -> Spot:
        return Spot(
            x=round(100 * (step - first) / max(last - first, 1), 2),
            y=round(100 * (1 - value / top), 2),
            label=label,
        )

    def series(name: str) -> tuple[Spot, ...]:
        return tuple(
            spot(point.step, value, f"step {point.step}, epoch {point.epoch:.3g}: {value:.4g}")
            for point in points
            if (value := getattr(point, name)) is not None
        )

    eval_loss = series("eval_loss")
    lowest = max(eval_loss, key=lambda mark: mark.y, default=None)
    return Curve(
        loss=series("loss"),
        eval_loss=eval_loss,
        least=lowest if lowest is not None and lowest != eval_loss[-1] else None,
        x_ticks=tuple(
            spot(round(step), 0.0, f"{step:,.0f}") for step in _round_values(last) if step >= first
        ),
        y_ticks=tuple(spot(first, value, f"{value:g}") for value in _round_values(top)),
    )


def draw_answers(record: TrainingRecord) -> AnswerCurve | None:
    """Lay out how likely the answers were; ``None`` with fewer than two logged steps."""
    points = [point for point in record.curve if point.loss is not None]
    chosen = [(p, p.chosen_logps) for p in points if p.chosen_logps is not None]
    rejected = [(p, p.rejected_logps) for p in points if p.rejected_logps is not None]
    if len(chosen) < 2 or len(rejected) < 2:
        return None
    values = [value for _, value in chosen + rejected]
    low, high = min(values), max(values)
    span = high - low or 1.0
    steps = [point.step for point, _ in chosen + rejected]
    first, last = min(steps), max(steps)

    def spot(step: int, value: float, label: str) -> Spot:
        return Spot(
            x=round(100 * (step - first) / max(last - first, 1), 2),
            y=round(100 * (high - value) / span, 2),
            label=label,
        )

    def series(logged: Sequence[tuple[LossPoint, float]]) -> tuple[Spot, ...]:
        return tuple(spot(p.step, v, f"step {p.step}: {v:.4g}") for p, v in logged)

    distance = _round_values(span)[1]
    lines = range(math.ceil(low / distance), math.floor(high / distance) + 1)
    return AnswerCurve(
        chosen=series(chosen),
        rejected=series(rejected),
        x_ticks=tuple(
            spot(round(step), low, f"{step:,.0f}") for step in _round_values(last) if step >= first
        ),
        y_ticks=tuple(
            spot(first, line * distance, f"{round(line * distance, 12):g}") for line in lines
        ),
        figures=_courses(points),
    )


def _courses(points: Sequence[LossPoint]) -> tuple[tuple[str, str], ...]:
    found = []
    for name, field in (
        ("Chosen log-prob", "chosen_logps"),
        ("Rejected log-prob", "rejected_logps"),
        ("Reward margin", "margin"),
        ("Reward accuracy", "accuracy"),
    ):
        if moved := course(points, field):
            found.append((name, moved))
    return tuple(found)


def course(points: Iterable[LossPoint], field: str) -> str:
    """Return how a value moved from its first step to its last; empty where it was not logged."""
    values = [value for point in points if (value := getattr(point, field)) is not None]
    return f"{values[0]:.3g} → {values[-1]:.3g}" if values else ""


def _losses(point: LossPoint) -> list[float]:
    return [value for value in (point.loss, point.eval_loss) if value is not None]


def _round_values(top: float) -> Sequence[float]:
    """Return round numbers from 0 to at most ``top``, about as many as lines are wanted."""
    magnitude = 1.0
    while magnitude > top / _LINES:
        magnitude /= 10
    while magnitude * 10 <= top / _LINES:
        magnitude *= 10
    step = min((factor * magnitude for factor in _STEPS), key=lambda s: abs(top / s - _LINES))
    return [round(index * step, 12) for index in range(int(top / step) + 1)]
