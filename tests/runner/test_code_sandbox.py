"""The sandbox of code that a model wrote is chosen before compute and named in every report."""

import pytest

from evalguard.errors import ConfigError, UsageError
from evalguard.reports.html import render_html
from evalguard.scorers import sandbox
from tests.runner.test_check import check
from tests.scorers.sandbox import needs_sandbox


@pytest.fixture
def writes_code(project, edit):
    """The facts are answered by programs."""

    def make(options):
        edit("suites/facts.yaml", '"{{ answer }}"', '"assert f(1) == 2"')
        edit("suites/facts.yaml", "[exact_match]", f"[{{name: unit_tests, options: {options}}}]")
        edit("thresholds/release.yaml", "metric: exact_match", "metric: unit_tests")
        return project

    return make


@needs_sandbox
def test_the_report_names_the_sandbox(writes_code):
    project = writes_code("{allow_code_execution: true}")
    result = check(project)
    assert result.environment["sandbox"] == sandbox.choose().description
    assert "without a sandbox" not in " ".join(result.warnings)
    assert sandbox.choose().description in render_html(result)
    again = check(project)
    assert again.timing["samples_reused"] == again.timing["samples"]
    assert again.environment["sandbox"] == sandbox.choose().description


def test_the_report_says_that_there_was_none(writes_code):
    result = check(writes_code("{allow_code_execution: true, sandbox: none}"))
    assert result.environment["sandbox"] == "none"
    [warning] = [one for one in result.warnings if "without a sandbox" in one]
    assert "(sandbox: none)" in warning


@pytest.mark.parametrize("allowed", ["", "1"])
def test_a_project_without_code_names_none(project, monkeypatch, allowed):
    """Also where ``HF_ALLOW_CODE_EVAL`` allows what no task does."""
    monkeypatch.setenv("HF_ALLOW_CODE_EVAL", allowed)
    assert "sandbox" not in check(project).environment
    assert "sandbox" not in check(project).environment  # as from the store


def test_a_project_is_refused_where_there_is_none(writes_code, monkeypatch):
    monkeypatch.setattr(sandbox.backends, "KINDS", ())
    with pytest.raises((ConfigError, UsageError), match=r"there is none here.*apt install"):
        check(writes_code("{allow_code_execution: true}"))
