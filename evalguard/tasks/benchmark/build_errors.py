"""Why a task of lm-eval cannot be built, in the words of this project."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from evalguard.errors import EvalGuardError
from evalguard.tasks.benchmark.sources import shown_path

EXTRA_PACKAGES = (
    "antlr4",
    "emoji",
    "immutabledict",
    "jieba",
    "langdetect",
    "latex2sympy2_extended",
    "math_verify",
    "nltk",
    "pycountry",
    "sklearn",
    "sympy",
)
"""Import names of what ``evalguard[benchmarks]`` brings."""

_NO_FUNCTION = re.compile(r"Module '([^']+)' has no function '([^']+)'")
"""What lm-eval says of ``!function module.name`` where the module lacks the name."""


def build_error(task: str, error: BaseException) -> str:  # noqa: PLR0911 - one return a cause
    """Return why a task cannot be built, with the fix where there is one."""
    if cause := _own_cause(error):
        return f"task '{task}': {cause}"
    if isinstance(error, SystemExit):
        return f"the code of task '{task}' ended the program: {error}"
    if isinstance(error, ImportError):
        missing = _missing_package(error)
        if missing and type(error) is ImportError and _is_installed(missing):
            return f"task '{task}' does not fit the installed '{missing}': {error}"
        if missing in EXTRA_PACKAGES or (not missing and "pip install" in str(error)):
            return (
                f"task '{task}' needs packages that are missing ({missing or 'see lm-eval'}): "
                "pip install 'evalguard[benchmarks]'"
            )
        if missing:
            return (
                f"task '{task}' imports '{missing}', which is missing: pip install {missing}, or "
                "put the module next to the task file"
            )
    if (lacks := _NO_FUNCTION.search(str(error))) is not None:
        file = shown_path(Path(lacks[1]))
        return (
            f"task '{task}': {file} has no function '{lacks[2]}'; add it, or correct the task file"
        )
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{shown_path(Path(error.filename))}, line {error.lineno}"
        return f"task '{task}': {where}: not Python: {error.msg}"
    if isinstance(error, KeyError):
        return (
            f"task '{task}' looks up {error}, which is no split or column of its data and no name "
            "in its own code; correct the task file"
        )
    if type(error).__name__ in ("ConnectionError", "OfflineModeIsEnabled", "DatasetNotFoundError"):
        return (
            f"the data of task '{task}' are on the Hugging Face Hub, which cannot be reached; copy "
            "lm-eval's task file and set dataset_path: json and dataset_kwargs: {data_files: …}"
        )
    if type(error).__name__.startswith("DatasetGeneration"):
        return f"the data of task '{task}' cannot be read: {error.__cause__ or error}"
    return f"lm-eval cannot build the task '{task}': {type(error).__name__}: {error}"


def _missing_package(error: BaseException | None) -> str:
    """Return the package that was not found, behind errors that say it in other words."""
    while error is not None:
        if isinstance(error, ImportError) and error.name:
            return error.name.partition(".")[0]
        error = error.__cause__ or error.__context__
    return ""


def _is_installed(package: str) -> bool:
    """Return whether a package can be imported, so that only a name in it is missing."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _own_cause(error: BaseException | None) -> EvalGuardError | None:
    """Return the error of this project behind one that lm-eval wrapped it in."""
    while error is not None and not isinstance(error, EvalGuardError):
        error = error.__cause__ or error.__context__
    return error
