"""Text files of scores, read row by row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evalguard.errors import DataError

SHOWN = 10  # problems that one message lists


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank with its number, from 1.

    Raises:
        DataError: If the file is missing, or is no UTF-8 text.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text: {error}") from error


def first_line(path: Path) -> str:
    """Return the first line that is not blank, stripped; empty where there is no text to read."""
    try:
        return next(numbered_lines(path), (0, ""))[1].strip()
    except DataError:
        return ""


def json_object(text: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: If it is no JSON, no object, or names a key twice.
    """
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"a JSON {type(value).__name__}, but expected an object")
    return value


def listed(problems: Sequence[str], heading: str = "broken rows:") -> DataError:
    """Return one error for several problems."""
    more = f"\n  … and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return DataError("\n  ".join([heading, *problems[:SHOWN]]) + more)


def name_of(value: object, key: str) -> str:
    """Return what a question, a task or a cluster is called.

    Raises:
        ValueError: If it is neither text nor a whole number.
    """
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(f"'{key}' is {value!r}; expected text or a whole number")
    return str(value)


def repeated_ids(ids: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a problem for each place whose question has its id from an earlier place.

    Args:
        ids: Place and id of each question, whatever its stratum.
    """
    first_seen: dict[str, str] = {}
    for where, id_ in ids:
        if id_ in first_seen:
            yield (
                f"{where}: id '{id_}' is in {first_seen[id_]} already; give every question its "
                "own id"
            )
        first_seen.setdefault(id_, where)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"names the key '{twice}' twice")
    return found
