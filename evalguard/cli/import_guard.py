"""Modules of the project are found by no import; this imports nothing that one could replace."""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from itertools import takewhile
from pathlib import Path
from types import ModuleType

import evalguard
from evalguard.errors import REFUSED, ConfigError, Problem


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
    # First, as what reports a problem is imported, too.
    sys.path[:] = [entry for entry in sys.path if not code.holds(entry)]
    others = [finder for finder in sys.meta_path if not isinstance(finder, _ProjectCode)]
    sys.meta_path[:] = [code, *others]
    if problems:
        raise ConfigError(problems)


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
