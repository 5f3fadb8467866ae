from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

import evalguard.demo
from evalguard.cli import main
from evalguard.cli.engines import command
from evalguard.engines.parity import Parity
from evalguard.errors import ExitCode
from tests.engines.conftest import make_adapter


def test_every_engine_is_listed_with_versions_or_what_to_install():
    result = CliRunner().invoke(command, [], standalone_mode=False)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert next(line for line in lines if line.startswith("hf ")).split()[1] == "ready"
    assert any("transformers 5" in line for line in lines)
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert names[:3] == ["hf", "vllm", "endpoint"]
    missing = [following for line, following in pairwise(lines) if " missing " in line]
    assert missing
    assert all("pip install" in line for line in missing)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["models/base"], "give models with --parity MODEL"),
        (["--parity"], "--parity needs a model"),
        (["--parity", "models/base", "--between", "hf"], "name two engines"),
        (["--parity", "models/base", "--option", "base_url"], "write KEY=VALUE"),
    ],
)
def test_wrong_usage_is_explained(arguments, message, capsys):
    assert main(["engines", *arguments]) == ExitCode.USAGE
    assert message in capsys.readouterr().err


def test_two_engines_that_agree_pass(tmp_path, capsys):
    base = Path(evalguard.demo.__file__).parent / "model"
    adapter = make_adapter(base, tmp_path / "v2", seed=1)
    arguments = ["--parity", str(base), str(adapter), "--between", "hf,hf", "--dtype", "float32"]
    assert main(["engines", *arguments]) == ExitCode.PASS
    shown = capsys.readouterr().out
    rows = [line.split() for line in shown.splitlines() if line.startswith(("(base)", "v2"))]
    assert rows == [["(base)", "100%", "0", "0.000"], ["v2", "100%", "0", "0.000"]]


def test_two_engines_that_disagree_fail(tmp_path, capsys, monkeypatch):
    rows = [Parity("(base)", greedy_match=0.9, likelihood_gap=0.3, score_gap=0.0)]
    found = (("one", "other"), rows)
    monkeypatch.setattr("evalguard.engines.parity.measure_parity", lambda *_: found)
    assert main(["engines", "--parity", "models/base"]) == ExitCode.PASS
    arguments = ["engines", "--parity", "models/base", "--dtype", "float32"]
    assert main(arguments) == ExitCode.REGRESSION
