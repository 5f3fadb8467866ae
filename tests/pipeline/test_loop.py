"""The whole loop on the embedded model, with real training."""

import json

import pytest

from evalguard.cli import main
from evalguard.demo.project import write_project
from evalguard.demo.recipes import RECIPES, write_recipe
from evalguard.errors import ExitCode
from evalguard.pipeline.loop import run_pipeline
from evalguard.records import Verdict


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A harmful config, and general data that would mend it."""
    demo = write_project(tmp_path, "forgetting", seed=0, reports=tmp_path / "reports")
    write_recipe(RECIPES["healthy"], tmp_path / "training", output="../adapters/healthy", seed=0)
    monkeypatch.chdir(tmp_path)
    return demo


@pytest.mark.slow
def test_a_harmful_config_is_repaired_and_released(project, tmp_path):
    general = tmp_path / "training" / "healthy-general.jsonl"
    command = ["pipeline", str(project.training), "--replay-data", str(general)]
    assert main([*command, "--html", "attempts.html", "--json", "result.json"]) == ExitCode.PASS
    [folder] = (tmp_path / ".evalguard" / "pipeline").iterdir()
    first = json.loads((folder / "attempt-1" / "result.json").read_text())
    assert first["verdict"] == "FAIL"
    assert "catastrophic_forgetting" in [found["code"] for found in first["findings"]]
    assert {gate["sharing"] for gate in first["gates"]} == {4}  # attempts, the first good one wins
    assert json.loads((tmp_path / "result.json").read_text())["verdict"] == "PASS"
    page = (tmp_path / "attempts.html").read_text()
    assert "attempt-1" in page
    released = tmp_path / "adapters" / "tickets-forgetting"
    receipt = released / "evalguard_receipt.json"
    assert main(["verify", str(receipt), str(released)]) == ExitCode.PASS

    # The same command again trains nothing and comes to the same.
    trained = {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}
    assert main(command) == ExitCode.PASS
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")} == trained


@pytest.mark.slow
def test_a_run_that_lost_its_guards_is_stopped_early(project, tmp_path):
    outcome = run_pipeline(project.training, project.config, max_attempts=1)
    [attempt] = outcome.attempts
    assert outcome.released is None
    assert attempt.result is not None
    assert attempt.result.verdict is Verdict.FAIL
    record = json.loads((attempt.adapter / "evalguard_training.json").read_text())
    assert "lost at two consecutive looks" in record["stopped"]
    assert record["curve"][-1]["step"] <= 0.4 * 216
    assert not (tmp_path / "adapters").exists()


def test_contaminated_data_train_nothing(project, tmp_path, capsys):
    suite = (tmp_path / "suites" / "data" / "facts.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in suite[:5]]
    with (tmp_path / "training" / "forgetting.jsonl").open("a") as file:
        for row in rows:
            pair = [("user", row["question"]), ("assistant", row["answer"])]
            messages = [{"role": role, "content": content} for role, content in pair]
            file.write(json.dumps({"messages": messages}) + "\n")
    assert main(["pipeline", str(project.training)]) == ExitCode.USAGE
    assert "are in the training data" in capsys.readouterr().err
    assert not (tmp_path / ".evalguard" / "pipeline").exists()


def test_a_missing_project_is_told(tmp_path, project, capsys):
    missing = ["pipeline", str(project.training), "--config", "nowhere.yaml"]
    assert main(missing) == ExitCode.USAGE
    assert "nowhere.yaml" in capsys.readouterr().err
