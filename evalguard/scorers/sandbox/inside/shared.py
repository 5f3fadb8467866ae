"""Lists, dicts, sets and arrays that both processes hold, kept alike from message to message."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

_CONTAINERS = (list, dict, set)
_MOST = 64
"""Of one value; what lies deeper is part of the content of those before it."""


class Shared:
    """What was sent or received and may still be changed by either side.

    Both sides number what they share by the order in which it is sent, and drop what one of them
    no longer holds.

    Args:
        encode: Encodes content.
        decode: Decodes it.
    """

    def __init__(self, encode: Callable[[Any], Any], decode: Callable[[Any], Any]) -> None:
        self._encode, self._decode = encode, decode
        self._kept: dict[int, list[Any]] = {}
        self._dropped: list[int] = []
        self._next = 0

    def add(self, *values: Any) -> None:
        """Share what can be changed in values that have just been sent or received."""
        for value in values:
            for one in containers(value)[:_MOST]:
                self._kept[self._next] = [one, self._encode(_content(one))]
                self._next += 1

    def changes(self) -> dict[str, Any]:
        """Return what has changed on this side since the last message."""
        changed = []
        for key, kept in list(self._kept.items()):
            try:
                now = self._encode(_content(kept[0]))
            except TypeError:  # it holds what cannot leave this process
                self._drop(key)
                continue
            if now != kept[1]:
                kept[1] = now
                changed.append([key, now])
            if sys.getrefcount(kept[0]) <= 2:  # nobody else holds it
                self._drop(key)
        dropped, self._dropped = self._dropped, []
        return {name: one for name, one in (("changed", changed), ("dropped", dropped)) if one}

    def apply(self, message: Mapping[str, Any]) -> None:
        """Change this side's as the other side says."""
        changed = [
            (kept, self._decode(content))
            for key, content in message.get("changed", ())
            if (kept := self._kept.get(key)) is not None
        ]
        for kept, content in changed:
            _put_back(kept[0], content)
        for kept, _ in changed:
            kept[1] = self._encode(_content(kept[0]))
        for key in message.get("dropped", ()):
            self._kept.pop(key, None)

    def _drop(self, key: int) -> None:
        del self._kept[key]
        self._dropped.append(key)


def containers(value: Any) -> list[Any]:
    """Return the lists, dicts, sets and arrays in a value, outermost first."""
    kind = type(value)  # not isinstance(), which asks a stand-in what it is
    found = [value] if issubclass(kind, _CONTAINERS) or _is_array(value) else []
    if issubclass(kind, dict | list | tuple):
        for one in value.values() if issubclass(kind, dict) else value:
            if not issubclass(type(one), int | float | str):
                found += containers(one)
            if len(found) > _MOST:
                break
    return found


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray


def _content(kept: Any) -> Any:
    kind = next((kind for kind in _CONTAINERS if isinstance(kept, kind)), None)
    return kept if kind is None else kind(kept)


def _put_back(kept: Any, content: Any) -> None:
    """Give a list, dict, set or array the content that the other side has left in its own."""
    if isinstance(kept, list) and isinstance(content, list):
        list.__setitem__(kept, slice(None), content)
    elif isinstance(kept, dict) and isinstance(content, dict):
        dict.clear(kept)
        dict.update(kept, content)
    elif isinstance(kept, set) and isinstance(content, set):
        set.clear(kept)
        set.update(kept, content)
    elif _is_array(kept) and _is_array(content) and kept.shape == content.shape:
        kept[...] = content
    else:
        raise ValueError("a list, dict, set or array became another type")
