"""Read paired scores from a file: one JSON object a line, ``id, baseline, candidate``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from evalguard.errors import DataError, did_you_mean
from evalguard.records import Metric, SamplePair, ScoreKind

REQUIRED = ("id", "baseline", "candidate")
OPTIONAL = ("cluster", "stratum")
SHOWN = 10  # problems that one message lists


def read_scores(path: Path, metric: Metric) -> tuple[SamplePair, ...]:
    """Read the scores of two models on the same questions.

    Args:
        path: A JSON-lines file. Each row has ``id``, ``baseline`` and ``candidate`` (a number, a
            boolean, or null where the score could not be measured), and may have ``cluster`` and
            ``stratum``.
        metric: The kind and range of the scores.

    Raises:
        DataError: With every broken row at once, by file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    pairs: list[SamplePair] = []
    problems: list[str] = []
    first_seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        at = f"{path}:{number}"
        try:
            row = _row(line)
            pair = _pair(row, metric)
            if pair.sample_id in first_seen:
                raise ValueError(
                    f"id '{pair.sample_id}' stands in line {first_seen[pair.sample_id]} already; "
                    "give every question its own id"
                )
        except ValueError as problem:
            problems.append(f"{at}: {problem}")
            continue
        first_seen[pair.sample_id] = number
        pairs.append(pair)
    if problems:
        more = f"\n  … and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise DataError("\n  ".join(["broken rows:", *problems[:SHOWN]]) + more)
    if not pairs:
        raise DataError(
            f"{path}: holds no row; write one JSON object a line with {', '.join(REQUIRED)}"
        )
    return tuple(pairs)


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(row, dict):
        raise ValueError(f"a JSON {type(row).__name__}, but each line must be an object")
    for key in REQUIRED:
        if key not in row:
            hint = "; use null for a score that could not be measured" if key != "id" else ""
            raise ValueError(f"has no '{key}'{hint}")
    for key in row:
        if key not in REQUIRED + OPTIONAL:
            raise ValueError(f"unknown key '{key}'. {did_you_mean(key, REQUIRED + OPTIONAL)}")
    return row


def _pair(row: dict[str, Any], metric: Metric) -> SamplePair:
    scores = [_score(row[side], side, metric) for side in ("baseline", "candidate")]
    return SamplePair(
        task=_name(row.get("stratum"), "stratum") or "scores",
        sample_id=_name(row["id"], "id") or "",
        prompt="",
        target="",
        baseline_output="",
        candidate_output="",
        baseline_score=scores[0],
        candidate_score=scores[1],
        cluster=_name(row.get("cluster"), "cluster"),
    )


def _name(value: Any, key: str) -> str | None:
    if value is None and key != "id":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(f"'{key}' is {value!r}; expected text or a whole number")
    return str(value)


def _score(value: Any, side: str, metric: Metric) -> float | None:
    if value is None:
        return None
    if not isinstance(value, bool | int | float):
        raise ValueError(f"'{side}' is {value!r}; expected a number, or null for a missing score")
    score = float(value)
    if not math.isfinite(score):
        raise ValueError(f"'{side}' is {score}; use null for a score that could not be measured")
    if not metric.low <= score <= metric.high:
        raise ValueError(
            f"'{side}' is {score:g}, outside the range {metric.low:g}…{metric.high:g}; "
            "correct it, or declare the range of the scores"
        )
    if metric.kind is ScoreKind.BINARY and score not in (metric.low, metric.high):
        raise ValueError(
            f"'{side}' is {score:g}, but the scores are declared binary (0 or 1); "
            "declare them bounded if they may lie between"
        )
    return score
