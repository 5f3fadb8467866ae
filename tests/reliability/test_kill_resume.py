"""A check that is killed again and again ends as if nobody had."""

import pytest

from benchmarks.kill_resume import RUNS, measure


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_thirty_killed_runs_lose_nothing():
    outcomes = measure(RUNS)
    assert len(outcomes) == 30
    assert sum(outcome.kills for outcome in outcomes) >= 30
    assert all(outcome.identical for outcome in outcomes)
    assert sum(outcome.lost for outcome in outcomes) == 0
    assert sum(outcome.doubled for outcome in outcomes) == 0
