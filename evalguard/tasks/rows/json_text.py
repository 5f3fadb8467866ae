"""JSON, a value a line or documents over many lines, whatever the file is called."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows.decoding import text_of
from evalguard.tasks.rows.json_shapes import rows_of_document
from evalguard.tasks.rows.opening import DataFile
from evalguard.tasks.rows.row import BrokenRow, Found, as_row
from evalguard.tasks.values import Decimals

_Lines = Iterator[tuple[int, str]]
"""Lines with their numbers from 1."""

_SPACE = re.compile(r"[ \t\n\r]*")

_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that is a character only together with another one."""


def read_json(file: DataFile) -> Found:
    """Yield the rows of a file of JSON.

    - A value a line: each is a row. Read line by line.
    - One value over many lines, or one value in all: a document, in which rows are looked for.
    - Several objects over many lines: each is a row.

    Raises:
        DataError: If it is a document that is broken, or that does not say where its rows are.
    """
    with text_of(file, newline=None) as text:
        lines: _Lines = enumerate(text, start=1)
        start = _next(lines)
        if start is None:
            return
        number, first = start
        try:
            value = _parse(first)
        except ValueError:
            yield from _document(file, number, [first, *(line for _, line in lines)])
            return
        second = _next(lines)
        if second is None:
            yield from rows_of_document(file, value, may_hold_surrogates=_may_be_half(first))
            return
        yield as_row(number, value, may_hold_surrogates=_may_be_half(first))
        yield from _each_line(chain([second], lines))


def _next(lines: _Lines) -> tuple[int, str] | None:
    """Return the next line that is not blank."""
    return next(((number, line) for number, line in lines if not line.isspace()), None)


def _each_line(lines: _Lines) -> Found:
    """Yield a row a line; from a line that is no value on, whatever form the rest has."""
    for number, line in lines:
        if line.isspace():
            continue
        try:
            value = _parse(line)
        except ValueError:
            rest = [line, *(text for _, text in lines)]
            yield from _from_line(number, rest)
            return
        yield as_row(number, value, may_hold_surrogates=_may_be_half(line))


def _from_line(number: int, lines: list[str]) -> Found:
    """Yield the rows of lines that follow rows of a line each, the first being none."""
    text = "".join(lines)
    try:
        values = _values(text, number)
    except ValueError:
        values = []
    if not values or _share_a_line(values):
        yield from _broken_lines(number, lines)
        return
    half = _may_be_half(text)
    for line, value in values:
        yield as_row(line, value, may_hold_surrogates=half)


def _document(file: DataFile, number: int, lines: list[str]) -> Found:
    """Yield the rows of a file whose first line, of that number, is no value of its own."""
    text = "".join(lines)
    try:
        values = _values(text, number)
    except ValueError as error:
        if _is_a_value_a_line(lines):
            yield from _broken_lines(number, lines)
            return
        where, column = str(file.path), ""
        if isinstance(error, json.JSONDecodeError):
            where = f"{where}:{number - 1 + error.lineno}"
            column = f" (column {error.colno})"
        raise DataError(f"{where}: {_cause(error, text)}{column}.") from error
    half = _may_be_half(text)
    if len(values) == 1:
        yield from rows_of_document(file, values[0][1], may_hold_surrogates=half)
        return
    if _share_a_line(values):
        values = [(place, value) for place, (_, value) in enumerate(values, start=1)]
    for line, value in values:
        yield as_row(line, value, may_hold_surrogates=half)


def _values(text: str, number: int) -> list[tuple[int, Any]]:
    """Return the values that a text holds one after the other, with their lines.

    Args:
        text: The values, and space between them.
        number: Line on which the text begins.

    Raises:
        ValueError: If it holds anything else.
    """
    values: list[tuple[int, Any]] = []
    counted, place = 0, _after_space(text, 0)
    while place < len(text):
        number += text.count("\n", counted, place)
        counted = place
        try:
            value, end = _DECODER.raw_decode(text, place)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        values.append((number, value))
        place = _after_space(text, end)
    return values


def _share_a_line(values: list[tuple[int, Any]]) -> bool:
    return any(one == other for (one, _), (other, _) in pairwise(values))


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return place if found is None else found.end()


def _is_a_value_a_line(lines: list[str]) -> bool:
    """Return whether broken JSON was meant to have an object a line."""
    meant = [line.strip() for line in lines if not line.isspace()]
    if meant[0][0] not in "{[":
        return True
    whole = sum(line.startswith("{") and "}" in line for line in meant)
    return 2 * whole >= len(meant)


def _broken_lines(number: int, lines: list[str]) -> Found:
    """Yield a row a line, and what is wrong with the lines that are none."""
    for place, line in enumerate(lines, start=number):
        if line.isspace():
            continue
        try:
            value = _parse(line)
        except ValueError as error:
            column = f"column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            yield BrokenRow(place, _cause(error, line), column)
        else:
            yield as_row(place, value)


def _may_be_half(text: str) -> bool:
    return _HALF_PAIR.search(text) is not None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; write null or a number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{twice}' occurs twice")
    return data


def _finite(number: str) -> Decimals:
    if math.isinf(value := Decimals(number)):
        raise ValueError(f"{number} is larger than any number that can be stored")
    return value


_DECODER = json.JSONDecoder(
    parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_duplicates
)
"""Refuses what would change silently on the way through Python."""


def _parse(text: str) -> Any:
    """Return a JSON value.

    Raises:
        ValueError: If it is none.
    """
    try:
        # Files that were joined have a byte order mark at each of their beginnings.
        return _DECODER.decode(text.removeprefix("\ufeff"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


_FIXES: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (message, re.compile(found), fix)
    for message, found, fix in (
        ("", "'|True|False|None", "this is Python's own form: write the rows with json.dumps"),
        ("", "[“”„‟]", "JSON needs straight quotes"),
        ("", "//|/\\*|#", "JSON has no comments"),
        ("Expecting property name", "[A-Za-z_]", "names need double quotes"),
        ("Expecting value", r"\]", "leave out the comma before the closing bracket"),
        ("Expecting property name", "}", "leave out the comma before the closing bracket"),
        ("Extra data", ",", "leave out the commas between the lines"),
        ("Invalid control character", "", r"in a string, write a line break as \n and a tab as \t"),
        ("Invalid \\escape", "", r"in a string, write a backslash as \\"),
    )
)
"""Beginning of a parser's message, what stands at the place it names, and what to do."""


_NO_JSON: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("(<{7}|>{7}|\\|{7})( |$)|={7}$", re.M), "a mark of a merge conflict; resolve it"),
    (re.compile("(data|event|id|retry):"), "server-sent events; write what they carry as rows"),
    (re.compile("\\s*\0"), "NUL characters: the copy or the disk failed, so copy the file again"),
    (re.compile(r"\s*(?:#|//|/\*|--|<!--)"), "JSON has no comments; remove the line"),
)
"""Beginning of a text that is no JSON at all, and what it is."""


def _cause(error: ValueError, text: str) -> str:
    """Return why a text is not JSON and what to do, without the place."""
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    for found, reason in _NO_JSON:
        if found.match(text):
            return f"not JSON: {reason}"
    if text.lstrip()[0] not in '{["':
        return 'not JSON: a row is an object such as {"column": "text"}; name CSV files .csv'
    if not text.endswith("\n") and (
        error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    ):
        return "not JSON: it ends in the middle; the file was cut short, so copy it again"
    message = error.msg.removesuffix(" at").rstrip(": ")
    for beginning, found, fix in _FIXES:
        if error.msg.startswith(beginning) and found.match(text, error.pos):
            return f"not JSON: {message}; {fix}"
    return f"not JSON: {message}"
