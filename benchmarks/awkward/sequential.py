"""Runs that stop early, stop as futile, or are extended: exact tests of binary questions.

``python -m benchmarks.awkward.sequential`` prints the share of the planned questions that each way
uses, with ``--spending`` by when α is spent.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.awkward.case import ENGINE, Case, Floats, Rates
from benchmarks.simulate import early_stopping
from evalguard.gates.looks import LookPlan
from evalguard.gates.results import FUTILE_FROM, FUTILE_POWER, FUTILE_UNLESS_FAIL
from evalguard.stats import (
    PairedBinary,
    Spending,
    combined_pvalue,
    conditional_power,
    levels,
    power_paired,
    required_n_paired,
    upper_discordance,
)

MARGIN = 0.05
PSI = 0.1
RESERVE = 0.02
N = 274  # questions for a power of 80 % in one look
LOOKS = 10

DESIGNS: tuple[tuple[Spending, int], ...] = (("late", 10), ("early", 10), ("early", 20))

Ints = NDArray[np.int64]


class Ended(NamedTuple):
    """What became of many runs. Shapes ``(runs,)``."""

    passed: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    used: Floats
    losses: Ints
    gains: Ints


@cache
def pvalues(losses: int, gains: int, n: int) -> tuple[float, float]:
    """Return the p-values of PASS and of FAIL."""
    test = PairedBinary(losses, gains, n)
    return test.p_pass(MARGIN), test.p_fail(MARGIN)


def draw(n: int, theta: float, runs: int, rng: np.random.Generator, psi: float = PSI) -> Ints:
    """Return losses and gains of many runs, shape ``(runs, 2)``."""
    return rng.multinomial(n, [(psi - theta) / 2, (psi + theta) / 2, 1 - psi], size=runs)[:, :2]


def looked(
    theta: float, runs: int, rng: np.random.Generator, *, futility: bool, reserve: float = 0.0
) -> Ended:
    """Take ten looks at runs of :data:`N` questions."""
    sizes = LookPlan(LOOKS).sizes(N)
    shares = [size / N for size in sizes]
    of_looks = levels(shares, reserve=reserve)

    @cache
    def ends(losses: int, gains: int, look: int) -> str:
        passing, failing = pvalues(losses, gains, sizes[look])
        if failing <= of_looks[look]:
            return "failed"
        if passing <= of_looks[look]:
            return "passed"
        share = shares[look]
        if not futility or not FUTILE_FROM <= share < 1:
            return ""
        error = ((losses + gains) / sizes[look] / N) ** 0.5
        if not error or conditional_power(failing, share, of_looks[-1]) >= FUTILE_UNLESS_FAIL:
            return ""
        chance = conditional_power(passing, share, of_looks[-1], drift=MARGIN / error)
        return "futile" if chance < FUTILE_POWER else ""

    tables = np.zeros((runs, 2), dtype=np.int64)
    passed, failed = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    going, used = np.ones(runs, dtype=bool), np.ones(runs)
    for look, size in enumerate(sizes):
        before = sizes[look - 1] if look else 0
        tables[going] += draw(size - before, theta, int(going.sum()), rng)
        for run in np.flatnonzero(going):
            if said := ends(int(tables[run, 0]), int(tables[run, 1]), look):
                passed[run], failed[run] = said == "passed", said == "failed"
                going[run], used[run] = False, size / N
    return Ended(passed, failed, used, tables[:, 0], tables[:, 1])


def with_futility(runs: int, rng: np.random.Generator) -> dict[str, Rates]:
    """Stop where PASS is out of reach, beside looks that do not and one look at the end."""

    def rates(futility: bool) -> Rates:
        margin = looked(-MARGIN, runs, rng, futility=futility)
        same = looked(0.0, runs, rng, futility=futility)
        return Rates(
            float(margin.passed.mean()), float(margin.failed.mean()), float(same.passed.mean())
        )

    return {ENGINE: rates(True), "looks without futility": rates(False)}


def extended(
    theta: float, runs: int, rng: np.random.Generator, *, most: int, size: Callable[[float], int]
) -> tuple[float, float]:
    """Extend what is left undecided up to so often; return the shares passed and failed.

    Args:
        theta: True difference.
        runs: Runs.
        rng: Draws them.
        most: Greatest number of extensions.
        size: Questions of an extension, by the p-value of PASS so far: whoever extends may look.
    """
    first = looked(theta, runs, rng, futility=False, reserve=RESERVE)
    shares = [*(k / LOOKS for k in range(1, LOOKS + 1)), *range(2, most + 2)]
    of_looks = levels(shares, reserve=RESERVE)[-most:]
    passed, failed = first.passed.copy(), first.failed.copy()
    for run in np.flatnonzero(~passed & ~failed):
        stages = [pvalues(int(first.losses[run]), int(first.gains[run]), N)]
        for level in of_looks:
            before = combined_pvalue([one for one, _ in stages], [1.0] * len(stages))
            n = size(before)
            losses, gains = draw(n, theta, 1, rng)[0].tolist()
            stages.append(pvalues(losses, gains, n))
            weights = [1.0] * len(stages)
            if combined_pvalue([fail for _, fail in stages], weights) <= level:
                failed[run] = True
            elif combined_pvalue([one for one, _ in stages], weights) <= level:
                passed[run] = True
            if passed[run] or failed[run]:
                break
    return float(passed.mean()), float(failed.mean())


def naive(
    theta: float, runs: int, rng: np.random.Generator, *, most: int, size: Callable[[float], int]
) -> tuple[float, float]:
    """Add questions and decide on all of them again, each time at 5 %."""
    passed, failed = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    tables, n = draw(N, theta, runs, rng), np.full(runs, N)
    for turn in range(most + 1):
        for run in np.flatnonzero(~passed & ~failed):
            if turn:
                table = tables[run].tolist()
                more = size(pvalues(*table, int(n[run]))[0])
                tables[run] += draw(more, theta, 1, rng)[0]
                n[run] += more
            passing, failing = pvalues(*tables[run].tolist(), int(n[run]))
            failed[run] = failing <= 0.05
            passed[run] = passing <= 0.05 and not failed[run]
    return float(passed.mean()), float(failed.mean())


def extensions(most: int) -> Callable[[int, np.random.Generator], dict[str, Rates]]:
    """Return what measures extensions whose size depends on the p-value so far."""

    def size(pvalue: float) -> int:
        return N // 2 if pvalue < 0.15 else N

    def measure(runs: int, rng: np.random.Generator) -> dict[str, Rates]:
        found = {}
        for name, rule in ((ENGINE, extended), ("naive: decide again at 5 %", naive)):
            passed, failed = rule(-MARGIN, runs, rng, most=most, size=size)
            power, _ = rule(0.0, runs, rng, most=most, size=size)
            found[name] = Rates(passed, failed, power)
        return found

    return measure


def planned(runs: int, rng: np.random.Generator) -> dict[str, Rates]:
    """Plan by the exact power at a known discordance: worst of nine designs."""
    designs = [(margin, psi) for margin in (0.03, 0.05, 0.1) for psi in (0.03, 0.1, 0.2)]
    found = []
    for margin, psi in designs:
        n = required_n_paired(margin, psi, effect=0.0, alpha=0.05)
        if n <= 1000:
            at_margin = power_paired(n, margin, psi, effect=-margin) if psi >= margin else 0.0
            found.append((at_margin, power_paired(n, margin, psi)))
    return {ENGINE: Rates(max(one for one, _ in found), None, min(one for _, one in found))}


def from_pilot(runs: int, rng: np.random.Generator) -> dict[str, Rates]:
    """Plan by the discordance of a pilot of 100 questions; then run that many new ones."""

    def rates(psi_of: Callable[[int], float]) -> Rates:
        passed = {0.0: 0, -MARGIN: 0}
        for theta in passed:
            for losses, gains in draw(100, theta, runs, rng).tolist():
                n = _needed(round(max(psi_of(losses + gains), 0.01), 4))
                table = draw(n, theta, 1, rng)[0].tolist()
                passed[theta] += pvalues(*table, n)[0] <= 0.05
        return Rates(passed[-MARGIN] / runs, None, passed[0.0] / runs)

    return {
        ENGINE: rates(lambda pairs: upper_discordance(pairs, 100)),
        "planned by the observed discordance": rates(lambda pairs: pairs / 100),
    }


@cache
def _needed(psi: float) -> int:
    return required_n_paired(MARGIN, psi, effect=0.0, alpha=0.05)


CASES = (
    Case("sequential", f"ten looks with futility, n = {N}, ψ = 0.1, δ = 0.05", with_futility, 0.5),
    Case("sequential", f"extended once, n = {N}, ψ = 0.1, δ = 0.05", extensions(1), 0.5),
    Case("sequential", f"extended up to twice, n = {N}, ψ = 0.1, δ = 0.05", extensions(2), 0.5),
    Case("sequential", "planned n at a known discordance, worst of nine designs", planned),
    Case("sequential", "planned n by a pilot of 100, ψ = 0.1, δ = 0.05", from_pilot, 0.1),
)


def print_spending(runs: int, seed: int) -> None:
    """Print what the exact test uses and decides, by how α is spent."""
    print("| questions | spending, looks | no change: used | PASS | +3 pp: used | PASS "
          "| −10 pp: used | FAIL | −5 pp: PASS | FAIL |")  # fmt: skip
    print("|" + "---|" * 10)
    for n in (500, N):
        for spending, looks in DESIGNS:
            rng = np.random.default_rng(seed)
            same, gain, loss, margin = (
                early_stopping(
                    n, PSI, theta, margin=MARGIN, looks=looks, runs=runs, rng=rng,
                    spending=spending,
                )
                for theta in (0.0, 0.03, -0.1, -MARGIN)
            )  # fmt: skip
            cells = (
                same.fraction_used, same.passed, gain.fraction_used, gain.passed,
                loss.fraction_used, loss.failed, margin.passed, margin.failed,
            )  # fmt: skip
            rates = " | ".join(f"{cell:.3f}" for cell in cells)
            print(f"| {n} | {spending}, {looks} | {rates} |", flush=True)


def main() -> None:
    """Print the mean share of the planned questions that looks use."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--spending", action="store_true", help="By how α is spent instead.")
    options = parser.parse_args()
    if options.spending:
        print_spending(options.runs, options.seed)
        return
    print("| θ | futility | share used | PASS | FAIL |\n|---|---|---|---|---|")
    for theta in (0.0, -0.025, -0.05, -0.075, -0.1):
        for futility in (False, True):
            rng = np.random.default_rng(options.seed)
            done = looked(theta, options.runs, rng, futility=futility)
            shares = (done.used.mean(), done.passed.mean(), done.failed.mean())
            row = " | ".join(f"{share:.3f}" for share in shares)
            print(f"| {theta:+g} | {'on' if futility else 'off'} | {row} |", flush=True)


if __name__ == "__main__":
    main()
