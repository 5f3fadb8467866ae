"""Whatever text rows hold, each writer's file is read back as it was written."""

import bz2
import csv
import gzip
import io
import json
import lzma

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from evalguard.tasks.rows import read_rows


def lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def array(rows):
    return json.dumps(rows, indent=1).encode()


def wrapper(rows):
    return json.dumps({"version": 1, "set": {"items": rows}}, ensure_ascii=False).encode("utf-16")


def columns(rows):
    return json.dumps({name: [row[name] for row in rows] for name in rows[0]}).encode()


def delimited(separator):
    def write(rows):
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue().encode()

    return write


def table(rows):
    sink = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), sink)
    return sink.getvalue()


WRITERS = {
    "a.jsonl": lines,
    "a.json": array,
    "b.json": wrapper,
    "c.json": columns,
    "a.csv": delimited(","),
    "b.csv": delimited(";"),
    "c.csv": delimited("|"),
    "a.tsv": delimited("\t"),
    "a.parquet": table,
    "a.jsonl.gz": lambda rows: gzip.compress(lines(rows)),
    "b.json.xz": lambda rows: lzma.compress(wrapper(rows)),
    "a.csv.bz2": lambda rows: bz2.compress(delimited(",")(rows)),
}

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text(
    st.sampled_from(',;|\t"\n\r\x00\u2028\u0085\\{}[] a'), max_size=20
)


@st.composite
def _rows(draw):
    names = draw(
        st.lists(st.sampled_from(["q", "a", "b|c", "d;e", "f,g"]), min_size=2, unique=True)
    )
    # The first value of a row of CSV must not be the only one, as an empty line is no row.
    return draw(
        st.lists(st.fixed_dictionaries(dict.fromkeys(names, _text)), min_size=1, max_size=6)
    )


@pytest.mark.parametrize("name", WRITERS)
@given(rows=_rows())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_rows_come_back_as_they_were_written(tmp_path, name, rows):
    (tmp_path / name).write_bytes(WRITERS[name](rows))
    assert [row.data for row in read_rows(tmp_path / name)] == rows
