"""Geometry of the forest plot and the loss curves."""

from dataclasses import replace

import pytest

from evalguard.records import LossPoint
from evalguard.reports.curve import draw_answers, draw_curve
from evalguard.reports.forest import forest
from tests.reports import examples


def test_a_failed_bar_lies_in_the_shade_and_a_passed_one_clear_of_it():
    (axis,) = forest(examples.gate_results(examples.SAFETY))
    rows = [row for requirement in axis.requirements for row in requirement.rows]
    for row in rows:
        assert row.interval is not None
        assert row.margin is not None
        if row.gate.verdict == "PASS":
            assert row.interval[0] > row.margin
        if row.gate.verdict == "FAIL":
            assert row.interval[1] < row.margin


def test_candidates_share_a_requirement_and_keep_their_numbers():
    gates = (
        *examples.gate_results(examples.SAFETY, model="a"),
        *examples.gate_results(examples.HEALTHY, model="b"),
    )
    (axis,) = forest(gates)
    assert len(axis.requirements) == 9
    for requirement in axis.requirements:
        assert [row.gate.model for row in requirement.rows] == ["a", "b"]
        assert all(gates[row.number] is row.gate for row in requirement.rows)


def test_each_other_unit_has_its_own_axis():
    gates = examples.gate_results(examples.HEALTHY)
    other = [replace(gates[0], metric=metric, percent=False) for metric in ("nats", "length")]
    axes = forest((*gates, *other))
    assert [axis.unit for axis in axes] == ["percentage points", "nats", "length"]
    assert [len(axis.requirements) for axis in axes] == [9, 1, 1]


def test_ticks_name_percentage_points_with_signs():
    (axis,) = forest(examples.gate_results(examples.FORGETTING))
    labels = [tick.label for tick in axis.ticks]
    assert "0" in labels
    assert "−100" in labels
    assert "+100" in labels
    assert axis.is_stretched


def test_curve_falls_as_the_loss_does_and_names_the_least():
    record = examples.training_record(eval_losses=(0.5, 0.1, 0.3))
    curve = draw_curve(record)
    assert curve is not None
    assert [spot.y for spot in curve.loss] == sorted(spot.y for spot in curve.loss)
    assert curve.least is not None
    assert curve.least.label == "step 40, epoch 2: 0.1"
    assert all(0 <= spot.x <= 100 and 0 <= spot.y <= 100 for spot in (*curve.loss, *curve.x_ticks))


def test_a_held_out_loss_that_still_falls_has_no_least():
    curve = draw_curve(examples.training_record(eval_losses=(0.5, 0.3, 0.1)))
    assert curve is not None
    assert curve.least is None


@pytest.mark.parametrize("points", [(), (LossPoint(step=1, epoch=0.1, loss=2.0),)])
def test_too_few_points_make_no_curve(points):
    assert draw_curve(replace(examples.training_record(), curve=points)) is None


def test_a_loss_of_zero_is_drawn():
    points = tuple(LossPoint(step=step, epoch=0.1, loss=0.0) for step in (1, 2))
    curve = draw_curve(replace(examples.training_record(), curve=points))
    assert curve is not None
    assert {spot.y for spot in curve.loss} == {100.0}


def preference_points(chosen=(-40.0, -60.0), rejected=(-41.0, -90.0), steps=10):
    return tuple(
        LossPoint(
            step=step,
            epoch=0.1,
            loss=0.5,
            chosen_logps=chosen[0] + (chosen[1] - chosen[0]) * (step - 1) / (steps - 1),
            rejected_logps=rejected[0] + (rejected[1] - rejected[0]) * (step - 1) / (steps - 1),
            margin=0.3 * step,
            accuracy=None if step == 1 else 1.0,
        )
        for step in range(1, steps + 1)
    )


def test_answers_of_a_preference_stage_are_drawn_between_their_extremes():
    record = replace(examples.training_record(), curve=preference_points())
    answers = draw_answers(record)
    assert answers is not None
    assert answers.chosen[0].y == 0  # the likeliest lies at the top
    assert answers.rejected[-1].y == 100
    assert [tick.label for tick in answers.y_ticks] == ["-90", "-80", "-70", "-60", "-50", "-40"]
    assert answers.figures == (
        ("Chosen log-prob", "-40 → -60"),
        ("Rejected log-prob", "-41 → -90"),
        ("Reward margin", "0.3 → 3"),
        ("Reward accuracy", "1 → 1"),
    )


@pytest.mark.parametrize("level", [-7.0, 0.0, -1e-9, -123456.0])
def test_answers_that_do_not_move_are_drawn(level):
    points = preference_points((level, level), (level, level))
    answers = draw_answers(replace(examples.training_record(), curve=points))
    assert answers is not None
    spots = (*answers.chosen, *answers.rejected, *answers.y_ticks)
    assert all(0 <= spot.y <= 100 for spot in spots)


def test_runs_without_preferences_have_no_answers_to_draw():
    assert draw_answers(examples.training_record()) is None
    one = preference_points()[:1]
    assert draw_answers(replace(examples.training_record(), curve=one)) is None
