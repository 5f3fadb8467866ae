"""The command line as a whole."""

from evalguard.cli import main
from evalguard.cli.schema import command
from evalguard.errors import ExitCode


def test_a_defect_does_not_read_as_a_regression(monkeypatch, capsys):
    def broken(**_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(command, "callback", broken)
    assert main(["schema", "project"]) == ExitCode.INTERNAL_ERROR
    said = capsys.readouterr().err
    assert "ZeroDivisionError: a defect" in said
    assert "internal error" in said


def test_an_unknown_command_names_the_nearest(capsys):
    assert main(["chek"]) == ExitCode.USAGE
    assert "check" in capsys.readouterr().err
