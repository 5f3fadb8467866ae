"""Values of modules that are not imported for their sake, such as dates and arrays.

Each is taken apart into values that :mod:`.values` knows, and put together again as exactly that
type by the other process's own module.
"""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from importlib import import_module
from typing import Any

from . import frames

Inner = Callable[[Any], Any]
"""Encodes or decodes what a value holds."""


def _pairs(value: Any, inner: Inner) -> list[Any]:
    return [[inner(key), inner(one)] for key, one in value.items()]


def _dict(content: Any, inner: Inner) -> dict[Any, Any]:
    return {inner(key): inner(one) for key, one in content}


def _array(value: Any, inner: Inner) -> list[Any]:
    from numpy.lib import format as described

    if value.dtype.hasobject:
        return [None, list(value.shape), inner(value.ravel().tolist())]
    descriptor = inner(described.dtype_to_descr(value.dtype))  # type: ignore[no-untyped-call]
    return [descriptor, list(value.shape), b64encode(value.tobytes()).decode()]


def _array_of(content: Any, inner: Inner) -> Any:
    import numpy as np
    from numpy.lib import format as described

    descriptor, shape, data = content
    if descriptor is None:
        found = np.empty(len(data), dtype=object)
        found[:] = inner(data)
    else:
        dtype = described.descr_to_dtype(inner(descriptor))  # type: ignore[no-untyped-call]
        found = np.frombuffer(b64decode(data), dtype=dtype).copy()
    return found.reshape(shape)


def _scalar(value: Any, inner: Inner) -> list[Any]:
    import numpy as np

    return _array(np.asarray(value), inner)


def _named_tuple(content: Any, inner: Inner) -> Any:
    from collections import namedtuple

    name, fields, items = content
    return namedtuple(str(name), [str(one) for one in fields])(*inner(items))


def _match(value: Any, inner: Inner) -> list[Any]:
    return [inner(value.re), inner(value.string), value.start(), value.end(), value.endpos]


def _match_of(content: Any, inner: Inner) -> Any:
    """Match again: groups are those that the pattern has in the text."""
    pattern, string, start, end, ends_at = content
    compiled, text = inner(pattern), inner(string)
    for match in (compiled.match, compiled.fullmatch):
        found = match(text, start, ends_at if match == compiled.match else end)
        if found is not None and found.end() == end:
            return found
    raise ValueError("no match")


def _text(value: Any, _: Inner) -> str:
    return str(value)


def _iso(value: Any, _: Inner) -> str:
    return str(value.isoformat())


def _made(module: str, name: str) -> Callable[[Any, Inner], Any]:
    """Return a decoder that gives the content to a class."""
    return lambda content, inner: getattr(import_module(module), name)(inner(content))


def _from_iso(name: str) -> Callable[[Any, Inner], Any]:
    return lambda content, _: getattr(import_module("datetime"), name).fromisoformat(content)


_Kind = tuple[str, str, Callable[[Any, Inner], Any], Callable[[Any, Inner], Any]]

_IP = ("IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network", "IPv4Interface", "IPv6Interface")

KINDS: tuple[_Kind, ...] = (
    # module, class, how its values are encoded, and decoded; a class before those it derives from
    *frames.KINDS,
    ("numpy", "generic", _scalar, lambda content, inner: _array_of(content, inner)[()]),
    ("numpy", "ndarray", _array, _array_of),
    ("collections", "Counter", _pairs,
     lambda content, inner: import_module("collections").Counter(_dict(content, inner))),
    ("collections", "OrderedDict", _pairs,
     lambda content, inner: import_module("collections").OrderedDict(_dict(content, inner))),
    ("collections", "defaultdict", _pairs,
     lambda content, inner: import_module("collections").defaultdict(None, _dict(content, inner))),
    ("collections", "deque", lambda value, inner: [inner(list(value)), value.maxlen],
     lambda content, inner: import_module("collections").deque(inner(content[0]), content[1])),
    ("types", "MappingProxyType", _pairs,
     lambda content, inner: import_module("types").MappingProxyType(_dict(content, inner))),
    ("decimal", "Decimal", _text, _made("decimal", "Decimal")),
    ("fractions", "Fraction", lambda value, _: [hex(value.numerator), hex(value.denominator)],
     lambda content, _: import_module("fractions").Fraction(*(int(one, 16) for one in content))),
    ("datetime", "datetime", _iso, _from_iso("datetime")),
    ("datetime", "date", _iso, _from_iso("date")),
    ("datetime", "time", _iso, _from_iso("time")),
    ("datetime", "timedelta", lambda value, _: [value.days, value.seconds, value.microseconds],
     lambda content, _: import_module("datetime").timedelta(*content)),
    ("datetime", "timezone",
     lambda value, inner: inner([value.utcoffset(None), value.tzname(None)]),
     lambda content, inner: import_module("datetime").timezone(*inner(content))),
    ("zoneinfo", "ZoneInfo", lambda value, _: value.key, _made("zoneinfo", "ZoneInfo")),
    ("pathlib", "PurePath", _text, _made("pathlib", "Path")),
    ("uuid", "UUID", _text, _made("uuid", "UUID")),
    ("re", "Pattern", lambda value, inner: [inner(value.pattern), value.flags],
     lambda content, inner: import_module("re").compile(inner(content[0]), content[1])),
    ("re", "Match", _match, _match_of),
    ("array", "array", lambda value, inner: [value.typecode, inner(value.tolist())],
     lambda content, inner: import_module("array").array(content[0], inner(content[1]))),
    *(("ipaddress", name, _text, _made("ipaddress", name)) for name in _IP),
)  # fmt: skip

DECODED: dict[str, Callable[[Any, Inner], Any]] = {
    f"{module}.{name}": decoded for module, name, _, decoded in KINDS
} | {"namedtuple": _named_tuple}


def encoded(value: Any, inner: Inner) -> dict[str, Any] | None:
    """Return a value of one of the modules as JSON; ``None`` for others."""
    for module, name, encode, _ in KINDS:
        known = getattr(sys.modules.get(module), name, None)
        if known is not None and issubclass(type(value), known):
            return {f"{module}.{name}": encode(value, inner)}
    return None
