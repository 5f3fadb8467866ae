"""Formats of a report by name, and those of installed packages."""

import re

import pytest

from evalguard import plugins
from evalguard.cli import main
from evalguard.errors import ExitCode, UsageError
from evalguard.reports.json_report import write_json
from evalguard.reports.registry import find_format
from tests.reports import examples

RESULT = examples.check_result({"tickets-v2": examples.SAFETY})

PLUGIN = """
from evalguard.reports.registry import ReportFormat

COUNT = ReportFormat(
    name="count", render=lambda result: f"{len(result.gates)} gates\\n", summary="how many"
)
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Install a package with a report format under a name."""

    def install(target: str) -> None:
        info = tmp_path / "packages" / "counting-1.0.dist-info"
        info.mkdir(parents=True)
        (info.parent / "counting.py").write_text(PLUGIN)
        (info / "METADATA").write_text("Name: counting\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[evalguard.reports]\ncount = {target}\n")
        monkeypatch.syspath_prepend(str(info.parent))
        plugins.points.cache_clear()

    yield install
    plugins.points.cache_clear()


def test_a_package_adds_a_format(plugin, tmp_path, capsys):
    plugin("counting:COUNT")
    path = write_json(RESULT, tmp_path / "result.json")
    assert main(["report", str(path), "--to", "count", "-"]) == ExitCode.PASS
    assert capsys.readouterr().out == f"{len(RESULT.gates)} gates\n"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("counting:PLUGIN", "cannot be loaded: AttributeError"),
        ("counting:ReportFormat", "is not an evalguard.reports.registry.ReportFormat"),
        ("absent:COUNT", "cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_what_a_package_adds_wrongly_is_one_error(plugin, target, message):
    plugin(target)
    with pytest.raises(UsageError, match=re.escape(message)) as raised:
        find_format("count")
    assert f"count = {target} of evalguard.reports" in str(raised.value)


def test_an_unknown_format_is_an_error(tmp_path, capsys):
    path = write_json(RESULT, tmp_path / "result.json")
    assert main(["report", str(path), "--to", "htlm", "x"]) == ExitCode.USAGE
    assert "no report format 'htlm'. Did you mean 'html'?" in capsys.readouterr().err


def test_json_comes_back_as_it_was(tmp_path):
    path = write_json(RESULT, tmp_path / "result.json")
    copy = tmp_path / "copy.json"
    assert main(["report", str(path), "--to", "json", str(copy)]) == ExitCode.PASS
    assert copy.read_text() == path.read_text()
