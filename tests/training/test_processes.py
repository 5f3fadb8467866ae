"""Training in several processes."""

import json

import pytest

from evalguard.cli import main
from evalguard.demo.recipes import RECIPES, write_recipe
from evalguard.errors import ExitCode, UsageError
from evalguard.training import processes
from evalguard.training.finetune import train
from tests.training.test_finetune import make_config


def curve(folder):
    record = json.loads((folder / "evalguard_training.json").read_text())
    return [point["loss"] for point in record["curve"] if point["loss"] is not None]


@pytest.mark.slow
def test_two_processes_learn_as_one_with_twice_the_accumulation(tmp_path):
    config = write_recipe(RECIPES["forgetting"], tmp_path, output="adapter", seed=0)
    common = ["train", str(config), "--no-audit", "--set=training.epochs=0.2"]
    common += ["--set=training.batch_size=8"]
    one = [*common, "--set=training.gradient_accumulation=2", "--output", str(tmp_path / "one")]
    assert main(one) == ExitCode.PASS
    assert main([*common, "--launch", "2", "--output", str(tmp_path / "two")]) == ExitCode.PASS
    expected, found = curve(tmp_path / "one"), curve(tmp_path / "two")
    assert len(found) == len(expected) > 3
    assert found == pytest.approx(expected, rel=1e-3)
    assert (tmp_path / "two" / "adapter_model.safetensors").is_file()


def test_what_processes_do_not_share_is_refused(base_folder, project, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    config = make_config(base_folder, training={"checkpoints": True, "evaluate_every": 3})
    with pytest.raises(UsageError, match="one process only"):
        train(config, base_dir=project)


def test_only_the_first_process_writes_the_output(base_folder, project, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    config = make_config(base_folder)
    output = project / "adapters" / "tickets"
    monkeypatch.setenv("RANK", "0")
    with processes.own_output(config, output) as path:
        assert path == output
    monkeypatch.setenv("RANK", "1")
    with processes.own_output(config, output) as path:
        assert path.name == output.name
        assert path != output
    assert not path.parent.exists()


@pytest.mark.parametrize(
    "options", [["--launch", "2", "--resume"], ["--accelerate-config", "fsdp.yaml"]]
)
def test_options_that_do_not_go_together_are_told(tmp_path, options, capsys):
    config = write_recipe(RECIPES["forgetting"], tmp_path, output="adapter", seed=0)
    assert main(["train", str(config), "--no-audit", *options]) == ExitCode.USAGE
    assert "--launch" in capsys.readouterr().err
