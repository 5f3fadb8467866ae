import math

import pytest

from evalguard.errors import TrainingError
from evalguard.training.watch import check_loss, loss_point


def test_nan_names_the_step_and_the_learning_rate():
    with pytest.raises(TrainingError, match=r"step 7: the loss is nan.*1\.5.*0\.2 is too high"):
        check_loss([1.5, math.nan], step=7, learning_rate=0.2)


def test_nan_at_once_points_at_the_base():
    with pytest.raises(TrainingError, match="the base's weights"):
        check_loss([math.inf], step=1, learning_rate=0.2)


def _run(losses):
    for step in range(len(losses) + 1):
        check_loss(losses[:step], step=step, learning_rate=0.1)


def test_a_loss_that_climbs_is_stopped():
    losses = [2.0] * 10 + [2.0 * 1.1**i for i in range(100)]
    with pytest.raises(TrainingError, match=r"step \d+: the loss diverges: 2 over the first 10"):
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
