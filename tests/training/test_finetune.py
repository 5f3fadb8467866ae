import json
from importlib.metadata import Distribution, PackageNotFoundError, version

import pytest
import torch
from safetensors.torch import load_file

from evalguard import __version__
from evalguard.errors import ConfigError, DataError, ModelError, TrainingError, UsageError
from evalguard.records import TrainingRecord, from_json
from evalguard.store import folder_fingerprint
from evalguard.training.config import TrainingConfig
from evalguard.training.finetune import train
from evalguard.training.watch import TrainingProgress


def make_config(base_folder, **changes) -> TrainingConfig:
    plain = {
        "base": {"model": str(base_folder)},
        "data": {"train": "task.jsonl", "validation_share": 0.1},
        "replay": {"data": "general.jsonl", "share": 0.4},
        "lora": {"r": 4, "alpha": 8.0},
        "training": {"learning_rate": 1e-2, "epochs": 2, "batch_size": 8, "max_length": 64},
        "output": "adapters/tickets",
    }
    for key, value in changes.items():
        old = plain.get(key)
        plain[key] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    return TrainingConfig.model_validate_json(json.dumps(plain))


def test_train_writes_an_adapter_and_a_record_of_what_made_it(base_folder, project):
    seen: list[TrainingProgress] = []
    trained = train(make_config(base_folder), base_dir=project, on_progress=seen.append)

    assert trained.path == project / "adapters" / "tickets"
    weights = load_file(trained.path / "adapter_model.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())
    assert any(tensor.abs().max() > 0 for name, tensor in weights.items() if "lora_B" in name)
    record = from_json(
        TrainingRecord, json.loads((trained.path / "evalguard_training.json").read_text())
    )
    assert record == trained.record
    assert record.rows == 72  # 43 task rows and 29 general ones (40 %)
    assert record.replay_share == pytest.approx(0.4, abs=0.01)
    losses = [point.loss for point in record.curve if point.loss is not None]
    held_out = [point.eval_loss for point in record.curve if point.eval_loss is not None]
    assert len(losses) == 18
    assert losses[-1] < losses[0] - 0.3
    assert len(held_out) == 2
    assert held_out[1] < held_out[0]
    assert record.config["training"]["epochs"] == 2
    assert record.base_fingerprint == folder_fingerprint(base_folder)
    assert [p.step for p in seen if p.point.loss is not None] == list(range(1, 19))
    assert seen[-1].total_steps == 18
    assert seen[-1].seconds_left == 0
    assert not list(project.glob("adapters/.*"))


def test_a_run_from_sources_that_are_not_installed_is_not_lost(base_folder, project, monkeypatch):
    found = Distribution.from_name

    def without_some(name):
        if name in ("evalguard", "bitsandbytes"):
            raise PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(Distribution, "from_name", without_some)
    config = make_config(
        base_folder, base={"quantization": "none"}, training={"epochs": 0.3}, replay=None
    )
    versions = train(config, base_dir=project).record.versions
    assert versions["evalguard"] == __version__
    assert versions["torch"] == version("torch")
    assert "bitsandbytes" not in versions


def test_equal_seeds_give_equal_weights(base_folder, project):
    config = make_config(base_folder, training={"epochs": 0.5})
    first = train(config, base_dir=project)
    weights = load_file(first.path / "adapter_model.safetensors")
    again = load_file(train(config, base_dir=project).path / "adapter_model.safetensors")
    other = make_config(base_folder, training={"epochs": 0.5, "seed": 1})
    differing = load_file(train(other, base_dir=project).path / "adapter_model.safetensors")
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert not all(torch.equal(weights[name], differing[name]) for name in weights)


@pytest.mark.parametrize("quantization", ["none", "int8"])
def test_other_precisions_train_too(base_folder, project, quantization):
    config = make_config(base_folder, base={"quantization": quantization}, training={"epochs": 0.5})
    record = train(config, base_dir=project).record
    assert record.curve[-1].step == 5


def test_wrong_target_modules_are_named_with_the_nearest_right_one(base_folder, project):
    config = make_config(base_folder, lora={"target_modules": ["q_proj", "v_prj"]})
    with pytest.raises(ConfigError, match=r"target_modules\[1\].*'v_prj'.*Did you mean 'v_proj'"):
        train(config, base_dir=project)
    assert not (project / "adapters" / "tickets").exists()


def test_a_failed_run_leaves_the_older_adapter_as_it_was(base_folder, project):
    good = train(make_config(base_folder, training={"epochs": 0.5}), base_dir=project)
    before = {file.name: file.read_bytes() for file in good.path.iterdir()}
    exploding = make_config(
        base_folder,
        training={"learning_rate": 1e30, "warmup_share": 0.0, "max_grad_norm": 1e9},
    )
    with pytest.raises(TrainingError, match=r"step \d+: .*learning rate 1e\+30 is too high"):
        train(exploding, base_dir=project)
    assert {file.name: file.read_bytes() for file in good.path.iterdir()} == before
    assert [each.name for each in good.path.parent.iterdir()] == ["tickets"]


def test_a_folder_with_other_files_is_never_replaced(base_folder, project):
    (project / "adapters" / "tickets").mkdir(parents=True)
    (project / "adapters" / "tickets" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="other than an adapter, which would be overwritten"):
        train(make_config(base_folder), base_dir=project)
    assert (project / "adapters" / "tickets" / "thesis.tex").exists()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("./models/none", "no such folder './models/none'"),
        (".", "no config.json"),
        ("nobody/nothing", "base model 'nobody/nothing' could not be loaded"),
    ],
)
def test_a_base_that_does_not_exist(project, base_folder, model, message, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=message):
        train(make_config(base_folder, base={"model": model}), base_dir=project)


def test_too_little_replay_says_what_is_possible(base_folder, project):
    with pytest.raises(DataError, match=r"there are 48. Set replay.share to 0.52 or less"):
        train(make_config(base_folder, replay={"share": 0.7}), base_dir=project)


def test_the_threads_are_restored(base_folder, project):
    torch.set_num_threads(2)
    train(make_config(base_folder, training={"epochs": 0.2}), base_dir=project)
    assert torch.get_num_threads() == 2
