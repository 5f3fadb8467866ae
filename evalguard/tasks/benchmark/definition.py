"""The fingerprint of an lm-eval task: its settings as plain data, and its code by content."""

from __future__ import annotations

import hashlib
import inspect
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from evalguard.code.files import files_reached, packages_reached
from evalguard.code.installed import state_of_module
from evalguard.errors import UsageError
from evalguard.scorers import sandbox

_SCORE = ("bert_score", "lm_eval", "rouge_score", "sacrebleu", "sklearn")
"""Packages that compute metrics of lm-eval and of ``hub_metrics``."""

_DATA_KEYS = ("dataset_path", "dataset_name", "dataset_kwargs", "metadata")
"""Settings that only locate the data; the rows themselves are in the samples' ids."""


def benchmark_versions(files: Iterable[Path] = ()) -> dict[str, str]:
    """Return the versions of everything that scores a benchmark's answers, except its own files.

    Args:
        files: Files of the task; packages that its Python files import count as well.
    """
    reached = packages_reached(*sorted({file for file in files if file.suffix == ".py"}))
    versions = {name: state_of_module(name) for name in sorted({*_SCORE, *reached})}
    return versions | {"evalguard": _own_digest()}


@cache
def _own_digest() -> str:
    """Return the hash of the code here that scores a benchmark's answers."""
    folders = (Path(__file__).parent, Path(sandbox.__file__).parent)
    own = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in own)).hexdigest()


def definition_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's configuration as plain data, without its data.

    Raises:
        UsageError: If a value cannot be fingerprinted; names its key.
    """
    kept = {key: value for key, value in config.items() if key not in _DATA_KEYS}
    return {key: plain(value, key) for key, value in kept.items() if value is not None}


def plain(value: Any, where: str) -> Any:  # noqa: PLR0911 - one return a type
    """Return a value as plain data that is equal wherever its content is.

    Functions become the files that they reach, partial functions and closures also what they hold,
    objects their class and attributes.

    Raises:
        UsageError: If a value cannot be fingerprinted; names its key.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        return sorted((plain(item, where) for item in value), key=repr)
    if isinstance(value, re.Pattern):
        return {"pattern": value.pattern, "flags": value.flags}
    if isinstance(value, Path | bytes):
        return str(value)
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return plain(value.tolist(), where)
    return _of_code(value, where)


def _of_code(value: Any, where: str) -> Any:  # noqa: PLR0911 - one return a type
    """Return a function, class or object by its code and by what it holds."""
    if isinstance(value, partial):
        held = [value.func, list(value.args), value.keywords]
        return {"partial": [plain(item, where) for item in held]}
    if isinstance(value, MethodType):
        return {"method": [plain(value.__func__, where), plain(value.__self__, where)]}
    if isinstance(value, FunctionType):
        return _of_function(value, where)
    if isinstance(value, BuiltinFunctionType | ModuleType):
        return {"builtin": f"{getattr(value, '__module__', '')}.{value.__name__}"}
    if inspect.isclass(value) and value.__module__ == "builtins":
        return {"builtin": value.__qualname__}
    if inspect.isclass(value):
        return {"class": value.__qualname__, **_source(value, where)}
    if is_dataclass(value):
        held_by_field = {field.name: getattr(value, field.name) for field in fields(value)}
        return {"object": type(value).__qualname__, "holds": plain(held_by_field, where)}
    if hasattr(value, "__dict__"):
        return {"object": plain(type(value), where), "holds": plain(vars(value), where)}
    raise UsageError(
        f"{where}: {type(value).__name__} {value!r:.80} cannot be fingerprinted; "
        "use a text, number, list, mapping or function"
    )


def _of_function(function: FunctionType, where: str) -> dict[str, Any]:
    cells = function.__closure__ or ()
    held = [cell.cell_contents for cell in cells if cell.cell_contents is not function]
    return {
        "function": function.__qualname__,
        "code": _digest(function.__code__),
        "defaults": plain([function.__defaults__, function.__kwdefaults__], where),
        **({"closure": plain(held, where)} if held else {}),
        **_source(function, where),
    }


def _digest(code: CodeType) -> str:
    """Return a hash of a function's bytecode, which differs for two lambdas on one line."""
    parts = [code.co_code.hex(), code.co_names, [_constant(one) for one in code.co_consts]]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return _digest(value)
    return repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)


def _source(code: Any, where: str) -> dict[str, Any]:
    """Return the content of every file that code reaches, and the versions of packages."""
    try:
        path = Path(inspect.getsourcefile(code) or "")
        files = files_reached(path)
    except (OSError, TypeError, SyntaxError) as error:
        raise UsageError(f"{where}: the source of {code!r:.80} cannot be read: {error}") from error
    return {
        "files": [hashlib.sha256(file.read_bytes()).hexdigest() for file in files],
        "packages": {name: state_of_module(name) for name in packages_reached(path)},
    }
