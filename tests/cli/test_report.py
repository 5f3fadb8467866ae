"""``evalguard report`` and ``evalguard compare``."""

from __future__ import annotations

import pytest

from evalguard.cli import main
from evalguard.errors import ExitCode
from evalguard.reports.json_report import read_json, write_json
from tests.reports import examples


@pytest.fixture(name="saved")
def fixture_saved(tmp_path):
    result = examples.check_result({"tickets-v2": examples.SAFETY})
    return write_json(result, tmp_path / "result.json")


def test_report_prints_to_the_terminal(saved, capsys):
    assert main(["report", str(saved)]) == ExitCode.PASS
    assert "tickets-v2 must not be released" in capsys.readouterr().out


def test_report_writes_what_is_asked_for(saved, tmp_path, capsys):
    html, markdown = tmp_path / "out" / "index.html", tmp_path / "summary.md"
    assert main(["report", str(saved), "--html", str(html), "--markdown", str(markdown)]) == 0
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert markdown.read_text(encoding="utf-8").startswith("### ✗ tickets-v2")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"report: {html}" in printed.err


def test_markdown_to_standard_output(saved, capsys):
    assert main(["report", str(saved), "--markdown", "-"]) == 0
    assert capsys.readouterr().out.startswith("### ✗ tickets-v2")


@pytest.mark.parametrize("content", [None, "{", "{}"])
@pytest.mark.parametrize("command", ["report", "compare"])
def test_a_file_that_is_no_result_is_a_usage_error(tmp_path, capsys, command, content):
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content)
    assert main([command, str(path), "--html", str(tmp_path / "r.html")]) == ExitCode.USAGE
    assert str(path) in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_compare_ranks_and_writes(saved, tmp_path, capsys):
    better = examples.check_result({"tickets-v3": examples.HEALTHY})
    other = write_json(better, tmp_path / "other.json")
    merged = tmp_path / "merged.json"
    page = tmp_path / "compare.html"
    arguments = ["compare", str(saved), str(other), "--json", str(merged), "--html", str(page)]
    assert main(arguments) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "1 of 2 candidates may be released: tickets-v3." in out
    assert {gate.model for gate in read_json(merged).gates} == {"tickets-v2", "tickets-v3"}
    assert "tickets-v3" in page.read_text(encoding="utf-8")


def test_compare_without_a_file_is_a_usage_error(capsys):
    assert main(["compare"]) == ExitCode.USAGE
