"""``thresholds/NAME.yaml``: what a candidate must hold to be released."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from evalguard.config.model import ConfigModel, NonEmpty
from evalguard.config.problems import found
from evalguard.records import Margin, OnInconclusive, Role

_MARGIN = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(pp|%|nats|points?)\s*")


def parse_margin(value: Any) -> Margin:
    """Read a margin with its unit.

    Raises:
        ValueError: If the unit is missing, or the margin is not above 0, or above 100 of a hundred.

    Example:
        >>> parse_margin("0.5pp"), parse_margin("0.2 nats")
        (Margin(value=0.005, unit='pp'), Margin(value=0.2, unit='nats'))
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        shown = f"{value if abs(value) >= 1 else value * 100:g}"
        raise ValueError(
            f"{found(value)}, a margin without unit; write {shown}pp (percentage points of the "
            f"score) or {shown}% (of the baseline's mean)"
        )
    match = _MARGIN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"{found(value)}, which is no margin; write 5pp (percentage points of the score) "
            "or 5% (of the baseline's mean); of a log-likelihood, 0.2 nats; of a score from 0 to "
            "100, 2 points"
        )
    percent = float(match[1])
    if match[2] == "nats" and percent > 0:
        return Margin(percent, "nats")
    if match[2].startswith("point") and percent > 0:
        return Margin(percent, "points")
    if not 0 < percent <= 100:
        raise ValueError(f"{found(value)}; a margin is above 0 and at most 100{match[2]}")
    return Margin(float(f"{percent / 100:.12g}"), "pp" if match[2] == "pp" else "%")


MarginField = Annotated[
    Margin,
    PlainValidator(parse_margin),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*[0-9]*\.?[0-9]+\s*(pp|%|nats|points?)\s*$",
            "examples": ["5pp", "5%", "0.2 nats", "2 points"],
        }
    ),
]


EACH_TASK = "*"
"""In place of a task's name: a gate on each task of the suite."""


class GateConfig(ConfigModel):
    """One requirement on one metric of one suite; where several are given, each must hold."""

    name: NonEmpty | None = None
    """Name in reports."""
    suite: NonEmpty
    """One of the project's suites."""
    metric: NonEmpty
    """What a task of the suite measures, such as `acc` or `exact_match`."""
    task: NonEmpty | None = None
    """One task of the suite; by default all that measure the metric together, with `*` each."""
    max_drop: MarginField | None = None
    """Tolerated drop against the baseline: `5pp` (of the score) or `5%` (of its mean); of scores
    in nats, such as `nats_per_token`, `0.2 nats`; of scores from 0 to 100, `2 points`."""
    min_gain: MarginField | None = None
    """Gain over the baseline that must be shown."""
    min: float | None = None
    """Least score of the candidate itself."""
    max: float | None = None
    """Greatest score of the candidate itself."""
    role: Role = Role.GUARD
    """`guard` must PASS; `tripwire` must only not FAIL."""
    weights: Literal["size", "equal"] | None = None
    """Whether the suite's tasks count by their number of samples, or each task the same; by default
    as their group of lm-eval says, or else by size."""

    @model_validator(mode="after")
    def _requires_something(self) -> Self:
        bounds = (self.min, self.max)
        if self.max_drop is None and self.min_gain is None and bounds == (None, None):
            raise ValueError("requires nothing; give max_drop, min_gain, min or max")
        if self.max_drop is not None and self.min_gain is not None:
            raise ValueError("max_drop and min_gain exclude each other; remove one")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self

    @property
    def gate_name(self) -> str:
        """Name in reports."""
        return self.name or " ".join(filter(None, (self.suite, self.task, self.metric)))


def _without_twins(gates: tuple[GateConfig, ...]) -> tuple[GateConfig, ...]:
    names = [gate.gate_name for gate in gates]
    targets = [(gate.suite, gate.task, gate.metric) for gate in gates]
    for index in range(len(gates)):
        if names[index] in names[:index]:
            raise ValueError(
                f"gates[{names.index(names[index])}] and gates[{index}] are both called "
                f"'{names[index]}'; rename one"
            )
        if targets[index] in targets[:index]:
            raise ValueError(
                f"gates[{targets.index(targets[index])}] and gates[{index}] are on the same metric "
                "of the same suite; join them into one"
            )
    return gates


class ThresholdsConfig(ConfigModel):
    """The gates of a release."""

    version: Literal[1]
    """Version of this file format."""
    confidence_level: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of every verdict, on each side."""
    on_inconclusive: OnInconclusive = "fail"
    """Whether an undecided guard blocks the release, or tripwires of which none passed."""
    on_underpowered: Literal["error", "warn"] = "warn"
    """What happens before the run to a gate that could not pass even an unchanged model."""
    gates: Annotated[tuple[GateConfig, ...], AfterValidator(_without_twins)] = Field(min_length=1)
