"""Holm's adjustment against its definition, and the error over a family."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evalguard.stats import holm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.3))
def test_rejects_what_the_step_down_procedure_rejects(pvalues, alpha):
    rejected = set()
    for rank, index in enumerate(np.argsort(pvalues, kind="stable")):
        if pvalues[index] * (len(pvalues) - rank) > alpha:
            break
        rejected.add(int(index))
    assert {i for i, p in enumerate(holm(pvalues)) if p <= alpha} == rejected


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_does_not_matter(pvalues, random):
    order = list(range(len(pvalues)))
    random.shuffle(order)
    adjusted = holm([pvalues[index] for index in order])
    assert [holm(pvalues)[index] for index in order] == list(adjusted)


def test_family_error_is_held():
    rng = np.random.default_rng(3)
    false = sum(min(holm(list(rng.random(12)))) <= 0.05 for _ in range(4000))
    assert false / 4000 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)
