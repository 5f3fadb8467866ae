"""``evalguard check --no-project-code``: a check in which pytest runs no code of the project."""

from __future__ import annotations

import re
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from itertools import pairwise, takewhile
from pathlib import Path
from types import ModuleType

import evalguard
from evalguard.cli.gates_alone import may_name_tests, settings_files
from evalguard.config import Project
from evalguard.config.project_code import REFUSED
from evalguard.errors import ConfigError, Problem

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


def leave_out_of_path(root: Path) -> None:
    """Let no module of the project be imported, nor an entry point that lies there be found.

    Args:
        root: Folder of the project. The working directory counts as well.

    Raises:
        ConfigError: If one may have been imported already: a folder of the project stands before
            the standard library, as with ``python -m`` and ``PYTHONPATH``.
    """
    code = _ProjectCode((Path.cwd(), root.resolve()))
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    problems = [
        Problem(str(Path(entry).resolve()), "", f"is searched for modules {_FIRST}")
        for entry in takewhile(lambda entry: Path(entry).resolve() != stdlib, sys.path)
        if code.holds(entry)
    ]
    problems += [
        Problem(str(file), "", f"was imported before the check began. {_START}")
        for file in [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        if isinstance(file, str) and Path(file).is_absolute() and code.holds(file)
    ]
    if problems:
        raise ConfigError(problems)
    sys.path[:] = [entry for entry in sys.path if not code.holds(entry)]
    others = [finder for finder in sys.meta_path if not isinstance(finder, _ProjectCode)]
    sys.meta_path[:] = [code, *others]


_START = (
    "Start with `evalguard`, or `python -P -m evalguard`, and no folder of the project in "
    "PYTHONPATH"
)
_FIRST = f"before the standard library, so that {REFUSED}, may have run. {_START}"


class _ProjectCode(MetaPathFinder):
    """Refuses modules of a project, by whatever finder they are found.

    Such are those of an editable install, of a zip file and of a path that is added later.

    Args:
        folders: The project's folders.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        named = (
            sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
        )
        own = site.getusersitepackages() if site.ENABLE_USER_SITE else None
        installed = filter(None, (*named, *site.getsitepackages(), own))
        package = Path(evalguard.__file__).resolve().parent
        self._installed = (*(Path(one).resolve() for one in installed), package)

    def holds(self, place: str) -> bool:
        """Return whether a file or folder is of the project, and not of an environment in it."""
        path = Path(place).resolve()
        return _is_below(path, self._folders) and not _is_below(path, self._installed)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what another finder finds.

        Raises:
            ConfigError: If that is of the project.
        """
        found = (
            finder.find_spec(fullname, path, target)
            for finder in list(sys.meta_path)
            if finder is not self
        )
        spec = next((one for one in found if one is not None), None)
        if spec is None:
            return None
        places = (
            spec.origin if spec.has_location else None,
            *(spec.submodule_search_locations or ()),
        )
        if of_project := next((one for one in places if one and self.holds(one)), None):
            raise ConfigError([Problem(of_project, "", f"module {fullname}: {REFUSED}")])
        return spec


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


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
