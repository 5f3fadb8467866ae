"""Error rates on awkward data: ``python -m benchmarks.awkward [--group NAME] [--runs N]``.

Prints each case as it is measured, beside the plain rules; exits 1 where the engine's error rate
exceeds its nominal level by more than three standard errors of the simulation.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks import awkward
from benchmarks.awkward.case import ALPHA, ENGINE, Case, Rates

PAGE = Path(__file__).parents[2] / "docs/statistics.md"
START, END = "<!-- awkward: start -->", "<!-- awkward: end -->"
HEADINGS = ("false PASS", "false FAIL", "power", "coverage")


def cases() -> list[Case]:
    """Return the cases of every module of this package, by name of the module."""
    names = sorted(module.name for module in pkgutil.iter_modules(awkward.__path__))
    modules = (
        importlib.import_module(f"{awkward.__name__}.{name}")
        for name in names
        if name not in ("__main__", "case")
    )
    return [case for module in modules for case in module.CASES]


def misses(rates: Rates, runs: int) -> Iterator[str]:
    """Yield each target that the engine misses, with three standard errors of allowance."""
    most = ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / runs)
    for name, rate in (("false PASS", rates.false_pass), ("false FAIL", rates.false_fail)):
        if rate is not None and rate > most:
            yield f"{name} {rate:.4f}, not {most:.4f}"
    least = 1 - 2 * ALPHA - 3 * np.sqrt(2 * ALPHA * (1 - 2 * ALPHA) / runs)
    if rates.coverage is not None and rates.coverage < least:
        yield f"coverage {rates.coverage:.4f}, not {least:.4f}"


def lines(case: Case, found: Mapping[str, Rates], runs: int) -> Iterator[str]:
    """Yield the rows of a case: the engine's, and then those of the plain rules."""
    for rule in sorted(found, key=lambda name: name != ENGINE):
        cells = " | ".join("–" if rate is None else f"{rate:.4f}" for rate in found[rule])
        yield f"| {case.name if rule == ENGINE else ''} | {rule} | {cells} | {runs:,} |"


def main() -> int:
    """Measure, print, and write the docs when asked to; 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--group", action="append", help="such as clusters; repeatable")
    parser.add_argument("--only", help="cases whose name holds this")
    parser.add_argument("--runs", type=int, default=20_000, help="runs of a case")
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--docs", action="store_true", help="write docs/statistics.md")
    options = parser.parse_args()
    started, missed = time.monotonic(), 0
    table = [f"| case | rule | {' | '.join(HEADINGS)} | runs |", "|---|---|---|---|---|---|---|"]
    print("\n".join(table), flush=True)
    for case in cases():
        if options.group and case.group not in options.group:
            continue
        if options.only and options.only not in case.name:
            continue
        runs = max(1, round(options.runs * case.share))
        # Seeded by its name, so that a case alone gives what it gives among the others.
        rng = np.random.default_rng([options.seed, zlib.crc32(case.name.encode())])
        found = case.measure(runs, rng)
        rows = list(lines(case, found, runs))
        print("\n".join(rows), flush=True)
        table += rows
        for miss in misses(found[ENGINE], runs):
            missed += 1
            print(f"MISSED: {case.name}: {miss}", flush=True)
    if options.docs:
        head = (
            f"Measured by `python -m benchmarks.awkward --docs --runs {options.runs} "
            f"--seed {options.seed}`; a rate of 0.05 has a standard error of "
            f"{np.sqrt(ALPHA * (1 - ALPHA) / options.runs):.4f} at {options.runs:,} runs."
        )
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
        _, _, after = rest.partition(END)
        text = "\n".join([head, "", *table])
        PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    print(f"\n{time.monotonic() - started:.0f} s, {missed} targets missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
