"""The HTML report of an earlier check does not outlive a project file that broke."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evalguard.cli import main
from evalguard.reports.html import write_html
from tests.reports import examples


@pytest.fixture
def report(tmp_path):
    def write(folder):
        result = examples.check_result({"tickets-v2": examples.HEALTHY})
        return write_html(result, tmp_path / folder / "index.html")

    return write


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("version: 1\nsuits: [facts]\n", "reports"),
        ("version: 1\nsuits: [facts]\nreports: out/here\n", "out/here"),
        ("version: [\n", "reports"),
        ("reports: out  # where\nversion: [\n", "out"),
        ('reports: "out"\nversion: [\n', "out"),
        ("", "reports"),
        ("reports: 3\n", "reports"),
    ],
)
@pytest.mark.parametrize("command", ["evalguard", "pytest"])
def test_it_is_removed(report, monkeypatch, text, folder, command):
    written = report(folder)
    monkeypatch.chdir(written.parents[len(Path(folder).parts)])
    Path("evalguard.yaml").write_text(text)
    if command == "evalguard":
        assert main(["check"]) == 4
    else:
        assert pytest.main(["-q", "--rootdir", str(Path.cwd())]) == pytest.ExitCode.USAGE_ERROR
    assert not written.exists()


def test_an_override_says_where_it_is(tmp_path, report):
    written = report("elsewhere")
    (tmp_path / "evalguard.yaml").write_text("version: 1\n")
    config = str(tmp_path / "evalguard.yaml")
    assert main(["check", "--config", config, "--set", "reports=elsewhere"]) == 4
    assert not written.exists()


def test_a_page_of_others_stays(tmp_path):
    page = tmp_path / "reports" / "index.html"
    page.parent.mkdir()
    page.write_text("<h1>Ours</h1>")
    (tmp_path / "evalguard.yaml").write_text("version: [\n")
    assert main(["check", "--config", str(tmp_path / "evalguard.yaml")]) == 4
    assert page.exists()


@pytest.mark.parametrize("pipe", ["evalguard.yaml", "reports/index.html"])
def test_a_pipe_is_not_waited_for(tmp_path, pipe):
    (tmp_path / "reports").mkdir()
    (tmp_path / "evalguard.yaml").write_text("version: [\n")
    (tmp_path / pipe).unlink(missing_ok=True)
    os.mkfifo(tmp_path / pipe)
    command = [sys.executable, "-m", "evalguard", "check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4, done.stdout + done.stderr
