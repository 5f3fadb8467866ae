"""A run whose loss diverges is stopped, and one that only trembles is not."""

import math

import pytest

from evalguard.errors import TrainingError
from evalguard.training.watch import check_loss, loss_point


def _run(losses):
    for step in range(len(losses) + 1):
        check_loss(losses[:step], step=step, learning_rate=0.1)


def test_a_loss_that_climbs_is_stopped():
    losses = [2.0] * 10 + [2.0 * 1.1**i for i in range(100)]
    with pytest.raises(TrainingError, match=r"step \d+: the loss diverged: 2 over the first 10"):
        _run(losses)


@pytest.mark.parametrize(
    "losses",
    [
        [],
        [9.0, 90.0],  # too few steps to judge
        [2.0 / (1 + i) for i in range(100)],
        [0.7 + 0.5 * (-1) ** i for i in range(100)],  # noisy
        [0.01] * 50 + [0.9] * 50,  # a small loss may rise by a nat
    ],
)
def test_ordinary_runs_go_on(losses):
    _run(losses)


def test_the_closing_summary_is_no_point_of_the_curve():
    assert loss_point({"train_runtime": 3.0, "train_loss": 2.0, "step": 9}) is None
    point = loss_point({"loss": 1.0, "step": 3, "epoch": 0.5, "grad_norm": math.nan})
    assert point is not None
    assert (point.step, point.loss, point.grad_norm) == (3, 1.0, None)
