"""What a demand is: read from YAML, tested on a comparison, planned, and put in words."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from evalguard.demands.words import Change, pvalue
from evalguard.errors import MeasurementError
from evalguard.records import Margin, Metric

if TYPE_CHECKING:
    from evalguard.demands.power import Design, Need
    from evalguard.stats import MarginTest

ValueT = TypeVar("ValueT", Margin, float)


class PairedTests(Protocol):
    """The tests of a comparison that a demand may ask for."""

    def difference(self, *, relative: bool = False) -> MarginTest:
        """Return the test of candidate − baseline, higher being better.

        Args:
            relative: Whether the margin is a share of the baseline's mean, and moves with it.
        """

    def bound(self, *, least: bool) -> MarginTest:
        """Return the test of the candidate's mean alone.

        Args:
            least: Test the mean against a minimum, which is −margin; otherwise its negative against
                the negative of a maximum, which is the margin.
        """

    def unclipped_losses(self) -> MarginTest:
        """Return the test of the share of samples whose loss stays within the metric's clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was observed of a gate's metric.

    Attributes:
        where: Suite and metric, for messages.
        n: All samples, including missing ones.
        means: Mean of the baseline and of the candidate over what could be measured; ``None``
            where only the counts of losses and gains are known.
        tests: The tests that a demand may ask for.
    """

    where: str
    n: int
    means: tuple[float, float] | None
    tests: PairedTests


@dataclass(frozen=True, slots=True)
class Condition(ABC, Generic[ValueT]):
    """Something that must hold for a PASS: a demand of the gate, or what its metric implies.

    Attributes:
        value: The required value.
    """

    value: ValueT

    on_difference: ClassVar[bool] = False
    """Whether it is about candidate − baseline; about the candidate alone otherwise."""
    orientation: ClassVar[int] = 1
    """−1 where θ is the negative of what the score says."""
    must_be_shown: ClassVar[bool] = True
    """Whether a PASS needs it shown; otherwise it is enough that it is not shown to fail."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The condition in words, such as ``max_drop 5pp``."""

    @property
    @abstractmethod
    def unmet(self) -> str:
        """What a FAIL says."""

    @abstractmethod
    def test(self, observed: Observed) -> ConditionTest:
        """Set up the test.

        Raises:
            MeasurementError: If it cannot be tested on what was observed.
        """

    def good(self, metric: Metric, margin: float) -> float:
        """Return θ of a good candidate, which a run of the planned size should pass.

        Infinite by default, so that no result is flagged as underpowered.
        """
        return math.inf

    def tolerated(self, metric: Metric, margin: float) -> float:
        """Return the loss of a good candidate that the condition tolerates; 0 if unknown."""
        return 0.0

    def passed(self, tested: ConditionTest, change: Change) -> str:
        """Say that it is shown."""
        return f"{self.text} holds ({pvalue(tested.p_pass)})"

    def failed(self, tested: ConditionTest, change: Change, adjusted: float) -> str:
        """Say that it is shown not to hold, with the adjusted p-value."""
        return f"{self.unmet} (adjusted {pvalue(adjusted)})"

    def undecided(self, tested: ConditionTest, change: Change) -> str:
        """Say that neither is shown."""
        return f"{self.text} is not shown ({pvalue(tested.p_pass)})"


class Demand(Condition[ValueT]):
    """What a gate may demand: one key in its row of a thresholds file.

    A package adds one through an entry point in the group ``evalguard.demands`` that names the
    class; the entry point's name is the key.
    """

    __slots__ = ()

    key: ClassVar[str]
    """Its key in thresholds files."""
    schema: ClassVar[Mapping[str, Any]]
    """JSON schema of its value; of type ``number``, the command line takes a number."""
    about: ClassVar[str]
    """What it demands, for ``evalguard schema``."""
    option: ClassVar[str]
    """The same for ``evalguard decide --help``."""
    metavar: ClassVar[str | None] = None
    """What the command line calls its value."""
    tolerates_loss: ClassVar[bool] = False
    """Whether it tolerates a loss against the baseline, so that training is watched for more."""
    worst_cases: ClassVar[tuple[tuple[bool, bool], ...]] = ((True, False), (False, True))
    """Of each worst case for it, whether undetermined answers of baseline and candidate are 1."""

    @classmethod
    @abstractmethod
    def parse(cls, value: Any) -> ValueT:
        """Parse its value from YAML.

        Raises:
            ValueError: If it is not a valid value.
        """

    @property
    def text(self) -> str:
        """The demand in words, such as ``max_drop 5pp``."""
        value = self.value
        return f"{self.key} {value}" if isinstance(value, Margin) else f"{self.key} {value:g}"

    @property
    def needs_scores(self) -> bool:
        """Whether it cannot be tested on counts of losses and gains alone."""
        return True

    @abstractmethod
    def problem(self, metric: Metric) -> str | None:
        """Return why its value is invalid for a metric; ``None`` if it is valid."""

    def conflict(self, others: Sequence[Demand[Any]]) -> str | None:
        """Return why it conflicts with another demand of the gate."""
        return None

    @abstractmethod
    def need(self, metric: Metric, design: Design) -> Need:
        """Return what it needs of a planned run.

        Raises:
            MeasurementError: If it is undefined for the baseline's mean.
        """


@dataclass(frozen=True, slots=True)
class ConditionTest:
    """A condition with its test.

    Attributes:
        condition: What must hold.
        test: The test of θ ≤ −margin (not met) and θ ≥ −margin (met).
        margin: δ.

    Raises:
        MeasurementError: If the margin is not finite.
    """

    condition: Condition[Any]
    test: MarginTest
    margin: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.margin):
            raise MeasurementError(
                f"{self.condition.text} is tested against a margin of {self.margin}"
            )

    @property
    def p_pass(self) -> float:
        """Return the p-value of the condition not being met; 0 where it need not be shown."""
        return _known(self.test.p_pass(self.margin)) if self.condition.must_be_shown else 0.0

    @property
    def p_fail(self) -> float:
        """Return the p-value of the condition being met."""
        return _known(self.test.p_fail(self.margin))

    def passed(self, change: Change) -> str:
        """Say that it is shown."""
        return self.condition.passed(self, change)

    def failed(self, change: Change, adjusted: float) -> str:
        """Say that it is shown not to hold."""
        return self.condition.failed(self, change, adjusted)

    def undecided(self, change: Change) -> str:
        """Say that neither is shown."""
        return self.condition.undecided(self, change)


def _known(value: float) -> float:
    """Return a p-value, 1 where it is NaN: comparisons with that would pass over it."""
    return 1.0 if math.isnan(value) else value
