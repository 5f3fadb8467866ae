"""The scorer that compares a JSON object with another, field by field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from evalguard.errors import MeasurementError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.extract import normalise
from evalguard.scorers.registry import scorer
from evalguard.scorers.structure import find_json, parse_json
from evalguard.scorers.targets import an_object


@scorer(
    name="json_fields",
    metrics=(
        Metric("json_fields", ScoreKind.BOUNDED),
        Metric("json_fields_lenient", ScoreKind.BOUNDED),
        Metric("json_fields_all"),
        Metric("json_fields_all_lenient"),
    ),
    check_target=an_object,
    target_is_answer=True,
)
def json_fields(
    output: str, target: str, row: Mapping[str, Any], *, fields: list[str] | None = None
) -> dict[str, float]:
    """Compare the fields of a JSON object with those of the target.

    ``json_fields`` is the share of the target's leaves that the output has with the same value,
    ``json_fields_all`` is 1 where all agree and the output has no further ones. Strings are
    compared normalised, numbers by value; a number is not its string. ``fields`` restricts the
    comparison to these keys of the top level.

    Raises:
        MeasurementError: If the target is not a JSON object or has none of the fields.
    """
    right = _leaves(parse_json(target), fields)
    if not right:
        raise MeasurementError(
            f"the target {target[:80]!r} must be a JSON object"
            + (f" with one of the fields {fields}" if fields else " with at least one field")
        )
    scores: dict[str, float] = {}
    for suffix, value in (("", parse_json(output)), ("_lenient", find_json(output))):
        found = _leaves(value, fields)
        hits = sum(path in found and _same(found[path], right[path]) for path in right)
        complete = hits == len(right) == len(found)
        scores |= {f"json_fields{suffix}": hits / len(right)}
        scores |= {f"json_fields_all{suffix}": float(complete)}
    return scores


def _leaves(value: Any, fields: list[str] | None) -> dict[tuple[str | int, ...], Any]:
    """Return the leaves of an object by their path; of nothing else."""
    if not isinstance(value, dict):
        return {}
    kept = value if fields is None else {key: value[key] for key in fields if key in value}
    return dict(_walk(kept, ())) if kept else {}


def _walk(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield path and value of every leaf; an empty container is one."""
    inner: Iterator[tuple[str | int, Any]] | None = None
    if isinstance(value, dict) and value:
        inner = iter(value.items())
    elif isinstance(value, list) and value:
        inner = iter(enumerate(value))
    if inner is None:
        yield path, value
        return
    for key, one in inner:
        yield from _walk(one, (*path, key))


def _same(found: Any, right: Any) -> bool:
    """Return whether two JSON leaves mean the same."""
    if isinstance(found, bool) or isinstance(right, bool):
        return found is right
    if isinstance(found, int | float) and isinstance(right, int | float):
        return math.isclose(found, right, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(found, str) and isinstance(right, str):
        return normalise(found) == normalise(right)
    return bool(found == right)
