"""Scores as columns: files of many rows, read by pyarrow in a fraction of the time and memory.

Only files in which nothing is unusual are read here. Whatever else a file holds, such as one row
without a score, :mod:`~evalguard.importers.rows` reads, or names by its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalguard.importers.base import ROLES
from evalguard.importers.files import first_line, json_object
from evalguard.importers.rows import OPTIONAL, SINGLE
from evalguard.records import Metric, PairedColumns, ScoreKind

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as arrow
    from numpy.typing import NDArray

_TASK = "scores"  # of rows without a stratum
_LARGE = 1 << 20  # bytes
_BLOCK = 1 << 20  # bytes that are read at a time


def are_large(files: Sequence[Path]) -> bool:
    """Return whether reading files as columns saves more than importing pyarrow takes."""
    return sum(file.stat().st_size for file in files if file.is_file()) >= _LARGE


def read_columns(files: Sequence[Path], metric: Metric) -> PairedColumns | None:
    """Read the scores of two models on the same questions.

    Args:
        files: The file of both models, or one for each; JSON lines with the columns of
            :func:`evalguard.importers.rows.read`.
        metric: The kind and range of the scores.

    Returns:
        The pairs, in the order of the first file; ``None`` where a row or a file is unusual in any
        way, or pyarrow is not installed.
    """
    try:
        import pyarrow as arrow
    except ImportError:
        return None
    sides = ROLES if len(files) == 1 else SINGLE
    try:
        first, *others = (_table(file, sides) for file in files)
        scores = [_scores(first[side], metric) for side in sides]
        for other in others:
            scores.append(_scores(_like(first, other)[sides[0]], metric))
            _usual(bool((scores[0] != scores[1]).any()))  # alike, they may be one file twice
        task_names, tasks = _named(first, "stratum")
        cluster_names, clusters = _named(first, "cluster")
        _usual(_TASK not in task_names)
    except (arrow.ArrowException, OSError, ValueError):
        return None
    return PairedColumns(
        sample_ids=first["id"],
        baseline=scores[0],
        candidate=scores[1],
        task_names=[_TASK, *task_names],
        tasks=tasks + 1,
        cluster_names=cluster_names,
        clusters=clusters,
    )


def _usual(condition: bool) -> None:
    """Leave whatever is unusual to the reader of rows.

    Raises:
        ValueError: If the condition does not hold.
    """
    if not condition:
        raise ValueError("for the reader of rows")


def _table(file: Path, sides: Sequence[str]) -> arrow.Table:
    """Return the columns of a file of rows with just these keys."""
    import pyarrow as arrow
    from pyarrow import json as arrow_json

    _usual(file.suffix in (".jsonl", ".ndjson") and file.is_file())
    schema = _schema(json_object(first_line(file)), sides)
    batches = arrow_json.open_json(
        file,
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=_BLOCK),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="error"
        ),
        memory_pool=arrow.system_memory_pool(),  # the default one keeps what is freed
    )
    table = arrow.Table.from_batches(batches, schema)
    _check_lines(file, table, sides)
    _check_ids(table["id"])
    return table


def _schema(row: dict[str, Any], sides: Sequence[str]) -> arrow.Schema:
    """Return the types of the columns, as the first row has them."""
    import pyarrow as arrow

    _usual({"id", *sides} <= row.keys() <= {"id", *sides, *OPTIONAL})
    scores = {bool: arrow.bool_(), int: arrow.float64(), float: arrow.float64()}
    names = {str: arrow.string(), int: arrow.int64()}
    types = {key: (scores if key in sides else names).get(type(row[key])) for key in row}
    _usual(None not in types.values())
    return arrow.schema(types)


def _check_lines(file: Path, table: arrow.Table, sides: Sequence[str]) -> None:
    """Check that each line is one row, and says of each missing score that it is missing.

    For pyarrow a null and a key that is not there are the same.
    """
    gaps = {int(index) for side in sides for index in table[side].is_null().to_numpy().nonzero()[0]}
    count = 0
    with file.open("rb") as lines:
        for count, line in enumerate(filter(bytes.strip, lines), 1):
            if count - 1 in gaps:
                _usual({*sides} <= json_object(line.decode("utf-8-sig")).keys())
    _usual(count == len(table))


def _check_ids(ids: arrow.ChunkedArray) -> None:
    """Check that ids are names, each of one question."""
    import pyarrow as arrow
    from pyarrow import compute

    distinct = compute.count_distinct(ids, memory_pool=arrow.system_memory_pool())
    _usual(not ids.null_count and distinct.as_py() == len(ids))
    _usual(ids.type != "string" or not compute.any(compute.equal(ids, "")).as_py())


def _like(first: arrow.Table, other: arrow.Table) -> arrow.Table:
    """Return the second model's table in the order of the first."""
    from pyarrow import compute

    _usual(len(other) == len(first) and other.schema == first.schema)
    if not other["id"].equals(first["id"]):
        places = compute.index_in(first["id"], value_set=other["id"])
        _usual(not places.null_count)
        other = other.take(places)
    _usual(all(other[key].equals(first[key]) for key in OPTIONAL if key in first.schema.names))
    return other


def _scores(column: arrow.ChunkedArray, metric: Metric) -> NDArray[np.float64]:
    """Return scores, NaN where null."""
    import numpy as np

    values = np.asarray(column.cast("float64").to_numpy(), dtype=float)
    present = values[column.is_valid().to_numpy()] if column.null_count else values
    low, high = metric.low, metric.high
    if metric.kind is ScoreKind.BINARY:
        allowed = (present == low) | (present == high)
    else:
        allowed = (low <= present) & (present <= high)
    _usual(len(present) > 0 and bool(allowed.all()))
    return values


def _named(table: arrow.Table, key: str) -> tuple[list[str], NDArray[np.intp]]:
    """Return the names of strata or clusters and each row's index, -1 where there is none."""
    import numpy as np

    if key not in table.schema.names:
        return [], np.full(len(table), -1, dtype=np.intp)
    codes = table[key].combine_chunks().dictionary_encode()
    names = [str(name) for name in codes.dictionary.to_pylist()]
    _usual("" not in names)
    return names, codes.indices.fill_null(-1).to_numpy().astype(np.intp)
