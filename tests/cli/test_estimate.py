from pathlib import Path

import pytest
import yaml

from evalguard.cli import main
from evalguard.errors import ExitCode
from tests.training.conftest import base_folder, one_thread, project  # noqa: F401


@pytest.fixture
def config_file(project, base_folder, monkeypatch) -> str:  # noqa: F811
    monkeypatch.chdir(project)
    plain = {
        "version": 1,
        "base": {"model": str(base_folder)},
        "data": {"train": "task.jsonl"},
        "training": {"max_length": 32},
        "output": "out",
    }
    Path("train.yaml").write_text(yaml.safe_dump(plain))
    return "train.yaml"


def test_a_config_and_the_presets_on_a_gpu(config_file, capsys):
    assert main(["estimate", config_file, "--gpu", "t4", "--tokens", "1000"]) == ExitCode.PASS
    printed = capsys.readouterr().out
    assert "train.yaml" in printed
    assert "preset qlora-24gb" in printed
    assert printed.count("fits 16 GiB") == 5
    assert "min for 1,000 tokens" in printed


def test_a_config_on_this_cpu(config_file, capsys):
    assert main(["estimate", config_file, "--cpu"]) == ExitCode.PASS
    printed = capsys.readouterr().out
    assert "preset" not in printed
    assert "process" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gpu", "h10"], "Did you mean 'h100'"),
        (["--cpu", "--gpu", "t4"], "leave out --gpu"),
    ],
)
def test_bad_input(config_file, capsys, arguments, message):
    assert main(["estimate", config_file, *arguments]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
