"""Whether a check collects the gates and no tests of the project's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from evalguard.config import Project


def gates_alone(project: Project, pytest_args: Sequence[str]) -> bool:
    """Return whether pytest collects the gates and nothing else: no tests of the project's own.

    These may be named on the command line, or by ``addopts`` of a configuration file or the
    environment; a ``conftest.py`` may hold assertions as well, and bring in other plug-ins.
    """
    if os.environ.get("PYTEST_ADDOPTS") or os.environ.get("PYTEST_PLUGINS"):
        return False
    if any(may_name_tests(word) for word in pytest_args):
        return False
    root, thresholds = project.root.resolve(), project.thresholds.path.resolve().parent
    if any(thresholds.glob("test*/conftest.py")):
        return False
    folders = {*(folder for start in (root, thresholds) for folder in (start, *start.parents))}
    return not any(
        (folder / "conftest.py").exists() or any(map(_adds_options, settings_files(folder)))
        for folder in folders
    )


def may_name_tests(word: str) -> bool:
    """Return whether a word for pytest may be a path, or lead to one."""
    leads = ("-p", "-c", "@", "--pyargs", "--config-file", "--rootdir", "--confcutdir", "-o")
    return word.startswith((*leads, "--override-ini")) or Path(word.partition("::")[0]).exists()


def settings_files(folder: Path) -> list[Path]:
    """Return the files in a folder that pytest may read settings of."""
    names = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml",
             "tox.ini", "setup.cfg")  # fmt: skip
    return [path for path in (folder / name for name in names) if path.is_file()]


def _adds_options(path: Path) -> bool:
    return b"addopts" in path.read_bytes()
