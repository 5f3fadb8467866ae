"""Scores as JSON lines: a row for each question, with one model's score or with both models'."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evalguard.errors import DataError, did_you_mean
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

SINGLE = ("score",)
OPTIONAL = ("cluster", "stratum")


def recognises(path: Path) -> bool:
    """Return whether the first row is an object with one of our keys, or was meant as one."""
    line = first_line(path)
    try:
        return bool({"id", *ROLES, *SINGLE} & json_object(line).keys())
    except ValueError:
        return line.startswith("{") and line != "{"


def read(path: Path) -> tuple[ImportedRun, ...]:
    """Read the scores of one model, or of two on the same questions.

    Args:
        path: Each row has ``id`` and either ``score``, or ``baseline`` and ``candidate`` (a number,
            a boolean, or null where the score could not be measured), and may have ``cluster`` and
            ``stratum``.

    Raises:
        DataError: With every broken row at once, by file and line.
    """
    rows: list[tuple[str, dict[str, Any]]] = []
    problems: list[str] = []
    sides: tuple[str, ...] = ()
    for number, line in numbered_lines(path):
        where = f"{path}:{number}"
        try:
            row = json_object(line)
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
    summary="JSON lines with id and score, or id, baseline and candidate",
)


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
