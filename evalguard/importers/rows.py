"""Scores as JSON lines, CSV or Parquet: a row for each question, with the scores of one or both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from evalguard.errors import DataError, PrerequisiteError, did_you_mean
from evalguard.importers.base import ROLES, ImportedRun, ImportedScore, Importer
from evalguard.importers.files import (
    SHOWN,
    first_line,
    json_object,
    listed,
    name_of,
    numbered_lines,
    repeated_ids,
)
from evalguard.tasks.rows import COMPRESSIONS, SUFFIXES, BrokenRow, Row, data_suffix, parse_rows

SINGLE = ("score",)
OPTIONAL = ("cluster", "stratum")

_KEYS = {"id", *ROLES, *SINGLE}
_TEXTS = (".csv", ".tsv")
_TABLES = (*_TEXTS, ".json", ".parquet", ".arrow", ".feather")
_PACKED = tuple(COMPRESSIONS)


def recognises(path: Path) -> bool:
    """Return whether the first row has one of our keys, or was meant to."""
    if _has_lines(path):
        line = first_line(path)
        try:
            return bool(_KEYS & json_object(line).keys())
        except ValueError:
            return line.startswith("{") and line != "{"
    if path.is_dir() or data_suffix(path) not in SUFFIXES:
        return False
    is_table = data_suffix(path) != ".json"  # which many tools write, in forms of their own
    try:
        first = next(parse_rows(path), None)
    except (DataError, PrerequisiteError):
        return is_table  # what is wrong is said when it is read
    if first is None or isinstance(first, BrokenRow):
        return is_table
    keys = first.data.keys()
    return {*ROLES} <= keys or ("id" in keys and (is_table or bool({*ROLES, *SINGLE} & keys)))


def read(path: Path) -> tuple[ImportedRun, ...]:
    """Read the scores of one model, or of two on the same questions.

    Args:
        path: JSON lines, CSV, Parquet, or another file that test sets are read from. Each row has
            ``id`` and either ``score``, or ``baseline`` and ``candidate`` (a number, a boolean, or
            null where the score could not be measured: an empty cell in CSV), and may have
            ``cluster`` and ``stratum``.

    Raises:
        DataError: With every broken row at once, by file and line.
        PrerequisiteError: If the file needs pyarrow and it is not installed.
    """
    rows: list[tuple[str, dict[str, Any]]] = []
    problems: list[str] = []
    sides: tuple[str, ...] = ()
    for number, found in _json_lines(path) if _has_lines(path) else _table(path):
        where = f"{path}:{number}"
        try:
            row = found()
            sides = sides or (SINGLE if SINGLE[0] in row else ROLES)
            rows.append((where, _checked(row, sides)))
        except ValueError as problem:
            problems.append(f"{where}: {problem}")
    problems += repeated_ids((where, row["id"]) for where, row in rows)
    if problems:
        raise listed(problems)
    if not rows:
        raise DataError(
            f"{path}: is empty; write one JSON object per line with id, baseline, candidate"
        )
    return tuple(
        ImportedRun(
            source=path,
            scores=tuple(_scores(rows, side)),
            role=side if side in ROLES else None,
        )
        for side in sides
    )


ROWS = Importer(
    name="rows",
    recognises=recognises,
    read=read,
    summary="rows of JSON, CSV or Parquet with id and score, or id, baseline and candidate",
)


def _has_lines(path: Path) -> bool:
    """Return whether a file is of JSON lines, or of a kind that its name does not tell."""
    return path.is_file() and data_suffix(path) not in _TABLES and not path.name.endswith(_PACKED)


def _json_lines(path: Path) -> Iterator[tuple[int, Callable[[], dict[str, Any]]]]:
    for number, line in numbered_lines(path):
        yield number, partial(json_object, line)


def _table(path: Path) -> Iterator[tuple[int, Callable[[], dict[str, Any]]]]:
    for found in parse_rows(path):
        yield found.number, partial(_of_table, found, data_suffix(path) in _TEXTS)


def _of_table(found: Row | BrokenRow, texts: bool) -> dict[str, Any]:
    """Return a row, its scores as numbers where the file holds texts alone.

    Raises:
        ValueError: If it is broken, or a score is no number.
    """
    if isinstance(found, BrokenRow):
        raise ValueError(f"{found.detail}: {found.reason}" if found.detail else found.reason)
    row = dict(found.data)
    if not texts:
        return row
    for key in row.keys() & {*ROLES, *SINGLE}:
        row[key] = _number(row[key], key)
    return {key: value for key, value in row.items() if value != "" or key == "id"}


def _number(text: str, key: str) -> float | None:
    """Return a score of CSV; an empty cell is a missing one."""
    text = text.strip()
    if text.lower() in ("", "null", "true", "false"):
        return {"true": 1.0, "false": 0.0}.get(text.lower())
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f"'{key}' is {text!r}; expected a number such as 0.5, or an empty cell for a missing "
            "score"
        ) from None


def _checked(row: dict[str, Any], sides: tuple[str, ...]) -> dict[str, Any]:
    """Return a row whose keys are known and whose names are text."""
    for key in ("id", *sides):
        if key not in row:
            hint = (
                "name the question"
                if key == "id"
                else ("use null for a score that could not be measured")
            )
            keys = ", ".join([*row][:SHOWN]) + (", …" if len(row) > SHOWN else "")
            raise ValueError(f"has no '{key}' (its keys: {keys or 'none'}); {hint}")
    known = ("id", *sides, *OPTIONAL)
    for key in row:
        if key not in known:
            raise ValueError(f"unknown key '{key}'. {did_you_mean(key, known)}")
    optional = {key: name_of(row[key], key) for key in OPTIONAL if row.get(key) is not None}
    return {**row, "id": name_of(row["id"], "id"), **optional}


def _scores(rows: list[tuple[str, dict[str, Any]]], side: str) -> Iterator[ImportedScore]:
    for where, row in rows:
        yield ImportedScore(
            where=where,
            sample_id=row["id"],
            score=row[side],
            key=side,
            task=row.get("stratum") or "scores",
            cluster=row.get("cluster"),
        )
