"""Why a task of lm-eval cannot be built, in the words of this project."""

from __future__ import annotations

import re
import sysconfig
import traceback
from importlib.util import find_spec
from pathlib import Path

import evalguard
from evalguard.errors import EvalGuardError
from evalguard.prerequisites import canonical_name
from evalguard.tasks.benchmark.missing_packages import install_line, missing_packages
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

_INSTALL_LINE = re.compile(r"pip install [^`\n]+")
"""How a task's own code says what to install."""

_NO_FUNCTION = re.compile(r"Module '([^']+)' has no function '([^']+)'")
"""What lm-eval says of ``!function module.name`` where the module lacks the name."""


_NO_MODULE = re.compile(r"Cannot import module '([^']+)' for function '([^']+)' .*YAML in (.+)\)$")
"""What lm-eval says of ``!function module.name`` where there is no such module."""


def build_error(task: str, error: BaseException) -> str:  # noqa: PLR0911 - one return a cause
    """Return why a task cannot be built, with the fix where there is one."""
    if cause := _own_cause(error):
        return f"task '{task}': {cause}"
    if isinstance(error, SystemExit):
        return f"the code of task '{task}' ended the program: {error}"
    if isinstance(error, ImportError) and (inner := _within_a_module(error)):
        return f"task '{task}': {inner}"
    if isinstance(error, ImportError) and (problem := _import_problem(error)):
        return f"task '{task}' {problem}"
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
            f"task '{task}' looks up {error}, which is neither a split or column of its data nor a "
            "name in its own code; correct the task file"
        )
    if type(error).__name__ in ("ConnectionError", "OfflineModeIsEnabled", "DatasetNotFoundError"):
        return (
            f"the data of task '{task}' are on the Hugging Face Hub, which cannot be reached; copy "
            "lm-eval's task file and set dataset_path: json and dataset_kwargs: {data_files: …}"
        )
    if type(error).__name__.startswith("DatasetGeneration"):
        return f"the data of task '{task}' cannot be read: {error.__cause__ or error}"
    said = f"{type(error).__name__}: {error}"
    if place := _place_in_task(error):
        return f"the code of task '{task}' fails in {place}: {said}"
    return f"lm-eval cannot build the task '{task}': {said}"


def _import_problem(error: ImportError) -> str:
    """Return which packages are missing and how to install them; empty where that is not it."""
    missing = missing_packages(error)
    if missing and type(error) is ImportError and _is_installed(missing[0]):
        return f"does not fit the installed '{missing[0]}': {error}"
    extra = [name for name in missing if name in EXTRA_PACKAGES]
    others = [name for name in missing if name not in EXTRA_PACKAGES]
    if not others and (extra or "pip install" in str(error)):
        named = ", ".join(extra) or "see lm-eval"
        return f"needs packages that are missing ({named}): pip install 'evalguard[benchmarks]'"
    if not missing:
        return ""
    quoted = ", ".join(f"'{name}'" for name in missing)
    verb, where = ("is", "the module") if len(missing) == 1 else ("are", "a module")
    install, said = install_line(missing), _said_line(error)
    if _installed_by(said).issuperset(
        map(canonical_name, missing)
    ):  # such as one that is not on PyPI
        install, said = said, ""
    return (
        f"imports {quoted}, which {verb} missing: {install}, or put {where} next to the task file"
        f"{said and f' (the task says: {said})'}"
    )


def _said_line(error: BaseException) -> str:
    """Return what the task's own code says to install; empty where it does not."""
    lines = _INSTALL_LINE.findall(str(error))
    return str(lines[-1]).rstrip(" .") if lines else ""


def _installed_by(line: str) -> set[str]:
    """Return the names of the packages, or of their repositories, that a line installs."""
    parts = (re.split(r"[<>=!~;@\[]", part.strip("'\""))[0] for part in line.split()[2:])
    return {canonical_name(part.rpartition("/")[2].removesuffix(".git")) for part in parts}


def _within_a_module(error: BaseException) -> str:
    """Return what is wrong with ``!function module.Class.method``; empty where that is not it."""
    if (found := _NO_MODULE.search(str(error))) is None:
        return ""
    module, _, inner = found[1].partition(".")
    file = Path(found[3]) / f"{module}.py"
    if not inner or not file.is_file():
        return ""
    return (
        f"!function {found[1]}.{found[2]}: lm-eval reads MODULE.FUNCTION; write a function at the "
        f"top level of {shown_path(file)} and name it: !function {module}.FUNCTION"
    )


def _place_in_task(error: BaseException) -> str:
    """Return the file and line of the task's own code that failed; empty where none did."""
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    others = (*installed, Path(evalguard.__file__).parent)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        own = path.is_file() and not any(path.is_relative_to(folder) for folder in others)
        if own or "lm_eval/tasks" in path.parent.parent.as_posix():
            return f"{shown_path(path)}, line {frame.lineno}"
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
