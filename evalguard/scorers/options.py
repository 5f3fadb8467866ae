"""Validate a scorer's options against its keyword-only parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from evalguard.errors import UsageError, did_you_mean
from evalguard.scorers.binding import ScoreFunction

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def bind(name: str, function: ScoreFunction, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as the function takes them, every default filled in.

    Args:
        name: The scorer's name, for the message.
        function: Its function; annotations of keyword-only parameters say what is allowed.
        options: Values by option, as read from a file.

    Raises:
        UsageError: If an option is unknown, missing or does not fit; lists all that are at fault.
    """
    from pydantic import ValidationError

    types = _option_types(function)
    defaults = function.__kwdefaults__ or {}
    problems = [
        f"unknown option '{option}'. {did_you_mean(option, types)}"
        for option in sorted(options.keys() - types.keys())
    ]
    bound = {}
    for option, option_type in types.items():
        if option not in options and option not in defaults:
            problems.append(f"option '{option}' is missing")
            continue
        value = options.get(option, defaults.get(option))
        try:
            bound[option] = option_type.validate_python(value)
        except ValidationError as error:
            problems += [
                ".".join([f"option '{option}'", *map(str, one["loc"])])
                + f": {one['msg'].removeprefix('Value error, ')}, got {one['input']!r}"
                for one in error.errors()
            ]
    if problems:
        raise UsageError(f"scorer '{name}': " + "; ".join(problems))
    return bound


@cache
def _option_types(function: ScoreFunction) -> dict[str, TypeAdapter[Any]]:
    """Return what each keyword-only parameter of a function is validated by."""
    from typing import get_type_hints

    from pydantic import ConfigDict, TypeAdapter

    hints = get_type_hints(function, include_extras=True)
    config = ConfigDict(arbitrary_types_allowed=True)
    return {
        parameter.name: TypeAdapter(hints.get(parameter.name, Any), config=config)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
