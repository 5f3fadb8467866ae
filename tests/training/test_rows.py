"""One cause is one message, whatever kind of file the rows are in."""

import json

import pyarrow
import pytest
from pyarrow import parquet

from evalguard.errors import DataError
from evalguard.training.dataset import read_examples
from evalguard.training.rows import SHOWN_PROBLEMS, raise_problems, scan_rows


def test_rows_know_their_lines_and_broken_ones_are_collected(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"text": "a", "id": 1}\n\n{"text": \n{"text": "b", "id": 1}\n')
    rows, problems = scan_rows(path)
    assert [(row.where, row.fields["text"]) for row in rows] == [
        (f"{path}:1", "a"),
        (f"{path}:4", "b"),
    ]
    assert [problem.where for problem in problems] == [f"{path}:3"]


def test_nulls_are_absent_columns(tmp_path):
    path = tmp_path / "data.parquet"
    rows = [{"text": "a", "label": None}, {"text": "b", "label": True}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    assert dict(scan_rows(path)[0][0].fields) == {"text": "a"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.jsonl", "\n \n", "no rows; at least one is needed"),
        ("d.json", "[]", "no rows; at least one is needed"),
        ("d.xlsx", "x", "data is read from .jsonl"),
        ("d.jsonl", '{"text": "a"}\nx\n{"text": " "}\n', "2 broken rows in the data"),
    ],
)
def test_files_that_cannot_be_trained_on(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        raise_problems(read_examples(tmp_path / name).problems)


def test_many_causes_are_counted(tmp_path):
    lines = (f'{{"b{i}": 2, "b{i}": 3}}\n' for i in range(SHOWN_PROBLEMS + 5))
    (tmp_path / "d.jsonl").write_text("".join(lines))
    with pytest.raises(DataError, match="… and 5 more") as caught:
        raise_problems(read_examples(tmp_path / "d.jsonl").problems)
    assert str(caught.value).startswith("25 broken rows in the data:\n")
    assert str(caught.value).count("occurs twice") == SHOWN_PROBLEMS


def test_one_cause_in_many_rows_is_one_message(tmp_path):
    rows = ["{'text': 'a'}\n"] * 900 + ['{"text": "a"}\n']
    (tmp_path / "d.jsonl").write_text("".join(rows))
    with pytest.raises(DataError) as caught:
        raise_problems(read_examples(tmp_path / "d.jsonl").problems)
    first, cause, others = str(caught.value).splitlines()
    assert first == "900 broken rows in the data:"
    assert "d.jsonl:1: not JSON: " in cause
    assert others == "    and 899 more rows: 2, 3, 4, 5, 6, …"


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv"])
def test_every_kind_of_file_gives_the_same_examples(tmp_path, suffix):
    rows = [{"prompt": "a", "completion": 'ü, "x"'}, {"prompt": "b", "completion": "d"}]
    text = {
        ".jsonl": "\n".join(json.dumps(row) for row in rows),
        ".json": json.dumps(rows),
        ".csv": 'prompt,completion\na,"ü, ""x"""\nb,d\n',
    }[suffix]
    (tmp_path / f"d{suffix}").write_text(text)
    examples = read_examples(tmp_path / f"d{suffix}").examples
    assert [example.messages[1]["content"] for example in examples] == ['ü, "x"', "d"]


@pytest.mark.parametrize(
    "row", ["What is the capital of Peru?,Lima.", "Name it.,Nile", "1,2", "x" * 60 + ",y"]
)
def test_a_table_without_a_header_is_named(row, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(f"{row}\n{row.replace('e', 'a')}z\n")
    problems = read_examples(path).problems
    assert "if the file has no header, write the column names" in problems[0].message
