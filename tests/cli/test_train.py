import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evalguard.cli import main
from evalguard.errors import ExitCode
from tests.training.conftest import base_folder, one_thread, project  # noqa: F401


@pytest.fixture
def config_file(project, base_folder, monkeypatch) -> Path:  # noqa: F811
    plain = {
        "version": 1,
        "base": {"model": str(base_folder)},
        "data": {"train": "task.jsonl", "validation_share": 0.1},
        "training": {"learning_rate": 1e-2, "epochs": 3, "batch_size": 8, "max_length": 64},
        "output": "adapters/tickets",
    }
    monkeypatch.chdir(project)
    (project / "train.yaml").write_text(yaml.safe_dump(plain))
    return Path("train.yaml")


def test_train_says_what_was_made_and_what_comes_next(config_file, capfd):
    arguments = ["train", str(config_file), "--set", "training.epochs=1", "--output", "out"]
    assert main(arguments) == ExitCode.PASS
    printed = capfd.readouterr()
    read = "task.jsonl: 48 rows read as 'prompt_completion' (prompt, completion → messages)"
    assert printed.out.count(read) == 1
    record = json.loads(Path("out/evalguard_training.json").read_text())
    assert record["data_notes"] == [read]
    assert "✓ sft on 43 rows: 6 steps in" in printed.out
    assert "sft step 6/6" in printed.out
    assert "adapter: out" in printed.out
    assert "evalguard check" in printed.out
    assert Path("out/adapter_model.safetensors").is_file()
    assert printed.err == ""


def test_seeds_train_as_many_adapters_as_a_recipe_lists(config_file, capfd):
    arguments = ["train", str(config_file), "--set", "training.epochs=1", "--seeds", "2"]
    assert main([*arguments, "--set", "training.seed=5", "--output", "out/"]) == ExitCode.PASS
    printed = capfd.readouterr().out
    assert "NAME: {seeds: [out.seed1, out.seed2]}" in printed
    records = [json.loads(Path(f"out.seed{k}/evalguard_training.json").read_text()) for k in (1, 2)]
    assert [record["config"]["training"]["seed"] for record in records] == [5, 6]
    weights = {Path(f"out.seed{k}/adapter_model.safetensors").read_bytes() for k in (1, 2)}
    assert len(weights) == 2
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train.yaml", "--seeds", "2", "--resume"], "--seeds trains in this process"),
        (
            [
                "train.yaml",
                "--seeds",
                "2",
                "--set",
                "tuner=full",
                "--set",
                "base.quantization=none",
            ],
            "--seeds trains adapters",
        ),
        (["none.yaml"], "none.yaml: no such file"),
        (["train.yaml", "--set", "lora.rank=3"], "lora.rank: unknown key"),
        (["train.yaml", "--set", "lora"], "expected KEY=VALUE"),
        (["train.yaml", "--set", "base.model=./nothing"], "no such folder './nothing'"),
        (["train.yaml", "--set", "lora.target_modules=[qproj]"], "Did you mean 'q_proj'"),
    ],
)
def test_bad_input_is_exit_4_and_leaves_nothing(config_file, arguments, message, capfd):
    assert main(["train", *arguments]) == ExitCode.USAGE
    assert message in capfd.readouterr().err
    assert not list(Path("adapters").glob("*"))


def test_help_is_fast_and_loads_no_torch():
    code = (
        "import sys\nfrom evalguard.cli import main\nmain(['train', '--help'])\n"
        "assert not {'torch', 'transformers', 'pydantic'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "evalguard train training/tickets.yaml" in done.stdout


@pytest.mark.slow
def test_a_fresh_process_prints_nothing_of_the_libraries(config_file):
    arguments = ["train", str(config_file), "--set", "training.epochs=0.2"]
    code = f"import sys; from evalguard.cli import main; sys.exit(main({arguments}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.PASS
    assert done.stderr == ""
    words = {line.split()[0] for line in done.stdout.splitlines()}
    assert words == {"task.jsonl:", "!", "sft:", "sft", "✓", "adapter:", "next:"}


def test_the_audit_stops_what_should_not_be_trained_on(config_file, capfd):
    rows = [{"prompt": f"give {i}", "completion": '{"n": ' + str(i)} for i in range(20)]
    Path("task.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["train", str(config_file)]) == ExitCode.USAGE
    assert "20 of 20 answers that start like JSON do not parse" in capfd.readouterr().err
    assert not Path("adapters").exists()
    assert main(["train", str(config_file), "--no-audit"]) == ExitCode.PASS
