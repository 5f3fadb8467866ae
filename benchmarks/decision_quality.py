"""How often each way of deciding a gate is wrong: ``python -m benchmarks.decision_quality``.

Prints Markdown tables and exits 1 where the engine missed a target; ``--docs`` also writes the
tables, with their plots, into docs/statistics.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import unit_scores
from benchmarks.rules import ALPHA, RULES, evalguard
from benchmarks.simulate import Stopped, draw, early_stopping

MARGIN = 0.05
SIZES = (50, 100, 200, 500, 1000, 2000)
DISCORDANCES = (0.05, 0.1, 0.2)
GATES = 12
UNIT_RUNS = 4000
DOCS = Path(__file__).parents[1] / "docs"
START, END = "<!-- decision_quality: start -->", "<!-- decision_quality: end -->"


class Quality(NamedTuple):
    """Error rates and power of one rule in one setting."""

    rule: str
    n: int
    psi: float
    false_pass: float
    false_fail: float
    power: float


class Release(NamedTuple):
    """What becomes of releases with twelve gates, by one rule: shares of all releases.

    Attributes:
        rule: Name of the rule.
        blocked: Blocked with no change.
        passed: Passed with no change.
        slipped: Let through with one gate at the margin and the others perfect.
        failed: Failed with every gate at the margin.
    """

    rule: str
    blocked: float
    passed: float
    slipped: float
    failed: float


class Setting(NamedTuple):
    """A truth under which runs may stop early, and the greatest mean share they should use."""

    name: str
    n: int
    psi: float
    theta: float
    most_used: float


SETTINGS = (
    Setting("at the margin", 500, 0.1, -0.05, 1.0),
    Setting("no change", 500, 0.1, 0.0, 0.66),
    Setting("clear gain", 500, 0.1, 0.03, 0.40),
    Setting("clear loss", 1000, 0.1, -0.10, 0.40),
    Setting("gross loss", 1000, 0.2, -0.20, 0.16),
)


class Found(NamedTuple):
    """Everything that one run of the benchmark measured."""

    singles: list[Quality]
    releases: list[Release]
    stopped: list[tuple[Setting, Stopped, Stopped]]
    units: dict[str, unit_scores.Rates]


def measure(runs: int, rng: np.random.Generator) -> Found:
    """Run every simulation."""
    return Found(
        singles=single_gates(runs, rng),
        releases=many_gates(runs, rng),
        stopped=stopping(runs, rng),
        units={
            setting.name: unit_scores.rates(setting, min(runs, UNIT_RUNS), rng)
            for setting in unit_scores.SETTINGS
        },
    )


def single_gates(runs: int, rng: np.random.Generator) -> list[Quality]:
    """Judge every rule on a model exactly at the margin and on one that has not changed."""
    found = []
    for psi in DISCORDANCES:
        for n in SIZES:
            at_margin = draw(n, psi, -MARGIN, runs=runs, rng=rng)
            unchanged = draw(n, psi, 0.0, runs=runs, rng=rng)
            for name, rule in RULES.items():
                worse, same = rule(at_margin, MARGIN), rule(unchanged, MARGIN)
                rates = (worse.passed.mean(), same.failed.mean(), same.passed.mean())
                found.append(Quality(name, n, psi, *map(float, rates)))
    return found


def many_gates(runs: int, rng: np.random.Generator) -> list[Release]:
    """Judge every rule on twelve gates at once, each of 200 questions with ψ = 0.2."""
    n, psi = 200, 0.2
    shape = (runs, GATES)
    same = draw(n, psi, 0.0, runs=runs * GATES, rng=rng)
    worse = draw(n, psi, -MARGIN, runs=runs * GATES, rng=rng)
    one = draw(n, psi, -MARGIN, runs=runs, rng=rng)
    found = []
    for name, rule in RULES.items():
        blocked, failed = rule(same, MARGIN).failed, rule(worse, MARGIN).failed
        if name == "EvalGuard":
            # Holm's procedure fails some gate exactly when the least p-value is at most α/12.
            blocked = evalguard(same, MARGIN, ALPHA / GATES).failed
            failed = evalguard(worse, MARGIN, ALPHA / GATES).failed
        found.append(
            Release(
                name,
                blocked=float(blocked.reshape(shape).any(axis=1).mean()),
                passed=float(rule(same, MARGIN).passed.reshape(shape).all(axis=1).mean()),
                slipped=float(rule(one, MARGIN).passed.mean()),
                failed=float(failed.reshape(shape).any(axis=1).mean()),
            )
        )
    return found


def stopping(runs: int, rng: np.random.Generator) -> list[tuple[Setting, Stopped, Stopped]]:
    """Take ten looks in each setting, and beside them one at the end."""

    def run(setting: Setting, looks: int) -> Stopped:
        return early_stopping(
            setting.n,
            setting.psi,
            setting.theta,
            margin=MARGIN,
            looks=looks,
            runs=runs,
            rng=rng,
        )

    return [(setting, run(setting, 10), run(setting, 1)) for setting in SETTINGS]


def missed(found: Found, runs: int) -> Iterator[str]:
    """Yield every target that the engine missed, with three standard errors of allowance."""
    most = ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / runs)
    for quality in found.singles:
        if quality.rule == "EvalGuard" and quality.false_pass > most:
            yield f"false PASS {quality.false_pass:.3f} at n = {quality.n}, ψ = {quality.psi}"
    for release in found.releases:
        if release.rule == "EvalGuard" and max(release.slipped, release.failed) > most:
            yield f"twelve gates: {release.slipped:.3f} slipped, {release.failed:.3f} failed"
    for setting, looked, _ in found.stopped:
        if looked.fraction_used > setting.most_used:
            yield f"{setting.name}: {looked.fraction_used:.2f} used, not {setting.most_used}"
        if setting.theta == -MARGIN and max(looked.passed, looked.failed) > most:
            yield f"looks at the margin: {looked.passed:.3f} passed, {looked.failed:.3f} failed"
    unit_most = ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / min(runs, UNIT_RUNS))
    for name, rates in found.units.items():
        if rates.engine > unit_most:
            yield f"{name}: false PASS {rates.engine:.3f}"


def report(found: Found, runs: int, seed: int) -> str:
    """Return all figures as Markdown."""
    error = np.sqrt(ALPHA * (1 - ALPHA) / runs)
    lines = [
        f"Measured by `python -m benchmarks.decision_quality --docs --runs {runs} --seed {seed}`: "
        f"margin 5pp, α = {ALPHA}, {runs:,} runs for each figure, so that the standard error of a "
        f"rate of 0.05 is {error:.4f}.",
        "",
    ]
    for title, field in (
        ("False PASS: a model exactly at the margin is let through", "false_pass"),
        ("False FAIL: an unchanged model is blocked", "false_fail"),
        ("Power: an unchanged model is passed", "power"),
    ):
        lines += [f"**{title}**", "", "| ψ | n | " + " | ".join(RULES) + " |"]
        lines.append("|---|---|" + "---|" * len(RULES))
        for psi in DISCORDANCES:
            for n in SIZES:
                cells = [q for q in found.singles if (q.psi, q.n) == (psi, n)]
                values = " | ".join(f"{getattr(cell, field):.3f}" for cell in cells)
                lines.append(f"| {psi} | {n} | {values} |")
        lines.append("")
    lines += [
        "**Twelve gates at once**, each with n = 200 and ψ = 0.2",
        "",
        "| rule | no change: blocked | no change: all pass | one gate at the margin, the others "
        "perfect: let through | all at the margin: any FAIL |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |"
            for name, *values in found.releases
        ),
        "",
        "**Stopping early**: ten looks beside one at the end",
        "",
        "| truth | N | ψ | θ | PASS | FAIL | mean share used | PASS, one look | FAIL, one look |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {setting.name} | {setting.n} | {setting.psi} | {setting.theta:+.2f} | "
            f"{looked.passed:.3f} | {looked.failed:.3f} | {looked.fraction_used:.2f} | "
            f"{fixed.passed:.3f} | {fixed.failed:.3f} |"
            for setting, looked, fixed in found.stopped
        ),
        "",
        *unit_scores.table(found.units, min(runs, UNIT_RUNS)),
    ]
    return "\n".join(lines)


def write_docs(tables: str, found: Found, seed: int) -> None:
    """Put the tables between their marks in docs/statistics.md, and draw the plots."""
    from benchmarks.decision_plots import plot_rules, plot_stopping

    page = DOCS / "statistics.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{START}\n\n{tables}\n\n{END}{after}", encoding="utf-8")
    plot_rules(found.singles, DOCS / "plots/decision_rules.svg")
    plot_stopping(seed, DOCS / "plots/early_stopping.svg")


def main() -> int:
    """Measure, print, and write the docs when asked to; 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000, help="runs for each figure")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--docs", action="store_true", help="write docs/statistics.md and plots")
    options = parser.parse_args()
    started = time.monotonic()
    found = measure(options.runs, np.random.default_rng(options.seed))
    tables = report(found, options.runs, options.seed)
    print(tables)
    if options.docs:
        write_docs(tables, found, options.seed)
    failures = list(missed(found, options.runs))
    for failure in failures:
        print(f"MISSED: {failure}")
    print(f"\n{time.monotonic() - started:.0f} s, {len(failures)} targets missed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
