"""Graded, clustered and weighted scores exactly at the margin: how often each test passes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalguard.stats import UnitT, paired_scores

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, float], tuple[Floats, Floats, "list[str] | None"]]

ALPHA = 0.05


class Setting(NamedTuple):
    """A kind of score: its name, its margin, and how to draw one run.

    ``draw`` takes the true mean and returns each question's difference, its unit, and its stratum
    where strata weigh the same.
    """

    name: str
    margin: float
    draw: Draw


def graded(n: int, share: float, noise: float) -> Draw:
    """Draw questions of which a share loses everything and the rest makes up for it."""

    def draw(rng: np.random.Generator, mean: float) -> tuple[Floats, Floats, list[str] | None]:
        lost = share if mean < 0 else 0.0
        rest = (mean + lost) / (1 - lost)
        values = np.where(rng.random(n) < lost, -1.0, rest + noise * rng.standard_normal(n))
        return np.clip(values, -1, 1), np.arange(n, dtype=float), None

    return draw


def clustered(sizes: Callable[[np.random.Generator], NDArray[np.int64]], icc: float) -> Draw:
    """Draw clusters whose questions share the cluster's outcome with probability √ICC."""
    psi = 0.1

    def draw(rng: np.random.Generator, mean: float) -> tuple[Floats, Floats, list[str] | None]:
        size = sizes(rng)
        shares = [(psi - mean) / 2, (psi + mean) / 2, 1 - psi]
        own = rng.choice([-1.0, 1.0, 0.0], p=shares, size=int(size.sum()))
        shared = np.repeat(rng.choice([-1.0, 1.0, 0.0], p=shares, size=len(size)), size)
        values = np.where(rng.random(len(own)) < np.sqrt(icc), shared, own)
        return values, np.repeat(np.arange(len(size), dtype=float), size), None

    return draw


def weighted(sizes: tuple[int, ...]) -> Draw:
    """Draw strata of different sizes that all weigh the same."""

    def draw(rng: np.random.Generator, mean: float) -> tuple[Floats, Floats, list[str] | None]:
        strata = [str(index) for index, size in enumerate(sizes) for _ in range(size)]
        psi = 0.1
        shares = [(psi - mean) / 2, (psi + mean) / 2, 1 - psi]
        values = rng.choice([-1.0, 1.0, 0.0], p=shares, size=len(strata))
        return values, np.arange(len(strata), dtype=float), strata

    return draw


SETTINGS = (
    Setting("graded, n = 100, 5 % lose everything", 0.05, graded(100, 0.05, 0.02)),
    Setting("graded, n = 300, 2 % lose everything", 0.02, graded(300, 0.02, 0.02)),
    Setting("graded, n = 300, 30 % lose everything", 0.05, graded(300, 0.3, 0.1)),
    Setting("100 clusters of 5, ICC 0.3", 0.05, clustered(lambda _: np.full(100, 5), 0.3)),
    Setting("50 clusters of 5, ICC 1", 0.05, clustered(lambda _: np.full(50, 5), 1.0)),
    Setting(
        "100 clusters of 2 to 60 (geometric), ICC 0.3",
        0.05,
        clustered(lambda rng: np.minimum(1 + rng.geometric(0.2, 100), 60), 0.3),
    ),
    Setting(
        "60 clusters, four of 20 and the others of 1, ICC 0.3",
        0.05,
        clustered(lambda _: np.array([20] * 4 + [1] * 56), 0.3),
    ),
    Setting("strata of 200, 60 and 20, equal weights", 0.05, weighted((200, 60, 20))),
)


class Rates(NamedTuple):
    """Share of runs passed: by the engine and two plain tests at the margin, and the power."""

    engine: float
    question_t: float
    unit_t: float
    power: float


def rates(setting: Setting, runs: int, rng: np.random.Generator) -> Rates:
    """Pass runs at the margin by each test, and unchanged ones by the engine."""
    passed = np.zeros(3)
    unchanged = 0
    for _ in range(runs):
        values, unit, strata = setting.draw(rng, -setting.margin)
        passed += _passes(values, unit, strata, setting.margin)
        unchanged += _engine(*setting.draw(rng, 0.0)).p_pass(setting.margin) <= ALPHA
    engine, questions, units = (passed / runs).tolist()
    return Rates(engine, questions, units, unchanged / runs)


def _engine(values: Floats, unit: Floats, strata: list[str] | None) -> UnitT:
    scores = paired_scores(
        np.zeros(len(values)).tolist(),
        values.tolist(),
        clusters=unit.tolist(),
        strata=strata,
        low=0.0,
        binary=False,
    )
    test = scores.difference()
    assert isinstance(test, UnitT)
    return test


def _passes(
    values: Floats, unit: Floats, strata: list[str] | None, margin: float
) -> NDArray[np.bool_]:
    """Return what the engine, a t test over questions and a t test over units say."""
    weight = np.ones(len(values))
    if strata is not None:
        _, stratum, sizes = np.unique(strata, return_inverse=True, return_counts=True)
        weight = len(values) / (len(sizes) * sizes[stratum])
    shifted = (values + margin) * weight
    sums = np.bincount(unit.astype(int), weights=shifted)
    found = [_engine(values, unit, strata).p_pass(margin)]
    for sample in (shifted, sums):
        spread = float(sample.std(ddof=1))
        t = sample.mean() / (spread / np.sqrt(len(sample))) if spread > 1e-12 else np.inf
        found.append(float(stats.t.sf(t, len(sample) - 1)))
    return np.array(found) <= ALPHA


def table(found: dict[str, Rates], runs: int) -> list[str]:
    """Return the figures of every setting as Markdown lines."""
    lines = [
        f"**Graded, clustered and weighted scores at the margin: let through** ({runs:,} runs)",
        "",
        "| scores | EvalGuard | t test over questions | t test over units | EvalGuard's power |",
        "|---|---|---|---|---|",
    ]
    for name, rates_found in found.items():
        cells = " | ".join(f"{rate:.3f}" for rate in rates_found)
        lines.append(f"| {name} | {cells} |")
    return lines
