"""How the values of a row are written into prompts and targets, and which must not be.

Python's own forms (``None``, ``True``, ``['a']``) belong in neither: a model is not asked about
them, and a target that holds one can be matched by no answer. Numbers are written as in the file,
truth values as JSON writes them. Null, lists and objects are written only where a template says
how; elsewhere they raise :class:`Unwritable`, be it in ``{{ column }}``, in ``a ~ b`` or inside a
filter.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jinja2 import Undefined


class Unwritable(Exception):  # noqa: N818
    """A value has no form of its own in a text; says which, and what a template may write."""


class Decimals(float):
    """A fraction that is written as the file writes it: 3.10 stays 3.10."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, value: float | str, text: str | None = None) -> Decimals:
        """Return the number; without ``text``, ``value`` is how it is written."""
        number = super().__new__(cls, value)
        number.text = str(value) if text is None else text
        return number

    def __str__(self) -> str:
        return self.text

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else self.text

    def __reduce__(self) -> tuple[type[Decimals], tuple[float, str]]:
        return Decimals, (float(self), self.text)


class Flag(int):
    """A truth value, written ``true`` or ``false``."""

    __slots__ = ()

    def __str__(self) -> str:
        return "true" if self else "false"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


class _Unwritten:
    """What of a row has no form of its own.

    Attributes:
        column: Its column, or its path within one, such as ``choices[2]``.
    """

    column: str

    def _reason(self) -> str:
        """Return what the value is, and what a template may write."""
        raise NotImplementedError

    def __str__(self) -> str:
        raise Unwritable(self._reason())

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self)


class Null(_Unwritten):
    """A null: false, equal to ``none``, and written only by way of ``or`` or ``default``."""

    __slots__ = ("column",)

    def __init__(self, column: str) -> None:
        self.column = column

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Null)

    def __hash__(self) -> int:
        return hash(None)

    def _reason(self) -> str:
        return (
            f"column '{self.column}' is null, and the template writes it. Fill it in, or say what "
            f"to write instead: {{{{ {self.column} or '' }}}}."
        )


class Items(_Unwritten, list[Any]):
    """A list, written only through a filter."""

    def __init__(self, column: str, values: Sequence[Any]) -> None:
        self.column = column
        super().__init__(template_value(one, f"{column}[{i}]") for i, one in enumerate(values))

    def _reason(self) -> str:
        return (
            f"column '{self.column}' is a list, and the template writes it. Say how: "
            f"{{{{ {self.column} | join(', ') }}}} or {{{{ {self.column} | tojson }}}}."
        )


class Fields(_Unwritten, dict[str, Any]):
    """An object, written only through a filter or field by field."""

    def __init__(self, column: str, values: Mapping[str, Any]) -> None:
        self.column = column
        super().__init__(
            {key: template_value(one, f"{column}.{key}") for key, one in values.items()}
        )

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return a field; a null of that name where there is none and no default."""
        return super().get(key, Null(f"{self.column}.{key}") if default is None else default)

    def _reason(self) -> str:
        field = next((key for key in self if key.isidentifier()), "field")
        return (
            f"column '{self.column}' is an object, and the template writes it. Say how: "
            f"{{{{ {self.column} | tojson }}}}, or one field: {{{{ {self.column}.{field} }}}}."
        )


def template_value(value: Any, column: str) -> Any:
    """Return a value of a row as templates get it; ``column`` names it in errors."""
    match value:
        case None:
            return Null(column)
        case bool():
            return Flag(value)
        case list() | tuple():
            return Items(column, value)
        case dict():
            return Fields(column, value)
        case _:
            return value


def template_values(data: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    """Return those of a row's columns that a template names, as templates get them."""
    return {column: template_value(data[column], column) for column in columns if column in data}


def plain_value(value: Any) -> Any:
    """Return what :func:`template_value` was made of."""
    match value:
        case Null():
            return None
        case Flag():
            return bool(value)
        case list() | tuple():
            return [plain_value(one) for one in value]
        case dict():
            return {key: plain_value(one) for key, one in value.items()}
        case _:
            return value


def with_written_numbers(value: Any) -> Any:
    """Return plain data with a text for each number whose form JSON would lose, such as 3.10."""
    match value:
        case Decimals():
            return value if value.text == repr(float(value)) else value.text
        case list() | tuple():
            return [with_written_numbers(one) for one in value]
        case dict():
            return {key: with_written_numbers(one) for key, one in value.items()}
        case _:
            return value


def written(value: Any) -> Any:
    """Return what a template writes for the value of an expression.

    Raises:
        Unwritable: If it has no form of its own: null, a list, an object, a number that is not
            finite, a time, bytes, or a function that was not called.
    """
    if isinstance(value, str | Undefined):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise Unwritable(f"the template writes {value}, which is not a number. Correct the row.")
    if isinstance(value, int | float | Decimal | _Unwritten):
        return str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise Unwritable(f"the template writes {_formless(value)}")


def text_of(value: Any, column: str) -> str:
    """Return a column's value as a text.

    Raises:
        Unwritable: As :func:`written`.
    """
    return str(written(template_value(value, column)))


def tojson(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON, its keys in their order and its characters as they are.

    Jinja's own filter sorts the keys and writes ``'`` and ``<`` as escapes, for web pages.
    """
    return json.dumps(plain_value(value), ensure_ascii=False, indent=indent, allow_nan=False)


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """Return ``default_value`` for a missing value, as Jinja does, and for null."""
    missing = value is None or isinstance(value, Undefined | Null)
    return default_value if missing or (boolean and not value) else value


def place(index: Any) -> Any:
    """Return a computed index of a list, refusing one that would count from the end.

    A column that holds -1 for "no answer" must not become the last choice.
    """
    if isinstance(index, Null):
        raise Unwritable(f"column '{index.column}' is null, and the template counts with it.")
    if isinstance(index, int) and index < 0:
        raise Unwritable(f"an index in the template is {index}, and a list begins with 0.")
    return index


_FORMLESS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null. Say what to write instead: {{ (…) or '' }}."),
    ((list, tuple, set), "a list. Say how: {{ (…) | join(', ') }} or {{ (…) | tojson }}."),
    (dict, "an object. Say how: {{ (…) | tojson }}."),
    (datetime, "a time. Say how: {{ column.strftime('%Y-%m-%d') }}."),
    (bytes, "bytes. Store text in the column."),
)
"""What has no form of its own in a text, and what to write in its place."""


def _formless(value: Any) -> str:
    for kind, reason in _FORMLESS:
        if isinstance(value, kind):
            return reason
    if callable(value):
        return "a function. Call it, with brackets: {{ column.strip() }}."
    return f"a {type(value).__name__}. Say how, such as {{{{ (…) | list | join(', ') }}}}."


TESTS = {
    "none": lambda value: value is None or isinstance(value, Null),
    "boolean": lambda value: isinstance(value, bool | Flag),
    "true": lambda value: isinstance(value, bool | Flag) and bool(value),
    "false": lambda value: isinstance(value, bool | Flag) and not value,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool | Flag),
}
"""Jinja's tests that ask for Python's own constants, of a row's values."""
