"""Power of any test by simulation: pairs drawn from a pilot, decided by the test itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalguard.errors import UsageError
from evalguard.stats.margin import MarginTest
from evalguard.stats.scores import PairedScores
from evalguard.stats.units import UnitT

Floats = NDArray[np.float64]
RUNS = 400
"""Simulated runs of a size; the standard error of a power of 80 % is then 2 points."""


class Design(ABC):
    """What the samples of a run are drawn from, and the test that decides on them."""

    __slots__ = ()

    def power(
        self,
        n: int,
        margin: float,
        *,
        effect: float = 0.0,
        alpha: float = 0.05,
        runs: int = RUNS,
        rng: np.random.Generator,
        on_run: Callable[[], None] | None = None,
    ) -> float:
        """Return the share of runs of ``n`` questions that pass.

        Args:
            n: Questions.
            margin: δ on the scale of the scores; for a relative one, its share of the baseline's
                mean times that mean.
            effect: True θ.
            alpha: One-sided level.
            runs: Simulated runs.
            rng: Draws them.
            on_run: Called after each run.

        Raises:
            UsageError: If the design has no such effect.

        Example:
            >>> suites = Suites((300, 300), 0.1)
            >>> suites.power(600, 0.05, runs=100, rng=np.random.default_rng(1)) > 0.9
            True
        """
        pvalue = self._run(n, margin, effect, rng)
        passed = 0
        for _ in range(runs):
            passed += pvalue() <= alpha
            if on_run is not None:
                on_run()
        return passed / runs

    @abstractmethod
    def _run(
        self, n: int, margin: float, effect: float, rng: np.random.Generator
    ) -> Callable[[], float]:
        """Return what draws a run and returns its p-value of θ ≤ −δ."""


@dataclass(frozen=True, slots=True)
class Pilot(Design):
    """Pairs of an earlier comparison, as what new samples will look like.

    A run draws whole units with replacement. Each unit's two models are exchanged at random, which
    leaves how much they differ, and how it correlates within a cluster, but no difference
    between them; with unequal chances, so much that its mean is the effect.

    Args:
        scores: The pairs.
        relative: Whether the margin is a share of the baseline's mean.
    """

    scores: PairedScores
    relative: bool = False

    @property
    def questions_per_unit(self) -> float:
        """Mean size of a unit."""
        return len(self.scores.unit) / self.scores.units

    def _run(
        self, n: int, margin: float, effect: float, rng: np.random.Generator
    ) -> Callable[[], float]:
        chance = self._chance(effect)
        count = max(1, round(n / self.questions_per_unit))
        members = [np.flatnonzero(self.scores.unit == unit) for unit in range(self.scores.units)]

        def pvalue() -> float:
            drawn = rng.integers(self.scores.units, size=count)
            return self._test(members, drawn, rng.random(count), chance).p_pass(margin)

        return pvalue

    def _test(
        self,
        members: Sequence[NDArray[np.intp]],
        drawn: NDArray[np.intp],
        u: Floats,
        chance: Floats,
    ) -> MarginTest:
        sizes = [len(members[unit]) for unit in drawn]
        index = np.concatenate([members[unit] for unit in drawn])
        swapped = np.repeat(u < chance[drawn], sizes)
        before, after = self.scores.baseline[index], self.scores.candidate[index]
        run = replace(
            self.scores,
            baseline=np.where(swapped, after, before),
            candidate=np.where(swapped, before, after),
            unit=np.repeat(np.arange(len(drawn)), sizes),
            weight=self.scores.weight[index],
        )
        return run.difference(relative=self.relative)

    def _chance(self, effect: float) -> Floats:
        """Return the chance of each unit to be exchanged, so that the mean is the effect."""
        sign = 1.0 if self.scores.higher_is_better else -1.0
        change = np.nan_to_num(self.scores.candidate - self.scores.baseline) * sign
        if self.scores.clip is not None:
            change = np.clip(change, -self.scores.clip, self.scores.clip)
        sums = np.bincount(self.scores.unit, weights=change * self.scores.weight)
        greatest = float(np.abs(sums).sum() / self.scores.weight.sum())
        if abs(effect) > greatest + 1e-12:
            raise UsageError(
                f"an effect of {effect:g} is impossible on pairs that differ by {greatest:.4g} on "
                "average; give a smaller effect"
            )
        # A unit shows a gain with probability (1 + t)/2.
        gain = (1 + (effect / greatest if greatest else 0.0)) / 2
        return np.where(sums > 0, 1 - gain, gain)


@dataclass(frozen=True, slots=True)
class Suites(Design):
    """Suites of independent questions scored 0 or 1, of which a gate is on the common mean.

    Args:
        sizes: Questions of each suite.
        discordance: Share of the questions on which the two models differ.
        equal: Whether every suite counts the same, instead of every question.
    """

    sizes: tuple[int, ...]
    discordance: float
    equal: bool = True

    @property
    def effective(self) -> float:
        """Number of questions of equal weight that would weigh as these do (Kish)."""
        weight = self._weight(self.sizes)
        return float(weight.sum() ** 2 / np.sum(weight**2))

    def _run(
        self, n: int, margin: float, effect: float, rng: np.random.Generator
    ) -> Callable[[], float]:
        share = n / sum(self.sizes)
        weight = self._weight([max(1, round(size * share)) for size in self.sizes])

        def pvalue() -> float:
            u = rng.random(len(weight))
            losses = u < (self.discordance - effect) / 2
            gains = ~losses & (u < self.discordance)
            return UnitT(weight * (gains.astype(float) - losses), weight).p_pass(margin)

        return pvalue

    def _weight(self, sizes: Sequence[int]) -> Floats:
        """Return the weight of each question, 1 on average."""
        own = [sum(sizes) / (len(sizes) * size) if self.equal else 1.0 for size in sizes]
        return np.repeat(own, sizes)
