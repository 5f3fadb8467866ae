"""A case of awkward data, and what each rule makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

ALPHA = 0.05
ENGINE = "EvalGuard"
RESAMPLES = 1000


class Rates(NamedTuple):
    """How a rule decides many runs of one case; ``None`` where a rate has no meaning.

    Attributes:
        false_pass: Share of runs passed with the truth exactly at the margin.
        false_fail: Share of runs failed there.
        power: Share of runs passed where the candidate is as good as the case says.
        coverage: Share of two-sided 90 % intervals that hold the truth, at the margin.
    """

    false_pass: float | None = None
    false_fail: float | None = None
    power: float | None = None
    coverage: float | None = None


Measure = Callable[[int, np.random.Generator], Mapping[str, Rates]]


class Case(NamedTuple):
    """A kind of data.

    Attributes:
        group: The module that the case is of.
        name: The case in words, with n and the margin.
        measure: Runs it so many times; returns the rates of each rule by its name, the engine's
            under :data:`ENGINE`.
        share: Share of the asked runs to take, for a case that cannot be vectorised.
    """

    group: str
    name: str
    measure: Measure
    share: float = 1.0


def paired_t(differences: Floats, margin: float) -> tuple[float, float]:
    """Return the p-values of PASS and of FAIL by a paired t test over questions."""
    n = len(differences)
    spread = float(differences.std(ddof=1))
    shifted = float(differences.mean()) + margin
    if spread <= 1e-12:
        return (0.0, 1.0) if shifted > 0 else (1.0, 0.0)
    t = shifted / (spread / np.sqrt(n))
    return float(stats.t.sf(t, n - 1)), float(stats.t.cdf(t, n - 1))


def bootstrap(differences: Floats, margin: float, rng: np.random.Generator) -> tuple[float, float]:
    """Return the p-values of PASS and of FAIL by a percentile bootstrap over questions."""
    drawn = rng.integers(len(differences), size=(RESAMPLES, len(differences)))
    means = differences[drawn].mean(axis=1) + margin
    return float((means <= 0).mean()), float((means >= 0).mean())


def unpaired_z(baseline: Floats, candidate: Floats) -> tuple[bool, bool]:
    """Return whether lm-eval's two-sided z test passes, and whether it fails."""
    n = len(baseline)
    spread = np.sqrt((baseline.var(ddof=1) + candidate.var(ddof=1)) / n)
    z = (candidate.mean() - baseline.mean()) / spread if spread else 0.0
    failed = bool(z < -stats.norm.isf(ALPHA / 2))
    return not failed, failed


def point_rule(differences: Floats, margin: float) -> tuple[bool, bool]:
    """Return whether a threshold on the observed difference passes, and whether it fails."""
    failed = bool(differences.mean() < -margin - 1e-12)
    return not failed, failed
