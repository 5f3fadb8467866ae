"""Error rates over many runs: early stopping, many gates, and the speed of deciding them."""

import time

import numpy as np
import pytest

from benchmarks.rules import ALPHA, RULES, evalguard
from benchmarks.simulate import draw, early_stopping
from evalguard.gates.decide import decide, is_settled
from evalguard.gates.looks import LookPlan
from evalguard.records import GateResult, Margin, Verdict
from evalguard.verdicts import overall
from tests.gates.build import counted, gate
from tests.gates.test_looks import drawn, prefix

RUNS = 20_000
ALLOWANCE = 3 * np.sqrt(0.05 * 0.95 / RUNS)


def stopped(n, psi, theta, seed=5, runs=RUNS):
    return early_stopping(
        n, psi, theta, margin=0.05, looks=10, runs=runs, rng=np.random.default_rng(seed)
    )


@pytest.mark.slow
def test_early_stopping_at_the_margin_passes_in_5_per_cent():
    done = stopped(500, 0.1, -0.05)
    assert done.passed <= 0.05 + ALLOWANCE
    assert done.failed <= 0.05 + ALLOWANCE


@pytest.mark.slow
def test_early_stopping_keeps_the_power_and_saves_samples():
    done = stopped(500, 0.1, 0.0)
    assert done.passed >= 0.95
    assert done.fraction_used <= 0.66


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "psi", "theta", "verdict", "most_used"),
    [
        (500, 0.1, 0.03, Verdict.PASS, 0.40),
        (1000, 0.1, -0.10, Verdict.FAIL, 0.40),
        (1000, 0.2, -0.20, Verdict.FAIL, 0.16),
    ],
)
def test_clear_cases_stop_early(n, psi, theta, verdict, most_used):
    done = stopped(n, psi, theta, runs=4000)
    assert (done.passed if verdict is Verdict.PASS else done.failed) >= 0.99
    assert done.fraction_used <= most_used


def test_the_simulation_decides_as_the_engine_does():
    """The vectorised rule of the benchmark and ``decide`` agree on every table drawn."""
    tables = draw(80, 0.15, -0.04, runs=60, rng=np.random.default_rng(1))
    fast = evalguard(tables, 0.05)
    for index, (losses, gains) in enumerate(
        zip(tables.losses.tolist(), tables.gains.tolist(), strict=True)
    ):
        (result,) = decide([counted(losses, gains, 80)])
        assert (result.verdict is Verdict.PASS) == bool(fast.passed[index])
        assert (result.verdict is Verdict.FAIL) == bool(fast.failed[index])


def releases(count, truths, n=100, psi=0.1, seed=3):
    """Decide many releases of gates with the given true differences together."""
    rng = np.random.default_rng(seed)
    columns = [draw(n, psi, theta, runs=count, rng=rng) for theta in truths]
    for run in range(count):
        yield decide([
            counted(int(column.losses[run]), int(column.gains[run]), n,
                    of=gate(str(index), max_drop=Margin(0.05, "pp")))
            for index, column in enumerate(columns)
        ])  # fmt: skip


@pytest.mark.slow
def test_one_guard_at_the_margin_is_released_in_5_per_cent():
    """The others are perfect, so that this one decides: no correction is needed to PASS."""
    truths = [-0.05, *[0.1] * 4]
    count = 1500
    passed = sum(overall(results)[0] is Verdict.PASS for results in releases(count, truths, n=150))
    assert passed / count <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / count)


@pytest.mark.slow
def test_twelve_gates_at_the_margin_fail_in_5_per_cent():
    count = 1000
    failed = sum(
        any(result.verdict is Verdict.FAIL for result in results)
        for results in releases(count, [-0.05] * 12, n=60)
    )
    assert failed / count <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / count)


@pytest.mark.slow
def test_twelve_gates_over_ten_looks_fail_in_5_per_cent():
    """Holm's adjustment and the spending together, by the engine itself."""
    plan, count, failed = LookPlan(5), 120, 0
    for run in range(count):
        full = [drawn(1000 * run + i, 100, 0.1, -0.05, of=gate(str(i))) for i in range(12)]
        told: tuple[GateResult, ...] = ()
        for n in plan.sizes(100):
            told = decide([prefix(c, n) for c in full], looks=plan, final=n == 100, previous=told)
        failed += any(result.verdict is Verdict.FAIL for result in told)
    assert failed / count <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / count)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_what_other_rules_do(rule):
    """The figures that the docs quote for the rules of other tools."""
    rng = np.random.default_rng(2)
    at_margin = RULES[rule](draw(500, 0.1, -0.05, runs=RUNS, rng=rng), 0.05)
    lost = RULES[rule](draw(200, 0.1, -0.10, runs=RUNS, rng=rng), 0.05)
    same = RULES[rule](draw(200, 0.2, 0.0, runs=12 * 4000, rng=rng), 0.05)
    blocked = same.failed.reshape(4000, 12).any(axis=1).mean()
    if rule == "EvalGuard":
        assert at_margin.passed.mean() <= ALPHA + ALLOWANCE
        assert blocked <= 0.02
    if rule == "point estimate":
        assert 0.5 <= at_margin.passed.mean() <= 0.58
        assert 0.42 <= blocked <= 0.48
    if rule == "unpaired z (lm-eval)":
        assert lost.passed.mean() >= 0.25  # a true loss of ten points, let through


@pytest.mark.slow
def test_a_hundred_gates_with_ten_looks_take_less_than_30_seconds():
    full = [drawn(seed, 1000, 0.1, 0.0, of=gate(str(seed))) for seed in range(100)]
    plan = LookPlan()
    prefixes = {n: [prefix(comparison, n) for comparison in full] for n in plan.sizes(1000)}
    started = time.process_time()
    told: tuple[GateResult, ...] = ()
    for n, comparisons in prefixes.items():
        told = decide(comparisons, looks=plan, final=n == 1000, previous=told)
    assert time.process_time() - started < 30
    assert all(is_settled(result) for result in told)
    assert sum(result.verdict is Verdict.PASS for result in told) >= 95
