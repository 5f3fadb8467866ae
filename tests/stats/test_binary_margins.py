"""The exact p-values are monotone in the margin, also where no plausible ψ allows it."""

import numpy as np
import pytest

from evalguard.stats import PairedBinary, interval


@pytest.mark.parametrize(
    ("losses", "gains", "n"), [(0, 0, 43), (0, 0, 200), (5, 3, 59), (2, 9, 120)]
)
def test_pvalues_are_monotone_in_the_margin(losses, gains, n):
    test = PairedBinary(losses=losses, gains=gains, n=n)
    margins = np.linspace(-0.9, 0.9, 61)
    p_pass = [test.p_pass(margin) for margin in margins]
    p_fail = [test.p_fail(margin) for margin in margins]
    assert all(b <= a + 0.01 for a, b in zip(p_pass, p_pass[1:], strict=False))
    assert all(b >= a - 0.01 for a, b in zip(p_fail, p_fail[1:], strict=False))
    assert p_pass[0] == 1.0
    assert p_fail[-1] == 1.0


@pytest.mark.parametrize("n", [43, 59, 200, 800])
def test_interval_of_an_unchanged_model_holds_zero(n):
    low, high = interval(PairedBinary(losses=0, gains=0, n=n), margin=0.1, alpha=0.0255)
    assert low < 0 < high
