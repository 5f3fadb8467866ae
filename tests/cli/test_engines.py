from itertools import pairwise

import pytest
from click.testing import CliRunner

from evalguard.cli import main
from evalguard.cli.engines import command
from evalguard.errors import ExitCode


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
