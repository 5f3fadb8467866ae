"""A loss that is NaN or infinite is explained from what is seen at that step, and never guessed."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from evalguard.errors import DataError, EvalGuardError, ModelError, TrainingError
from evalguard.training import watch
from evalguard.training.config import TrainingConfig
from evalguard.training.finetune import train
from tests.training.test_rows_counted import config_of, rows_of, write


@pytest.fixture
def broken_base(base_folder, tmp_path):
    """Return a function that changes a copy of the base and returns its folder."""

    def change(edit):
        folder = tmp_path / "changed-base"
        shutil.copytree(base_folder, folder)
        weights = load_file(folder / "model.safetensors")
        edit(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return folder

    return change


def failed(config, project) -> EvalGuardError:
    with pytest.raises(EvalGuardError) as error:
        train(config, base_dir=project)
    return error.value


def _nan(weights):
    weights["model.layers.1.mlp.down_proj.weight"][0, 0] = torch.nan


def _huge(weights):
    weights["model.layers.0.mlp.down_proj.weight"] *= 1e38
    weights["model.layers.0.mlp.up_proj.weight"] *= 1e38


@pytest.mark.parametrize("method", ["sft", "dpo", "simpo", "orpo", "kto"])
def test_weights_of_the_base_that_are_nan(base_folder, project, broken_base, method):
    write(project, "rows.jsonl", rows_of(method))
    error = failed(config_of(broken_base(_nan), method), project)
    assert isinstance(error, ModelError)
    assert "step 1: the loss is nan" in str(error)
    assert "1 tensor (model.layers.1.mlp.down_proj" in str(error)


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_scales_of_a_quantised_base_that_are_infinite(
    base_folder, project, broken_base, quantization
):
    def infinite(weights):
        weights["model.layers.1.mlp.down_proj.weight"][0, 0] = torch.inf

    write(project, "rows.jsonl", rows_of("sft"))
    plain = config_of(broken_base(infinite), "sft").model_dump(mode="json", exclude_unset=True)
    plain["base"]["quantization"] = quantization
    error = failed(TrainingConfig.model_validate_json(json.dumps(plain)), project)
    assert isinstance(error, ModelError)
    assert "model.layers.1.mlp.down_proj" in str(error)


def test_an_overflow_with_finite_weights_names_the_layer(base_folder, project, broken_base):
    write(project, "rows.jsonl", rows_of("sft"))
    error = failed(config_of(broken_base(_huge), "sft"), project)
    assert isinstance(error, ModelError)
    assert "All weights are finite, but the output of" in str(error)
    assert "layers.0.mlp" in str(error)
    assert "computed in float32" in str(error)


def test_updates_that_broke_the_weights_name_the_rate_and_the_gradients(base_folder, project):
    write(project, "rows.jsonl", rows_of("sft"))
    training = {"learning_rate": 1e30, "warmup_share": 0.0, "max_grad_norm": 1e9, "epochs": 4}
    error = failed(config_of(base_folder, "sft", training=training), project)
    assert isinstance(error, TrainingError)
    assert "learning rate 1e+30 is too high. Try 1e+29" in str(error)
    assert "the last gradient norms were" in str(error)
    assert "of the base" not in str(error)


def test_rows_without_a_token_that_carries_loss(base_folder, project, monkeypatch):
    """No such row comes through the account of rows; a collator of its own may make one."""
    explain = watch.explain_nonfinite

    def without_labels(trainer):
        collate = trainer.data_collator

        def collator(rows):
            batch = collate(rows)
            batch["chosen_labels"][:, :] = -100
            return batch

        trainer.data_collator = collator
        explain(trainer)

    monkeypatch.setattr("evalguard.training.stages.explain_nonfinite", without_labels)
    write(project, "rows.jsonl", rows_of("simpo"))
    error = failed(config_of(base_folder, "simpo"), project)
    assert isinstance(error, DataError)
    assert "4 of the sequences of this batch have no token that carries loss" in str(error)


def test_what_is_not_seen_is_not_guessed(base_folder, project, monkeypatch):
    explain = watch.explain_nonfinite

    def nan_in_the_loss(trainer):
        compute = trainer.compute_loss

        def compute_loss(*args, **kwargs):
            loss = compute(*args, **kwargs)
            return loss * torch.nan if trainer.state.global_step == 2 else loss

        trainer.compute_loss = compute_loss
        explain(trainer)

    monkeypatch.setattr("evalguard.training.stages.explain_nonfinite", nan_in_the_loss)
    write(project, "rows.jsonl", rows_of("dpo"))
    error = failed(config_of(base_folder, "dpo"), project)
    assert "step 3: the loss is nan. The cause is unknown. Checked: all weights" in str(error)
    assert "the previous step had a loss of 0.6" in str(error)
    assert "too high" not in str(error)


def test_a_held_out_loss_is_explained_the_same_way(base_folder, project, monkeypatch):
    explain = watch.explain_nonfinite

    def break_weights_late(trainer):
        evaluate = trainer.evaluate

        def evaluating(*args, **kwargs):
            weight = next(p for p in trainer.model.parameters() if p.requires_grad)
            weight.data.fill_(torch.nan)
            return evaluate(*args, **kwargs)

        trainer.evaluate = evaluating
        explain(trainer)

    monkeypatch.setattr("evalguard.training.stages.explain_nonfinite", break_weights_late)
    write(project, "rows.jsonl", rows_of("sft"))
    config = config_of(base_folder, "sft", data={"validation_share": 0.2})
    error = failed(config, project)
    assert "the held-out loss is nan. 1 tensor" in str(error)
    assert "trained" in str(error)
