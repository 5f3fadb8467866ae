"""What a score is: its range, its direction and its unit, and how often detectors are right."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from evalguard.records.gates import Margin


class ScoreKind(StrEnum):
    """Which test a metric uses; declared by the scorer, never inferred from the data."""

    BINARY = "binary"  # 0 or 1 for each question: exact unconditional test
    BOUNDED = "bounded"  # within a declared range: hardened unit t test
    CORPUS = "corpus"  # no value for each sample: delete-group jackknife


@dataclass(frozen=True, slots=True)
class DetectorRates:
    """Accuracy of the rules that decide a metric, counted on labelled examples.

    Attributes:
        hits: Positive examples that were found.
        positives: Positive examples.
        rejections: Negative examples that were rejected.
        negatives: Negative examples.
        source: What the examples are, and whose labels.
        own: Whether the examples are answers of the models that are compared, as of a judge that
            people have labelled them for. Otherwise a correction by these rates may make a
            verdict harder to reach, never easier.
    """

    hits: int
    positives: int
    rejections: int
    negatives: int
    source: str = ""
    own: bool = False

    @property
    def sensitivity(self) -> float:
        """Share of the positive examples that are found."""
        return self.hits / self.positives

    @property
    def specificity(self) -> float:
        """Share of the negative examples that are rejected."""
        return self.rejections / self.negatives


@dataclass(frozen=True, slots=True)
class Metric:
    """What a scorer measures.

    Attributes:
        name: Name used in thresholds files, such as ``exact_match``.
        kind: Which test its differences use.
        low: Minimum possible score.
        high: Maximum possible score.
        higher_is_better: Direction; ``False`` flips the sign of every difference.
        clip: Difference beyond which a sample counts no further, for scores without natural limits
            such as log-likelihoods; differences are then tested within ±clip.
        detector: Accuracy of the score itself, if rules decide it and can err.
        span: Maximum difference between two models' scores, if that is less than the range.
        in_nats: Whether it is a log-likelihood or a divergence, so that margins may be in nats.
        ungated: Why it cannot be gated, and what to write instead; empty if it can.
        determined: Metric of the same scorer that is 0 where an answer could not be determined,
            which then scores 0 here.
        silence_may_win: Whether an answer that is empty, loops or is no language may score better
            than the worst where the baseline answered.
        floor: Score of a model that has lost all that the metric shows and still writes text; the
            worst score if ``None``.
        reads_target: Whether the score depends on what was expected, so that one answer to
            questions of different targets cannot be right for all of them.
    """

    name: str
    kind: ScoreKind = ScoreKind.BINARY
    low: float = 0.0
    high: float = 1.0
    higher_is_better: bool = True
    clip: float | None = None
    detector: DetectorRates | None = None
    span: float | None = None
    in_nats: bool = False
    ungated: str = ""
    determined: str | None = None
    silence_may_win: bool = False
    floor: float | None = field(default=None, compare=False)
    reads_target: bool = True

    @property
    def shrinkage(self) -> float:
        """What is seen of a true difference: Youden's J of the detector, 1 without one."""
        rates = self.detector
        return 1.0 if rates is None else rates.sensitivity + rates.specificity - 1

    @property
    def percent(self) -> bool:
        """Whether the range is 0 to 1, so that scores read as percentages."""
        return (self.low, self.high) == (0.0, 1.0)

    @property
    def worst(self) -> float:
        """The worst score."""
        return self.low if self.higher_is_better else self.high

    @property
    def best(self) -> float:
        """The best score."""
        return self.high if self.higher_is_better else self.low

    @property
    def greatest_difference(self) -> float:
        """Up to where a difference of two scores goes or counts."""
        limits = (self.span, self.clip, self.high - self.low)
        return next(limit for limit in limits if limit is not None)

    @property
    def unit(self) -> Literal["pp", "nats", "points"]:
        """Unit of an absolute margin: ``pp`` of shares and of differences of shares."""
        if self.in_nats:
            return "nats"
        return "pp" if self.low >= -1.0 and self.high <= 1.0 else "points"

    def problem_of(self, margin: Margin) -> str | None:
        """Return why a margin means nothing for the metric, to be read after the margin."""
        if not 0 < margin.value < math.inf:
            return "; a margin is above 0 and finite"
        if margin.unit == "%":
            return self._problem_of_share()
        if margin.unit != self.unit:
            return f", but {self._scale()}; write {self._in_own_unit(margin)}"
        if margin.value >= self.greatest_difference:
            most = Margin(self.greatest_difference, self.unit)
            return f", but differences of {self.name} count up to {most}; give a smaller margin"
        return None

    def _problem_of_share(self) -> str | None:
        if self.low < 0:
            why = f"{self.name} may be negative, and a share of it means nothing"
            return f", but {why}; give the margin in {self.unit}"
        if self.span is not None:
            return f", but the baseline's own {self.name} is fixed; give the margin in pp"
        return None

    def _scale(self) -> str:
        if self.unit == "nats":
            return f"{self.name} is in nats"
        return f"{self.name} ranges from {self.low:g} to {self.high:g}"

    def _in_own_unit(self, margin: Margin) -> str:
        """Return what was probably meant: the same number, in the unit that fits."""
        number = margin.value * 100 if margin.unit == "pp" else margin.value
        if self.unit == "pp":
            # 5 points of a share are 5pp; 0.05 points are the same thing on its own scale.
            return str(Margin(number / 100 if number >= 1 else number, "pp"))
        if number < self.greatest_difference:
            scale = ", on that scale" if self.unit == "points" else ""
            return f"{Margin(number, self.unit)}{scale}"
        return f"the margin in {self.unit}"
