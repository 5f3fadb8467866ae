"""Can a pattern be found in some text, and is there a text that it is not found in?

Only what is certain is said: a pattern whose answer is not known counts as one that can match and
can fail. Patterns are read by :mod:`re`'s parser; syntax that only the ``regex`` package has is
not judged.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from evalguard.scorers.pattern_alphabet import is_all, op
from evalguard.scorers.pattern_automaton import (
    Automaton,
    UnknownPatternError,
    is_empty,
    is_reachable,
)

_parser: Any = import_module("re._parser")
Node = tuple[Any, Any]

_KNOWN_FLAGS = re.I | re.M | re.S | re.X | re.U
_ONLY_REGEX = re.compile(r"(?<!\\)(?:\\\\)*(?:\{\d*[^}\d,]|\{\}|\[[:.=])")
"""What ``re`` reads as plain characters and the ``regex`` package may not: fuzzy matches, sets."""

_STARTS = (op.AT_BEGINNING, op.AT_BEGINNING_STRING)
_ENDS = (op.AT_END, op.AT_END_STRING)


@lru_cache(maxsize=256)
def never_matches(pattern: str, *, whole: bool = False, stop: tuple[str, ...] = ()) -> bool:
    """Return whether it is certain that no text without a stop string has a match.

    Args:
        pattern: The regular expression.
        whole: Whether it must match all of a text that neither begins nor ends with white space.
        stop: Texts that no text may hold.

    Example:
        >>> never_matches("a$b"), never_matches("(?!)"), never_matches("a|b$c")
        (True, True, False)
        >>> never_matches("Answer: [0-9]+", stop=(":",)), never_matches("Answer:?", stop=(":",))
        (True, False)
    """
    parsed = _parsed(pattern)
    if parsed is None:
        return False
    try:
        machine = Automaton(parsed, parsed.state.flags)
        return not is_reachable(machine, whole=whole, stop=stop)
    except (UnknownPatternError, RecursionError):
        return False


@lru_cache(maxsize=256)
def always_matches(pattern: str, *, whole: bool = False) -> bool:
    """Return whether it is certain that every text has a match, the empty one included.

    Args:
        pattern: The regular expression.
        whole: Whether it must match all of a text that neither begins nor ends with white space.

    Example:
        >>> always_matches("x*"), always_matches("x*$"), always_matches("^x*$"), always_matches("x")
        (True, True, False, False)
        >>> always_matches(".*", whole=True), always_matches("(?s).*", whole=True)
        (False, True)
    """
    parsed = _parsed(pattern)
    if parsed is None:
        return False
    try:
        if whole:
            return _takes_all(list(parsed), parsed.state.flags)
        return any(is_empty(parsed, place) for place in (_STARTS, _ENDS))
    except RecursionError:
        return False


def _parsed(pattern: str) -> Any:
    """Return a pattern as ``re`` reads it, or ``None`` where ``regex`` may read it otherwise."""
    if _ONLY_REGEX.search(pattern):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a set that another version would read otherwise
            found = _parser.parse(pattern)
    except (re.error, ValueError, OverflowError, RecursionError, Warning):
        return None
    return None if found.state.flags & ~_KNOWN_FLAGS else found


def _takes_all(nodes: Sequence[Node], flags: int) -> bool:
    """Return whether nodes can take any text whole: one of them takes all, the others nothing."""
    return any(
        _takes_any(kind, value, flags)
        and is_empty(nodes[:index], _STARTS)
        and is_empty(nodes[index + 1 :], _ENDS)
        for index, (kind, value) in enumerate(nodes)
    )


def _takes_any(kind: Any, value: Any, flags: int) -> bool:
    """Return whether a node can take any text whole."""
    if kind is op.SUBPATTERN:
        return _takes_all(list(value[3]), (flags | value[1]) & ~value[2])
    if kind is op.BRANCH:
        return any(_takes_all(list(branch), flags) for branch in value[1])
    if kind not in (op.MAX_REPEAT, op.MIN_REPEAT):
        return False
    low, high, inner = value
    [*one] = inner
    return bool(low == 0 and high is op.MAXREPEAT and len(one) == 1 and _is_any(one[0], flags))


def _is_any(node: Node, flags: int) -> bool:
    r"""Return whether a node is a set of all characters, such as ``[\s\S]``."""
    kind, value = node
    if kind is op.SUBPATTERN:
        inner = list(value[3])
        return len(inner) == 1 and _is_any(inner[0], (flags | value[1]) & ~value[2])
    if kind is op.ANY:
        return bool(flags & re.S)
    return kind is op.IN and value[0][0] is not op.NEGATE and is_all(value)
