"""What is required: gates with their margins and roles, and the verdicts that they get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Literal, TypeAlias


class Verdict(StrEnum):
    """Outcome of a gate or of a whole check, from best to worst."""

    PASS = "PASS"  # shown not to be worse by the margin
    INCONCLUSIVE = "INCONCLUSIVE"  # neither shown; more samples would decide
    ERROR = "ERROR"  # it could not be measured
    FAIL = "FAIL"  # a loss beyond the margin is shown


OnInconclusive = Literal["fail", "warn"]
"""Whether an undecided gate blocks the release."""


def one_sided_error(confidence_level: float) -> float:
    """Return α, the error of one side, without the rounding of the subtraction.

    Example:
        >>> 1 - 0.95, one_sided_error(0.95)
        (0.050000000000000044, 0.05)
    """
    return round(1 - confidence_level, 12)


class Role(StrEnum):
    """How a gate affects the overall verdict."""

    GUARD = "guard"  # must PASS
    TRIPWIRE = "tripwire"  # must only not FAIL


class Ability(StrEnum):
    """What a suite measures; the diagnosis uses it to interpret the suite's gates."""

    TASK = "task"  # what the fine-tune was made for
    GENERAL = "general"  # knowledge and skills from before
    INSTRUCTION = "instruction"  # follows constraints on the answer
    FORMAT = "format"  # emits well-formed JSON, lists, code
    GROUNDING = "grounding"  # answers from the context
    ABSTENTION = "abstention"  # says so when the context lacks the answer
    SAFETY = "safety"  # refuses harmful requests
    OVER_REFUSAL = "over_refusal"  # answers benign look-alikes
    DIVERSITY = "diversity"  # different answers to different prompts
    DRIFT = "drift"  # stays close to the baseline
    OVERFITTING = "overfitting"  # learned its task, not its training rows
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Margin:
    """A tolerated difference: absolute, in the score's own unit, or relative to the baseline.

    Attributes:
        value: As a fraction, ``0.05`` for ``5pp`` and for ``5%``; or the number of nats or points.
        unit: ``pp``, ``nats`` or ``points`` (absolute: of a score from 0 to 1, of a log-likelihood,
            of any other range), or ``%`` (of the baseline's mean).
    """

    value: float
    unit: Literal["pp", "%", "nats", "points"]

    def __str__(self) -> str:
        if self.unit in ("nats", "points"):
            return f"{self.value:g} {self.unit}"
        return f"{self.value * 100:g}{self.unit}"


Demanded: TypeAlias = Margin | float
"""The value of a demand."""

POOLED = "pooled"
"""What stands for the suite of a gate that is pooled over others."""


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Gate:
    """One requirement on one metric of one suite.

    Demands are given as in a thresholds file, ``Gate(..., max_drop=Margin(0.05, "pp"), min=0.9)``;
    if there are several, all must hold.

    Attributes:
        name: Name of the gate.
        suite: Its suite.
        metric: Its metric.
        task: One task of the suite; all together by default.
        demands: What must hold, by the keys of thresholds files.
        role: Whether it must PASS or only not FAIL.
        ability: What the suite measures.
        source: The thresholds file that defines it, as the user wrote its path.
        weights: Weight the suite's tasks by their number of samples, or equally; by default as
            their lm-eval group says, or else by size.
        node: Its name among the gates of its suite, as pytest shows it; ``metric@task`` if empty.
        error_difference: Bound on how much the error rates of the judge or the rules that score the
            metric may differ between the baseline's and the candidate's answers.
        pool: The gates whose mean difference it is on; its suite is then :data:`POOLED`.
        confidence_level: Confidence of each side, where it is not that of all gates.
    """

    name: str
    suite: str
    metric: str
    task: str | None = None
    demands: Mapping[str, Demanded] = field(default_factory=dict, hash=False)
    role: Role = Role.GUARD
    ability: Ability = Ability.OTHER
    source: str = ""
    weights: Literal["size", "equal"] | None = None
    node: str = ""
    error_difference: float = 0.0
    pool: tuple[Gate, ...] = ()
    confidence_level: float | None = None

    def __init__(
        self,
        *,
        name: str,
        suite: str,
        metric: str,
        task: str | None = None,
        demands: Mapping[str, Demanded] | None = None,
        role: Role = Role.GUARD,
        ability: Ability = Ability.OTHER,
        source: str = "",
        weights: Literal["size", "equal"] | None = None,
        node: str = "",
        error_difference: float = 0.0,
        pool: tuple[Gate, ...] = (),
        confidence_level: float | None = None,
        **demanded: Demanded | None,
    ) -> None:
        all_demands = {**(demands or {}), **demanded}
        given = {key: value for key, value in all_demands.items() if value is not None}
        scope = (name, suite, metric, task)
        own = (ability, source, weights, node, error_difference, pool, confidence_level)
        values = (*scope, given, role, *own)
        for attribute, value in zip(fields(self), values, strict=True):
            object.__setattr__(self, attribute.name, value)

    @property
    def node_name(self) -> str:
        """Name among the gates of its suite, as pytest shows it."""
        return self.node or node_name(self.metric, self.task)

    @property
    def members(self) -> tuple[Gate, ...]:
        """The gates that it is pooled over; itself for any other."""
        return self.pool or (self,)


def node_name(metric: str, task: str | None) -> str:
    """Return how pytest names a gate on a metric of a suite, or of one of its tasks."""
    return f"{metric}@{task}" if task else metric
