"""``evalguard check``: run the gates as a pytest session."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalguard.config import Project

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
  evalguard check --set candidates.v2.adapter=adapters/v2
  evalguard check --junitxml junit.xml     any option of pytest works

Exit codes: 0 pass, 1 regression, 2 interrupted, 3 could not be measured, 4 usage or
configuration, 5 nothing to gate, 6 inconclusive only.
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
@click.option("--noise", is_flag=True, help="Also run the baseline against itself (noise floor).")
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST_OPTIONS]...")
def command(
    config: str,
    overrides: tuple[str, ...],
    json_path: str | None,
    html_path: str | None,
    full: bool,
    noise: bool,
    pytest_args: tuple[str, ...],
) -> int:
    """Gate the candidates against the baseline.

    Runs only what is not in the store yet, compares sample by sample, and fails when a regression
    beyond the margin is shown or cannot be ruled out. Options not listed here are passed to pytest.
    """
    import gc

    import pytest

    from evalguard.config import load_project
    from evalguard.pytest_plugin import LoadedProject

    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)

    project = load_project(Path(config), overrides=overrides)
    arguments = [f"--evalguard-config={config}", f"--rootdir={project.root}"]
    # This command is the plugin's own package, so pytest finds it imported already.
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    arguments += ["-p", "no:unraisableexception"]  # which collects garbage ten times at the end
    arguments += ["-p", "no:hypothesispytest"]  # which imports all of Hypothesis for its report
    if _gates_alone(project, pytest_args):
        arguments += ["--assert=plain", "-p", "no:anyio"]  # both are for tests written in Python
    arguments += [f"--evalguard-set={override}" for override in overrides]
    arguments += [f"--evalguard-json={json_path}"] if json_path else []
    arguments += [f"--evalguard-html={html_path}"] if html_path else []
    arguments += ["--evalguard-full"] if full else []
    arguments += ["--evalguard-noise"] if noise else []
    return int(
        pytest.main(
            [*arguments, str(project.thresholds.path), *pytest_args],
            plugins=[LoadedProject(project)],
        )
    )


def _gates_alone(project: Project, pytest_args: Sequence[str]) -> bool:
    """Return whether pytest collects the gates and nothing else: no tests of the project's own.

    These may be named on the command line, or by ``addopts`` of a configuration file or the
    environment; a ``conftest.py`` may hold assertions as well, and bring in other plug-ins.
    """
    if os.environ.get("PYTEST_ADDOPTS") or os.environ.get("PYTEST_PLUGINS"):
        return False
    if any(_may_name_tests(word) for word in pytest_args):
        return False
    root, thresholds = project.root.resolve(), project.thresholds.path.resolve().parent
    if any(thresholds.glob("test*/conftest.py")):
        return False
    folders = {*(folder for start in (root, thresholds) for folder in (start, *start.parents))}
    return not any(
        (folder / "conftest.py").exists() or any(map(_adds_options, _settings(folder)))
        for folder in folders
    )


def _may_name_tests(word: str) -> bool:
    """Return whether a word for pytest may be a path, or lead to one."""
    leads = ("-p", "-c", "@", "--pyargs", "--config-file", "--rootdir", "--confcutdir", "-o")
    return word.startswith((*leads, "--override-ini")) or Path(word.partition("::")[0]).exists()


def _settings(folder: Path) -> list[Path]:
    names = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml",
             "tox.ini", "setup.cfg")  # fmt: skip
    return [path for path in (folder / name for name in names) if path.is_file()]


def _adds_options(path: Path) -> bool:
    return b"addopts" in path.read_bytes()
