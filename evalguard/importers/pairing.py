"""Pair the scores of two models on the same questions; whatever does not fit is an error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evalguard.errors import DataError
from evalguard.importers.base import ImportedRun, ImportedScore
from evalguard.importers.files import listed, name_of, repeated_ids
from evalguard.records import Metric, SamplePair, ScoreKind

WIDE = 10.0
"""Greatest score from which on a range is not that of shares."""

_AROUND = 30  # characters of a prompt shown on either side of the first difference


def pair_runs(
    baseline: ImportedRun, candidate: ImportedRun, metric: Metric
) -> tuple[SamplePair, ...]:
    """Pair two runs by task and question.

    Args:
        baseline: The baseline's scores, of one metric.
        candidate: The candidate's.
        metric: The kind and range of the scores.

    Raises:
        DataError: With every score that is no number, out of range, of a question that occurs
            twice or in one run only, or of another question than the other model's; or where one
            model's scores are shares and the other's are not, or all responses show that there is
            only one model.
    """
    problems = [*_broken(baseline, metric), *_broken(candidate, metric)]
    if problems:
        raise listed(list(dict.fromkeys(problems)))  # a file of both models names a row twice
    for problem in _mixed_scales(baseline, candidate, metric):
        raise DataError(f"{candidate.source}: {problem}")
    before, after = ({_key(one): one for one in run.scores} for run in (baseline, candidate))
    problems = [*_unmatched(before, after, candidate), *_unmatched(after, before, baseline)]
    problems += [
        problem for key, one in before.items() if key in after
        for problem in _differences(one, after[key])
    ]  # fmt: skip
    if problems:
        raise listed(problems, "rows that cannot be paired:")
    told = {key: one.response for key, one in before.items() if one.response}
    if told and all(after[key].response == response for key, response in told.items()):
        raise DataError(
            f"{candidate.source}: every log-likelihood equals that of {baseline.source} to the "
            "last digit, so both come from one model; was the adapter applied?"
        )
    return tuple(_pair(one, after[key]) for key, one in before.items())


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
    given = {name: list(map(_plain, values)) for name, values in columns.items()
             if values is not None}  # fmt: skip
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DataError(f"the lengths differ ({shown}); give one value for each question")
    if not given["baseline"]:
        raise DataError("no scores; give at least one question")
    rows = [dict(zip(given, values, strict=True)) for values in zip(*given.values(), strict=True)]
    runs = [
        ImportedRun(source=Path(side), scores=tuple(_sequence(rows, side)))
        for side in ("baseline", "candidate")
    ]
    return pair_runs(runs[0], runs[1], metric)


def _sequence(rows: Sequence[dict[str, Any]], side: str) -> Iterator[ImportedScore]:
    problems = []
    ids: list[tuple[str, str]] = []
    for position, row in enumerate(rows):
        where = f"question {position}"
        try:
            names = {key: name_of(row[key], key) for key in ("id", "cluster", "stratum")
                     if row.get(key) is not None or (key == "id" and key in row)}  # fmt: skip
        except ValueError as problem:
            problems.append(f"{where}: {problem}")
            continue
        ids.append((where, names.get("id", str(position))))
        yield ImportedScore(
            where=where,
            sample_id=ids[-1][1],
            score=row[side],
            key=side,
            task=names.get("stratum", "scores"),
            cluster=names.get("cluster"),
        )
    problems += repeated_ids(ids)
    if problems:
        raise listed(problems)


def _plain(value: Any) -> Any:
    """Return a scalar of numpy or pandas as Python's own."""
    return value.item() if hasattr(value, "item") else value


def _key(one: ImportedScore) -> tuple[str, str]:
    return one.task, one.sample_id


def _broken(run: ImportedRun, metric: Metric) -> Iterator[str]:
    """Yield what is wrong with the scores of one run."""
    first_seen: dict[tuple[str, str], str] = {}
    for one in run.scores:
        try:
            _check_score(one.score, one.key, metric)
            if _key(one) in first_seen:
                raise ValueError(
                    f"id '{one.sample_id}' already appears in {first_seen[_key(one)]}; give every "
                    "question a unique id"
                )
        except ValueError as problem:
            yield f"{one.where}: {problem}{_named(one)}"
        first_seen.setdefault(_key(one), one.where)


def _named(one: ImportedScore) -> str:
    """Return which question a row is of, where its place does not tell."""
    if one.where.endswith(f" {one.sample_id}"):
        return ""
    return f" (question '{one.sample_id}' of {one.task})"


def _mixed_scales(baseline: ImportedRun, candidate: ImportedRun, metric: Metric) -> Iterator[str]:
    """Yield that one model's scores are shares and the other's are not.

    A range of 0 to 100 holds a share of 0.8 as well as 70 percent, and one beside the other is a
    change that nobody measured.
    """
    if metric.high < WIDE:
        return
    sides = {
        name: [float(one.score) for one in run.scores if one.score is not None]
        for name, run in (("baseline", baseline), ("candidate", candidate))
    }
    for name, other in (("baseline", "candidate"), ("candidate", "baseline")):
        shares, points = sides[name], sides[other]
        fractions = any(0 < score < 1 for score in shares)
        if fractions and min(shares) >= 0 and max(shares) <= 1 and points:
            above = sum(score > 1 for score in points)
            if 2 * above > len(points):
                yield (
                    f"every score of the {name} lies from 0 to 1, but the {other}'s reach "
                    f"{max(points):g} on a range of {metric.low:g} to {metric.high:g}; write both "
                    "on one scale"
                )


def _check_score(value: Any, key: str, metric: Metric) -> None:
    if value is None:
        return
    if not isinstance(value, bool | int | float):
        raise ValueError(f"'{key}' is {value!r}; expected a number, or null for a missing score")
    try:
        score = float(value)
    except OverflowError:
        score = math.inf
    if not math.isfinite(score):
        raise ValueError(f"'{key}' is {score}; use null for a score that could not be measured")
    if not metric.low <= score <= metric.high:
        raise ValueError(
            f"'{key}' is {score:g}, outside the range {metric.low:g}…{metric.high:g}; "
            "correct it, or declare the range of the scores"
        )
    if metric.kind is ScoreKind.BINARY and score not in (metric.low, metric.high):
        raise ValueError(
            f"'{key}' is {score:g}, but the scores are declared binary (0 or 1); "
            "declare them bounded if they may lie between"
        )


def _unmatched(
    own: dict[tuple[str, str], ImportedScore],
    other: dict[tuple[str, str], ImportedScore],
    run: ImportedRun,
) -> Iterator[str]:
    for key, one in own.items():
        if key not in other:
            yield f"{one.where}: question '{one.sample_id}' of {one.task} is not in {run.source}"


def _differences(before: ImportedScore, after: ImportedScore) -> Iterator[str]:
    """Yield what shows that two rows are not of one question."""
    if before.cluster != after.cluster:
        yield f"{after.where}: cluster {after.cluster!r}, but {before.cluster!r} in {before.where}"
    for key in dict.fromkeys([*before.same, *after.same]):
        if before.same.get(key) != after.same.get(key):
            yield f"{after.where}: another {key} than {before.where}{_where_differ(before, after)}"
            return


def _where_differ(before: ImportedScore, after: ImportedScore) -> str:
    """Say where prompts or targets differ; empty where both are equal."""
    for name, one, other in (
        ("prompts", before.prompt, after.prompt),
        ("targets", before.target, after.target),
    ):
        if one != other:
            pairs = zip(one, other, strict=False)
            at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
            start = max(0, at - _AROUND)
            shown = [repr(text[start : at + _AROUND]) for text in (one, other)]
            return f"; the {name} differ from character {at + 1}: {shown[0]} and {shown[1]}"
    return ""


def _pair(before: ImportedScore, after: ImportedScore) -> SamplePair:
    return SamplePair(
        task=before.task,
        sample_id=before.sample_id,
        prompt=before.prompt,
        target=before.target,
        baseline_output=before.output,
        candidate_output=after.output,
        baseline_score=None if before.score is None else float(before.score),
        candidate_score=None if after.score is None else float(after.score),
        cluster=before.cluster,
    )
