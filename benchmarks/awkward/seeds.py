"""Several trainings of one recipe on the same questions, and what pooling them makes of it.

``python -m benchmarks.awkward --group seeds``. Each seed differs from the recipe's mean by a
normal effect, and loses and gains questions of which half of the cause is common to all seeds. At
the margin the recipe's mean is at −5 points, not that of the seeds that were drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import special

from benchmarks.awkward.case import ALPHA, ENGINE, Case, Floats, Rates, paired_t
from evalguard.stats import AcrossSeeds, UnitT

MARGIN = 0.05
DISCORDANCE = 0.2
COMMON = 0.5  # share of a flip's cause that is the question's, whatever the seed

Rule = Callable[[Floats, float], tuple[bool, bool, bool]]


def draw(theta: float, seeds: int, n: int, sd: float, rng: np.random.Generator) -> Floats:
    """Return the differences −1, 0 and 1 of each question and seed. Shape ``(n, seeds)``."""
    shift = np.clip(theta + sd * rng.standard_normal(seeds), -DISCORDANCE, DISCORDANCE)
    cause = np.sqrt(COMMON) * rng.standard_normal((n, 1))
    cause = cause + np.sqrt(1 - COMMON) * rng.standard_normal((n, seeds))
    lost, gained = (DISCORDANCE - shift) / 2, (DISCORDANCE + shift) / 2
    found: Floats = (cause > -special.ndtri(gained)).astype(float)
    found -= cause < special.ndtri(lost)
    return found


def crossed(differences: Floats, theta: float) -> tuple[bool, bool, bool]:
    """Return whether the engine passes and fails, and whether its interval holds θ."""
    questions = UnitT(differences.mean(axis=1))
    return _said(AcrossSeeds(questions, tuple(differences.mean(axis=0).tolist())), theta)


def questions_alone(differences: Floats, theta: float) -> tuple[bool, bool, bool]:
    """Return the same where the seeds that were drawn are taken for the recipe."""
    return _said(UnitT(differences.mean(axis=1)), theta)


def pooled(differences: Floats, theta: float) -> tuple[bool, bool, bool]:
    """Return the same where every answer of every seed counts as a question of its own."""
    return _by_t(differences.ravel(), theta)


def means(differences: Floats, theta: float) -> tuple[bool, bool, bool]:
    """Return the same of a t test over the means of the seeds, with the questions taken as all."""
    return _by_t(differences.mean(axis=0), theta)


RULES: Mapping[str, Rule] = {
    ENGINE: crossed,
    "questions as units, seeds ignored": questions_alone,
    "all answers pooled": pooled,
    "t test over the means of the seeds": means,
}


def _said(test: AcrossSeeds | UnitT, theta: float) -> tuple[bool, bool, bool]:
    passed, failed = test.p_pass(MARGIN) <= ALPHA, test.p_fail(MARGIN) <= ALPHA
    # The limits lie beyond θ exactly where θ itself is rejected.
    held = test.p_pass(-theta) > ALPHA and test.p_fail(-theta) > ALPHA
    return passed, failed, held


def _by_t(values: Floats, theta: float) -> tuple[bool, bool, bool]:
    passing, failing = paired_t(values, MARGIN)
    return passing <= ALPHA, failing <= ALPHA, all(p > ALPHA for p in paired_t(values, -theta))


def recipe(seeds: int, n: int, sd: float) -> Callable[..., Mapping[str, Rates]]:
    """Return what measures one recipe."""

    def measure(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
        counts = {rule: np.zeros(4) for rule in RULES}
        for _ in range(runs):
            at, good = (draw(theta, seeds, n, sd, rng) for theta in (-MARGIN, 0.0))
            for name, rule in RULES.items():
                passed, failed, held = rule(at, -MARGIN)
                counts[name] += [passed, failed, rule(good, 0.0)[0], held]
        return {name: Rates(*(found / runs).tolist()) for name, found in counts.items()}

    return measure


CASES = [
    Case("seeds", f"{seeds} seeds, sd {100 * sd:g} pp between them, n = {n}, 5 pp",
         recipe(seeds, n, sd), share=0.1)
    for seeds in (2, 3, 5, 8)
    for n in (100, 500, 2000)
    for sd in (0.0, 0.01, 0.03)
]  # fmt: skip
