"""The command line: one file a command, imported only when that command is called.

May import everything below it. Loads nothing but click until a command runs.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import traceback
from importlib import import_module

import click

from evalguard import __version__
from evalguard.errors import EvalGuardError, ExitCode, did_you_mean
from evalguard.plugins import naming_parts
from evalguard.prerequisites import prerequisites

COMMANDS: dict[str, str] = {
    "init": "Create a starter project: evalguard.yaml, suites, thresholds.",
    "check": "Run the gates on the candidates, as a pytest run.",
    "audit": "Check training data for duplicates, leaks, PII and broken rows.",
    "label": "Label model answers to validate the LLM judge.",
    "estimate": "Estimate memory and time of a training run.",
    "train": "Fine-tune an adapter and record its provenance.",
    "pipeline": "Train, gate, repair and retrain until an adapter passes.",
    "verify": "Verify an adapter against its release receipt.",
    "merge": "Merge an adapter into its base, or several into one.",
    "demo": "Train, gate and report on the embedded model.",
    "report": "Render a saved result as HTML, Markdown or text.",
    "compare": "Compare the results of several checks and rank the candidates.",
    "decide": "Decide one gate from counts or a file of paired scores.",
    "power": "Plan a gate: power, minimum detectable effect, sample size.",
    "runs": "List, show and prune the samples in the store.",
    "engines": "List the available engines, or compare two of them.",
    "zoo": "Train adapters of the embedded model with known damage.",
    "schema": "Print the JSON schema of a configuration file.",
}
"""Name and help line of every command; its code is ``evalguard/cli/NAME.py``."""


class LazyCommands(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a user's way through them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the named command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"evalguard.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command '{args[0]}'. {did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=LazyCommands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 pass, 1 regression, 2 interrupted, 3 could not be measured, "
    "4 usage or configuration, 5 no gate selected, 6 inconclusive, 7 passed, but not all gates "
    "were selected.",
)
@click.version_option(__version__, prog_name="evalguard")
def app() -> None:
    """Decide whether a fine-tuned language model may be released.

    \b
    Start here:
      evalguard demo              see it work on the embedded model
      evalguard init              set up your own project
      evalguard check             gate your adapters
    """


def run() -> None:
    """Run the command line as a process of its own, which ends with its exit code.

    It ends as soon as every exit handler has run: to take apart the objects that torch and
    transformers made, the interpreter needs more than a second.
    """
    code: int = ExitCode.INTERNAL_ERROR

    def leave() -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # the reader is gone
                stream.flush()
        os._exit(code)

    atexit.register(leave)  # the first that is registered runs last
    if sys.platform == "linux" and sys.argv[1:2] == ["check"]:
        from evalguard.cli.held import run_held

        code, is_child = run_held(main)
        if not is_child:
            leave()
    else:
        code = main()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: The words after ``evalguard``; those of the process when ``None``.
    """
    try:
        with naming_parts(), prerequisites("This command"):
            code = app.main(args=arguments, prog_name="evalguard", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as problem:
        problem.show()
        return ExitCode.USAGE
    except EvalGuardError as error:
        from evalguard.reports.text import visible

        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(visible(str(error)), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; samples measured so far are kept", err=True)
        return ExitCode.INTERRUPTED
    except BaseException as error:  # noqa: BLE001 (Python's own exit code would read as a verdict)
        return _broken(error)
    return int(code) if isinstance(code, int) else ExitCode.PASS


def _broken(error: BaseException) -> ExitCode:
    """Say what ended a command that neither an error of EvalGuard nor its user ended."""
    if isinstance(error.__context__, BrokenPipeError):  # click ends a command by SystemExit then
        click.echo("the output was closed, so the run ended", err=True)
        return ExitCode.INTERRUPTED
    if not isinstance(error, Exception):  # such as SystemExit(0)
        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(
            f"{_ended_in(error)} ended the run by {error!r}; nothing was decided. Project code, "
            "such as a conftest.py, and plug-ins must not end the process",
            err=True,
        )
        return ExitCode.USAGE
    traceback.print_exception(error)
    click.secho("internal error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(
        "this is a bug in EvalGuard; samples measured so far are kept. Please report it.", err=True
    )
    return ExitCode.INTERNAL_ERROR


def _ended_in(error: BaseException) -> str:
    """Return the file and line where an exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "A library"
