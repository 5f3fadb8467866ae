"""Each method and each tuner as a whole run, and two stages in one."""

import json
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from evalguard.errors import DataError, UsageError
from evalguard.training.finetune import train
from evalguard.training.watch import TrainingProgress
from tests.training.conftest import COLOURS, THINGS
from tests.training.test_finetune import make_config


@pytest.fixture
def pairs(project):
    rows = [
        {"prompt": f"the {thing}", "chosen": f"a {colour} {thing}", "rejected": f"no {thing}"}
        for colour in COLOURS[:2]
        for thing in THINGS
    ]
    (project / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return project


PREFERENCE: dict[str, Any] = {
    "data": {"train": "pairs.jsonl", "validation_share": 0.1},
    "training": {"learning_rate": 5e-3, "epochs": 2, "batch_size": 4, "max_length": 64},
}


@pytest.mark.parametrize(
    ("method", "preference"),
    [
        ("dpo", {}),
        ("dpo", {"loss": "ipo", "beta": 0.2}),
        ("kto", {}),
        ("orpo", {}),
        ("cpo", {}),
        ("simpo", {"gamma": 0.3}),
    ],
)
def test_every_preference_method_lowers_its_loss(base_folder, pairs, method, preference):
    config = make_config(
        base_folder, method=method, preference=preference, replay=None, **PREFERENCE
    )
    trained = train(config, base_dir=pairs)
    losses = [point.loss for point in trained.record.curve if point.loss is not None]
    assert sum(losses[-2:]) < sum(losses[:2])
    assert trained.record.method == method
    files = {file.name for file in trained.path.iterdir()}
    assert "adapter_model.safetensors" in files
    assert "ref" not in files


def test_preference_methods_refuse_other_rows(base_folder, project):
    config = make_config(base_folder, method="dpo", replay=None)
    with pytest.raises(
        DataError,
        match=r"'prompt_completion' cannot be trained with method 'dpo'.*chosen, rejected",
    ):
        train(config, base_dir=project)


def test_dpo_after_sft_starts_from_the_sft_adapter(base_folder, pairs):
    then = {"method": "dpo", **PREFERENCE}
    config = make_config(base_folder, then=then)
    seen: list[TrainingProgress] = []
    trained = train(config, base_dir=pairs, on_progress=seen.append)
    assert trained.record.method == "sft+dpo"
    assert [p.stage for p in seen if p.step == 1] == ["sft", "dpo"]
    steps = [point.step for point in trained.record.curve if point.loss is not None]
    assert steps == list(range(1, len(steps) + 1))
    dpo_losses = [p.point.loss for p in seen if p.stage == "dpo" and p.point.loss is not None]
    # ln 2: at its first step the policy equals its reference, which thus is the SFT adapter.
    assert dpo_losses[0] == pytest.approx(0.6931, abs=1e-3)
    assert trained.record.rows == 72 + 14


@pytest.mark.parametrize(
    "changes",
    [
        {"lora": {"dora": True}, "base": {"quantization": "none"}},
        {"lora": {"dora": True}},
        {"lora": {"rslora": True, "dropout": 0.1}},
        {"tuner": "ia3"},
        {"tuner": "prompt", "virtual_tokens": 4, "base": {"quantization": "none"}},
        {"tuner": "prefix", "virtual_tokens": 4, "base": {"quantization": "none"}},
    ],
    ids=["dora", "qdora", "rslora", "ia3", "prompt", "prefix"],
)
def test_every_tuner_trains_an_adapter(base_folder, project, changes):
    plain = json.loads(make_config(base_folder).model_dump_json(exclude_unset=True))
    if "tuner" in changes:
        del plain["lora"]
        plain["training"] |= {"learning_rate": 0.1}  # few weights take large steps
    for key, value in changes.items():
        plain[key] = plain[key] | value if isinstance(value, dict) else value
    config = type(make_config(base_folder)).model_validate_json(json.dumps(plain))
    trained = train(config, base_dir=project)
    losses = [point.loss for point in trained.record.curve if point.loss is not None]
    assert sum(losses[-3:]) < sum(losses[:3])
    weights = load_file(trained.path / "adapter_model.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())
    written = json.loads((trained.path / "adapter_config.json").read_text())
    assert written.get("use_dora", False) == plain.get("lora", {}).get("dora", False)


def test_full_fine_tuning_writes_a_whole_model(base_folder, project):
    plain = json.loads(make_config(base_folder).model_dump_json(exclude_unset=True))
    del plain["lora"]
    plain["tuner"], plain["base"]["quantization"] = "full", "none"
    plain["training"]["learning_rate"] = 1e-3
    config = type(make_config(base_folder)).model_validate_json(json.dumps(plain))
    trained = train(config, base_dir=project)
    files = {file.name for file in trained.path.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= files
    before = load_file(base_folder / "model.safetensors")
    after = load_file(trained.path / "model.safetensors")
    assert before.keys() == after.keys()
    assert all(not torch.equal(before[name], after[name]) for name in before if "proj" in name)


def test_gradient_checkpointing_changes_nothing_but_memory(base_folder, project):
    def weights(**training):
        config = make_config(base_folder, training={"epochs": 0.5, **training})
        return load_file(train(config, base_dir=project).path / "adapter_model.safetensors")

    plain, recomputed = weights(), weights(gradient_checkpointing=True)
    assert all(torch.allclose(plain[name], recomputed[name], atol=1e-3) for name in plain)


def test_early_stopping_keeps_the_best(base_folder, project):
    """A harsh learning rate overfits a handful of rows: the held-out loss turns."""
    rows = (project / "task.jsonl").read_text().splitlines()[:12]
    (project / "few.jsonl").write_text("\n".join(rows))
    config = make_config(
        base_folder,
        replay=None,
        data={"train": "few.jsonl", "validation_share": 0.3},
        training={"learning_rate": 0.1, "epochs": 40, "early_stopping": 2, "warmup_share": 0.0},
    )
    trained = train(config, base_dir=project)
    held_out = [p.eval_loss for p in trained.record.curve if p.eval_loss is not None]
    assert len(held_out) < 40
    assert min(held_out) in held_out[:-2]
    assert min(held_out) not in held_out[-2:]
    assert not list(project.glob("adapters/.*"))


def test_no_space_is_said_before_the_training(base_folder, project, monkeypatch):
    class Full:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Full)
    with pytest.raises(UsageError, match=r"the run needs about .* GB"):
        train(make_config(base_folder), base_dir=project)
