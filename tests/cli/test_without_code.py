"""``evalguard check --no-project-code`` refuses code of the project, and runs none of it."""

import pytest

from evalguard.cli import main
from evalguard.errors import ExitCode

RAN = "print('RAN')\n"


def check(project, capsys, monkeypatch, *arguments):
    monkeypatch.chdir(project)
    code = main(["check", "--no-project-code", *arguments])
    captured = capsys.readouterr()
    assert "RAN" not in captured.out
    return code, captured.err


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"conftest.py": RAN}, "conftest.py"),
        ({"thresholds/conftest.py": RAN}, "thresholds/conftest.py"),
        ({"pytest.ini": "[pytest]\naddopts = -q -p own\n", "own.py": RAN}, "pytest.ini: addopts"),
        ({"tox.ini": "[pytest]\naddopts = -q\n  -pown\n", "own.py": RAN}, "tox.ini: addopts"),
    ],
)
def test_what_pytest_would_run_is_refused(project, capsys, monkeypatch, files, says):
    for name, text in files.items():
        (project / name).write_text(text)
    code, message = check(project, capsys, monkeypatch)
    assert code == 4
    assert says in message
    assert "which --no-project-code refuses" in message


def test_every_code_is_named_in_one_message(project, capsys, monkeypatch, edit):
    (project / "own.py").write_text(RAN)
    (project / "suites/own.py").write_text(RAN)
    edit("evalguard.yaml", "suites:", "scorer_modules: [own.py]\nsuites:")
    edit("evalguard.yaml", "adapters/harmless}", "adapters/harmless, trust_remote_code: true}")
    edit("suites/mc.yaml", "metric_list:", "process_results: !function own.f\nmetric_list:")
    code, message = check(project, capsys, monkeypatch)
    assert code == 4
    for place in ("scorer_modules[0]", "candidates.harmless.trust_remote_code", "!function own.f"):
        assert place in message


@pytest.mark.parametrize("arguments", [["-p", "own"], ["-pown"], ["test_own.py"], ["-c", "x.ini"]])
def test_options_that_lead_to_code_are_refused(project, capsys, monkeypatch, arguments):
    (project / "test_own.py").write_text(RAN)
    code, message = check(project, capsys, monkeypatch, *arguments)
    assert code == 4
    assert "the command line" in message


def test_settings_without_a_plug_in_are_no_code(project, capsys, monkeypatch):
    (project / "pytest.ini").write_text("[pytest]\naddopts = -q -p no:randomly --strict-markers\n")
    code, message = check(project, capsys, monkeypatch, "-p", "no:xdist", "-k", "exact_match")
    assert code == ExitCode.PARTIAL, message
