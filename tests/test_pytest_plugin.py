"""Gates as pytest items, through pytest itself and through ``evalguard check``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from evalguard.cli import main


class Done(NamedTuple):
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


def run_process(project: Path, *command: str) -> Done:
    """Run a module of Python as a user does."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=project, capture_output=True, text=True, timeout=240
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def run(answered, monkeypatch, capfd):
    """Run the command line in the project: in this process, where its libraries are loaded."""

    def main_in(*arguments: str) -> Done:
        monkeypatch.chdir(answered)
        monkeypatch.setattr(sys, "path", [*sys.path])  # to which a conftest.py adds its folder
        code = main(list(arguments))
        return Done(code, *capfd.readouterr())

    return main_in


@pytest.fixture
def harmful(project, edit):
    edit("evalguard.yaml", "adapters/harmless", "adapters/harmful")
    return project


def test_a_passing_check_exits_0_and_writes_its_results(project):
    done = run_process(
        project, "evalguard", "check", "-v", "--json", "result.json", "--junitxml", "junit.xml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "thresholds/release.yaml::general::acc PASS" in done.stdout
    result = json.loads((project / "result.json").read_text())
    assert result["schema_version"] == 1
    assert result["verdict"] == "PASS"
    wanted = (
        "name suite metric verdict baseline candidate delta ci margin p_pass p_fail n losses gains"
    )
    assert all(set(wanted.split()) <= gate.keys() for gate in result["gates"])
    assert {"findings", "models", "environment", "timing"} <= result.keys()
    assert "engine: hf (set in the project)" in done.stderr
    assert result["environment"]["engine choice"] == "set in the project"
    assert 'testsuite name="pytest" errors="0" failures="0"' in (project / "junit.xml").read_text()
    assert (project / "reports" / "index.html").is_file()


def test_a_failing_gate_shows_figures_and_samples_and_exits_1(harmful, run):
    done = run("check", "-k", "facts")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAIL" in done.stdout
    assert "still knows facts" in done.stdout
    assert "no forgetting" not in done.stdout
    for word in ("prompt", "baseline", "candidate"):
        assert word in done.stdout.lower()


@pytest.mark.usefixtures("answered")
def test_plain_pytest_collects_the_gates_beside_a_teams_own_tests(harmful, monkeypatch, capfd):
    (harmful / "test_own.py").write_text("def test_own():\n    assert True\n")
    monkeypatch.chdir(harmful)
    monkeypatch.setattr(sys, "path", [*sys.path])  # to which pytest adds the folder of the test
    assert pytest.main(["-q"]) == 1
    assert "2 failed, 1 passed" in capfd.readouterr().out
    assert pytest.main(["--lf", "--collect-only", "-q"]) == 0
    again = capfd.readouterr().out
    assert "thresholds/release.yaml::facts::exact_match" in again
    assert "test_own" not in again


def test_stop_at_the_first_failure(harmful, run):
    done = run("check", "-x")
    assert done.returncode == 1
    assert "1 failed" in done.stdout


def test_selecting_nothing_exits_5_and_says_so(project, run):
    for arguments in (["-k", "no_such_gate"], ["-m", "no_such_gate"]):
        done = run("check", *arguments)
        assert done.returncode == 5
        assert "no gate was selected, so there is no verdict; check -k" in done.stderr


def test_a_conftest_that_removes_every_gate_exits_5_and_says_so(project, run):
    (project / "conftest.py").write_text(
        "def pytest_collection_modifyitems(items):\n    items.clear()\n"
    )
    done = run("check")
    assert done.returncode == 5
    assert "any conftest.py that removes gates" in done.stderr


def test_it_is_loaded_where_pytest_loads_no_plugin_by_itself(project, run, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    done = run("check", "--collect-only", "-q")
    assert "thresholds/release.yaml::general::acc" in done.stdout, done.stderr


def test_too_few_samples_exit_6_unless_the_team_accepts_it(project, edit, run):
    edit("suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 12\n    limit: 15")
    assert run("check", "-k", "facts").returncode == 6
    edit("thresholds/release.yaml", "version: 1", "version: 1\non_inconclusive: warn")
    assert run("check", "-k", "facts").returncode == 7
    done = run("check", "-k", "facts", "--allow-partial")
    assert done.returncode == 0
    assert "INCONCLUSIVE" in done.stdout


TWINS = """
version: 1
gates:
  - {name: facts strict, suite: facts, task: facts, metric: exact_match, max_drop: 6pp}
  - {name: all loose, suite: facts, task: "*", metric: exact_match, max: 0.99}
"""


def test_a_gate_on_one_task_stands_beside_one_on_each_task(harmful, run):
    (harmful / "thresholds" / "release.yaml").write_text(TWINS)
    done = run("check", "-v", "--json", "result.json")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "facts::exact_match@facts FAIL" in done.stdout
    assert "facts::exact_match@facts (all loose: facts) PASS" in done.stdout
    gates = json.loads((harmful / "result.json").read_text())["gates"]
    assert [gate["verdict"] for gate in gates] == ["FAIL", "PASS"]


EXPECTED = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.xfail)
"""

SKIPPED = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    report.outcome = "passed"
    return report
"""


MARKED = EXPECTED.replace("xfail", "skip")


@pytest.mark.parametrize("conftest", [EXPECTED, SKIPPED, MARKED], ids=["xfail", "outcome", "skip"])
def test_a_conftest_does_not_change_the_outcome_of_a_gate(harmful, conftest, run):
    (harmful / "conftest.py").write_text(conftest)
    done = run("check", "-k", "facts", "--junitxml", "junit.xml")
    assert done.returncode == 1, done.stdout + done.stderr
    junit = (harmful / "junit.xml").read_text()
    assert 'skipped="0"' in junit
    assert "<failure" in junit or "<error" in junit
    assert "must not be released" in junit


def test_an_undecided_tripwire_is_no_failure_anywhere(project, edit, run):
    edit("suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 12\n    limit: 15")
    edit("thresholds/release.yaml", "suite: facts,", "suite: facts, role: tripwire,")
    done = run("check", "--junitxml", "junit.xml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'failures="0"' in (project / "junit.xml").read_text()
    assert "INCONCLUSIVE" in done.stdout
    alone = run("check", "-k", "facts", "--junitxml", "junit.xml")
    assert alone.returncode == 6, alone.stdout + alone.stderr
    assert 'failures="1"' in (project / "junit.xml").read_text()


def test_an_adapter_that_changes_nothing_exits_3(project, run):
    from safetensors.numpy import load_file, save_file

    file = project / "adapters" / "harmless" / "adapter_model.safetensors"
    save_file({n: v * 0 for n, v in load_file(file).items()}, file, metadata={"format": "pt"})
    done = run("check")
    assert done.returncode == 3
    assert "changes nothing" in done.stdout


def edits(file: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda project: _edit(project, file, old, new)


CONFIG, GATES = "evalguard.yaml", "thresholds/release.yaml"
FACTS, ROWS = "suites/facts.yaml", "suites/facts.jsonl"
ADAPTER = "adapters/harmless"
WEIGHTS = f"{ADAPTER}/adapter_model.safetensors"

BAD_INPUT: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda p: (p / CONFIG).unlink(), "evalguard init"),
    "broken yaml": (lambda p: (p / CONFIG).write_text("version: [1"), CONFIG),
    "unknown key": (edits(CONFIG, "engine:", "engin:"), "'engine'"),
    "unknown suite": (edits(GATES, "suite: facts", "suite: fact"), "'facts'"),
    "unknown lm-eval metric": (edits(GATES, "metric: acc", "metric: accc"), "'acc'"),
    "unknown metric": (edits(GATES, "exact_match", "exact_macth"), "'exact_match'"),
    "unknown scorer": (edits(FACTS, "[exact_match]", "[exact_macth]"), "'exact_match'"),
    "unknown task": (edits("suites/general.yaml", "mc.yaml", "mcc.yaml"), "mcc.yaml"),
    "broken task": (edits("suites/mc.yaml", "multiple_choice", "multiple_choices"), "mc.yaml"),
    "missing column": (edits(FACTS, "{{ question }}", "{{ query }}"), "facts.jsonl:1"),
    "broken line": (edits(ROWS, "}\n", "\n"), "facts.jsonl"),
    "empty data": (lambda p: (p / ROWS).write_text(""), "facts.jsonl"),
    "empty adapter": (lambda p: _empty(p / ADAPTER), ADAPTER),
    "margin without unit": (edits(GATES, "max_drop: 10pp", "max_drop: 10"), "10pp"),
    "pickle adapter": (lambda p: (p / WEIGHTS).rename(p / ADAPTER / "adapter_model.bin"), "pickle"),
    "truncated adapter": (lambda p: _truncate(p / WEIGHTS), "truncated"),
}


def _edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_clear_message_and_exit_4(project, case, run):
    spoil, hint = BAD_INPUT[case]
    spoil(project)
    done = run("check", "--json", "result.json")
    said = done.stdout + done.stderr
    assert done.returncode == 4, said
    assert hint in said
    assert "Traceback" not in said
    assert not (project / "result.json").exists()
    assert not (project / "reports").exists()


def test_an_adapter_of_another_model_exits_4(project, adapters, run):
    from safetensors.numpy import load_file, save_file

    file = project / "adapters" / "harmless" / "adapter_model.safetensors"
    wider = {name: value.repeat(2, axis=-1) for name, value in load_file(file).items()}
    save_file(wider, file, metadata={"format": "pt"})
    done = run("check")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "adapters/harmless" in done.stdout + done.stderr


def test_the_plugin_loads_nothing_heavy():
    heavy = ("torch", "scipy", "pydantic")
    code = f"import sys, evalguard.pytest_plugin; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_command_line_starts_light():
    code = (
        "import sys; from evalguard.cli import main; main(['--help']);"
        "print([m for m in ('torch', 'numpy', 'scipy', 'pydantic', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip().endswith("[]"), done.stderr


def test_rows_on_which_no_answer_can_win_exit_4_before_a_model_is_loaded(project, run, script):
    choices = ["red", "green"]
    rows = [
        {"q": "a", "choices": choices, "letter": "C", "label": "spam", "note": "x"},
        {"q": "b", "choices": choices, "letter": 1, "label": "Spam", "note": "x"},
        {"q": "c", "choices": choices, "letter": "b", "label": "spams", "note": None},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (project / "suites" / "rows.jsonl").write_text(text)
    (project / "suites" / "facts.yaml").write_text("""
version: 1
tasks:
  - {kind: test_set, name: pick, data: rows.jsonl, prompt: "{{ q }}", target: "{{ letter }}",
     scorers: [multiple_choice]}
  - {kind: test_set, name: sort, data: rows.jsonl, prompt: "{{ q }} {{ note }}",
     target: "{{ label }}", scorers: [{name: label, options: {labels: [spam, ham]}}]}
  - {kind: test_set, name: copy, data: rows.jsonl, prompt: "{{ q }}", target: "{{ choices }}",
     scorers: [exact_match]}
""")
    (project / "thresholds" / "release.yaml").write_text("""
version: 1
gates:
  - {suite: facts, metric: multiple_choice, max_drop: 50pp}
  - {suite: facts, metric: label, max_drop: 50pp}
  - {suite: facts, metric: exact_match, max_drop: 50pp}
""")
    done = run("check", "--full", "--set", "engine.name=scripted")
    assert script.opened == []
    said = done.stdout + done.stderr
    assert done.returncode == 4, said
    for line in (
        "rows.jsonl:1: target: 'C' is not a choice of this row; possible: A, B (scorer",
        "rows.jsonl:2: target: '1' is a number, where the letter of a choice is needed",
        "rows.jsonl:3: column 'note' is null, and the template writes it",
        "rows.jsonl:3: target: 'spams' is not among the labels; possible: spam, ham. Did you",
        "rows.jsonl:1: target: column 'choices' is a list",
    ):
        assert line in said


def test_one_broken_candidate_of_two_exits_3_and_the_other_has_its_verdict(project, edit, run):
    edit("evalguard.yaml", "candidates:", "candidates:\n  lost: {adapter: adapters/lost}")
    done = run("check", "-v", "-k", "facts", "--json", "result.json")
    assert done.returncode == 3, done.stdout + done.stderr
    result = json.loads((project / "result.json").read_text())
    assert {gate["model"]: gate["verdict"] for gate in result["gates"]} == {
        "lost": "ERROR",
        "harmless": "PASS",
    }
    assert (project / "reports" / "index.html").is_file()
    assert "candidates.lost.adapter: " in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("-k", "facts"), ("-m", "general"), ("--deselect", "thresholds/release.yaml::general::acc")],
)
def test_a_part_of_the_gates_is_no_release(project, arguments, run):
    done = run("check", "--json", "result.json", "--junitxml", "junit.xml", *arguments)
    assert done.returncode == 7, done.stdout + done.stderr
    assert "no release decision" in (project / "junit.xml").read_text()
    html = (project / "reports" / "index.html").read_text()
    for text in (done.stdout, html):
        assert "may be released" not in text
        assert "selected gates passed (1 of 2), no release decision" in text
    assert json.loads((project / "result.json").read_text())["left_out"] == {"harmless": 1}


def test_a_part_is_allowed_where_that_is_said(project, run):
    assert run("check", "-k", "facts", "--allow-partial").returncode == 0


def test_stepwise_ends_with_the_code_of_the_verdict(harmful, run):
    assert run("check", "--sw").returncode == 1


@pytest.mark.parametrize("arguments", [("-p", "no:evalguard"), ("-pno:evalguard",)])
def test_the_plug_in_cannot_be_switched_off(project, run, arguments):
    done = run("check", *arguments)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "switches off the plug-in that decides the gates" in done.stdout + done.stderr
    assert "unrecognized" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "options", [("-n", "2"), ("-n1", "-q", "-k", "acc"), ("--dist=loadfile", "--tx=popen")]
)
def test_gates_are_not_spread_over_processes(project, run, options):
    done = run("check", *options)
    assert done.returncode == 4
    assert "leave out '-n' and '--dist'" in done.stderr
    done = run_process(project, "pytest", *options)
    assert done.returncode not in (0, 7)
    assert "Traceback" not in done.stdout + done.stderr
    assert "gates are measured in one process: run them without -n" in done.stdout


@pytest.mark.parametrize("option", ["--collect-only", "--fixtures", "--markers"])
def test_what_measures_nothing_does_not_end_with_0(project, option, run):
    (project / "pytest.ini").write_text(f"[pytest]\naddopts = {option}\n")
    done = run("check")
    assert done.returncode == 5, done.stdout + done.stderr
    assert "no gate was measured" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "raise SystemExit(0)",
        "import sys; sys.exit()",
        "import pytest; pytest.exit('done', returncode=0)",
        "import pytest; pytest.skip('all', allow_module_level=True)",
        "raise GeneratorExit",
    ],
)
@pytest.mark.parametrize("folder", [".", "thresholds"])
def test_a_conftest_that_ends_the_run_is_a_usage_error(project, run, line, folder):
    (project / folder / "conftest.py").write_text(line)
    done = run("check")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "conftest.py" in done.stderr
    assert "Traceback" not in done.stderr


ENDS_WITH_0 = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    yield
    session.exitstatus = 0
"""


def test_a_session_that_is_ended_with_0_is_held_against_its_verdict(harmful, run):
    (harmful / "conftest.py").write_text(ENDS_WITH_0)
    done = run("check", "-k", "facts")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "the verdict is FAIL, but pytest ended with 0" in done.stderr


@pytest.mark.parametrize("broken", ["evalguard.yaml", "suites/facts.yaml", "models"])
def test_results_of_an_earlier_run_do_not_outlive_a_failed_start(project, edit, broken, run):
    files = [project / name for name in ("result.json", "page.html", "junit.xml", "other.xml")]
    for file in files:
        file.write_text("PASS")
    if broken == "models":
        shutil.rmtree(project / "adapters" / "harmless")
    else:
        (project / broken).write_text("version: [")
    done = run(
        "check", "--json", "result.json", "--html", "page.html", "--junitxml=junit.xml",
        "--junitxml", "other.xml",
    )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert not any(file.is_file() and "PASS" in file.read_text() for file in files)


@pytest.mark.parametrize("given", ["option", "pytest.ini"])
@pytest.mark.parametrize("override", ["thresholds=absent", "candidates.harmless.adapter=absent"])
def test_an_override_that_reaches_pytest_alone_is_heeded(project, given, override, run):
    option = f"--evalguard-set={override}"
    if given == "pytest.ini":
        (project / "pytest.ini").write_text(f"[pytest]\naddopts = {option}\n")
    done = run("check", *([option] if given == "option" else []))
    assert done.returncode == 4, done.stdout + done.stderr
    assert "absent" in done.stdout + done.stderr


def test_a_project_that_reaches_pytest_alone_is_the_one_that_is_gated(project, run):
    done = run("check", "--evalguard-config=absent.yaml")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "absent.yaml" in done.stdout + done.stderr
