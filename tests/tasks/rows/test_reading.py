"""Test sets are read whole or refused with every broken row named."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalguard.errors import DataError
from evalguard.tasks.rows import MAX_PROBLEMS, Row, read_rows

ROWS = [{"question": "2 + 2?", "answer": "4"}, {"question": "Größe\n“5”?", "answer": "a,b"}]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def write_csv(path: Path, delimiter: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)
    return path


def write_parquet(path: Path) -> Path:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(ROWS), path)
    return path


def test_every_format_gives_the_same_rows(tmp_path):
    files = [
        write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, ROWS))),
        write(tmp_path / "a.json", json.dumps(ROWS)),
        write_csv(tmp_path / "a.csv", ","),
        write_csv(tmp_path / "a.tsv", "\t"),
        write_parquet(tmp_path / "a.parquet"),
    ]
    for file in files:
        assert [row.data for row in read_rows(file)] == ROWS, file.suffix


def test_numbers_are_lines_of_the_file(tmp_path):
    jsonl = write(tmp_path / "a.jsonl", '{"a": 1}\n\n{"a": 2}\n')
    assert read_rows(jsonl) == [Row(1, {"a": 1}), Row(3, {"a": 2})]
    quoted = write(tmp_path / "a.csv", 'a,b\n"two\nlines",x\ny,z\n')
    assert [row.number for row in read_rows(quoted)] == [2, 4]


def test_a_byte_order_mark_is_no_part_of_a_column(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbfquestion,answer\nx,y\n")
    assert read_rows(path)[0].data == {"question": "x", "answer": "y"}


def test_all_broken_lines_are_named_at_once(tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        '{"a": 1}\n{"a": \n[1]\n{"a": NaN}\n{"a": 1, "a": 2}\n{"a": 2}\n"x"\n',
    )
    with pytest.raises(DataError) as caught:
        read_rows(path)
    message = str(caught.value)
    assert "broken rows: 5." in message
    for line, reason in [
        (2, "not JSON"),
        (3, "is a list"),
        (4, "NaN is not JSON"),
        (5, "the key 'a' occurs twice"),
        (7, "is a string"),
    ]:
        assert any(
            f"{path}:{line}: " in shown and reason in shown for shown in message.splitlines()
        ), (line, message)


def test_reading_stops_at_the_tenth_cause(tmp_path):
    lines = "".join(f'{{"a": 1, "b{i}": 2, "b{i}": 3}}\n' for i in range(500))
    path = write(tmp_path / "a.jsonl", lines)
    with pytest.raises(DataError, match="at least 10") as caught:
        read_rows(path)
    assert str(caught.value).count("occurs twice") == MAX_PROBLEMS


def test_half_a_surrogate_pair_is_refused(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"a": "\\ud83d"}\n')
    with pytest.raises(DataError, match="surrogate"):
        read_rows(path)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "a,b\n1\n", r"a\.csv:2: has 1 values for 2 columns"),
        ("a.csv", "a,b\n1,2,3\n", r"a\.csv:2: has 3 values for 2 columns"),
        ("a.csv", "a,a\n1,2\n", "must name every column once"),
        ("a.csv", 'a,b\n"x"y,2\n', r"a\.csv:2: not readable"),
        ("a.csv", "a,b\n", "holds no rows"),
        ("a.jsonl", "\n \n", "holds no rows"),
        ("a.json", "[]", "holds no rows"),
        ("a.json", "{\n" * 500, r"a\.json:2: not JSON: .*column 1"),
        ("a.json", "[1, 2", r"a\.json:1: not JSON: it ends in the middle"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.parquet", "no parquet", "not a readable Parquet file"),
        ("a.xlsx", "x", r"read from \.jsonl"),
    ],
)
def test_unusable_files_say_why(tmp_path, name, text, reason):
    with pytest.raises(DataError, match=reason):
        read_rows(write(tmp_path / name, text))


def test_a_missing_file_is_an_error_of_the_data(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_rows(tmp_path / "none.jsonl")


def test_ids_must_differ_whatever_their_type(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"id": 1}\n{"id": 2}\n{"id": "1"}\n{"id": null}\n')
    with pytest.raises(DataError, match=r"a\.jsonl:3: .* \(id '1' is that of row 1 too\)"):
        read_rows(path)


def test_equal_rows_without_ids_are_kept(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"a": 1}\n{"a": 1}\n')
    assert len(read_rows(path)) == 2


_values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())


@given(st.lists(st.dictionaries(st.text(), _values, min_size=1), min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_json_rows_come_back_as_they_are(tmp_path, rows):
    for number, row in enumerate(rows):
        row["id"] = number
    path = write(tmp_path / "any.jsonl", "\n".join(map(json.dumps, rows)))
    assert [row.data for row in read_rows(path)] == rows


def test_numbers_are_written_as_in_the_file(tmp_path):
    path = write(
        tmp_path / "a.jsonl", '{"a": 3.10}\n{"a": 1E5}\n{"a": 1.0}\n{"a": 12345678901234567890}\n'
    )
    assert [str(row.data["a"]) for row in read_rows(path)] == [
        "3.10",
        "1E5",
        "1.0",
        "12345678901234567890",
    ]
    assert read_rows(path)[0].data == {"a": 3.1}
    too_large = write(tmp_path / "b.jsonl", '{"a": 1e999}\n{"a": -1e999}\n')
    with pytest.raises(DataError, match="1e999 is larger than any number"):
        read_rows(too_large)


def test_gaps_in_a_parquet_column_of_whole_numbers(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "a": arrow.array([3.0, float("nan"), None]),
        "b": arrow.array([[2.5], [float("nan")], [1e300]]),
        "c": arrow.array([True, None, False]),
    }
    parquet.write_table(arrow.table(columns), tmp_path / "a.parquet")
    rows = [row.data for row in read_rows(tmp_path / "a.parquet")]
    assert [str(row["a"]) for row in rows] == ["3", "None", "None"]
    assert [row["b"] for row in rows] == [[2.5], [None], [1e300]]
    assert [row["c"] for row in rows] == [True, None, False]
