"""Text files of scores, read row by row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evalguard.errors import DataError

SHOWN = 10  # problems that one message lists

_NO_TEXT = re.compile("[\udc80-\udcff]")  # bytes that are not UTF-8, as surrogateescape reads them


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank with its number, from 1.

    A byte order mark, which editors on Windows write, is no part of the first line.

    Raises:
        DataError: If the file is missing, or is no UTF-8 text.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
            for number, line in enumerate(file, 1):
                if _NO_TEXT.search(line):
                    raise DataError(f"{path}:{number}: not UTF-8 text; save the file as UTF-8")
                if line.strip():
                    yield number, line
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def first_line(path: Path) -> str:
    """Return the first line that is not blank, stripped; empty where there is no text to read."""
    try:
        return next(numbered_lines(path), (0, ""))[1].strip()
    except DataError:
        return ""


def json_object(text: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: If it is no JSON, no object, names a key twice, or cannot be parsed within
            Python's limits.
    """
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    except RecursionError:
        raise ValueError("lists or objects are nested too deeply to be read") from None
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


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"a number of {len(text)} digits, too many to be read") from None


def repeated_ids(ids: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a problem for each place whose question has its id from an earlier place.

    Args:
        ids: Place and id of each question, whatever its stratum.
    """
    first_seen: dict[str, str] = {}
    for where, id_ in ids:
        if id_ in first_seen:
            yield (
                f"{where}: id '{id_}' already appears in {first_seen[id_]}; give every question a "
                "unique id"
            )
        first_seen.setdefault(id_, where)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"names the key '{twice}' twice")
    return found
