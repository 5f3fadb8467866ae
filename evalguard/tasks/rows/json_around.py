"""What stands around the rows in a JSON document: it may describe them, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows.opening import DataFile

_METADATA = frozenset(
    {
        *("version", "name", "url", "homepage", "link", "href", "license", "licence", "copyright"),
        *("citation", "description", "author", "creator", "source", "dataset", "config", "split"),
        *("subset", "revision", "language", "lang", "format", "schema", "encoding", "date", "time"),
        *("timestamp", "created", "updated", "modified", "generated", "exported", "downloaded"),
        *("count", "counts", "num", "number", "total", "size", "length", "nrows", "ncols", "rows"),
        *("page", "pages", "limit", "offset", "cursor", "next", "prev", "previous", "more"),
        *("partial", "truncated", "complete", "status", "success", "ok", "error", "errors"),
        *("seed", "checksum", "hash", "sha", "md5", "sha256", "elapsed", "duration", "comment"),
    }
)
"""Words in the names of values that describe a data set."""

_TOTALS = frozenset(
    {
        *("total", "count", "numrowstotal", "numrows", "nrows", "rowcount", "rowstotal"),
        *("numresults", "numitems", "numrecords", "numexamples", "resultcount", "itemcount"),
        *("totalrows", "totalcount", "totalresults", "totalitems", "totalrecords", "totalhits"),
        *("totalelements", "totalexamples", "totalsize", "recordcount", "countall", "size"),
    }
)
_PAGES = frozenset({"totalpages", "numpages", "npages", "pagecount", "pages", "lastpage"})
_PAGE = frozenset({"page", "currentpage", "pagenumber", "pageno"})
_STARTS = frozenset({"offset", "skip", "startindex"})
_MORE = frozenset(
    {
        *("partial", "truncated", "incomplete", "incompleteresults", "hasmore", "more", "hasnext"),
        *("hasnextpage", "next", "nextpage", "nextlink", "nexturl", "nextcursor", "nexttoken"),
        *("nextpagetoken", "nextoffset", "previous", "prev", "previouspage", "prevpage"),
    }
)
"""Names, without case and signs, of values that say that the file holds a part."""


def beside(value: Mapping[str, Any], path: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield what the objects around a value hold besides it.

    Args:
        value: The document.
        path: Keys from its top to the value.
    """
    around: Any = value
    for key in path:
        yield from ((name, one) for name, one in around.items() if name != key)
        around = around[key]


def more_than_metadata(
    around: Collection[tuple[str, Any]], columns: Collection[str] = ()
) -> list[str]:
    """Return the names of what would be lost if only the rows were read.

    Args:
        around: As :func:`beside` yields it.
        columns: Names that a row's columns have, whatever they hold.

    Example:
        >>> more_than_metadata([("version", 2), ("sentence", "x"), ("num_labels", {"a": 1})])
        ['sentence', 'num_labels']
    """
    return [
        name
        for name, one in around
        if name in columns
        or (one not in (None, "", [], {}) and (isinstance(one, list | dict) or not _is_meta(name)))
    ]


def check_whole(file: DataFile, around: Collection[tuple[str, Any]], n_rows: int) -> None:
    """Refuse rows of which the values around them say that there are more.

    Raises:
        DataError: If the file is one page of several, or its number of rows is too small.
    """
    for name, value in around:
        plain = re.sub(r"[\W_]", "", name).casefold()
        number = _number(value)
        part = (
            (plain in _MORE and value not in (None, False, "", 0, [], {}))
            or (plain == "complete" and value is False)
            or (plain in _TOTALS and number > n_rows)
            or (plain in _PAGES and number > 1)
            or (plain in _PAGE and number > 1)
            or (plain in _STARTS and number > 0)
        )
        if part:
            raise DataError(
                f"{file.path}: holds {n_rows} row{'' if n_rows == 1 else 's'}, and "
                f"'{name}' {value!s:.60} says that they are part of a larger data set. "
                "Download the whole data set, or save only the rows to use this part."
            )


def _is_meta(name: str) -> bool:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).casefold()
    return not _METADATA.isdisjoint(re.split(r"[\W_]+", words))


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return 0
    if isinstance(value, str):
        return int(value) if value.isdecimal() else 0
    return value if isinstance(value, int | float) else 0
