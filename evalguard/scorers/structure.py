"""Scorers for well-formed output: JSON, JSON Schema, YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import regex
from pydantic import BeforeValidator

from evalguard.errors import MeasurementError
from evalguard.records import Metric
from evalguard.scorers.announced import announcements
from evalguard.scorers.attribution import denial, sentence_before
from evalguard.scorers.fences import code_blocks
from evalguard.scorers.lazy_patterns import lazy_regex
from evalguard.scorers.negation import NEGATION, clause_before
from evalguard.scorers.registry import scorer
from evalguard.scorers.targets import a_schema
from evalguard.scorers.text import found_in_time
from evalguard.scorers.turns import own_part

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

MAX_STARTS = 200
"""Brackets at which an embedded JSON value is looked for, so that the work stays bounded."""

MAX_YAML_DEPTH = 200
"""YAML that nests deeper is no answer."""


FORMATS = ("date", "email", "ipv4", "ipv6", "regex", "uuid")
"""Values of ``format`` that are checked: those for which jsonschema needs no other package."""


class Invalid:
    """The type of :data:`INVALID`."""


INVALID = Invalid()
"""The value of a text that is not JSON; ``None`` is a JSON value."""


def _no_constant(name: str) -> Any:
    """Refuse the constants that Python's parser takes and JSON does not have."""
    raise ValueError(f"{name} is not JSON")


class Repeated(dict[str, Any]):
    """An object that gives a key two values: which of them is meant, nothing says."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(found)


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_object)


def unambiguous(value: Any) -> Any:
    """Return a JSON value, or :data:`INVALID` where an object in it has a key twice."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, Repeated):
            return INVALID
        if isinstance(one, dict | list):
            pending += one.values() if isinstance(one, dict) else one
    return value


def parse_json(text: str) -> Any:
    """Return a text's JSON value, or :data:`INVALID`; NaN and Infinity are not JSON."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return INVALID


def find_json(text: str) -> Any:
    """Return the JSON value that an output gives, or :data:`INVALID`.

    In order: the whole text; the last fence or tag that holds JSON; what the last ``Answer:`` or
    the like names; the longest one embedded in the text. Embedded values are objects and arrays
    only: every number in prose is JSON too.
    """
    for part in (text, *reversed(code_blocks(text, ("json", "jsonc", "json5")))):
        value = parse_json(part)
        if value is not INVALID:
            return value
    text = own_part(text)
    firm = [one.text for one in announcements(text) if one.firm]
    value = embedded_json(firm[-1]) if firm else INVALID
    return value if value is not INVALID else embedded_json(text)


def embedded_json(text: str) -> Any:
    """Return the longest object or array in a text, or :data:`INVALID`.

    Of objects that contradict each other none is meant: they are returned as :class:`Repeated`.
    """
    found, longest, end = INVALID, 0, 0
    values = list[Any]()
    starts = (index for index, sign in enumerate(text) if sign in "{[")
    for _, start in zip(range(MAX_STARTS), starts, strict=False):
        if start < end:
            continue
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if _mere_example(text, start, end):
            continue
        values.append(value)
        if end - start > longest:
            found, longest = value, end - start
    if isinstance(found, dict) and any(_differs(found, one) for one in values):
        return Repeated(found)
    return found


def _differs(found: dict[str, Any], other: Any) -> bool:
    """Return whether two objects give the same key different values, so that neither holds."""
    return isinstance(other, dict) and any(
        other[key] != found[key] for key in other.keys() & found.keys()
    )


_EXAMPLE_BEFORE = lazy_regex(
    r"\b(?:for (?:example|instance)|an? (?:example|sample|template)|such as|could look"
    r"|zum beispiel|par exemple|por (?:ejemplo|exemplo)|ad esempio|per esempio|например"
    r"|misalnya|örneğin)|例如|比如|例えば|たとえば|예를 들어|उदाहरण|مثلا|على سبيل المثال",
    regex.I,
)
_EG = lazy_regex(r"\b(?:e\.\s?g|z\.\s?b|p\.\s?ej|p\.\s?ex)\.[\s:`]*$", regex.I)
_EXAMPLE_AFTER = lazy_regex(
    r"[`\s*]{0,8}(?:would (?!be (?:the|my) (?:answer|output|result))|is (?:only |just )?an example"
    r"|is (?:not|in)(?:correct| correct|valid| valid)|is wrong)",
    regex.I,
)


def _mere_example(text: str, start: int, end: int) -> bool:
    """Return whether the sentence around a value gives it as an example, or calls it wrong."""
    before = sentence_before(text, start)
    return bool(
        _EXAMPLE_BEFORE.search(before)
        or _EG.search(text, max(0, start - 20), start)
        or _EXAMPLE_AFTER.match(text, end)
        or NEGATION.search(clause_before(text, start))
        or denial(text, end) is not None
    )


@scorer(name="json_valid", metrics=(Metric("json_valid"), Metric("json_valid_lenient")))
def json_valid(output: str) -> dict[str, float]:
    """Score 1 where the output is JSON.

    Strict: the whole output. Lenient: what :func:`find_json` finds in fences, tags or prose.
    """
    strict = parse_json(output) is not INVALID
    lenient = strict or find_json(output) is not INVALID
    return {"json_valid": float(strict), "json_valid_lenient": float(lenient)}


def _validator(schema: object) -> Validator | None:
    """Return an option's validator; ``None`` where each row has its own schema."""
    return None if schema is None else build_validator(schema)


def build_validator(schema: object) -> Validator:
    """Return the validator of a JSON schema.

    Raises:
        ValueError: If it is not a JSON schema, or refers to something that is not in it.
    """
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry

    if not isinstance(schema, dict):
        raise ValueError(f"a JSON schema is a mapping, not {type(schema).__name__}")
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"not a JSON schema: {error.json_path}: {error.message}") from error
    except OverflowError as error:  # a pattern such as a{99999999999}
        raise ValueError(f"not a JSON schema: a pattern cannot be compiled: {error}") from error
    _check_references(schema, kind)
    # An empty registry: a remote $ref is an error and never a download.
    formats = FormatChecker(FORMATS)
    validator: Validator = _in_time(kind)(schema, registry=Registry(), format_checker=formats)
    return validator


@cache
def _in_time(kind: Any) -> Any:
    """Return a class of validators whose patterns are searched within a time limit."""
    from jsonschema.validators import extend

    return extend(kind, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def _of_row(schema: object) -> Validator:
    """Return the validator of a row's schema; rows with the same one share it.

    Raises:
        ValueError: As :func:`build_validator`.
    """
    try:
        return _of_written(json.dumps(schema))
    except (TypeError, RecursionError):  # no JSON
        return build_validator(schema)


@lru_cache(maxsize=256)
def _of_written(schema: str) -> Validator:
    return build_validator(json.loads(schema))


def _check_references(schema: dict[str, Any], kind: Any) -> None:
    """Raise unless everything that a schema refers to is in it."""
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012, specification_with

    dialect = kind.META_SCHEMA.get("$schema", "")
    specification = specification_with(dialect, default=DRAFT202012)
    whole = Resource.from_contents(schema, default_specification=specification)
    registry: Registry[Any] = Registry().with_resource("", whole).crawl()
    pending = [(whole, registry.resolver())]
    while pending:
        part, resolver = pending.pop()
        resolver = resolver.in_subresource(part)
        reference = part.contents.get("$ref") if isinstance(part.contents, dict) else None
        if isinstance(reference, str):
            try:
                resolver.lookup(reference)
            except Unresolvable as error:
                raise ValueError(f"$ref: nothing is found under {reference!r}") from error
        pending += [(one, resolver) for one in part.subresources()]


def _pattern(
    validator: Validator, pattern: str, instance: object, schema: object
) -> Iterator[ValidationError]:
    """Check the keyword ``pattern`` like jsonschema, but within a time limit."""
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not found_in_time(regex.compile(pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@scorer(
    name="json_schema",
    metrics=(Metric("json_schema"), Metric("json_schema_lenient")),
    libraries=("jsonschema",),
    check_row=a_schema,
    schemas=("schema",),
)
def json_schema(
    output: str,
    target: str,
    row: Mapping[str, Any],
    *,
    schema: Annotated[Any, BeforeValidator(_validator)] = None,
    column: str = "schema",
) -> dict[str, float]:
    """Score 1 where the output is JSON that fits a JSON schema.

    An object that has a key twice fits none. ``format`` is checked for :data:`FORMATS`.
    Strict and lenient as in ``json_valid``. In a suite the option ``schema`` may be the path of a
    file; without it, each row's ``column`` holds its own.

    Raises:
        MeasurementError: If the row holds no valid schema, or the schema cannot be resolved.
    """
    from referencing.exceptions import Unresolvable

    try:
        validator = schema or _of_row(row.get(column))
        strict = _fits(validator, parse_json(output))
        lenient = strict or _fits(validator, find_json(output))
    except (ValueError, Unresolvable) as error:
        raise MeasurementError(f"schema (option schema or column '{column}'): {error}") from error
    return {"json_schema": float(strict), "json_schema_lenient": float(lenient)}


def _fits(validator: Validator, value: Any) -> bool:
    """Return whether a value was read and fits."""
    try:
        return unambiguous(value) is not INVALID and validator.is_valid(value)
    except RecursionError:
        return False


@scorer(name="yaml_valid", metrics=(Metric("yaml_valid"), Metric("yaml_valid_lenient")))
def yaml_valid(output: str) -> dict[str, float]:
    """Score 1 where the output is YAML that holds mappings or lists.

    Every sentence is a YAML string, so that plain strings and numbers do not count. Strict: the
    whole output. Lenient: the last fenced block, or what a tag holds, will do.
    """
    strict = _is_yaml(output)
    blocks = code_blocks(output, ("yaml", "yml"))
    lenient = strict or bool(blocks and _is_yaml(blocks[-1]))
    return {"yaml_valid": float(strict), "yaml_valid_lenient": float(lenient)}


def _is_yaml(text: str) -> bool:
    """Return whether every document of a text is a mapping or a list."""
    import yaml

    # The C loader is ten times faster where PyYAML was built with it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if not _is_shallow(yaml.parse(text, Loader=loader)):
            return False
        documents = list(yaml.load_all(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return False  # ValueError: a date such as 2024-13-45; TypeError: an unhashable key
    return bool(documents) and all(isinstance(one, dict | list) for one in documents)


def _is_shallow(events: Iterable[object]) -> bool:
    """Return whether YAML nests within bounds; beyond them the C loader overflows the stack."""
    import yaml

    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_YAML_DEPTH:
            return False
    return True
