"""Paired scores of two models: from a file, one JSON object a line, or from two sequences."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
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
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise DataError(
            f"{path}: is empty; write one JSON object per line with {', '.join(REQUIRED)}"
        )
    return _pairs(lines, metric, f"{path}:")


def pair_scores(
    baseline: Iterable[Any],
    candidate: Iterable[Any],
    metric: Metric,
    *,
    ids: Iterable[Any] | None = None,
    clusters: Iterable[Any] | None = None,
    strata: Iterable[Any] | None = None,
) -> tuple[SamplePair, ...]:
    """Pair the scores of two models on the same questions.

    Args:
        baseline: A score for each question, shape (n,): a number, a boolean, or ``None`` where it
            could not be measured.
        candidate: The candidate's, in the same order, shape (n,).
        metric: The kind and range of the scores.
        ids: Names of the questions, shape (n,); their positions by default.
        clusters: Questions of one cluster are not independent, shape (n,).
        strata: Which stratum each question belongs to, shape (n,).

    Raises:
        DataError: If the lengths differ, or with every broken score at once.
    """
    columns = {"id": ids, "baseline": baseline, "candidate": candidate}
    columns |= {"cluster": clusters, "stratum": strata}
    given = {name: list(values) for name, values in columns.items() if values is not None}
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DataError(f"the lengths differ ({shown}); give one value for each question")
    if not given["baseline"]:
        raise DataError("no scores; give at least one question")
    given.setdefault("id", list(range(lengths["baseline"])))
    rows = (
        (position, dict(zip(given, map(_plain, values), strict=True)))
        for position, values in enumerate(zip(*given.values(), strict=True))
    )
    return _pairs(rows, metric, "question ")


def _plain(value: Any) -> Any:
    """Return a scalar of numpy or pandas as Python's own."""
    return value.item() if hasattr(value, "item") else value


def _pairs(
    rows: Iterable[tuple[int, str | dict[str, Any]]], metric: Metric, where: str
) -> tuple[SamplePair, ...]:
    """Return the pairs, or raise with every broken row; each row stands with its number."""
    pairs: list[SamplePair] = []
    problems: list[str] = []
    first_seen: dict[str, int] = {}
    for number, row in rows:
        try:
            pair = _pair(_row(row) if isinstance(row, str) else row, metric)
            if pair.sample_id in first_seen:
                raise ValueError(
                    f"id '{pair.sample_id}' already appears in "
                    f"{where}{first_seen[pair.sample_id]}; give every question a unique id"
                )
        except ValueError as problem:
            problems.append(f"{where}{number}: {problem}")
            continue
        first_seen[pair.sample_id] = number
        pairs.append(pair)
    if problems:
        more = f"\n  … and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise DataError("\n  ".join(["broken rows:", *problems[:SHOWN]]) + more)
    return tuple(pairs)


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
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
            f"'{side}' is {score:g}, outside the range {metric.low:g}…{metric.high:g}; fix it, "
            "or declare the range of the scores"
        )
    if metric.kind is ScoreKind.BINARY and score not in (metric.low, metric.high):
        raise ValueError(
            f"'{side}' is {score:g}, but the scores are declared binary (0 or 1); "
            "declare them bounded if they may lie between"
        )
    return score
