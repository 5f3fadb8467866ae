"""An automaton that accepts at least what a pattern matches, and the search for such a text.

Where a pattern's meaning is not followed (a reference to a group, a long look ahead), the automaton
takes more than the pattern does: what it takes nothing of, the pattern cannot match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from evalguard.scorers.pattern_alphabet import (
    Characters,
    alphabet,
    characters_of,
    is_all,
    is_word,
    op,
)

Node = tuple[Any, Any]

MAX_STATES = 2_000
MAX_STEPS = 100_000
COPIES = 3
"""Times that what must be repeated is written out; what is to come after is any number of them."""

LAST_NEWLINE = "\n\n"
"""Stands for a newline with nothing after it; the empty text for no character at all."""

_AT: dict[Any, Callable[[str, str], bool]] = {
    op.AT_BEGINNING_STRING: lambda before, _: not before,
    op.AT_BEGINNING: lambda before, _: not before,
    op.AT_BEGINNING_LINE: lambda before, _: before in {"", "\n"},
    op.AT_END_STRING: lambda _, after: not after,
    op.AT_END: lambda _, after: after in {"", LAST_NEWLINE},
    op.AT_END_LINE: lambda _, after: after in {"", "\n", LAST_NEWLINE},
    op.AT_BOUNDARY: lambda before, after: is_word(before) != is_word(after),
    op.AT_NON_BOUNDARY: lambda before, after: is_word(before) == is_word(after),
}
_MULTILINE = {op.AT_BEGINNING: op.AT_BEGINNING_LINE, op.AT_END: op.AT_END_LINE}


class UnknownPatternError(Exception):
    """A pattern is too large, or of a kind that is not followed."""


class Edge(NamedTuple):
    """A step to another state: over a character of a set, or where a condition holds."""

    target: int
    takes: Characters | None = None
    holds: Callable[[str, str], bool] | None = None


def is_empty(nodes: Iterable[Node], places: Sequence[Any] = ()) -> bool:
    """Return whether nodes match the empty text at one end of any text.

    Args:
        nodes: Parsed nodes.
        places: The assertions that hold at that end; none for a place anywhere.
    """
    return all(_is_empty_node(kind, value, places) for kind, value in nodes)


def _is_empty_node(kind: Any, value: Any, places: Sequence[Any]) -> bool:
    found = False
    if kind is op.AT:
        found = value in places
    elif kind in {op.MAX_REPEAT, op.MIN_REPEAT}:
        found = value[0] == 0 or is_empty(value[2], places)
    elif kind is op.SUBPATTERN:
        found = is_empty(value[3], places)
    elif kind is op.BRANCH:
        found = any(is_empty(branch, places) for branch in value[1])
    elif kind is op.ASSERT:
        found = is_empty(value[1], places)
    elif kind is op.ASSERT_NOT:  # nothing is there to be matched
        edge = op.AT_END if value[0] == 1 else op.AT_BEGINNING
        found = edge in places and value[1].getwidth()[0] > 0
    return found


class Automaton:
    """States from 0 to the last one, which accepts.

    Args:
        nodes: Parsed nodes.
        flags: The pattern's flags.

    Raises:
        UnknownPatternError: If the pattern is too large.
    """

    def __init__(self, nodes: Iterable[Node], flags: int) -> None:
        self.edges: list[list[Edge]] = [[]]
        self.sets: list[Characters] = []
        self.limits: set[int] = set()
        self.last = self._sequence(nodes, flags, 0)

    def _state(self) -> int:
        if len(self.edges) >= MAX_STATES:
            raise UnknownPatternError
        self.edges.append([])
        return len(self.edges) - 1

    def _step(self, at: int, target: int | None = None, **kind: Any) -> int:
        target = self._state() if target is None else target
        self.edges[at].append(Edge(target, **kind))
        return target

    def _sequence(self, nodes: Iterable[Node], flags: int, at: int) -> int:
        for kind, value in nodes:
            at = self._node(kind, value, flags, at)
        return at

    def _node(self, kind: Any, value: Any, flags: int, at: int) -> int:
        if (takes := self._characters((kind, value), flags)) is not None:
            return self._step(at, takes=takes)
        if kind in {op.ASSERT, op.ASSERT_NOT}:
            return self._assertion(value, flags, at, wanted=kind is op.ASSERT)
        if kind not in _FOLLOWED:
            raise UnknownPatternError
        return _FOLLOWED[kind](self, value, flags, at)

    def _at(self, value: Any, flags: int, at: int) -> int:
        place = _MULTILINE.get(value, value) if flags & re.M else value
        return self._step(at, holds=_AT[place])

    def _group(self, value: Any, flags: int, at: int) -> int:
        _, more, less, inner = value
        if more & re.A:
            raise UnknownPatternError
        return self._sequence(inner, (flags | more) & ~less, at)

    def _any_text(self, _value: Any, _flags: int, at: int) -> int:
        self._step(at, at, takes=lambda _: True)
        return self._step(at)

    def _characters(self, node: Node, flags: int) -> Characters | None:
        """Return the set that a node matches one character of, and note its limits."""
        kind, value = node
        ignore_case = bool(flags & re.I)
        found = characters_of(kind, value, ignore_case=ignore_case, dot_all=bool(flags & re.S))
        if found is None or kind is op.ANY:
            return found
        if kind is op.IN and value[0][0] is op.NEGATE and is_all(value):
            raise UnknownPatternError  # the regex package has it match everything
        for name, one in value if kind is op.IN else [(op.LITERAL, value)]:
            if name in {op.LITERAL, op.RANGE}:
                low, high = one if name is op.RANGE else (one, one)
                if ignore_case and high > 127:
                    raise UnknownPatternError  # what else is the same letter is not listed
                forms = str.lower, str.upper
                self.limits |= {ord(to(chr(low))) for to in forms}
                self.limits |= (
                    {ord(to(chr(high))) + 1 for to in forms} if high < 128 else {high + 1}
                )
        self.sets.append(found)
        return found

    def _branches(self, branches: Iterable[Iterable[Node]], flags: int, at: int) -> int:
        end = self._state()
        for branch in branches:
            self._step(self._sequence(branch, flags, at), end)
        return end

    def _repeat(self, value: Any, flags: int, at: int) -> int:
        low, high, inner = value
        for _ in range(min(low, COPIES)):
            at = self._sequence(inner, flags, at)
        if high is op.MAXREPEAT or high > low:
            loop = self._step(at)
            self._step(self._sequence(inner, flags, loop), loop)
            return self._step(loop)
        return at

    def _assertion(self, value: Any, flags: int, at: int, *, wanted: bool) -> int:
        """Follow what is asked of one character before or after; of more, nothing is asked."""
        direction, nodes = value[0], list(value[1])
        if not wanted and is_empty(nodes):
            return self._state()
        one = self._characters(nodes[0], flags) if len(nodes) == 1 else None
        if one is None or (not wanted and flags & re.I):
            return self._step(at)

        def holds(before: str, after: str) -> bool:
            char = (after if direction == 1 else before)[:1]
            return bool(char and one(char)) is wanted

        return self._step(at, holds=holds)


_FOLLOWED: dict[Any, Callable[[Automaton, Any, int, int], int]] = {
    op.AT: Automaton._at,
    op.SUBPATTERN: Automaton._group,
    op.ATOMIC_GROUP: Automaton._sequence,
    op.BRANCH: lambda machine, value, flags, at: machine._branches(value[1], flags, at),
    op.GROUPREF_EXISTS: lambda machine, value, flags, at: machine._branches(
        [value[1], value[2] or []], flags, at
    ),
    op.MAX_REPEAT: Automaton._repeat,
    op.MIN_REPEAT: Automaton._repeat,
    op.POSSESSIVE_REPEAT: Automaton._repeat,
    op.GROUPREF: Automaton._any_text,
    op.FAILURE: lambda machine, *_: machine._state(),
}
"""How the nodes that match no single character are followed."""


class _Place(NamedTuple):
    """A place in a text: the automaton's state, the characters around, how far each stop came."""

    state: int
    before: str
    after: str
    reached: tuple[int, ...]


def is_reachable(machine: Automaton, *, whole: bool, stop: Sequence[str]) -> bool:
    """Return whether the automaton takes part of a text.

    Args:
        machine: The automaton.
        whole: Whether it must take all of a text without white space at its ends.
        stop: Texts that the text must not hold.

    Raises:
        UnknownPatternError: If that takes too many steps.
    """
    chars = _representatives(machine, stop)
    pending = list(_beginnings(chars, whole, stop))
    seen = set(pending)
    while pending:
        place = pending.pop()
        if place.state == machine.last and _may_end(place, whole, stop):
            return True
        for found in _following(machine, place, chars, stop):
            if found not in seen:
                seen.add(found)
                pending.append(found)
        if len(seen) > MAX_STEPS:
            raise UnknownPatternError
    return False


def _representatives(machine: Automaton, stop: Sequence[str]) -> list[str]:
    """Return one of the characters that are the same to the pattern and the stop strings."""
    special = {*"".join(stop), "\n"}
    limits = {limit for char in special for limit in (ord(char), ord(char) + 1)}
    kinds: dict[object, str] = {}
    for char in alphabet(machine.limits | limits):
        own = char if char in special else ""
        key = own, is_word(char), char.isspace(), *(one(char) for one in machine.sets)
        kinds.setdefault(key, char)
    return list(kinds.values())


def _beginnings(chars: Sequence[str], whole: bool, stop: Sequence[str]) -> Iterator[_Place]:
    nothing = (0,) * len(stop)
    for after in (*chars, LAST_NEWLINE, ""):
        if not whole:
            yield _Place(0, "", after, nothing)
            for before in chars:
                if (reached := _advance(nothing, before, stop)) is not None:
                    yield _Place(0, before, after, reached)
        elif not after.isspace():
            yield _Place(0, "", after, nothing)


def _may_end(place: _Place, whole: bool, stop: Sequence[str]) -> bool:
    if whole:
        return not place.after and not place.before.isspace()
    return not place.after or _advance(place.reached, place.after[0], stop) is not None


def _following(
    machine: Automaton, place: _Place, chars: Sequence[str], stop: Sequence[str]
) -> Iterator[_Place]:
    """Yield the places one step on."""
    for edge in machine.edges[place.state]:
        if edge.takes is None:
            if edge.holds is None or edge.holds(place.before, place.after):
                yield place._replace(state=edge.target)
        elif place.after and edge.takes(place.after[0]):
            reached = _advance(place.reached, place.after[0], stop)
            if reached is None:
                continue
            next_ones = ("",) if place.after == LAST_NEWLINE else (*chars, LAST_NEWLINE, "")
            for after in next_ones:
                yield _Place(edge.target, place.after[0], after, reached)


def _advance(reached: tuple[int, ...], char: str, stop: Sequence[str]) -> tuple[int, ...] | None:
    """Return how much of each stop string a text ends with; ``None`` once one is whole."""
    found = []
    for length, text in zip(reached, stop, strict=True):
        said = text[:length] + char
        kept = next((n for n in range(len(said), 0, -1) if said.endswith(text[:n])), 0)
        if kept == len(text):
            return None
        found.append(kept)
    return tuple(found)
