"""What results of earlier candidates could save of a run that stops early: bound, and a valid test.

``python -m benchmarks.history`` prints the tables of docs/statistics.md. Nothing here is used by a
gate. Questions fall into strata by the baseline's score and by how many of three earlier candidates
differed from it there. docs/statistics.md says why this did not earn a place.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmarks.simulate import early_stopping
from evalguard.stats import Spending
from evalguard.stats.sequential import GAMMAS

N = 500
MARGIN = 0.05
ALPHA = 0.05
LOOKS = 20
EARLIER = 3  # candidates
STEP = 0.02  # of the information, without which no look is taken
CORRECTION = 0.25  # of a question's weight, for continuity
FIRST = np.array([1.0, 2.0, 3.0, 3.0, 4.0, 4.0])  # rates of strata, those that flipped before first

Floats = NDArray[np.float64]


class Strata(NamedTuple):
    """Shares of strata, and how often the candidate differs from the baseline in each.

    The baseline is wrong in those of even index and right in those of odd index.
    """

    weight: Floats
    flips: Floats

    @property
    def signs(self) -> Floats:
        """1 where a flip is a gain, −1 where it is a loss."""
        return np.where(np.arange(len(self.weight)) % 2, -1.0, 1.0)

    def at(self, theta: float) -> Strata:
        """Return strata with losses scaled so that the true difference is θ."""
        parts = self.weight * self.flips
        gains, losses = parts[self.signs > 0].sum(), parts[self.signs < 0].sum()
        scale = np.where(self.signs < 0, (gains - theta) / losses, 1.0)
        return Strata(self.weight, self.flips * scale)


def latent(shift: float, alike: float, rng: np.random.Generator, count: int = 400_000) -> Strata:
    """Return strata of models that share each question's difficulty, baseline right on 70 %.

    Args:
        shift: How much better the candidate is; about 10 % of answers flip without any.
        alike: Share of a candidate's own noise that earlier candidates have, too.
        rng: Draws the questions.
        count: Questions.
    """
    noise = np.sqrt((1 - np.cos(0.11 * np.pi)) / np.cos(0.11 * np.pi))
    easy, common = rng.normal(special.ndtri(0.7), 1, count), rng.normal(size=count)

    def right(shift: float) -> NDArray[np.bool_]:
        own = np.sqrt(alike) * common + np.sqrt(1 - alike) * rng.normal(size=count)
        return np.asarray(easy + shift + noise * own > 0)

    baseline, candidate = easy + noise * rng.normal(size=count) > 0, right(shift)
    flipped = sum((right(0.0) != baseline).astype(int) for _ in range(EARLIER))
    stratum = 2 * ((flipped + 1) // 2) + baseline  # never, once, more often
    sizes = np.bincount(stratum)
    return Strata(sizes / count, np.bincount(stratum, candidate != baseline) / sizes)


def least_share(strata: Strata, power: float) -> float:
    """Return a share of the questions that every valid test uses, by Wald's inequality.

    Some model at the margin lies within c nats of the candidate on every question, so that telling
    them apart at ``ALPHA`` and ``power`` takes kl(power, ALPHA)/c questions on average.
    """
    right = np.where(strata.signs > 0, strata.flips, 1 - strata.flips)
    wrong = 1 - right

    def worse(nats: float) -> float:
        low, high = wrong.copy(), np.ones_like(wrong)
        for _ in range(60):
            middle = (low + high) / 2
            near = special.rel_entr(wrong, middle) + special.rel_entr(right, 1 - middle) <= nats
            low, high = np.where(near, middle, low), np.where(near, high, middle)
        return float(strata.weight @ (low - wrong))

    theta = float(strata.weight @ (strata.signs * strata.flips))
    low, high = 0.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if worse(middle) < MARGIN + theta else (low, middle)
    told = special.rel_entr(power, ALPHA) + special.rel_entr(1 - power, 1 - ALPHA)
    return float(told / low / N)


def by_baseline(strata: Strata) -> Strata:
    """Return the strata that the baseline's score alone makes."""
    weight = strata.weight.reshape(-1, 2).sum(axis=0)
    return Strata(weight, (strata.weight * strata.flips).reshape(-1, 2).sum(axis=0) / weight)


class Seen(NamedTuple):
    """Flips, questions asked and all questions of each stratum. Shapes ``(runs, strata)``."""

    flips: Floats
    asked: Floats
    total: Floats

    def merged(self) -> Seen:
        """Join strata of which nothing was asked with the one below."""
        parts = [part.copy() for part in self]
        for index in range(parts[0].shape[1] - 1, 1, -1):
            empty = parts[1][:, index] == 0
            for part in parts:
                part[empty, index - 2] += part[empty, index]
                part[empty, index] = 0
        return Seen(*parts)


def tail(seen: Seen, signs: Floats, margin: float) -> tuple[Floats, Floats]:
    """Return the p-value of θ ≤ −margin, and the variance of the estimate, of each run.

    The estimate weighs the flips of each stratum by its share of all questions. Its tail is that at
    the most likely flips and θ = −margin, by the saddlepoint approximation of Lugannani and Rice,
    with the variance of the strata's shares.
    """
    flips, asked, total = seen
    n = total.sum(axis=1, keepdims=True)
    share, each = total / n, total / n / np.maximum(asked, 1)
    weight = signs * each
    likely = _at_margin(flips, asked, share * signs, margin)
    step = np.where((likely > 0) & (likely < 1), each, 0.0).max(axis=1)
    reached = (weight * flips).sum(axis=1) - CORRECTION * step

    def cumulants(s: Floats) -> tuple[Floats, Floats, Floats]:
        up = likely * np.exp(np.clip(s[:, None] * weight, -60, 60))
        of_flips, r = 1 - likely + up, up / (1 - likely + up)
        shares = share * np.exp(np.clip(s[:, None] * signs * likely / n, -60, 60))
        moved = shares.sum(axis=1)
        mean = (shares * signs * likely).sum(axis=1) / moved
        spread = (shares * likely**2).sum(axis=1) / moved - mean**2
        return (
            (asked * np.log(of_flips)).sum(axis=1) + n[:, 0] * np.log(moved) + margin * s,
            (asked * weight * r).sum(axis=1) + mean + margin,
            (asked * weight**2 * r * (1 - r)).sum(axis=1) + spread / n[:, 0],
        )

    variance = cumulants(np.zeros(len(n)))[2]
    low, high = np.zeros(len(n)), np.full(len(n), 20 / np.sqrt(variance.min()))
    for _ in range(60):
        middle = (low + high) / 2
        below = cumulants(middle)[1] < reached
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    first, _, second = cumulants(low)
    root = np.sqrt(np.maximum(2 * (low * reached - first), 1e-12))
    scale = np.maximum(low * np.sqrt(second), 1e-6)
    chance = special.ndtr(-root) + np.exp(-(root**2) / 2) / np.sqrt(2 * np.pi) * (
        1 / scale - 1 / root
    )
    central = (reached <= -margin) | (root < 1e-3)
    return np.where(central, 1.0, np.clip(chance, 0.0, 1.0)), variance


def _at_margin(flips: Floats, asked: Floats, slope: Floats, margin: float) -> Floats:
    """Return the most likely rates of flips with Σ slope·rate = −margin, for estimates above it."""

    def rates(log_multiplier: Floats) -> Floats:
        c = np.exp(log_multiplier)[:, None] * slope
        total = asked + c
        root = np.sqrt(np.maximum(total**2 - 4 * c * flips, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(total > 0, 2 * flips / (total + root), (total - root) / (2 * c))
        return np.asarray(np.clip(np.nan_to_num(found), 0.0, 1.0))

    low, high = np.full(len(flips), -6.0), np.full(len(flips), 18.0)
    for _ in range(70):
        middle = (low + high) / 2
        above = (slope * rates(middle)).sum(axis=1) > -margin
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return rates(high)


class Levels:
    """Levels of looks whose shares of the information differ from run to run, by early spending."""

    def __init__(self, runs: int) -> None:
        self.share = np.zeros(runs)
        self._points, self._weights = special.roots_legendre(160)
        self._nodes, self._mass = np.zeros((runs, 160)), np.zeros((runs, 160))

    def look(self, run: NDArray[np.intp], share: Floats) -> Floats:
        """Return the levels of runs at their next look."""
        gamma, before = GAMMAS["early"], self.share[run]
        spend = ALPHA * np.expm1(-gamma * share) / np.expm1(-gamma)
        spend -= ALPHA * np.expm1(-gamma * before) / np.expm1(-gamma)
        started = before > 0
        limit = -special.ndtri(spend)
        drift = self._nodes[run] * np.sqrt(before)[:, None]
        spread, now = np.sqrt(share - before), np.sqrt(share)
        low, high = np.full(len(run), -4.4), np.full(len(run), 8.0)
        for _ in range(30):
            middle = (low + high) / 2
            beyond = special.ndtr((drift - (middle * now)[:, None]) / spread[:, None])
            over = (self._mass[run] * beyond).sum(axis=1) > spend
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        limit = np.where(started, high, limit)
        half = (limit + 4.5) / 2
        nodes = half[:, None] * (self._points + 1) - 4.5
        mass = np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
        for index in np.flatnonzero(started):
            away = nodes[index][:, None] * now[index] - drift[index]
            kernel = np.exp(-((away / spread[index]) ** 2) / 2)
            moved = kernel @ self._mass[run[index]]
            mass[index] = moved * now[index] / spread[index] / np.sqrt(2 * np.pi)
        self._nodes[run], self._mass[run] = nodes, half[:, None] * self._weights * mass
        self.share[run] = share
        return np.asarray(special.ndtr(-limit))


def draw(
    strata: Strata, runs: int, rng: np.random.Generator, *, first: bool, known: float
) -> list[Seen]:
    """Return what each look of many runs sees.

    Args:
        strata: The truth.
        runs: Runs.
        rng: Draws them.
        first: Whether questions of strata that flipped before are asked earlier, by their rates;
            in random order otherwise.
        known: Share of the random order that the earlier candidates answered.
    """
    sizes = [-(-N * look // LOOKS) for look in range(1, LOOKS + 1)]
    steps = np.diff([0, *sizes])
    asked = np.cumsum([rng.multinomial(step, strata.weight, runs) for step in steps], axis=0)
    total = asked[-1].astype(float)
    if first:
        asked = np.stack([_by_rates(total, size) for size in sizes])
    flips = np.zeros_like(asked[0])
    found, last = [], np.zeros_like(asked[0])
    for size, now in zip(sizes, asked, strict=True):
        flips = flips + rng.binomial(now - last, strata.flips)
        known_now = asked[max(round(known * LOOKS) - 1, sizes.index(size))].astype(float)
        found.append(Seen(flips.astype(float), now.astype(float), total if first else known_now))
        last = now
    return found


def _by_rates(total: Floats, size: int) -> NDArray[np.int64]:
    """Return how many of each stratum are asked when ``size`` questions are."""
    low, high = np.zeros(len(total)), np.ones(len(total))
    for _ in range(40):
        middle = (low + high) / 2
        few = (total * np.minimum(1, FIRST[: total.shape[1]] * middle[:, None])).sum(axis=1) < size
        low, high = np.where(few, middle, low), np.where(few, high, middle)
    asked = np.round(total * np.minimum(1, FIRST[: total.shape[1]] * high[:, None]))
    return np.asarray(np.maximum(asked, np.minimum(total, 1)), dtype=np.int64)


def looked(
    strata: Strata, runs: int, rng: np.random.Generator, *, first: bool = False, known: float = 1.0
) -> tuple[float, float, float]:
    """Return the shares of runs passed and failed, and the mean share of questions used."""
    levels, signs = Levels(runs), strata.signs
    passed, failed = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    used = np.ones(runs)
    for look, everyone in enumerate(draw(strata, runs, rng, first=first, known=known), 1):
        run = np.flatnonzero(~passed & ~failed)
        seen = Seen(*(part[run] for part in everyone)).merged()
        usable = ~((seen.asked == 0) & (seen.total > 0)).any(axis=1)
        n = seen.total.sum(axis=1)
        shown = (seen.total / n[:, None] * signs * seen.flips / np.maximum(seen.asked, 1)).sum(1)
        passing, failing = np.ones(len(run)), np.ones(len(run))
        share = np.full(len(run), look / LOOKS)
        for pvalue, side in ((passing, 1.0), (failing, -1.0)):
            chosen = np.flatnonzero((side * (shown + MARGIN) > 1e-9) & usable)
            if len(chosen):
                some = Seen(*(part[chosen] for part in seen))
                pvalue[chosen], variance = tail(some, side * signs, side * MARGIN)
                share[chosen] = _at_the_end(some, side * signs, side * MARGIN) / variance
        last = look == LOOKS
        taken = usable & (share >= levels.share[run] + STEP) & (share < 1 - STEP / 2)
        taken |= last
        share = np.full(len(run), 1.0) if last else share
        if taken.any():
            level = levels.look(run[taken], share[taken])
            fails = failing[taken] <= level
            passes = (passing[taken] <= level) & ~fails
            failed[run[taken][fails]], passed[run[taken][passes]] = True, True
            used[run[taken][fails | passes]] = look / LOOKS
    return float(passed.mean()), float(failed.mean()), float(used.mean())


def _at_the_end(seen: Seen, signs: Floats, margin: float) -> Floats:
    """Return the variance that the estimate will have at the end, at the most likely flips."""
    flips, asked, total = seen
    share = total / total.sum(axis=1, keepdims=True)
    likely = _at_margin(flips, asked, share * signs, margin)
    return np.asarray(((share * likely).sum(axis=1) - margin**2) / N)


def adversarial() -> dict[str, Strata]:
    """Return models at the margin whose earlier candidates tell nothing, or the contrary."""
    weight = np.array([0.22, 0.604, 0.042, 0.051, 0.042, 0.04])
    weight /= weight.sum()
    cases: dict[str, tuple[ArrayLike, list[float]]] = {
        "all losses where none flipped": (weight, [0, 1, 0, 0, 0, 0]),
        "losses where none flipped, gains where some did": (weight, [0, 1, 0.6, 0, 0.6, 0]),
        "gains where none flipped, losses where some did": (weight, [0.1, 0, 0, 0.5, 0, 0.5]),
        "unrelated": (weight, [0.08, 1, 0.08, 1, 0.08, 1]),
        "right": (weight, [0.03, 0.04, 0.2, 0.45, 0.4, 0.9]),
        "no candidate flipped": ([0.3, 0.7], [0.08, 1]),
        "the candidate itself": ([0.25, 0.6, 0.05, 0.1], [0, 0, 1, 1]),
    }
    return {
        name: Strata(np.array(sizes, float), np.array(flips, float)).at(-MARGIN)
        for name, (sizes, flips) in cases.items()
    }


def main() -> None:
    """Print what history saves, or its error rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--adversarial", action="store_true", help="Print the error rates instead.")
    parser.add_argument("--only", default="", help="Start of the names of such candidates.")
    options = parser.parse_args()
    if options.adversarial:
        print("| earlier candidates | false PASS | false FAIL | flips first: PASS | FAIL |")
        print("|---|---|---|---|---|")
        for name, strata in adversarial().items():
            if not name.startswith(options.only):
                continue
            rng = np.random.default_rng(options.seed)
            each = [looked(strata, options.runs, rng, first=first)[:2] for first in (False, True)]
            cells = " | ".join(f"{rate:.3f}" for pair in each for rate in pair)
            print(f"| {name} | {cells} |", flush=True)
        return
    print("| rule | no change: used | PASS | gain: used | PASS |\n|---|---|---|---|---|")
    for alike in (0.0, 0.5):
        rng = np.random.default_rng(options.seed)
        same, better = (latent(shift, alike, rng) for shift in (0.0, 0.11))
        for name, first, known in (
            ("known on half of the questions", False, 0.5),
            ("known on all", False, 1.0),
            ("known on all, flips first", True, 1.0),
        ):
            rng = np.random.default_rng(options.seed)
            found = [
                looked(truth, options.runs, rng, first=first, known=known)
                for truth in (same, better)
            ]
            cells = " | ".join(f"{used:.3f} | {passed:.3f}" for passed, _, used in found)
            print(f"| {alike:g} alike, {name} | {cells} |", flush=True)
        bounds = [
            (f"{alike:g} alike, {name}", [least_share(of(truth), 0.95) for truth in (same, better)])
            for name, of in (("least by the baseline alone", by_baseline), ("least", lambda s: s))
        ]
        for name, least in bounds:
            print(f"| {name} | {least[0]:.3f} | 0.950 | {least[1]:.3f} | 0.950 |", flush=True)
    designs: tuple[tuple[Spending, int], ...] = (("late", 10), ("early", 10), ("early", 20))
    for spending, looks in designs:
        rng = np.random.default_rng(options.seed)
        rates = [
            early_stopping(
                N, 0.097, theta, margin=MARGIN, looks=looks, runs=20_000, rng=rng, spending=spending
            )
            for theta in (0.0, 0.036)
        ]
        cells = " | ".join(f"{one.fraction_used:.3f} | {one.passed:.3f}" for one in rates)
        print(f"| exact test, {spending}, {looks} looks | {cells} |", flush=True)


if __name__ == "__main__":
    main()
