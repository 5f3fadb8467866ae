"""The scorer that compares a JSON object with another, field by field."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from evalguard.errors import MeasurementError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.attribution import denial
from evalguard.scorers.extract import normalise
from evalguard.scorers.registry import scorer
from evalguard.scorers.retraction import retraction
from evalguard.scorers.structure import INVALID, find_json, parse_json, unambiguous
from evalguard.scorers.targets import an_object
from evalguard.scorers.turns import own_part

_OR = re.compile(r"[\s/#`*]*(?:or|maybe|perhaps)\b", re.I)


def _taken_back(output: str) -> bool:
    """Return whether an output retracts the JSON before it and gives no other."""
    own = own_part(output)
    end, place = max(map(own.rfind, "]}")), retraction(own)
    taken = place is not None and end <= place.start
    after = denial(own, end + 1) is not None or _OR.match(own, end + 1) is not None
    return taken or (end >= 0 and after)


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
    output: str,
    target: str,
    row: Mapping[str, Any],
    *,
    fields: list[str] | None = None,
    list_order: bool = True,
) -> dict[str, float]:
    """Compare the fields of a JSON object with those of the target.

    ``json_fields`` is the share of the target's leaves that the output has with the same value,
    ``json_fields_all`` is 1 where all agree and the output has no further ones. Strings are
    compared normalised, numbers by value; a number is not its string. ``fields`` restricts the
    comparison to these keys of the top level. With ``list_order: false`` lists are compared by
    content: an element counts if the output's list has an equal one, wherever it stands; the
    target may then be a list as well. Where an object has a key twice, nothing is compared.

    Raises:
        MeasurementError: If the target is not a JSON object or has none of the fields.
    """
    right = right_leaves(target, fields=fields, list_order=list_order)
    whole = parse_json(output)
    strict = _agreement(_leaves(unambiguous(whole), fields, list_order=list_order), right)
    lenient = strict
    if whole is INVALID:
        found = INVALID if _taken_back(output) else unambiguous(find_json(output))
        lenient = _agreement(_leaves(found, fields, list_order=list_order), right)
    return {
        "json_fields": strict[0],
        "json_fields_all": strict[1],
        "json_fields_lenient": lenient[0],
        "json_fields_all_lenient": lenient[1],
    }


def right_leaves(
    target: str, *, fields: list[str] | None = None, list_order: bool = True
) -> dict[Path, Any]:
    """Return the leaves of a target that are compared.

    Raises:
        MeasurementError: As :func:`json_fields`.
    """
    right = _leaves(unambiguous(parse_json(target)), fields, list_order=list_order)
    if right:
        return right
    raise MeasurementError(
        f"the target {target[:80]!r} must be a JSON object"
        + (f" with one of the fields {fields}" if fields else " with at least one field")
        + (" (or a list, with list_order: false)" if list_order else " or a list")
    )


def _agreement(found: Mapping[Path, Any], right: Mapping[Path, Any]) -> tuple[float, float]:
    """Return the share of the right leaves that were found, and 1 where there are no others."""
    hits = sum(path in found and _same(found[path], right[path]) for path in right)
    return hits / len(right), float(hits == len(right) == len(found))


Path = tuple["str | int | tuple[str, int]", ...]
"""Keys and places that lead to a leaf; in a list without order, an element's content and count."""


def _leaves(value: Any, fields: list[str] | None, *, list_order: bool) -> dict[Path, Any]:
    """Return the leaves of an object by their path; of nothing else."""
    if isinstance(value, list) and not list_order and fields is None:
        kept: Any = value
    elif isinstance(value, dict) and value:
        kept = value if fields is None else {key: value[key] for key in fields if key in value}
        if not kept:
            return {}
    else:
        return {}
    try:
        return dict(_walk(kept, (), list_order))
    except RecursionError:
        return {}


def _walk(value: Any, path: Path, list_order: bool) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of every leaf; an empty container is one."""
    inner: Iterator[tuple[str | int | tuple[str, int], Any]] | None = None
    if isinstance(value, dict) and value:
        inner = iter(value.items())
    elif isinstance(value, list) and value:
        inner = enumerate(value) if list_order else _by_content(value)
    if inner is None:
        yield path, value
        return
    for key, one in inner:
        yield from _walk(one, (*path, key), list_order)


def _by_content(values: list[Any]) -> Iterator[tuple[tuple[str, int], Any]]:
    """Yield the elements of a list by what they are and how often that came before."""
    seen: Counter[str] = Counter()
    for value in values:
        content = _content(value)
        yield (content, seen[content]), value
        seen[content] += 1


def _content(value: Any) -> str:
    """Return a text that two JSON values share if they mean the same, lists in any order."""
    if isinstance(value, dict):
        inner = sorted(f"{json.dumps(key)}:{_content(one)}" for key, one in value.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted(map(_content, value))) + "]"
    if isinstance(value, str):
        return json.dumps(normalise(value))
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return str(int(value)) if value == value // 1 else f"{value:.12g}"
    return json.dumps(value)


def _same(found: Any, right: Any) -> bool:
    """Return whether two JSON leaves mean the same."""
    if isinstance(found, bool) or isinstance(right, bool):
        return found is right
    if isinstance(found, int) and isinstance(right, int):
        return found == right
    if isinstance(found, int | float) and isinstance(right, int | float):
        return math.isclose(found, right, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(found, str) and isinstance(right, str):
        return found == right or normalise(found) == normalise(right)
    return bool(found == right)
