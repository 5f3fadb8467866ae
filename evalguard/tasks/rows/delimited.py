"""CSV and TSV: rows of delimited values, the first naming the columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from evalguard.errors import DataError
from evalguard.tasks.rows.decoding import text_of
from evalguard.tasks.rows.opening import DataFile
from evalguard.tasks.rows.row import BrokenRow, Found, Row

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""What separates values in a file of that name, unless it certainly is another."""

_CANDIDATES = (",", ";", "\t", "|")

_SAMPLE_ROWS = 200
_SAMPLE_LINES = 5000
"""What is read of a file to tell its separator."""

_LONGEST_VALUE = 2**31 - 1
"""Characters of a value; :mod:`csv` stops at 131,072 by default, for the whole process."""

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.I)
"""The line in which Excel notes the separator."""

_NAMES = {"\t": "a tab"}


def read_delimited(file: DataFile) -> Found:
    """Yield the rows of a CSV or TSV file, numbered by the lines on which they begin.

    Raises:
        DataError: If the first row does not name the columns, or two separators fit.
    """
    limit = csv.field_size_limit(_LONGEST_VALUE)
    try:
        yield from _read(file)
    finally:
        csv.field_size_limit(limit)


def _read(file: DataFile) -> Found:
    separator = _separator(file)
    spaced = _is_spaced(file, separator)
    with text_of(file, newline="") as text:
        skipped, lines = _without_separator_line(text)
        reader = csv.reader(lines, delimiter=separator, skipinitialspace=spaced, strict=True)
        columns: list[str] = []
        while True:
            number = skipped + reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # What follows a broken quote cannot be told apart from what it quotes.
                yield BrokenRow(number, _cause(error))
                return
            if not values:
                continue
            if columns:
                yield _row(number, columns, values)
            else:
                columns = _header(file, number, values)


def _without_separator_line(text: Iterable[str]) -> tuple[int, Iterator[str]]:
    """Return how many lines only say the separator, and the others."""
    lines = iter(text)
    first = next(lines, "")
    if _SEPARATOR_LINE.fullmatch(first):
        return 1, lines
    return 0, chain([first], lines)


def _separator(file: DataFile) -> str:
    """Return what separates the values of a file.

    Another separator than that of the suffix is taken where it alone makes a table of two columns
    or more, with as many values in every row as the first has names.

    Raises:
        DataError: If that of the suffix and another one both do.
    """
    with text_of(file, newline="") as text:
        sample = list(islice(text, _SAMPLE_LINES))
    if sample and (noted := _SEPARATOR_LINE.fullmatch(sample[0])):
        return noted[1]
    usual = _SEPARATORS[file.suffix]
    fitting = [one for one in _CANDIDATES if _makes_a_table(sample, one)]
    if len(fitting) > 1:
        shown = " or ".join(_NAMES.get(one, f"'{one}'") for one in fitting)
        raise DataError(
            f"{file.path}: its values may be separated by {shown}. Put quotes around the names "
            "and values that hold the other, or write the line sep=, (or another one) before the "
            "first."
        )
    return fitting[0] if fitting else usual


def _is_spaced(file: DataFile, separator: str) -> bool:
    """Return whether a blank follows every separator of the header: it belongs to no value."""
    with text_of(file, newline="") as text:
        _, lines = _without_separator_line(text)
        header = next(lines, "").rstrip("\r\n").split(separator)
    return len(header) > 1 and all(re.match(" [^ ]", name) for name in header[1:])


def _makes_a_table(sample: list[str], separator: str) -> bool:
    """Return whether a separator cuts all lines into the same number of values, two or more."""
    reader = csv.reader(sample, delimiter=separator, strict=True)
    width = 0
    n_rows = 0
    try:
        for values in islice(filter(None, reader), _SAMPLE_ROWS):
            width = width or len(values)
            n_rows += 1
            if width < 2 or len(_unpadded(values, width)) != width:
                return False
    except csv.Error:
        # The sample may end inside a quoted value.
        return n_rows > 1 and reader.line_num >= _SAMPLE_LINES
    return n_rows > 1


def _header(file: DataFile, number: int, values: list[str]) -> list[str]:
    """Return the names of the columns; one without a name gets that which pandas gives it."""
    names = [value.strip() for value in values]
    if not any(names) or len(set(filter(None, names))) != sum(map(bool, names)):
        raise DataError(
            f"{file.path}:{number}: the first row must name every column once, got {names}. If the "
            "file has no header, write one."
        )
    named = [name or f"Unnamed: {place}" for place, name in enumerate(names)]
    if len(set(named)) != len(named):
        raise DataError(
            f"{file.path}:{number}: unnamed columns would clash with existing names {named}. "
            "Name every column."
        )
    return named


def _row(number: int, columns: list[str], values: list[str]) -> Row | BrokenRow:
    """Return a row whose values match the columns in number.

    Empty values behind the last column, and in columns without a name, are left out.
    """
    values = _unpadded(values, len(columns))
    if len(values) != len(columns):
        return BrokenRow(
            number,
            f"has {len(values)} values for {len(columns)} columns ({', '.join(columns)}); "
            "put quotes around values that hold the separator",
        )
    data = dict(zip(columns, values, strict=True))
    for place, name in enumerate(columns):
        if name == f"Unnamed: {place}" and not data[name]:
            del data[name]
    return Row(number, data)


def _unpadded(values: list[str], width: int) -> list[str]:
    """Return a row without the empty values behind its last column."""
    return values if any(values[width:]) else values[:width]


def _cause(error: csv.Error) -> str:
    """Return why a row cannot be read, and what to do."""
    return (
        f'not readable from here on: {error}. Write quotes inside a quoted value twice (""), and '
        "close every quote"
    )
