"""What pydantic found → one :class:`Problem` for each key, in the words of a YAML user."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from evalguard.config.allowed import Allowed, KeyPath
from evalguard.errors import Problem, did_you_mean, found

_WORDS = {
    "Input should be ": "must be ",
    "a valid array": "a list",
    "an object": "a mapping (key: value)",
    "a valid dictionary": "a mapping (key: value)",
    "a valid string": "text",
    "a valid integer": "an integer",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "Tuple should have": "must have",
    "List should have": "must have",
    "Dictionary should have": "must have",
    "String should": "must",
    " after validation": "",
}


def describe_problems(
    error: ValidationError, data: Any, model: type[BaseModel], file: str
) -> list[Problem]:
    """Return one problem for each key that is wrong.

    Args:
        error: What pydantic raised.
        data: The data that it validated.
        model: The model that it validated against; its JSON schema knows the allowed names.
        file: Path of the file as the user wrote it.
    """
    allowed = Allowed(model, data)
    by_path: dict[KeyPath, list[str]] = {}
    for details in error.errors(include_url=False):
        path, value = _locate(details, data)
        if details["type"] == "too_short" and len(value) >= details["ctx"]["min_length"]:
            continue  # pydantic does not count items that are wrong themselves
        messages = by_path.setdefault(path, [])
        message = _message(details, path, value, allowed)
        if messages and messages[0].startswith("must be ") and message.startswith("must be "):
            # The members of a union each say what they want of the one value.
            want, _, tail = messages[0].partition(", found ")
            also = message.removeprefix("must be ").partition(", found ")[0]
            messages[0] = f"{want} or {also}, found {tail}"
        elif message not in messages:
            messages.append(message)
    return [Problem(file, key_path(path), "; ".join(texts)) for path, texts in by_path.items()]


def key_path(path: Iterable[str | int]) -> str:
    """Return a path as users read it.

    Example:
        >>> key_path(["gates", 2, "metric"])
        'gates[2].metric'
    """
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _locate(details: ErrorDetails, data: Any) -> tuple[KeyPath, Any]:
    """Return the path of the key in the user's file, and the value there.

    Pydantic's locations also hold labels of union members, which are in no file.
    """
    location = details["loc"]
    path: list[str | int] = []
    for position, key in enumerate(location):
        if key in _keys(data):
            data = data[key]
        elif details["type"] == "missing" and position == len(location) - 1:
            data = None
        else:
            continue
        path.append(key)
    if details["type"].startswith("union_tag"):
        tag_key = str(details["ctx"]["discriminator"]).strip("'")
        return (*path, tag_key), data.get(tag_key)
    return tuple(path), data


def _tags(details: ErrorDetails) -> list[str]:
    """Return the members of a union by their names; none where the error is about another value."""
    return re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected_tags", "")))


def _keys(data: Any) -> Collection[str | int]:
    """Return what a list or a mapping can be indexed with."""
    if isinstance(data, list):
        return range(len(data))
    return data.keys() if isinstance(data, dict) else ()


def _message(details: ErrorDetails, path: KeyPath, value: Any, allowed: Allowed) -> str:
    """Say what is wrong with a value, and what is allowed instead."""
    match details["type"]:
        case "extra_forbidden":
            return f"unknown key. {did_you_mean(str(path[-1]), allowed.keys(path[:-1]))}"
        case "missing" | "union_tag_not_found":
            choices = allowed.values(path)
            return "missing; it must be given." + (
                f" {did_you_mean('', choices)}" if choices else ""
            )
        case "literal_error" if path == ("version",):
            return (
                f"{found(value)}, but this version of EvalGuard reads version "
                f"{allowed.values(path)[0]}; correct the number, or install the version of "
                "EvalGuard that the file was written for"
            )
        case "literal_error" | "enum" | "union_tag_invalid":
            choices = _tags(details) or allowed.values(path)
            nearest = get_close_matches(str(value), choices, n=1)
            hint = f". Did you mean '{nearest[0]}'?" if nearest else ""
            *others, last = choices
            any_of = f"{', '.join(others)} or {last}" if others else last
            return f"must be {any_of}, {found(value)}{hint}"
        case "value_error" | "assertion_error":
            return str(details["ctx"]["error"])
        case kind:
            message = details["msg"]
            for old, new in _WORDS.items():
                message = message.replace(old, new)
            unquoted = kind == "string_type" and isinstance(value, bool | int | float)
            return f"{message}, {found(value)}" + ("; write it in quotes" if unquoted else "")
