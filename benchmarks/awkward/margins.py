"""Margins: shares of the baseline's own mean, few discordant pairs among many, mixed scales."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import special

from benchmarks.awkward.case import ALPHA, ENGINE, Case, Rates
from evalguard import decide
from evalguard.errors import DataError
from evalguard.stats import MarginTest, PairedBinary, PairedRatio, quantile
from evalguard.stats.binary import bonett_price, tango

Ints = NDArray[np.int64]
Table = tuple[int, int, int]
Rule = Callable[[Table], tuple[bool, bool]]


def _rates(worse: Ints, good: Ints, rules: Mapping[str, Rule]) -> dict[str, Rates]:
    """Return the rates of rules on tables of losses, gains and right answers of both.

    Args:
        worse: Tables with the truth at the margin, shape ``(runs, 3)``.
        good: Tables of a good candidate, shape ``(runs, 3)``.
        rules: By name, whether each passes a table, and whether it fails it.
    """
    found = {}
    for name, rule in rules.items():
        sides = []
        for tables in (worse, good):
            kinds, counts = np.unique(tables, axis=0, return_counts=True)
            verdicts = np.array([rule((b, c, both)) for b, c, both in kinds.tolist()])
            sides.append(counts @ verdicts / counts.sum())
        found[name] = Rates(float(sides[0][0]), float(sides[0][1]), float(sides[1][0]))
    return found


def _decided(test: MarginTest, margin: float) -> tuple[bool, bool]:
    return test.p_pass(margin) <= ALPHA, test.p_fail(margin) <= ALPHA


def _asymptotic(losses: int, gains: int, n: int, margin: float) -> tuple[bool, bool]:
    """Compare Tango's statistic with the normal and Bonett and Price's with the t distribution."""
    passed = float(tango(losses, gains, n, margin)) >= quantile(ALPHA)
    failed = float(bonett_price(losses, gains, n, margin)) <= special.stdtrit(n + 1, ALPHA)
    return passed, bool(failed)


def relative(n: int, mean: float, kept: float, share: float, good: float) -> Case:
    """Return a case of a margin that is a share of the baseline's mean.

    Args:
        n: Questions.
        mean: The baseline's true mean.
        kept: Share of its right answers that the candidate keeps.
        share: Tolerated drop as a share; negative for a gain that must be shown.
        good: The same of the good candidate, against which power is counted.
    """

    def draw(change: float, runs: int, rng: np.random.Generator) -> Ints:
        both = mean * min(kept, 1 - change)
        shares = [mean - both, mean * (1 - change) - both, both]
        return rng.multinomial(n, [*shares, 1 - sum(shares)], size=runs)[:, :3]

    def exact(table: Table) -> tuple[bool, bool]:
        losses, gains, both = table
        scale = (losses + both) / n
        return _decided(PairedRatio(losses, gains, both, n, scale), share * scale)

    def observed(table: Table) -> tuple[bool, bool]:
        losses, gains, both = table
        return _asymptotic(losses, gains, n, share * (losses + both) / n)

    def unit_t(table: Table) -> tuple[bool, bool]:
        losses, gains, both = table
        values, ratio = np.array([share - 1, 1.0, share]), 1 - share
        weights = np.array([losses, gains, both]) / n
        centre = weights @ values
        spread = np.sqrt((weights @ values**2 - centre**2) / (n - 1))
        t = (gains + both - ratio * (losses + both)) / n / spread
        return bool(special.stdtr(n - 1, -t) <= ALPHA), bool(special.stdtr(n - 1, t) <= ALPHA)

    def point(table: Table) -> tuple[bool, bool]:
        losses, gains, both = table
        passed = gains + both >= (1 - share) * (losses + both)
        return passed, not passed

    def measure(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
        rules = {
            ENGINE: exact,
            "Tango, margin of the observed mean": observed,
            "paired t of y − Rx": unit_t,
            "point rule": point,
        }
        return _rates(draw(share, runs, rng), draw(good, runs, rng), rules)

    demand = f"max_drop {share:.0%}" if share > 0 else f"min_gain {-share:.0%}"
    return Case("margins", f"{demand} of {mean:g}, n = {n}", measure, share=0.2)


def few_pairs(n: int, psi: float, margin: float, good: float) -> Case:
    """Return a case in which few of many questions are discordant."""

    def draw(theta: float, runs: int, rng: np.random.Generator) -> Ints:
        chance = max(psi, abs(theta))
        shares = [(chance - theta) / 2, (chance + theta) / 2, 0.5]
        found = rng.multinomial(n, [*shares, 1 - sum(shares)], size=runs)[:, :3]
        found[:, 2] = 0  # what both had right says nothing of an absolute margin
        return found

    def measure(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
        rules: dict[str, Rule] = {
            ENGINE: lambda table: _decided(PairedBinary(table[0], table[1], n), margin),
            "asymptotic": lambda table: _asymptotic(table[0], table[1], n, margin),
            "point rule": lambda table: (
                (table[1] - table[0]) / n >= -margin,
                (table[1] - table[0]) / n < -margin,
            ),
        }
        return _rates(draw(-margin, runs, rng), draw(good, runs, rng), rules)

    demand = f"max_drop {margin * 100:g}pp" if margin > 0 else f"min_gain {-margin * 100:g}pp"
    return Case("margins", f"{demand}, ψ = {psi:g}, n = {n:,}", measure)


def mixed_scales(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
    """Decide shares beside percentages, which must be refused and not passed."""
    passed = np.zeros((runs, 2), dtype=bool)
    for run in passed:
        baseline = rng.uniform(0.6, 1.0, 100)
        candidate = 100 * np.clip(baseline - 0.1, 0, 1)  # ten points worse
        run[1] = candidate.mean() >= baseline.mean() - 5
        try:
            result = decide(baseline, candidate, kind="bounded", high=100, max_drop="5 points")
        except DataError:
            continue
        run[0] = result.verdict == "PASS"
    engine, point = passed.mean(axis=0)
    return {ENGINE: Rates(float(engine)), "point rule": Rates(float(point))}


CASES = (
    relative(200, 0.7, 0.95, 0.05, 0.0),
    relative(1500, 0.7, 0.95, 0.05, 0.02),
    relative(1500, 0.2, 0.9, -0.2, -0.4),
    relative(1500, 0.2, 0.9, -0.5, -0.8),
    relative(1500, 0.2, 0.9, -1.0, -1.3),
    relative(1500, 0.2, 0.9, -2.0, -2.3),
    few_pairs(1500, 0.002, -0.002, 0.006),
    few_pairs(1500, 0.004, -0.002, 0.006),
    few_pairs(5000, 0.002, 0.001, 0.0),
    few_pairs(20000, 0.0005, 0.0005, 0.0),
    Case("margins", "0.8 beside 70 on a range of 0 to 100", mixed_scales, share=0.005),
)
