"""The machine-readable result: a :class:`~evalguard.records.CheckResult` as a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evalguard.errors import DataError
from evalguard.records import SCHEMA_VERSION, CheckResult, from_json, to_json
from evalguard.reports.files import write_text
from evalguard.verdicts import overall

_PROBLEMS_SHOWN = 5


def write_json(result: CheckResult, path: Path) -> Path:
    """Write the result so that a reader sees the whole file or none.

    Raises:
        ValueError: If a figure is NaN or infinite.
    """
    return write_text(path, render_json(result))


def render_json(result: CheckResult) -> str:
    """Return the result as JSON in plain ASCII: text that is no valid Unicode survives it, too.

    Raises:
        ValueError: If a figure is NaN or infinite.
    """
    return json.dumps(to_json(result), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def read_json(path: Path) -> CheckResult:
    """Return the result that :func:`write_json` wrote.

    Raises:
        DataError: If the file is missing, is no JSON, or is not a result of this version.
    """
    data = _load(path)
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        raise DataError(
            f"{path}: schema_version: found {version!r}, this version of EvalGuard reads "
            f"{SCHEMA_VERSION}. Run `evalguard check --json` again, or use the version that "
            "wrote the file."
        )
    from pydantic import ValidationError

    try:
        result = from_json(CheckResult, data)
    except ValidationError as error:
        problems = [
            f"  {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors()[:_PROBLEMS_SHOWN]
        ]
        raise DataError(
            f"{path}: not a result of `evalguard check --json` ({error.error_count()} problems; "
            "the first are shown):\n" + "\n".join(problems)
        ) from None
    if result.gates and result.verdict is not overall(result.gates)[0]:
        raise DataError(
            f"{path}: verdict: found {result.verdict}, but its gates come to "
            f"{overall(result.gates)[0]}. The file was edited; run `evalguard check --json` again."
        )
    return result


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text file in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}: line {error.lineno}: not valid JSON ({error.msg}). "
            "Give the file that `evalguard check --json` wrote."
        ) from None
    if not isinstance(data, dict):
        raise DataError(f"{path}: found a {type(data).__name__}, expected a JSON object.")
    return data
