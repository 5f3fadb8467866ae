"""How often each way of deciding a gate is wrong: ``python -m benchmarks.decision_quality``.

Prints Markdown tables; ``--docs`` also writes them, with their plots, into docs/statistics.md.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.rules import ALPHA, RULES, evalguard
from benchmarks.simulate import draw, early_stopping

MARGIN = 0.05
SIZES = (50, 100, 200, 500, 1000, 2000)
DISCORDANCES = (0.05, 0.1, 0.2)
GATES = 12
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


def many_gates(runs: int, rng: np.random.Generator) -> list[tuple[str, float, float, float, float]]:
    """Judge every rule on twelve gates at once, each of 200 questions with ψ = 0.2.

    Returns:
        For each rule the share of releases blocked and let through with no change, of releases
        let through with one gate at the margin and the others perfect, and of releases failed
        with every gate at the margin.
    """
    n, psi = 200, 0.2
    shape = (runs, GATES)
    same = draw(n, psi, 0.0, runs=runs * GATES, rng=rng)
    worse = draw(n, psi, -MARGIN, runs=runs * GATES, rng=rng)
    one = draw(n, psi, -MARGIN, runs=runs, rng=rng)
    rows = []
    for name, rule in RULES.items():
        # Holm's procedure fails any gate exactly when the least p-value is at most α/12.
        failing = (
            (lambda tables, margin: evalguard(tables, margin, ALPHA / GATES))
            if name == "EvalGuard"
            else rule
        )
        rows.append(
            (
                name,
                float(failing(same, MARGIN).failed.reshape(shape).any(axis=1).mean()),
                float(rule(same, MARGIN).passed.reshape(shape).all(axis=1).mean()),
                float(rule(one, MARGIN).passed.mean()),
                float(failing(worse, MARGIN).failed.reshape(shape).any(axis=1).mean()),
            )
        )
    return rows


SETTINGS = (
    ("at the margin", 500, 0.1, -0.05),
    ("no change", 500, 0.1, 0.0),
    ("clear gain", 500, 0.1, 0.03),
    ("clear loss", 1000, 0.1, -0.10),
    ("gross loss", 500, 0.2, -0.20),
    ("gross loss", 1000, 0.2, -0.20),
)


def stopping(runs: int, rng: np.random.Generator) -> list[tuple[str, int, float, float, str]]:
    """Run ten looks in each setting beside one look at the end."""
    rows = []
    for name, n, psi, theta in SETTINGS:
        told = []
        for looks in (10, 1):
            done = early_stopping(n, psi, theta, margin=MARGIN, looks=looks, runs=runs, rng=rng)
            told.append(f"{done.passed:.3f} | {done.failed:.3f}")
            if looks > 1:
                told.append(f"{done.fraction_used:.2f}")
        rows.append((name, n, psi, theta, " | ".join(told)))
    return rows


def report(runs: int, seed: int) -> tuple[str, list[Quality]]:
    """Return all tables as Markdown, and the figures of single gates for the plots."""
    rng = np.random.default_rng(seed)
    singles = single_gates(runs, rng)
    lines = [
        f"`python -m benchmarks.decision_quality --docs --runs {runs} --seed {seed}`; "
        f"margin 5pp, α = {ALPHA}, {runs:,} runs for each figure "
        f"(one standard error of 0.05 is {np.sqrt(0.05 * 0.95 / runs):.4f}).",
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
                cells = [q for q in singles if (q.psi, q.n) == (psi, n)]
                values = " | ".join(f"{getattr(cell, field):.3f}" for cell in cells)
                lines.append(f"| {psi} | {n} | {values} |")
        lines.append("")
    lines += [
        f"**Twelve gates at once** (n = 200, ψ = 0.2 each; {runs:,} releases)",
        "",
        "| rule | no change: blocked | no change: all pass | one gate at the margin, the rest "
        "perfect: released | all at the margin: any FAIL |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |"
        for name, *values in many_gates(runs, rng)
    ]
    lines += [
        "",
        "**Stopping early** (this engine, ten looks beside one at the end)",
        "",
        "| truth | N | ψ | θ | PASS | FAIL | mean share used | PASS, one look | FAIL, one look |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {n} | {psi} | {theta:+.2f} | {told} |"
        for name, n, psi, theta, told in stopping(runs, rng)
    ]
    return "\n".join(lines), singles


def main() -> None:
    """Print the tables, and write them into the docs when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000, help="runs for each figure")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--docs", action="store_true", help="write docs/statistics.md and plots")
    options = parser.parse_args()
    started = time.monotonic()
    tables, singles = report(options.runs, options.seed)
    print(tables)
    print(f"\n{time.monotonic() - started:.0f} s")
    if options.docs:
        from benchmarks.decision_plots import plot_rules, plot_stopping

        page = DOCS / "statistics.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(START)
        _, _, after = rest.partition(END)
        page.write_text(f"{before}{START}\n\n{tables}\n\n{END}{after}", encoding="utf-8")
        plot_rules(singles, DOCS / "plots/decision_rules.svg")
        plot_stopping(options.seed, DOCS / "plots/early_stopping.svg")


if __name__ == "__main__":
    main()
