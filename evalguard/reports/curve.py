"""Geometry of the loss curves of a training run, in a square of 100 by 100."""

from __future__ import annotations

from collections.abc import Sequence
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
