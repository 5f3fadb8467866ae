"""The example package: installed as it is, each of its parts takes part in a whole check."""

import csv
import io
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import evalguard
from evalguard import damages, demands, importers, plugins
from evalguard.cli import main
from evalguard.engines import registry as engines
from evalguard.reports import registry as reports
from evalguard.scorers import registry as scorers
from evalguard.tasks import registry as tasks

PACKAGE = Path(__file__).parents[1] / "examples" / "plugin"
ENTRIES = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]["entry-points"]
GROUPS = {
    scorers.ENTRY_POINT_GROUP,
    tasks.GROUP,
    engines.GROUP,
    demands.GROUP,
    damages.GROUP,
    reports.GROUP,
    importers.GROUP,
}

SUITES = {
    "support": """
version: 1
tasks:
  - {kind: test_set, data: asked.jsonl, prompt: "{{ question }}", target: "-", scorers: [shouting]}
""",
    "twice": """
version: 1
tasks:
  - {kind: repeated, data: asked.jsonl, prompt: "{{ question }}"}
""",
}
GATES = """
version: 1
gates:
  - {name: stays calm, suite: support, metric: shouting, max_count: 20}
  - {name: repeats itself, suite: twice, metric: same_answer, max_drop: 10pp}
"""
QUESTIONS = [f"Where is my parcel {number}?" for number in range(120)]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder that pip installed the package into."""
    folder = tmp_path_factory.mktemp("site")
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words, folder, PACKAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def package(site, monkeypatch):
    """Have the package installed for one test."""
    monkeypatch.syspath_prepend(str(site))
    _forget()
    yield
    _forget()
    for name in [name for name in sys.modules if name.startswith("evalguard_manners")]:
        del sys.modules[name]
    scorers._registered.pop("shouting", None)


def _forget() -> None:
    plugins.points.cache_clear()
    sys.modules.pop("evalguard.cli.decide", None)  # it reads its options from demands


@pytest.fixture
def gated(package, project):
    """A project of the parts; checks it with a candidate that shouts at a share of its users."""
    _write(project / "suites" / "asked.jsonl", [{"question": one} for one in QUESTIONS])
    for name, text in SUITES.items():
        (project / "suites" / f"{name}.yaml").write_text(text)
    (project / "thresholds" / "manners.yaml").write_text(GATES)

    def check(every: int = 0, answers: str = "answers.jsonl") -> evalguard.CheckResult:
        rows = []
        for number, question in enumerate(QUESTIONS):
            answer = "It is on its way."
            rows.append({"model": "(base)", "prompt": question, "answer": answer})
            loud = answer.upper() if every and number % every == 0 else answer
            rows.append({"model": "harmless", "prompt": question, "answer": loud})
        _write(project / "answers.jsonl", rows)
        overrides = [
            f"engine={{name: recorded, options: {{answers: {project / answers}}}}}",
            "chat_template=false",
            "suites=[support, twice]",
            "thresholds=manners",
        ]
        return evalguard.check(
            project / "evalguard.yaml", overrides=overrides, full=True, progress=False
        )

    return check


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_an_editor_knows_the_kinds_of_tasks_and_the_demands_of_packages(package, capsys):
    for kind, key in (("suite", "repeated"), ("thresholds", "max_count")):
        assert main(["schema", kind]) == evalguard.ExitCode.PASS
        assert f'"{key}"' in capsys.readouterr().out


def test_every_part_does_its_work_in_one_check(gated, tmp_path, capsys):
    result = gated(every=2)
    calm, repeated = result.gates
    assert result.environment["engine"] == "recorded"
    assert (calm.metric, calm.baseline, calm.candidate) == ("shouting", 0.0, 0.5)
    assert calm.requirement == "max_count 20"
    assert calm.verdict is evalguard.Verdict.FAIL
    assert calm.reason.startswith("more than 20 samples score 1")
    assert (repeated.metric, repeated.candidate) == ("same_answer", 1.0)
    assert repeated.verdict is evalguard.Verdict.PASS
    (finding,) = result.findings
    assert (finding.code, finding.title, finding.evidence) == (
        "bad_manners",
        "Bad manners",
        ("stays calm",),
    )
    assert finding.explanation.endswith("For example: “IT IS ON ITS WAY.”.")
    path = evalguard.write_json(result, tmp_path / "result.json")
    assert main(["report", str(path), "--to", "csv", "-"]) == evalguard.ExitCode.PASS
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["name"], row["verdict"]) for row in rows] == [
        ("stays calm", "FAIL"),
        ("repeats itself", "PASS"),
    ]
    assert result.warnings == ()


def test_stored_answers_are_used_again_only_for_the_same_file(gated):
    assert gated().verdict is evalguard.Verdict.PASS
    again = gated()
    assert sum(task.reused for task in again.tasks) == sum(task.samples for task in again.tasks)
    changed = gated(every=2)
    assert changed.verdict is evalguard.Verdict.FAIL
    assert not any(task.reused for task in changed.tasks)
    with pytest.raises(evalguard.EvalGuardError, match=r"options\.answers names no file"):
        gated(answers="absent.jsonl")


def test_scores_in_its_format_are_decided(package, tmp_path, capsys):
    for name, wrong in (("base", 3), ("tuned", 5)):
        lines = [f"q{number},{int(number >= wrong)}" for number in range(200)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["question,score", *lines]))
    base, tuned = str(tmp_path / "base.csv"), str(tmp_path / "tuned.csv")
    command = ["decide", "--baseline", base, "--candidate", tuned, "--max-drop", "5pp"]
    assert main(command) == evalguard.ExitCode.PASS
    assert "2 lost, 0 gained of 200" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("q200,yes", "tuned.csv:202: score is 'yes'; expected a number or nothing"),
        ("q200", "tuned.csv:202: 1 columns; expected question, score"),
        ("q200,nan", "tuned.csv:202: 'score' is nan"),
        ("q3,1", "tuned.csv:202: id 'q3' already appears in "),
        ("q200,1", "tuned.csv:202: question 'q200' of scores is not in "),
        (",1", "gave a score whose sample_id is ''"),
    ],
)
def test_a_broken_row_of_its_format_is_named(package, tmp_path, row, message):
    text = "\n".join(["question,score", *(f"q{number},1" for number in range(200))])
    (tmp_path / "base.csv").write_text(text)
    (tmp_path / "tuned.csv").write_text(f"{text}\n{row}\n")
    with pytest.raises(evalguard.EvalGuardError, match=re.escape(message)):
        evalguard.decide(tmp_path / "base.csv", tmp_path / "tuned.csv", max_drop="5pp")


def test_it_is_listed_where_parts_are_listed(package, capsys):
    assert main(["engines"]) == evalguard.ExitCode.PASS
    assert "answers from a file" in capsys.readouterr().out
    assert "bad_manners" in damages.codes()
    assert demands.registry.is_demand("max_count")


def test_it_adds_a_part_of_each_kind_in_a_file_of_its_own():
    assert set(ENTRIES) == GROUPS
    files = [
        target.partition(":")[0].rpartition(".")[2]
        for entries in ENTRIES.values()
        for target in entries.values()
    ]
    assert len(files) == len(set(files)) == len(GROUPS)
    for name in files:
        lines = (PACKAGE / "evalguard_manners" / f"{name}.py").read_text().splitlines()
        assert len(lines) <= 75, name
