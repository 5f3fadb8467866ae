"""``evalguard check``: run the gates as a pytest session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pytest

    from evalguard.pytest_plugin import GatePlugin

_OBJECTS_BETWEEN_COLLECTIONS = 200_000
"""A check makes many small objects that live to its end; looking for cycles among them takes 8 % of
its time with Python's own 700 (measured on the embedded suites)."""

_EPILOG = """
\b
Examples:
  evalguard check                          all gates of evalguard.yaml
  evalguard check -k safety -v             only the gates on safety, one line each
  evalguard check -m guard -x              guards only, stop at the first that fails
  evalguard check --json result.json       write the machine-readable result
  evalguard check --extend 300             300 more samples where a gate is inconclusive
  evalguard check --no-project-code        for an untrusted pull request: none of its code runs
  evalguard check --set candidates.v2.adapter=adapters/v2
  evalguard check --junitxml junit.xml     any option of pytest works

Exit codes: 0 pass, 1 regression, 2 interrupted, 3 could not be measured, 4 usage or
configuration, 5 no gate selected, 6 inconclusive only, 7 the selected gates passed, but others
were not selected (no release decision).
"""


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog=_EPILOG,
    options_metavar="[OPTIONS]",
)
@click.option(
    "--config", default="evalguard.yaml", show_default=True, help="Project file.", metavar="PATH"
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a value of the project file; repeatable.",
)
@click.option("--json", "json_path", metavar="PATH", help="Write the result as JSON.")
@click.option("--html", "html_path", metavar="PATH", help="Write the HTML report.")
@click.option("--full", is_flag=True, help="Measure every sample; do not stop early.")
@click.option(
    "--extend",
    type=click.IntRange(min=1),
    metavar="N",
    help="Measure N more samples of each suite that an earlier check left inconclusive, and "
    "decide on all samples with the α reserved for extensions.",
)
@click.option(
    "--selection",
    type=click.Choice(["each", "any"]),
    help="Control the chance of a false PASS for each candidate, or over all candidates of the "
    "project (any).",
)
@click.option("--noise", is_flag=True, help="Also run the baseline against itself (noise floor).")
@click.option(
    "--allow-partial",
    is_flag=True,
    help="Exit 0 instead of 7 if all selected gates pass but others were not selected.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Fail if a file is read that the store's key does not cover.",
)
@click.option(
    "--no-project-code",
    is_flag=True,
    help="Refuse a project that contains code: scorers, !function, conftest.py, trust_remote_code.",
)
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST_OPTIONS]...")
def command(
    config: str,
    overrides: tuple[str, ...],
    json_path: str | None,
    html_path: str | None,
    full: bool,
    extend: int | None,
    selection: str | None,
    noise: bool,
    allow_partial: bool,
    strict: bool,
    no_project_code: bool,
    pytest_args: tuple[str, ...],
) -> int:
    """Gate the candidates against the baseline.

    Runs only what is not in the store yet, compares sample by sample, and fails when a regression
    beyond the margin is shown or cannot be ruled out. Options not listed here are passed to pytest.
    """
    import gc

    from evalguard.cli.import_guard import leave_out_of_path
    from evalguard.errors import UsageError

    overrides += (f"selection={selection}",) if selection else ()
    # What an earlier run wrote must not be read as this one's, however this one ends.
    for path in _results_of_options(json_path, html_path, pytest_args):
        path.unlink(missing_ok=True)
    refusal = None
    if no_project_code:  # before more is imported, which the project might bring
        try:
            leave_out_of_path(Path(config).parent)
        except UsageError as error:
            refusal = error
    import pytest

    from evalguard.cli.gates_alone import gates_alone
    from evalguard.cli.without_code import arguments_without_code, refuse_code_of_pytest
    from evalguard.config import LoadedProject, load_project
    from evalguard.config.old_report import remove_old_report

    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        if refusal is not None:
            raise refusal
        project = load_project(Path(config), overrides=overrides, project_code=not no_project_code)
        if no_project_code:
            refuse_code_of_pytest(project, pytest_args)
    except UsageError:
        remove_old_report(Path(config), overrides)
        raise
    # By name, for environments with PYTEST_DISABLE_PLUGIN_AUTOLOAD.
    arguments = ["-p", "evalguard", f"--evalguard-config={config}", f"--rootdir={project.root}"]
    # This command is the plugin's own package, so pytest finds it imported already.
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    arguments += ["-p", "no:unraisableexception"]  # which collects garbage ten times at the end
    arguments += ["-p", "no:hypothesispytest"]  # which imports all of Hypothesis for its report
    if gates_alone(project, pytest_args):
        arguments += ["--assert=plain", "-p", "no:anyio"]  # both are for tests written in Python
    arguments += arguments_without_code() if no_project_code else []
    arguments += [f"--evalguard-set={override}" for override in overrides]
    arguments += [f"--evalguard-json={json_path}"] if json_path else []
    arguments += [f"--evalguard-html={html_path}"] if html_path else []
    arguments += ["--evalguard-full"] if full else []
    arguments += [f"--evalguard-extend={extend}"] if extend else []
    arguments += ["--evalguard-noise"] if noise else []
    arguments += ["--evalguard-strict"] if strict else []
    arguments += ["--evalguard-allow-partial"] if allow_partial else []
    session = _Session()
    every = [*arguments, str(project.thresholds.path), *pytest_args]
    loaded = LoadedProject(project, config, overrides)
    code = int(pytest.main(every, plugins=[loaded, session]))
    return _held_to_verdict(code, session.gates)


class _Session:
    """A plug-in of pytest that keeps the one which measures, to ask it when pytest has ended."""

    gates: GatePlugin | None = None

    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> None:
        """Refuse options that switch off the plug-in which decides, before pytest reads ours."""
        import pytest

        if early_config.pluginmanager.is_blocked("evalguard"):
            raise pytest.UsageError(
                "'-p no:evalguard' switches off the plug-in that decides the gates; remove it, "
                "from addopts and PYTEST_ADDOPTS as well"
            )

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Refuse to spread gates over processes, whose verdicts nothing would put together."""
        import pytest

        if session.config.getoption("dist", "no") != "no":
            raise pytest.UsageError(
                "gates are measured in one process: leave out '-n' and '--dist', in addopts and "
                "PYTEST_ADDOPTS as well"
            )

    def pytest_collection(self, session: pytest.Session) -> None:
        """Find it: every plug-in is configured by now."""
        self.gates = session.config.pluginmanager.get_plugin("evalguard-gates")


def _held_to_verdict(code: int, gates: GatePlugin | None) -> int:
    """Return the exit code of a run, which must not be 0 where the verdict is not.

    Options that only list something, a conftest.py and plug-ins of pytest can end a session with 0.
    """
    from evalguard.errors import ExitCode

    if code == ExitCode.NOTHING_TO_GATE:
        click.echo(
            "evalguard: no gate was selected, so there is no verdict; check -k, -m and --deselect "
            "(also in addopts), and any conftest.py that removes gates",
            err=True,
        )
    if code != ExitCode.PASS:
        return code
    if gates is None or gates.result is None:
        click.echo("evalguard: no gate was measured, so there is no verdict", err=True)
        return ExitCode.NOTHING_TO_GATE
    verdict = gates.code
    if verdict not in (ExitCode.PASS, ExitCode.PARTIAL):
        click.echo(
            f"evalguard: the verdict is {gates.result.verdict}, but pytest ended with 0. A "
            "conftest.py or a plug-in of pytest changes its exit code",
            err=True,
        )
        return ExitCode.INTERNAL_ERROR
    return verdict


def _results_of_options(
    json_path: str | None, html_path: str | None, pytest_args: Sequence[str]
) -> Iterator[Path]:
    """Yield the files that the options have this run write."""
    junit = ("--junitxml", "--junit-xml")
    after = pairwise(pytest_args)
    named = [value for option, value in after if option in junit]
    named += [
        one.partition("=")[2]
        for one in pytest_args
        if one.startswith(tuple(f"{j}=" for j in junit))
    ]
    for name in (json_path, html_path, *named):
        if name and Path(name).is_file():
            yield Path(name)
