"""Records as JSON data and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter


SCHEMA_VERSION = 1
"""Version of every stored record; raised when a field changes its meaning."""


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(record_type: type[Any]) -> TypeAdapter[Any]:
    """Return pydantic's adapter for a record, made once (it takes milliseconds)."""
    from pydantic import TypeAdapter

    if record_type not in _adapters:
        _adapters[record_type] = TypeAdapter(record_type)
    return _adapters[record_type]


def to_json(record: object) -> dict[str, Any]:
    """Return a record as plain JSON data.

    Raises:
        ValueError: If a number is NaN or infinite; such a number is never written.
    """
    plain = _adapter(type(record)).dump_python(record, mode="json")
    json.dumps(plain, allow_nan=False)
    assert isinstance(plain, dict)
    return plain


RecordT = TypeVar("RecordT")


def from_json(record_type: type[RecordT], data: Mapping[str, Any]) -> RecordT:
    """Return the record that :func:`to_json` made ``data`` from.

    Raises:
        pydantic.ValidationError: If the data does not fit the record.
    """
    record: RecordT = _adapter(record_type).validate_python(dict(data))
    return record
