"""Every example runs as it is; the notebook's stored output is what its cells show."""

import ast
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import evalguard

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOK = json.loads((EXAMPLES / "check.ipynb").read_text("utf-8"))
CELLS = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
IGNORE = shutil.ignore_patterns("adapters", "reports", ".evalguard", "__pycache__")


@pytest.fixture(scope="module")
def examples(tmp_path_factory, adapters: Path) -> Path:
    """The examples with an adapter that learned nothing, so that none is trained."""
    folder = tmp_path_factory.mktemp("examples") / "examples"
    shutil.copytree(EXAMPLES, folder, ignore=IGNORE)
    shutil.copytree(adapters / "harmless", folder / "tickets" / "adapters" / "tickets")
    return folder


def run(path: Path) -> Any:
    return runpy.run_path(str(path))["main"]()


def test_an_adapter_is_gated(examples, capsys):
    assert run(examples / "gate_adapter.py") == evalguard.ExitCode.REGRESSION
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["FAIL", "FAIL", "PASS"]
    assert "routes tickets" in lines[0]
    assert (examples / "tickets" / "reports" / "index.html").exists()


def execute(cells: list[dict[str, Any]], namespace: dict[str, Any]) -> list[Any]:
    """Return the value that each cell shows: that of its last line, if it is an expression."""
    shown = []
    for cell in cells:
        tree = ast.parse("".join(cell["source"]))
        last = tree.body[-1]
        value = ast.Expression(last.value) if isinstance(last, ast.Expr) else None
        tree.body = tree.body[:-1] if value else tree.body
        exec(compile(tree, "cell", "exec"), namespace)  # noqa: S102 (cells of our own notebook)
        shown.append(eval(compile(value, "cell", "eval"), namespace) if value else None)  # noqa: S307
    return shown


def test_the_notebook_runs(examples, monkeypatch, capsys):
    monkeypatch.chdir(examples)
    _, result, _, (verdict, _) = execute(CELLS, {})
    assert isinstance(result, evalguard.CheckResult)
    assert isinstance(verdict, evalguard.Verdict)
    stored = "".join(CELLS[1]["outputs"][0]["data"]["text/html"])
    gates = re.compile(r"(?:tickets|general) · [\w ]+")
    assert gates.findall(stored) == gates.findall(result._repr_html_())
    lost, gained, n = result.gates[2].losses, result.gates[2].gains, result.gates[2].n
    assert f"{lost} lost, {gained} gained of {n}" in capsys.readouterr().out


def test_the_notebook_was_run_from_top_to_bottom():
    assert [cell["execution_count"] for cell in CELLS] == [1, 2, 3, 4]
    outputs = [output for cell in CELLS for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} == {"execute_result", "stream"}
    assert "may be released" in json.dumps(outputs)
    assert "/home" not in json.dumps(NOTEBOOK)
    assert len(json.dumps(NOTEBOOK)) < 20_000


class TestOtherTool:
    def test_the_files_are_paired_by_question(self, examples, capsys):
        gate = run(examples / "other_tool.py")
        assert gate.verdict is evalguard.Verdict.INCONCLUSIVE
        assert (gate.losses, gate.gains, gate.n, gate.missing) == (22, 9, 600, 0)
        assert "22 lost, 9 gained of 600" in capsys.readouterr().out

    @pytest.mark.parametrize("side", ["baseline", "candidate"])
    def test_questions_of_one_side_are_an_error(self, side, tmp_path):
        shutil.copytree(EXAMPLES / "scores", tmp_path / "scores")
        shutil.copy(EXAMPLES / "other_tool.py", tmp_path)
        rows = (tmp_path / "scores" / "baseline.jsonl").read_text().splitlines(keepends=True)
        other_rows = [rows[0].replace("1", "0"), *rows[1:]]
        for name, lines in (("baseline", other_rows), ("candidate", rows)):
            (tmp_path / "scores" / f"{name}.jsonl").write_text("".join(lines))
        assert run(tmp_path / "other_tool.py").verdict is evalguard.Verdict.PASS
        (tmp_path / "scores" / f"{side}.jsonl").write_text("".join(rows[:500]))
        other = {"baseline": "candidate", "candidate": "baseline"}[side]
        with pytest.raises(evalguard.EvalGuardError, match=rf"{other}\.jsonl:501: .*{side}\.jsonl"):
            run(tmp_path / "other_tool.py")


def test_power_is_planned(examples, capsys):
    run(examples / "plan_power.py")
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "max_drop"
    margins = [row.split()[0] for row in rows]
    assert margins == ["3pp", "5pp"]
    needed = [int(row.split()[-1].replace(",", "")) for row in rows]
    assert needed[0] > needed[1] > 100


def test_the_readme_names_every_example():
    text = (EXAMPLES / "README.md").read_text()
    names = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")}
    assert names == set(re.findall(r"^\| \[([\w.]+)\]", text, re.MULTILINE)) & names
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (EXAMPLES / link).exists()


@pytest.mark.slow
def test_an_adapter_that_is_trained_may_be_released(tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=IGNORE)
    done = subprocess.run(
        [sys.executable, "examples/gate_adapter.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASS") == 3
