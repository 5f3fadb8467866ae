"""Values as JSON, and back as exactly the types of the standard library that they claim to be.

An object that pretends to equal everything arrives as what it holds (a number, a list …) or, if it
is of a class that is none of these, as a handle by which the other process knows it.
"""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

_SCALARS = frozenset({bool, float, str, type(None)})
_LARGEST = 1 << 63
_CONTAINERS = (list, dict, set)

Hook = Callable[[Any], dict[str, Any]]
"""Encodes what is none of the known types."""

Decoders = dict[str, Callable[[Any], Any]]


def encode(value: Any, hook: Hook) -> Any:
    """Return a value as JSON.

    Args:
        value: The value. Of a subclass of a known type, what it holds is encoded.
        hook: Called with what is of no known type.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is int:
        return value if -_LARGEST < value < _LARGEST else {"int": hex(value)}
    if kind is list:
        return [encode(one, hook) for one in value]
    for known, name, encoded in _KNOWN:
        if isinstance(value, known):
            if kind is not known and known is tuple and hasattr(kind, "_fields"):
                return {"namedtuple": [kind.__name__, list(kind._fields), _items(value, hook)]}
            return encoded(value, hook) if name is None else {name: encoded(value, hook)}
    later = _of_imported(value, hook)
    return hook(value) if later is None else later


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


def _of_imported(value: Any, hook: Hook) -> Any:
    """Return a value of a module that is not imported for its sake; ``None`` for others."""
    kind = type(value)
    for module, name, encoded in _IMPORTED:
        known = getattr(sys.modules.get(module), name, None)
        if known is not None and isinstance(value, known):
            return {f"{module}.{name}": encoded(value, hook)}
    if isinstance(value, dict):
        return {"dict": _pairs(value, hook)}
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return encode(value.item(), hook) if not isinstance(value.item(), kind) else None
    return None


def _array(value: Any, hook: Hook) -> list[Any]:
    if value.dtype.hasobject:
        raise TypeError("an array of objects")
    return [value.dtype.str, list(value.shape), encode(value.ravel().tolist(), hook)]


_IMPORTED: tuple[tuple[str, str, Callable[[Any, Hook], Any]], ...] = (
    ("collections", "Counter", _pairs),
    ("collections", "OrderedDict", _pairs),
    ("collections", "defaultdict", _pairs),
    ("collections", "deque", lambda value, hook: [_items(value, hook), value.maxlen]),
    ("decimal", "Decimal", lambda value, _: str(value)),
    ("fractions", "Fraction", lambda value, _: [hex(value.numerator), hex(value.denominator)]),
    ("datetime", "datetime", lambda value, _: value.isoformat()),
    ("datetime", "date", lambda value, _: value.isoformat()),
    ("datetime", "time", lambda value, _: value.isoformat()),
    ("datetime", "timedelta", lambda value, _: [value.days, value.seconds, value.microseconds]),
    ("numpy", "ndarray", _array),
)


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
    if name not in _DECODED:
        raise ValueError(f"no value: {name!r:.80}")
    return _DECODED[name](content, more)


def _decoded_pairs(content: Any, more: Decoders) -> dict[Any, Any]:
    return {decode(key, more): decode(one, more) for key, one in content}


def _named_tuple(content: Any, more: Decoders) -> Any:
    from collections import namedtuple

    name, fields, items = content
    return namedtuple(str(name), [str(one) for one in fields])(*decode(items, more))


def _deque(content: Any, more: Decoders) -> Any:
    from collections import deque

    return deque(decode(content[0], more), content[1])


def _counter(content: Any, more: Decoders) -> Any:
    from collections import Counter

    return Counter(_decoded_pairs(content, more))


def _ordered(content: Any, more: Decoders) -> Any:
    from collections import OrderedDict

    return OrderedDict(_decoded_pairs(content, more))


def _default(content: Any, more: Decoders) -> Any:
    from collections import defaultdict

    return defaultdict(None, _decoded_pairs(content, more))


def _decimal(content: Any, _: Decoders) -> Any:
    from decimal import Decimal

    return Decimal(str(content))


def _fraction(content: Any, _: Decoders) -> Any:
    from fractions import Fraction

    return Fraction(int(content[0], 16), int(content[1], 16))


def _of_datetime(name: str) -> Callable[[Any, Decoders], Any]:
    def decoded(content: Any, _: Decoders) -> Any:
        import datetime

        kind = getattr(datetime, name)
        return kind(*content) if name == "timedelta" else kind.fromisoformat(content)

    return decoded


def _ndarray(content: Any, more: Decoders) -> Any:
    import numpy as np

    dtype, shape, items = content
    return np.array(decode(items, more), dtype=np.dtype(str(dtype))).reshape(shape)


_DECODED: dict[str, Callable[[Any, Decoders], Any]] = {
    "int": lambda content, _: int(content, 16),
    "tuple": lambda content, more: tuple(decode(content, more)),
    "namedtuple": _named_tuple,
    "set": lambda content, more: set(decode(content, more)),
    "frozenset": lambda content, more: frozenset(decode(content, more)),
    "dict": _decoded_pairs,
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
    "collections.Counter": _counter,
    "collections.OrderedDict": _ordered,
    "collections.defaultdict": _default,
    "collections.deque": _deque,
    "decimal.Decimal": _decimal,
    "fractions.Fraction": _fraction,
    "datetime.datetime": _of_datetime("datetime"),
    "datetime.date": _of_datetime("date"),
    "datetime.time": _of_datetime("time"),
    "datetime.timedelta": _of_datetime("timedelta"),
    "numpy.ndarray": _ndarray,
}


def containers(value: Any) -> list[Any]:
    """Return the lists, dicts and sets in a value, which a call may change, outermost first."""
    found = [value] if isinstance(value, _CONTAINERS) else []
    if isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            if not isinstance(one, int | float | str):
                found += containers(one)
    return found


def put_back(kept: Any, changed: Any) -> None:
    """Give a list, dict or set the content that a call has left in its copy."""
    if type(changed) is not type(kept):
        raise ValueError("a list, dict or set became another type")
    if isinstance(kept, list):
        kept[:] = changed
    else:
        kept.clear()
        kept.update(changed)
