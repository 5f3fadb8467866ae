"""The importers: one row each, and those of packages.

A package adds an importer by an entry point of the group ``evalguard.importers`` that names an
:class:`~evalguard.importers.base.Importer`; the name of the entry point is that of the importer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from evalguard import plugins
from evalguard.errors import DataError, EvalGuardError, UsageError, did_you_mean
from evalguard.importers.base import ROLES, ImportedRun, ImportedScore, Importer
from evalguard.importers.files import numbered_lines
from evalguard.importers.harness import HARNESS
from evalguard.importers.rows import ROWS

GROUP = "evalguard.importers"

_BUILT_IN = {importer.name: importer for importer in (ROWS, HARNESS)}

_BEGINNING = 60  # characters shown of a file that nothing recognises

ResultT = TypeVar("ResultT")


def find_importer(name: str) -> Importer:
    """Return an importer by its name.

    Raises:
        UsageError: If there is none, or what a package registers is none.
    """
    found = _BUILT_IN.get(name) or plugins.load(GROUP, name, Importer)
    if found is None:
        known = [*_BUILT_IN, *plugins.points(GROUP)]
        raise UsageError(f"no importer '{name}'. {did_you_mean(name, known)}")
    if found.name != name:
        raise UsageError(
            f"the entry point {name} of {GROUP} names an Importer whose name is '{found.name}'; "
            "they must be the same"
        )
    return found


def importer_of(path: Path) -> Importer:
    """Return the importer that recognises a file or folder; packages are asked last.

    Raises:
        DataError: If it is missing, or none recognises it.
        UsageError: If several of packages do, or one of a package is broken.
    """
    if not path.exists():
        raise DataError(f"{path}: cannot be read: no such file or folder")
    if (
        found := next((one for one in _BUILT_IN.values() if one.recognises(path)), None)
    ) is not None:
        return found
    others = [find_importer(name) for name in sorted(plugins.points(GROUP).keys() - _BUILT_IN)]
    fitting = [one for one in others if _ask(one, one.recognises, path)]
    if len(fitting) > 1:
        names = " and ".join(one.name for one in fitting)
        raise UsageError(f"{path}: the importers {names} both recognise it; name one")
    if not fitting:
        known = "; ".join(f"{one.name} ({one.summary})" for one in (*_BUILT_IN.values(), *others))
        raise DataError(
            f"{path}: {_content(path)}holds no scores that an importer recognises: {known}"
        )
    return fitting[0]


def _content(path: Path) -> str:
    """Return what a file that nothing recognises begins with.

    Raises:
        DataError: If it is empty, or no text.
    """
    if path.is_dir():
        return ""
    _, line = next(numbered_lines(path), (0, ""))
    if not line:
        raise DataError(f"{path}: is empty")
    return f"begins with {line.strip()[:_BEGINNING]!r} and "


def read_runs(path: Path, name: str | None = None) -> tuple[ImportedRun, ...]:
    """Read the scores of one model, or of a baseline and a candidate, in this order.

    Args:
        path: File or folder.
        name: Name of the importer; the one that recognises it by default.

    Raises:
        DataError: If it cannot be read, with file and row.
        UsageError: If there is no such importer, or a package's is broken.
    """
    importer = find_importer(name) if name else importer_of(path)
    runs = tuple(_ask(importer, lambda path: tuple(importer.read(path)), path))
    if problem := _flaw(runs):
        raise UsageError(f"importer '{importer.name}' {problem}")
    runs = tuple(sorted(runs, key=lambda run: run.role or ""))  # the baseline's comes first
    if empty := [run for run in runs if not run.scores]:
        raise DataError(f"{empty[0].source}: holds no scores")
    return runs


def _flaw(runs: Sequence[object]) -> str | None:
    """Return why what an importer read cannot be used; ``None`` where it can."""
    if len(runs) not in (1, 2):
        return f"gave {len(runs)} runs; expected one, or a baseline's and a candidate's"
    if flaw := next(filter(None, map(_flaw_of_run, runs)), None):
        return flaw
    roles = [run.role for run in runs if isinstance(run, ImportedRun)]
    if len(runs) == 2 and {*roles} != {*ROLES}:
        return (
            f"gave two runs whose roles are {roles[0]!r} and {roles[1]!r}; expected the "
            "baseline's and the candidate's, as their order does not tell which is which"
        )
    return None


def _flaw_of_run(run: object) -> str | None:
    if not isinstance(run, ImportedRun):
        return f"gave {type(run).__name__}, not an evalguard.importers.ImportedRun"
    if run.role not in (None, *ROLES):
        return f"gave a run whose role is {run.role!r}; expected {' or '.join(ROLES)}"
    for one in run.scores:
        if not isinstance(one, ImportedScore):
            return f"gave {type(one).__name__}, not an evalguard.importers.ImportedScore"
        for name in ("where", "sample_id", "task", "metric"):
            value = getattr(one, name)
            if not isinstance(value, str) or not value:
                return f"gave a score whose {name} is {value!r}; expected text"
    return None


def _ask(importer: Importer, function: Callable[[Path], ResultT], path: Path) -> ResultT:
    try:
        return function(path)
    except EvalGuardError:
        raise
    except (Exception, SystemExit) as error:  # another package's code may raise anything
        raise UsageError(
            f"{path}: importer '{importer.name}' raised {error!r}. Fix or uninstall the package "
            "that provides it."
        ) from error
