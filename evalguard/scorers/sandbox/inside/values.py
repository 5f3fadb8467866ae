"""Values as JSON, and back as exactly the types of the standard library that they claim to be.

An object that pretends to equal everything arrives as what it holds (a number, a list …) or, if it
is of a class that is none of these, as a handle by which the other process knows it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from . import libraries

_SCALARS = frozenset({bool, float, str, type(None)})
_LARGEST = 1 << 63

Hook = Callable[[Any, Any], Any]
"""Encodes what is none of the known types; of a subclass of one, it is given what it holds, too."""

Decoders = dict[str, Callable[[Any], Any]]


def encode(value: Any, hook: Hook) -> Any:
    """Return a value as JSON.

    Args:
        value: The value. Of a subclass of a known type, what it holds is encoded.
        hook: Called with what is of no known type, and with ``None`` or what it holds.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is int:
        return value if -_LARGEST < value < _LARGEST else {"int": hex(value)}
    if kind is list:
        return [encode(one, hook) for one in value]
    if kind not in _BUILT_IN:
        found = libraries.encoded(value, lambda one: encode(one, hook))
        if found is not None:
            return found
    for known, name, encoded in _KNOWN:
        if issubclass(kind, known):
            plain = encoded(value, hook) if name is None else {name: encoded(value, hook)}
            if kind is not known and known is tuple and hasattr(kind, "_fields"):
                plain = {"namedtuple": [kind.__name__, list(kind._fields), _items(value, hook)]}
            return plain if kind is known else hook(value, plain)
    return hook(value, None)


def _items(value: Any, hook: Hook) -> list[Any]:
    return [encode(one, hook) for one in value]


def _pairs(value: Any, hook: Hook) -> list[Any]:
    return [[encode(key, hook), encode(one, hook)] for key, one in value.items()]


_KNOWN: tuple[tuple[type, str | None, Callable[[Any, Hook], Any]], ...] = (
    (int, None, lambda value, hook: encode(int.__add__(value, 0), hook)),
    (float, None, lambda value, _: float.__add__(value, -0.0)),
    (str, None, lambda value, _: str.__str__(value)),
    (list, None, _items),
    (tuple, "tuple", _items),
    (dict, "dict", _pairs),
    (set, "set", _items),
    (frozenset, "frozenset", _items),
    (complex, "complex", lambda value, _: [value.real, value.imag]),
    (bytes, "bytes", lambda value, _: b64encode(value).decode()),
    (bytearray, "bytearray", lambda value, _: b64encode(value).decode()),
    (range, "range", lambda value, _: [value.start, value.stop, value.step]),
    (slice, "slice", lambda value, hook: _items((value.start, value.stop, value.step), hook)),
    (type({}.keys()), "keys", _items),
    (type({}.values()), "values", _items),
    (type({}.items()), "items", _items),
    (type(Ellipsis), "ellipsis", lambda *_: 0),
    (type(NotImplemented), "not implemented", lambda *_: 0),
)
_BUILT_IN = frozenset(known for known, _, _ in _KNOWN)


def decode(value: Any, more: Decoders) -> Any:
    """Return a value from JSON.

    Args:
        value: What :func:`encode` returned.
        more: How what the other side's hook encoded is decoded, by its key.

    Raises:
        ValueError: If it is none.
    """
    if isinstance(value, list):
        return [decode(one, more) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise ValueError("no value")
    [(name, content)] = value.items()
    if name in more:
        return more[name](content)
    if name in _DECODED:
        return _DECODED[name](content, more)
    if name in libraries.DECODED:
        return libraries.DECODED[name](content, lambda one: decode(one, more))
    raise ValueError(f"no value: {name!r:.80}")


_DECODED: dict[str, Callable[[Any, Decoders], Any]] = {
    "int": lambda content, _: int(content, 16),
    "tuple": lambda content, more: tuple(decode(content, more)),
    "set": lambda content, more: set(decode(content, more)),
    "frozenset": lambda content, more: frozenset(decode(content, more)),
    "dict": lambda content, more: {decode(key, more): decode(one, more) for key, one in content},
    "complex": lambda content, _: complex(*content),
    "bytes": lambda content, _: b64decode(content),
    "bytearray": lambda content, _: bytearray(b64decode(content)),
    "range": lambda content, _: range(*content),
    "slice": lambda content, more: slice(*decode(content, more)),
    "keys": lambda content, more: dict.fromkeys(decode(content, more)).keys(),
    "values": lambda content, more: dict(enumerate(decode(content, more))).values(),
    "items": lambda content, more: dict(decode(content, more)).items(),
    "ellipsis": lambda *_: ...,
    "not implemented": lambda *_: NotImplemented,
}
