"""JSON schemas that no value satisfies. Anything not plainly impossible counts as possible."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import regex

_SIMPLE = (
    *("enum", "const", "type", "minLength", "maxLength", "multipleOf", "minItems"),
    *("maxItems", "uniqueItems", "minProperties", "maxProperties", "required"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
)
"""Keywords that judge a value without looking elsewhere, or for long."""

_LIMITS = (
    ("string", "minLength", "maxLength"),
    ("array", "minItems", "maxItems"),
    ("object", "minProperties", "maxProperties"),
)


def impossible(schema: Any) -> bool:
    """Return whether it is plain that no value fits a valid JSON schema.

    Example:
        >>> impossible({"enum": []}), impossible({"enum": ["a"], "type": "integer"}), impossible({})
        (True, True, False)
    """
    try:
        return _impossible(schema, schema, {})
    except RecursionError:
        return False


def _impossible(schema: Any, root: Any, known: dict[str, bool]) -> bool:
    """Judge a part; ``known`` are the references that were followed, and what they came to."""
    if schema is False:
        return True
    if not isinstance(schema, Mapping):
        return False
    if "$ref" in schema:  # its siblings are ignored up to draft 7
        return _impossible_reference(str(schema["$ref"]), root, known)

    def inner(one: Any) -> bool:
        return _impossible(one, root, known)

    alternatives = [schema[key] for key in ("anyOf", "oneOf") if schema.get(key)]
    types = _types(schema)
    return (
        not types
        or schema.get("not") is True
        or schema.get("not") == {}
        or _no_listed_value(schema, root)
        or _crossed(schema, types)
        or any(map(inner, schema.get("allOf", ())))
        or any(all(map(inner, each)) for each in alternatives)
        or (types == {"string"} and _matches_no_text(schema.get("pattern")))
        or (types == {"object"} and any(map(inner, _required(schema))))
        or (types == {"array"} and _needs_items(schema) and inner(schema.get("items")))
    )


def _matches_no_text(pattern: Any) -> bool:
    from evalguard.scorers.patterns import never_matches

    return isinstance(pattern, str) and never_matches(pattern)


def _impossible_reference(path: str, root: Any, known: dict[str, bool]) -> bool:
    """Judge the part that a reference points to; one within itself counts as possible."""
    if path not in known and path.startswith("#/"):
        known[path] = False
        found = root
        for key in path[2:].split("/"):
            name = key.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        known[path] = _impossible(found, root, known)
    return known.get(path, False)


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the types that a schema and the parts of its ``allOf`` leave."""
    found = frozenset({"string", "array", "object", "number", "integer", "boolean", "null"})
    for part in (schema, *schema.get("allOf", ())):
        named = part.get("type") if isinstance(part, Mapping) else None
        if named is not None:
            kept = {named} if isinstance(named, str) else set(named)
            found &= kept | ({"integer"} if "number" in kept else set())
    return found - {"integer"} if "number" in found else found


def _no_listed_value(schema: Mapping[str, Any], root: Any) -> bool:
    """Return whether the values that ``enum`` or ``const`` lists all break its limits."""
    from jsonschema.validators import Draft202012Validator, validator_for

    if "enum" not in schema and "const" not in schema:
        return False
    kind = validator_for(root, default=Draft202012Validator)
    listed = schema["enum"] if "enum" in schema else [schema["const"]]
    simple = kind({key: schema[key] for key in _SIMPLE if key in schema})
    return not any(simple.is_valid(value) and _matches(schema, value) for value in listed)


def _matches(schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a text may match the pattern of a schema."""
    from evalguard.scorers.text import found_in_time

    pattern = schema.get("pattern")
    if not isinstance(pattern, str) or not isinstance(value, str):
        return True
    return found_in_time(regex.compile(pattern), value)


def _crossed(schema: Mapping[str, Any], types: frozenset[str]) -> bool:
    """Return whether a lower limit of the only type is above the upper one."""
    if types in ({"number"}, {"integer"}):
        return _no_number(schema, whole=types == {"integer"})
    if types == {"object"} and len(schema.get("required", ())) > schema.get(
        "maxProperties", math.inf
    ):
        return True
    return any(
        types == {kind} and low in schema and high in schema and schema[low] > schema[high]
        for kind, low, high in _LIMITS
    )


def _no_number(schema: Mapping[str, Any], *, whole: bool) -> bool:
    """Return whether no number, or no integer, lies within the limits."""
    low, above = schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf)
    high, below = schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf)
    if isinstance(above, bool) or isinstance(below, bool):  # draft 4
        above, low = (low, -math.inf) if above is True else (-math.inf, low)
        below, high = (high, math.inf) if below is True else (math.inf, high)
    step = schema.get("multipleOf", 1 if whole else 0)
    if step and math.isfinite(max(low, above)) and float(step).is_integer():
        value = step * math.ceil(max(low, above) / step)
        low = value if value > above else value + step
    return bool(low > high or low >= below or above >= high or above >= below)


def _required(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the schemas of the fields that must be there."""
    own = schema.get("properties", {})
    other = True if schema.get("patternProperties") else schema.get("additionalProperties", True)
    required = schema.get("required", ())
    for name in required if isinstance(required, list) else ():
        yield own.get(name, other)


def _needs_items(schema: Mapping[str, Any]) -> bool:
    """Return whether a list must have elements that ``items`` describes."""
    return bool(schema.get("minItems", 0) > len(schema.get("prefixItems", ())))
