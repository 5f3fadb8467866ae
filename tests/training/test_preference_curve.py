"""What a preference training did is kept: a falling loss alone does not say which answers gained.

The loss of a preference falls as well when both answers become less likely, so each step keeps the
log-probabilities and rewards of both, their margin and, where TRL logs it, the accuracy.
"""

import json

import pytest
from transformers import AutoModelForCausalLM

from evalguard.quiet import quiet
from evalguard.records import TrainingRecord, from_json
from evalguard.training.finetune import train
from evalguard.training.watch import loss_point
from tests.training.test_losses import answer_scores
from tests.training.test_rows_counted import config_of, rows_of, write

AVERAGED = ("orpo", "simpo")
"""Methods whose log-probabilities are means over the tokens of an answer."""

ROWS = 8


def trained_on(base_folder, project, method, *, held_out=0.0, **training):
    write(project, "rows.jsonl", rows_of(method, whole=ROWS))
    settings = {"batch_size": ROWS, "epochs": 4, "warmup_share": 0, "learning_rate": 1e-2}
    return train(
        config_of(
            base_folder,
            method,
            data={"validation_share": held_out},
            training={**settings, **training},
        ),
        base_dir=project,
    )


def expected(base_folder, method, column):
    """Return the mean log-probability of the base's answers, from its logits."""
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(base_folder)
    found = [answer_scores(model, row["prompt"], row[column]) for row in rows_of(method, whole=8)]
    return sum(total / (n if method in AVERAGED else 1) for total, n in found) / len(found)


@pytest.mark.parametrize("method", ["dpo", "kto", "orpo", "cpo", "simpo"])
def test_every_step_says_what_became_of_both_answers(base_folder, project, method):
    trained = trained_on(base_folder, project, method)
    steps = [point for point in trained.record.curve if point.loss is not None]
    assert len(steps) == 4 * (2 if method == "kto" else 1)
    for point in steps:
        said = (point.chosen_logps, point.rejected_logps, point.chosen_reward, point.margin)
        assert None not in said or method == "kto"  # a batch of KTO may hold answers of one class
    whole = [point for point in steps if point.margin is not None]
    assert whole
    for point in whole:
        gap = point.chosen_reward - point.rejected_reward
        assert point.margin == pytest.approx(gap, abs=1e-4)
    first, last = steps[0], steps[-1]
    if method != "kto":
        for column in ("chosen", "rejected"):
            figure = getattr(first, f"{column}_logps")
            assert figure == pytest.approx(expected(base_folder, method, column), rel=2e-2)
        assert last.margin > first.margin


def test_the_file_beside_the_adapter_keeps_it(base_folder, project):
    trained = trained_on(base_folder, project, "dpo")
    written = json.loads((trained.path / "evalguard_training.json").read_text("utf-8"))
    assert from_json(TrainingRecord, written).curve == trained.record.curve
    names = {"chosen_logps", "rejected_logps", "margin", "accuracy"}
    assert names <= written["curve"][0].keys()


def test_held_out_pairs_are_compared_as_well(base_folder, project):
    curve = trained_on(base_folder, project, "dpo", held_out=0.25, batch_size=2).record.curve
    held_out = [point for point in curve if point.eval_loss is not None]
    assert held_out
    assert all(None not in (p.chosen_logps, p.margin, p.accuracy) for p in held_out)


def test_small_batches_and_accumulation_keep_the_same_figures(base_folder, project):
    whole = trained_on(base_folder, project, "dpo").record.curve[0]
    parts = trained_on(
        base_folder, project, "dpo", batch_size=2, gradient_accumulation=4
    ).record.curve[0]
    for name in ("chosen_logps", "rejected_logps", "margin"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=2e-2, abs=1e-3)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_figure_that_is_no_number_is_left_open(value):
    point = loss_point({"step": 1, "loss": 0.5, "logps/chosen": value, "rewards/margins": 0.1})
    assert point is not None
    assert (point.chosen_logps, point.margin) == (None, 0.1)
