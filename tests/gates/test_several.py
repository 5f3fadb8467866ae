"""Any of several candidates may be released: PASS at a share of the error, FAIL at all of it."""

import dataclasses
from typing import TypeVar

import numpy as np
import pytest

from evalguard.errors import UsageError
from evalguard.gates.decide import decide
from evalguard.gates.looks import LookPlan
from evalguard.records import ScoreKind, Verdict, from_json, to_json
from evalguard.records.results import GateResult
from evalguard.stats import PairedBinary, levels
from tests.gates.build import ACC, compared
from tests.gates.test_looks import drawn, prefix
from tests.gates.test_stages import joined

K = 5

ValueT = TypeVar("ValueT")


def known(value: ValueT | None) -> ValueT:
    assert value is not None
    return value


def pair(losses: int, gains: int, n: int):
    """Return a comparison with so many losses and gains."""
    same = n - losses - gains
    return compared(
        [1] * losses + [0] * gains + [1] * same, [0] * losses + [1] * gains + [1] * same
    )


def test_a_pass_needs_its_share_of_the_error():
    comparison = pair(30, 20, 500)
    (alone,), (shared,) = decide([comparison]), decide([comparison], candidates=K)
    assert alone.p_pass == shared.p_pass
    assert 0.05 / K < known(alone.p_pass) <= 0.05
    assert (alone.verdict, shared.verdict) == (Verdict.PASS, Verdict.INCONCLUSIVE)
    assert (shared.alpha, shared.alpha_pass, shared.sharing) == (0.05, 0.01, K)
    assert from_json(GateResult, to_json(shared)) == shared


@pytest.mark.parametrize("gains", range(0, 40, 3))
@pytest.mark.parametrize("candidates", [1, 2, 20])
def test_the_lower_limit_agrees_with_the_verdict(gains, candidates):
    (result,) = decide([pair(20, gains, 500)], candidates=candidates)
    assert (known(result.ci)[0] >= -0.05) == (result.verdict is Verdict.PASS)
    (alone,) = decide([pair(20, gains, 500)])
    assert known(result.ci)[1] == known(alone.ci)[1]
    assert known(result.ci)[0] <= known(alone.ci)[0]


def test_fail_is_what_it_was():
    comparison = pair(60, 10, 500)
    (alone,), (shared,) = decide([comparison]), decide([comparison], candidates=20)
    assert alone.verdict is shared.verdict is Verdict.FAIL
    assert alone.p_fail_adjusted == shared.p_fail_adjusted
    assert alone.alpha == shared.alpha


def test_every_look_has_its_share():
    plan, told = LookPlan(reserve=0.02), list[GateResult]()
    comparison = drawn(3, 600, 0.1, 0.0)
    for n in plan.sizes(600):
        told += decide(
            [prefix(comparison, n)], looks=plan, final=n == 600, previous=told[-1:], candidates=K
        )
        if told[-1].verdict is not Verdict.INCONCLUSIVE:
            break
    last = told[-1]
    assert last.verdict is Verdict.PASS
    assert last.alpha_pass == levels(last.shares, 0.05 / K, reserve=0.02)[-1]
    assert last.alpha == levels(last.shares, 0.05, reserve=0.02)[-1]
    assert known(last.p_pass) <= known(last.alpha_pass)
    assert all(known(one.p_pass) > known(one.alpha_pass) for one in told[:-1])


def test_an_extension_has_its_share():
    plan = LookPlan(looks=1, reserve=0.02)
    planned = drawn(1, 300, 0.12, -0.02)
    (before,) = decide([planned], looks=plan, candidates=K)
    assert before.verdict is Verdict.INCONCLUSIVE
    more = drawn(2, 600, 0.12, 0.03)
    (after,) = decide([joined(planned, more)], looks=plan, previous=[before], candidates=K)
    assert after.alpha_pass == levels(after.shares, 0.05 / K, reserve=0.02)[-1]
    (alone,) = decide([planned], looks=plan)
    assert known(before.required_n) > known(alone.required_n)


def test_power_and_needed_samples_are_those_of_the_share():
    (alone,), (shared,) = (decide([pair(5, 5, 120)], candidates=k) for k in (1, 20))
    assert known(shared.mde) > known(alone.mde)
    assert known(shared.required_n) > (alone.required_n or 120)


def test_other_tests_and_missing_scores_use_the_share_too():
    rng = np.random.default_rng(4)
    before = rng.uniform(0.3, 0.9, 200)
    after = before + rng.normal(-0.036, 0.09, 200).clip(-0.1, 0.1)
    metric = dataclasses.replace(ACC, kind=ScoreKind.BOUNDED)
    scores = [None, *after[1:].tolist()]
    verdicts = set()
    for k in (1, 20):
        (result,) = decide([compared(before.tolist(), scores, metric=metric)], candidates=k)
        verdicts.add(result.verdict)
        assert (known(result.ci)[0] >= -0.05) == (result.verdict is Verdict.PASS)
        assert (known(result.p_pass) <= 0.05 / k) == (result.verdict is Verdict.PASS)
    assert len(verdicts) == 2


@pytest.mark.parametrize("candidates", [0, -3])
def test_a_number_without_meaning_is_refused(candidates):
    with pytest.raises(UsageError, match="at least 1"):
        decide([pair(1, 1, 100)], candidates=candidates)


def test_the_chance_that_any_of_five_bad_ones_passes_is_held():
    """Candidates at the margin, each on questions of its own."""
    n, psi, theta = 200, 0.1, -0.05
    rng = np.random.default_rng(9)
    tables = rng.multinomial(n, [(psi - theta) / 2, (psi + theta) / 2, 1 - psi], (20_000, K))
    found, inverse = np.unique(tables.reshape(-1, 3)[:, :2], axis=0, return_inverse=True)
    pvalues = np.array([PairedBinary(int(b), int(c), n).p_pass(0.05) for b, c in found])
    runs = pvalues[inverse.reshape(-1)].reshape(-1, K)
    assert (runs <= 0.05 / K).any(axis=1).mean() <= 0.05
    assert (runs <= 0.05).any(axis=1).mean() > 0.15
