import json
from pathlib import Path

import pytest
import yaml

from evalguard.cli import main
from evalguard.errors import ExitCode
from tests.training.conftest import base_folder, one_thread, project  # noqa: F401


@pytest.fixture
def folder(project, base_folder, monkeypatch):  # noqa: F811
    monkeypatch.chdir(project)
    config = {
        "version": 1,
        "base": {"model": str(base_folder)},
        "data": {"train": "task.jsonl"},
        "replay": {"data": "general.jsonl", "share": 0.4},
        "training": {"max_length": 8, "max_cut_share": 1},
        "output": "adapters/tickets",
    }
    Path("train.yaml").write_text(yaml.safe_dump(config))
    return project


def test_warnings_are_shown_and_exit_0(folder, capsys):
    assert main(["audit", "train.yaml", "--json", "audit.json"]) == ExitCode.PASS
    printed = capsys.readouterr().out
    assert "rows are longer than 8 tokens" in printed
    assert "✓ 96 rows" in printed
    written = json.loads(Path("audit.json").read_text())
    assert written["formats"] == {"prompt_completion": 48, "messages": 48}
    assert len(written["tokens"]) == 3


def test_the_format_of_each_file_is_shown_and_can_be_named(folder, capsys):
    both = {"prompt": "Hi", "completion": "Hello.", "messages": [{"role": "user", "content": "x"}]}
    Path("both.jsonl").write_text(json.dumps(both))
    assert main(["audit", "both.jsonl"]) == ExitCode.USAGE
    assert "Say which: data: {format: messages}" in " ".join(capsys.readouterr().out.split())
    assert main(["audit", "both.jsonl", "--format", "prompt_completion"]) == ExitCode.PASS
    printed = capsys.readouterr().out
    assert "both.jsonl: 1 row read as 'prompt_completion'" in printed
    assert "both.jsonl: ignored: messages (1 row)" in printed


def test_errors_exit_4(folder, capsys):
    items = [{"question": "What is the colour of the red sky?"}]
    Path("items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items))
    arguments = ["audit", "task.jsonl", "--against", "items.jsonl", "--html", "out/audit.html"]
    assert main(arguments) == ExitCode.USAGE
    assert "1 of 1 suite items are in the training data" in capsys.readouterr().out
    assert "items.jsonl:1" in Path("out/audit.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.jsonl"], "nothing.jsonl: cannot be read"),
        (["train.yaml", "--max-length", "3"], "a training config already names its data"),
        (["task.jsonl", "--against", "."], "unknown key"),
        (["task.jsonl", "--format", "alpca"], "format 'alpca'? Did you mean 'alpaca'?"),
        (["task.jsonl", "--model", "./nothing"], "base model './nothing' could not be loaded"),
    ],
)
def test_bad_input(folder, capsys, arguments, message):
    assert main(["audit", *arguments]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
