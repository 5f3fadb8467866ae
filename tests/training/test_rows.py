import json

import pyarrow
import pytest
from pyarrow import parquet

from evalguard.errors import DataError
from evalguard.training.rows import SHOWN_PROBLEMS, read_rows

ROWS = [{"prompt": "a", "completion": "b"}, {"prompt": 'ü, "x"\n', "completion": "d"}]


def write(path, rows):
    match path.suffix:
        case ".jsonl":
            path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
        case ".json":
            path.write_text(json.dumps(rows))
        case ".csv":
            lines = ["prompt,completion"]
            lines += [",".join('"' + v.replace('"', '""') + '"' for v in r.values()) for r in rows]
            path.write_text("\n".join(lines) + "\n")
        case ".parquet":
            parquet.write_table(pyarrow.Table.from_pylist(rows), path)


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet"])
def test_every_kind_of_file_gives_the_same_rows(tmp_path, suffix):
    path = tmp_path / f"data{suffix}"
    write(path, ROWS)
    rows = read_rows(path)
    assert [dict(row.fields) for row in rows] == ROWS
    assert rows[0].where == f"{path}:{2 if suffix == '.csv' else 1}"


def test_nulls_of_parquet_are_absent_columns(tmp_path):
    path = tmp_path / "data.parquet"
    write(path, [{"text": "a", "label": None}, {"text": "b", "label": True}])
    assert dict(read_rows(path)[0].fields) == {"text": "a"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.jsonl", '{"a": 1}\n{"a": \n[1]\n', "d.jsonl:2: broken JSON at column"),
        ("d.jsonl", '{"a": 1}\n[1]\n', "d.jsonl:2: found a list, expected an object"),
        ("d.jsonl", "\n \n", "no rows; at least one is needed"),
        ("d.json", '{"a": 1}', "found a dict, expected a list of objects"),
        ("d.json", '[{"a": 1},\n{]', "d.json:2: broken JSON"),
        ("d.csv", "a,b\n1,2\n3\n", "d.csv:3: the number of cells differs from the 2 of the header"),
        ("d.csv", "a,b\n1,2,3\n", "d.csv:2: the number of cells differs"),
        ("d.parquet", "no parquet", "not a Parquet file"),
        (
            "d.xlsx",
            "x",
            "kind of data file '.xlsx'. Allowed: .csv, .json, .jsonl, .parquet",
        ),
    ],
)
def test_broken_files(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as error:
        read_rows(tmp_path / name)
    assert message in str(error.value)


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "d.jsonl").write_bytes(b'{"a": "\xff"}\n')
    with pytest.raises(DataError, match="not UTF-8 text"):
        read_rows(tmp_path / "d.jsonl")


def test_a_missing_file_names_the_nearest(tmp_path):
    write(tmp_path / "tickets.jsonl", ROWS)
    with pytest.raises(DataError, match=r"Did you mean 'tickets.jsonl'"):
        read_rows(tmp_path / "ticket.jsonl")


def test_many_problems_are_counted(tmp_path):
    (tmp_path / "d.jsonl").write_text("{\n" * (SHOWN_PROBLEMS + 5))
    with pytest.raises(DataError, match="… and 5 more"):
        read_rows(tmp_path / "d.jsonl")
