"""EvalGuard and the gates that others publish, on the same tables: ``python -m benchmarks.gate_of_gates``.

Every rule decides the same simulated runs of right and wrong answers. *False release*: passed with
the truth exactly at the margin. *False block*: failed with no change. *Power*: passed with no
change, beside what no test of level 0.05 can exceed. Targets, for EvalGuard: no error above 0.05
(and three standard errors) in any cell, and power within five points of that bound. Exits 1 where
one is missed; ``--docs`` writes the tables into docs/benchmarks.md.
"""  # noqa: E501 - the command in the first line

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse, stats

from benchmarks.rivals import RIVALS, Floats, Outcomes, nemo_clustered
from benchmarks.rules import ALPHA, Decisions, Ints
from benchmarks.simulate import ACCURACY
from evalguard.stats import UnitT, rejection_edge

SIZES = (10, 30, 100, 300, 1000, 2000)
MARGINS = (0.01, 0.03, 0.05, 0.1)
DISCORDANCES = (0.01, 0.03, 0.1, 0.3)
LOST = 0.03
LOST_ALLOWED = 0.05
MOST_GAP = 0.05
CLUSTER_RUNS = 10_000
NULLS = 15  # values of ψ at which a test must hold its level, for the greatest power
MANY_TABLES = 1000  # above, that power is one of tests that may reject a table in part
UNLIKELY = 1e-7  # less probable tables are granted to the bound
ENGINE = "EvalGuard"
PAGE = Path(__file__).parents[1] / "docs/benchmarks.md"
START, END = "<!-- gate_of_gates: start -->", "<!-- gate_of_gates: end -->"


class Rates(NamedTuple):
    """Shares of runs."""

    false_release: float
    false_block: float
    power: float


class Setting(NamedTuple):
    """How many questions, the margin δ, and the share of questions on which the models differ."""

    n: int
    margin: float
    psi: float


class Cell(NamedTuple):
    """One setting, what each rule does there, and the greatest power that a test can have."""

    name: str
    setting: Setting
    rates: dict[str, Rates]
    bound: float | None
    runs: int


class Edges:
    """Which tables EvalGuard passes and fails, by discordant pairs, for one n and margin."""

    def __init__(self, n: int, margin: float) -> None:
        most = max(*DISCORDANCES, margin)
        self.last = min(n, int(n * most + 7 * np.sqrt(n * most * (1 - most))) + 12)
        self.passing = rejection_edge(n, margin, ALPHA, self.last)
        self.failing = rejection_edge(n, margin, ALPHA, self.last, fail=True)

    def passed(self, losses: Ints, gains: Ints) -> np.ndarray:
        """Return which tables pass."""
        return np.asarray(losses <= self.passing[losses + gains])

    def failed(self, losses: Ints, gains: Ints) -> np.ndarray:
        """Return which tables fail."""
        return np.asarray(losses >= self.failing[losses + gains])


def draw(n: int, psi: float, theta: float, runs: int, rng: np.random.Generator) -> Outcomes:
    """Return runs of n questions with discordance ψ and true difference θ."""
    loss, gain = (psi - theta) / 2, (psi + theta) / 2
    shares = [ACCURACY - loss, loss, gain, max(0.0, 1 - ACCURACY - gain)]
    return Outcomes(*rng.multinomial(n, shares, size=runs).T)


def complete(setting: Setting, edges: Edges, runs: int, rng: np.random.Generator) -> Cell:
    """Judge every rule where every answer was measured."""
    n, margin, psi = setting
    # Models whose means differ by the margin differ on at least that share of the questions.
    worse = draw(n, max(psi, margin), -margin, runs, rng)
    same = draw(n, psi, 0.0, runs, rng)

    def engine(found: Outcomes) -> Decisions:
        return Decisions(
            edges.passed(found.losses, found.gains), edges.failed(found.losses, found.gains)
        )

    rates = {ENGINE: _rates(engine(worse), engine(same))}
    for name, rule in RIVALS.items():
        rates[name] = _rates(rule(worse, margin), rule(same, margin))
    return Cell("complete", setting, rates, most_power(n, margin, psi), runs)


def with_losses(
    setting: Setting, edges: Edges, runs: int, rng: np.random.Generator, *, if_wrong: bool
) -> Cell:
    """Judge every rule where 3 % of the candidate's answers are lost, by chance or the wrong ones.

    The rivals see the questions that both models answered. EvalGuard counts a lost answer as wrong
    where it tests for PASS and as right where it tests for FAIL.
    """
    n, margin, psi = setting

    def decide(theta: float) -> dict[str, Decisions]:
        found = draw(n, max(psi, abs(theta)), theta, runs, rng)
        if if_wrong:
            share = LOST / (1 - ACCURACY - theta)
            lost = Outcomes(
                np.zeros(runs, dtype=np.int64), rng.binomial(found.losses, share),
                np.zeros(runs, dtype=np.int64), rng.binomial(found.neither, share),
            )  # fmt: skip
        else:
            lost = Outcomes(*(rng.binomial(count, LOST) for count in found))
        few = lost.n <= LOST_ALLOWED * n
        seen = Outcomes(*(count - gone for count, gone in zip(found, lost, strict=True)))
        # What the baseline had right is lost in the worst case; what it had wrong gained in the
        # best one.
        passed = edges.passed(seen.losses + lost.both + lost.losses, seen.gains)
        failed = edges.failed(seen.losses, seen.gains + lost.gains + lost.neither)
        decided = {ENGINE: Decisions(few & passed, few & failed)}
        return decided | {name: rule(seen, margin) for name, rule in RIVALS.items()}

    worse, same = decide(-margin), decide(0.0)
    name = "3 % lost because wrong" if if_wrong else "3 % lost at random"
    rates = {rule: _rates(worse[rule], same[rule]) for rule in worse}
    return Cell(name, setting, rates, None, runs)


def clustered(icc: float, runs: int, rng: np.random.Generator) -> Cell:
    """Judge every rule on 100 clusters of five questions; only two are told of the clusters."""
    clusters, size, psi, margin = 100, 5, 0.1, 0.05

    def decide(theta: float) -> dict[str, Decisions]:
        levels = np.cumsum([(psi - theta) / 2, (psi + theta) / 2])

        def outcomes(shape: tuple[int, ...]) -> Ints:
            place = np.searchsorted(levels, rng.random(shape), side="right")
            return np.array([-1, 1, 0])[place]

        own, shared = outcomes((runs, clusters, size)), outcomes((runs, clusters, 1))
        found = np.where(rng.random(own.shape) < np.sqrt(icc), shared, own)
        losses, gains = (found < 0).sum(axis=(1, 2)), (found > 0).sum(axis=(1, 2))
        both = np.full(runs, round(ACCURACY * clusters * size)) - losses
        seen = Outcomes(both, losses, gains, clusters * size - both - losses - gains)
        sums = found.sum(axis=2).astype(float)
        decided = {ENGINE: _unit_tests(sums, size, margin)}
        decided |= {name: rule(seen, margin) for name, rule in RIVALS.items()}
        decided["NeMo `nel gate`"] = nemo_clustered(sums, size, margin)
        return decided

    worse, same = decide(-margin), decide(0.0)
    rates = {rule: _rates(worse[rule], same[rule]) for rule in worse}
    setting = Setting(clusters * size, margin, psi)
    return Cell(f"{clusters} clusters of {size}, ICC {icc}", setting, rates, None, runs)


def _unit_tests(sums: Floats, size: int, margin: float) -> Decisions:
    sizes = np.full(sums.shape[1], float(size))
    tests = [UnitT(row, sizes) for row in sums]
    passed = np.array([test.p_pass(margin) <= ALPHA for test in tests])
    return Decisions(passed, np.array([test.p_fail(margin) <= ALPHA for test in tests]))


def _rates(worse: Decisions, same: Decisions) -> Rates:
    return Rates(*(float(x.mean()) for x in (worse.passed, same.failed, same.passed)))


def most_power(n: int, margin: float, psi: float) -> float:
    """Return what the power of no test of level 0.05 exceeds at this ψ, even one made for it.

    A test is a set of tables that grows with every gain and shrinks with every loss. Among those
    that hold their level at each of fifteen values of ψ at the margin, an integer programme finds
    the most powerful; for many tables, its relaxation, in which a table may be rejected in part. A
    test that knew ψ could be no better, and none is the best at every ψ.
    """
    reach = 6 * np.sqrt(n * psi * (1 - psi)) + 8
    pairs = np.arange(max(0, int(n * psi - reach)), min(n, int(n * psi + reach)) + 1)
    rows = np.repeat(pairs, pairs + 1)
    losses = np.arange(len(rows)) - np.repeat(np.cumsum(pairs + 1) - pairs - 1, pairs + 1)
    power = stats.binom.pmf(rows, n, psi) * stats.binom.pmf(losses, rows, 0.5)
    rows, losses, power = (values[power > UNLIKELY] for values in (rows, losses, power))
    around = psi + np.sqrt(psi * (1 - psi) / n) * np.linspace(-3, 6, NULLS)
    level = np.array([
        stats.binom.pmf(rows, n, null) * stats.binom.pmf(losses, rows, (null + margin) / (2 * null))
        for null in np.unique(np.clip(around, margin, 1))
    ])  # fmt: skip
    limits = [optimize.LinearConstraint(level, -np.inf, ALPHA)]
    few = len(power) <= MANY_TABLES
    if few:
        limits.append(optimize.LinearConstraint(_monotone(losses, rows - losses), -np.inf, 0))
    found = optimize.milp(
        -power,
        constraints=limits,
        integrality=np.full(len(power), int(few)),
        bounds=optimize.Bounds(0, (level <= ALPHA).all(axis=0).astype(float)),
        options={"time_limit": 20, "mip_rel_gap": 0.005},
    )
    best = found.mip_dual_bound if few else found.fun
    return min(1.0, 1 - float(power.sum()) - float(best or 0.0))


def _monotone(losses: NDArray[Any], gains: NDArray[Any]) -> sparse.csr_matrix:
    """Return a row for each table and a better neighbour: the first is rejected no sooner."""
    place = {
        table: at for at, table in enumerate(zip(losses.tolist(), gains.tolist(), strict=True))
    }
    pairs = [
        (at, place[better])
        for (lost, gained), at in place.items()
        for better in ((lost, gained + 1), (lost - 1, gained))
        if better in place
    ]
    row = np.arange(len(pairs))
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    signs = np.concatenate([np.ones(len(pairs)), -np.ones(len(pairs))])
    index = (np.concatenate([row, row]), np.concatenate([first, second]))
    return sparse.csr_matrix((signs, index), shape=(len(pairs), len(place)))


def measure(runs: int, seed: int, sizes: tuple[int, ...]) -> Iterator[Cell]:
    """Yield every cell, seeded by what it is."""

    def rng(*key: float) -> np.random.Generator:
        return np.random.default_rng([seed, *(round(1000 * part) for part in key)])

    for n in sizes:
        for margin in MARGINS:
            edges = Edges(n, margin)
            for psi in DISCORDANCES:
                yield complete(Setting(n, margin, psi), edges, runs, rng(n, margin, psi))
            if margin == 0.05 and n in (300, 1000):
                for if_wrong in (False, True):
                    setting, own = Setting(n, margin, 0.1), rng(n, margin, 0.1, 1 + if_wrong)
                    yield with_losses(setting, edges, runs, own, if_wrong=if_wrong)
    for icc in (0.1, 0.3):
        yield clustered(icc, min(runs, CLUSTER_RUNS), rng(icc))


def _where(cell: Cell) -> str:
    n, margin, psi = cell.setting
    return f"{cell.name}, n = {n}, δ = {margin}, ψ = {psi}"


def misses(cell: Cell) -> Iterator[str]:
    """Yield each target that EvalGuard misses in a cell."""
    most = ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / cell.runs)
    own = cell.rates[ENGINE]
    where = _where(cell)
    for name, rate in (("false release", own.false_release), ("false block", own.false_block)):
        if rate > most:
            yield f"{where}: {name} {rate:.4f}, not {most:.4f}"
    if cell.bound is not None and own.power < cell.bound - MOST_GAP:
        yield f"{where}: power {own.power:.3f} of an attainable {cell.bound:.3f}"


def report(cells: list[Cell], runs: int, seed: int) -> str:
    """Return the tables: the worst discordance of each n and margin, then the other cells."""
    rules = [ENGINE, *RIVALS]
    most = ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / runs)
    whole = [cell for cell in cells if cell.name == "complete"]
    places = list(dict.fromkeys(cell.setting[:2] for cell in whole))

    def at(place: tuple[int, float]) -> list[Cell]:
        return [cell for cell in whole if cell.setting[:2] == place]

    shown = ", ".join(f"{psi:g}" for psi in DISCORDANCES)
    lines = [
        f"Measured by `python -m benchmarks.gate_of_gates --docs --runs {runs} --seed {seed}`: "
        f"{runs:,} runs in each cell, the same for every rule, ψ = {shown}.",
        "",
    ]
    for title, field in (
        ("False release: a model exactly at the margin δ, the worst ψ", "false_release"),
        ("False block: an unchanged model, the worst ψ", "false_block"),
    ):
        lines += [f"**{title}** (target for EvalGuard: at most {most:.4f})", ""]
        lines += [f"| n | δ | {' | '.join(rules)} |", "|---|---|" + "---|" * len(rules)]
        for n, margin in places:
            worst = (
                max(getattr(cell.rates[rule], field) for cell in at((n, margin))) for rule in rules
            )
            values = " | ".join(f"{rate:.3f}" for rate in worst)
            lines.append(f"| {n} | {margin * 100:g}pp | {values} |")
        lines.append("")
    lines += [
        "**Power: an unchanged model is released** (EvalGuard / the most that any test of level "
        f"0.05 can have at this ψ; target: within {MOST_GAP:g})",
        "",
        "| n | δ | " + " | ".join(f"ψ = {psi:g}" for psi in DISCORDANCES) + " | largest gap |",
        "|---|---|" + "---|" * (len(DISCORDANCES) + 1),
    ]
    for n, margin in places:
        pairs = [(cell.rates[ENGINE].power, cell.bound or 0.0) for cell in at((n, margin))]
        values = " | ".join(f"{own:.3f} / {bound:.3f}" for own, bound in pairs)
        gap = max(bound - own for own, bound in pairs)
        lines.append(f"| {n} | {margin * 100:g}pp | {values} | {max(gap, 0.0):.3f} |")
    lines += [
        "",
        "**Lost answers and clusters** (δ = 5pp, ψ = .1; false release / false block / power)",
        "",
        f"| data | n | {' | '.join(rules)} | runs |",
        "|---|---|" + "---|" * (len(rules) + 1),
    ]
    for cell in cells:
        if cell.name != "complete":
            values = " | ".join(
                " / ".join(f"{rate:.3f}" for rate in cell.rates[rule]) for rule in rules
            )
            lines.append(f"| {cell.name} | {cell.setting.n} | {values} | {cell.runs:,} |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write the docs when asked to; 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="runs of a cell")
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--n", type=int, action="append", help="one of the sizes; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every cell")
    parser.add_argument("--docs", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    started, cells, missed = time.monotonic(), [], 0
    for cell in measure(options.runs, options.seed, tuple(options.n or SIZES)):
        cells.append(cell)
        own = cell.rates[ENGINE]
        bound = "–" if cell.bound is None else f"{cell.bound:.3f}"
        print(
            f"{_where(cell)}: released {own.false_release:.4f}, blocked {own.false_block:.4f}, "
            f"power {own.power:.3f} of {bound}",
            flush=True,
        )
        for miss in misses(cell):
            missed += 1
            print(f"MISSED: {miss}", flush=True)
    text = report(cells, options.runs, options.seed)
    print(f"\n{text}")
    if options.json:
        plain = [
            {
                **cell._asdict(),
                "setting": cell.setting._asdict(),
                "rates": {rule: rate._asdict() for rule, rate in cell.rates.items()},
            }
            for cell in cells
        ]
        options.json.write_text(json.dumps(plain, indent=1, ensure_ascii=False), encoding="utf-8")
    if options.docs:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    print(f"\n{time.monotonic() - started:.0f} s, {missed} targets missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
