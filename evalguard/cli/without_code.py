"""``evalguard check --no-project-code``: a check in which pytest runs no code of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from evalguard.cli.gates_alone import may_name_tests, settings_files
from evalguard.config import Project
from evalguard.errors import REFUSED, ConfigError, Problem

_OPTIONS = re.compile(r"addopts[^\n]*(?:\n[ \t]+[^\n]*|\n\])*")
_PLUGIN = re.compile(r"(?<![\w-])-p[\"'\s=,]*(?!no:)\w[\w.]*")


def refuse_code_of_pytest(project: Project, pytest_args: Sequence[str]) -> None:
    """Check that pytest would import nothing of the project.

    Raises:
        ConfigError: Naming every ``conftest.py``, plug-in and path at fault.
    """
    if problems := list(_problems(project, pytest_args)):
        raise ConfigError(problems)


def arguments_without_code() -> list[str]:
    """Return arguments with which pytest reads no conftest.py and no settings of the project."""
    empty = Path(__file__).with_name("no_settings.ini")
    return ["--noconftest", "-c", str(empty)]


def _problems(project: Project, pytest_args: Sequence[str]) -> Iterator[Problem]:
    for word, after in pairwise([*pytest_args, ""]):
        if may_name_tests(word) and not f"{word}{after}".startswith("-pno:"):
            yield Problem("the command line", word, f"may lead to {REFUSED}")
    root = project.root.resolve()
    thresholds = project.thresholds.path.resolve().parent
    within = [one for one in thresholds.parents if one.is_relative_to(root)]
    folders = dict.fromkeys([root, *within, thresholds])
    for folder in folders:
        for name in ("conftest.py", "test*/conftest.py"):
            for file in sorted(folder.glob(name)):
                yield Problem(str(file), "", REFUSED)
        for file in settings_files(folder):
            for options in _OPTIONS.findall(file.read_text("utf-8", "replace")):
                if plugin := _PLUGIN.search(options):
                    yield Problem(str(file), "addopts", f"{plugin[0]} names {REFUSED}")
