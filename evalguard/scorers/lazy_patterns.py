"""Regular expressions that are compiled when they are first used.

Compiling those of all scorers takes 0.4 s. A run uses few of them, and none where all samples are
in the store.
"""

from __future__ import annotations

import re
from typing import Any, cast

import regex


def lazy_re(pattern: str, flags: int = 0) -> re.Pattern[str]:
    r"""Return a pattern of :mod:`re` that is compiled at its first use.

    Example:
        >>> lazy_re(r"\d+").findall("3 of 10")
        ['3', '10']
    """
    return cast("re.Pattern[str]", _LazyPattern(re.compile, pattern, flags))


def lazy_regex(pattern: str, flags: int = 0, **lists: Any) -> regex.Pattern[str]:
    r"""Return a pattern of the ``regex`` package that is compiled at its first use.

    Args:
        pattern: The regular expression.
        flags: As :func:`regex.compile` takes them.
        **lists: The named lists in it.

    Example:
        >>> lazy_regex(r"\p{Lu}").findall("a B Ç")
        ['B', 'Ç']
    """
    return cast("regex.Pattern[str]", _LazyPattern(regex.compile, pattern, flags, **lists))


class _LazyPattern:
    """Has every attribute of the compiled pattern, and keeps those that were asked for."""

    def __init__(self, compile_: Any, pattern: str, flags: int, **lists: Any) -> None:
        self._compile, self._flags, self._lists = compile_, flags, lists
        self.pattern = pattern

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if "_compiled" not in vars(self):
            self._compiled = self._compile(self.pattern, self._flags, **self._lists)
        value = getattr(self._compiled, name)
        setattr(self, name, value)
        return value
