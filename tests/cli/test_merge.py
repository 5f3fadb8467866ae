import json
from pathlib import Path

import pytest

from evalguard.cli import main
from evalguard.errors import ExitCode
from tests.training.conftest import base_folder, one_thread  # noqa: F401
from tests.training.test_merge import adapters  # noqa: F401


@pytest.fixture
def folder(adapters, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    return adapters


def test_merge_into_the_base(folder, capsys):
    assert main(["merge", str(folder / "a"), "--output", "merged"]) == ExitCode.PASS
    assert Path("merged/model.safetensors").is_file()
    shown = capsys.readouterr().out
    assert "NAME: {model: merged}" in shown
    difference = json.loads(Path("merged/evalguard_merge.json").read_text())["relative_difference"]
    assert f"the logits by {difference:.2g} of their spread" in shown


def test_combine_two(folder, capsys):
    arguments = ["merge", str(folder / "a"), str(folder / "b"), "--output", "ab"]
    assert main([*arguments, "--weight", "0.7", "--weight", "0.3"]) == ExitCode.PASS
    assert json.loads(Path("ab/adapter_config.json").read_text())["r"] == 8
    shown = capsys.readouterr().out
    assert "✓ combined 2 adapters by cat: ab" in shown
    assert "the update by " in shown


def test_an_approximation_says_how_far_off_it_is(folder, capsys):
    arguments = ["merge", str(folder / "a"), str(folder / "b"), "--output", "ab"]
    assert main([*arguments, "--method", "linear"]) == ExitCode.PASS
    difference = json.loads(Path("ab/evalguard_merge.json").read_text())["relative_difference"]
    assert difference > 0.01
    assert f"by {difference:.2g} of its largest entry" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--density", "0.3"], "--density needs several adapters"),
        (["a", "b", "--dtype", "float32"], "--dtype is for merging one adapter"),
        (["a", "b", "--weight", "1"], "2 adapters need 2 finite weights"),
        (["nothing"], "no such adapter folder"),
        (["a", "--base", "./nothing"], "base model './nothing' could not be loaded"),
    ],
)
def test_bad_input_is_exit_4_and_leaves_nothing(folder, capsys, arguments, message):
    named = [str(folder / word) if word in ("a", "b", "nothing") else word for word in arguments]
    assert main(["merge", *named, "--output", "out"]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
    assert not list(Path().iterdir())
