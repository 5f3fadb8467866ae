"""``evalguard init``: what it writes loads, and nothing is overwritten."""

from pathlib import Path

import pytest
import yaml

from evalguard.cli import main
from evalguard.cli.init import PROJECT_FILES, WORKFLOW
from evalguard.config import load_project
from evalguard.errors import ExitCode


def test_what_it_writes_loads_as_it_stands(tmp_path, capsys):
    folder = tmp_path / "my project"
    assert main(["init", str(folder)]) == ExitCode.PASS
    written = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert written == set(PROJECT_FILES)
    project = load_project(folder / "evalguard.yaml")
    assert [gate.metric for gate in project.thresholds.gates] == ["numeric"]
    assert list(project.models) == ["baseline", "mine"]
    told = capsys.readouterr().out
    assert f"wrote {folder / 'evalguard.yaml'}" in told
    assert f"cd {folder}" in told
    assert "evalguard check" in told


def test_the_example_has_enough_rows_for_its_margin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == ExitCode.PASS
    rows = Path("suites/data/example.jsonl").read_text().splitlines()
    assert len(set(rows)) == len(rows) >= 274  # 80 % power for 5pp where a tenth of answers flip


def test_nothing_is_overwritten_or_half_written(tmp_path, capsys):
    (tmp_path / "thresholds").mkdir()
    mine = tmp_path / "thresholds" / "release.yaml"
    mine.write_text("mine")
    assert main(["init", str(tmp_path)]) == ExitCode.USAGE
    assert str(mine) in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [mine]


def test_the_workflow_is_written_on_demand(tmp_path):
    assert main(["init", str(tmp_path), "--github"]) == ExitCode.PASS
    steps = yaml.safe_load((tmp_path / WORKFLOW).read_text())["jobs"]["gate"]["steps"]
    assert any("evalguard check" in step.get("run", "") for step in steps)


@pytest.mark.parametrize("place", ["a file", "a file/below"])
def test_a_place_that_is_no_folder_is_refused(tmp_path, capsys, place):
    (tmp_path / "a file").write_text("")
    assert main(["init", str(tmp_path / place)]) == ExitCode.USAGE
    assert "a file" in capsys.readouterr().err
