"""Files of scores in every form that people have, and the fast reader beside the row by row one."""

import gzip
import json
import random
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from evalguard import decide
from evalguard.errors import DataError
from evalguard.importers import pair_runs, read_runs
from evalguard.importers.columns import are_large, read_columns
from evalguard.records import Metric, ScoreKind

BINARY, GRADED = Metric("score"), Metric("score", ScoreKind.BOUNDED, 0, 10)

ROWS = [
    {"id": f"q{i}", "baseline": 1, "candidate": int(i % 30 > 0), "cluster": f"c{i // 2}"}
    for i in range(300)
]


def written(path, rows=ROWS, **options):
    text = ",".join(rows[0]) + "\n" + "".join(
        ",".join("" if value is None else str(value) for value in row.values()) + "\n"
        for row in rows
    )  # fmt: skip
    match path.suffixes:
        case [".jsonl"]:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), **options)
        case [".json"]:
            path.write_text(json.dumps(rows))
        case [".jsonl", ".gz"]:
            path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
        case [".csv"]:
            path.write_text(text, **options)
        case [".tsv"]:
            path.write_text(text.replace(",", "\t"), **options)
        case [".parquet"]:
            parquet.write_table(arrow.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize("name", ["s.jsonl", "s.json", "s.jsonl.gz", "s.csv", "s.tsv", "s.parquet"])
def test_every_form_gives_the_same_verdict(tmp_path, name):
    expected = decide(path=written(tmp_path / "plain.jsonl"), max_drop="5pp")
    result = decide(path=written(tmp_path / name), max_drop="5pp")
    assert result == expected
    assert (result.losses, result.n, result.units) == (10, 300, 150)


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
@pytest.mark.parametrize("name", ["s.jsonl", "s.csv"])
def test_marks_and_line_ends_of_windows_change_nothing(tmp_path, name, encoding, newline):
    path = written(tmp_path / name, encoding=encoding, newline=newline)
    assert decide(path=path, max_drop="5pp").losses == 10


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_of_csv_are_read(tmp_path, separator):
    path = written(tmp_path / "s.csv")
    path.write_text(path.read_text().replace(",", separator))
    assert decide(path=path, max_drop="5pp").losses == 10


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("q1,yes,1", r"s\.csv:3: 'baseline' is 'yes'; expected a number such as 0.5, or an empty"),
        ('q1,"0,5",1', r"s\.csv:3: 'baseline' is '0,5'; expected a number such as 0.5"),
        ("q1,nan,1", r"s\.csv:3: 'baseline' is nan"),
        ("q0,1,1", r"s\.csv:3: id 'q0' already appears in .*s\.csv:2"),
        ("q1,1", r"s\.csv:3: has 2 values for 3 columns"),
        (",1,1", r"s\.csv:3: 'id' is ''"),
        ("q1,7,1", r"s\.csv:3: 'baseline' is 7, outside the range 0…1"),
    ],
)
def test_broken_cells_are_named_by_their_line(tmp_path, cells, message):
    path = tmp_path / "s.csv"
    path.write_text(f"id,baseline,candidate\nq0,1,1\n{cells}\n")
    with pytest.raises(DataError, match=message):
        decide(path=path, max_drop="5pp")


def test_a_column_twice_is_refused(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("id,baseline,baseline,candidate\nq0,1,0,1\n")
    with pytest.raises(DataError, match="must name every column once"):
        decide(path=path, max_drop="5pp")


@pytest.mark.parametrize("text", ["", "true", "False", "null"])
def test_cells_that_stand_for_a_score_or_for_none(tmp_path, text):
    path = tmp_path / "s.csv"
    path.write_text(f"id,baseline,candidate\nq0,1,1\nq1,1,{text}\n")
    first, second = (run.scores for run in read_runs(path))
    expected = {"": None, "null": None, "true": 1.0, "False": 0.0}[text]
    assert (first[1].score, second[1].score) == (1.0, expected)


@pytest.mark.parametrize("name", ["absent.jsonl", "absent.csv", "absent.parquet"])
def test_a_file_that_is_not_there_is_called_so(tmp_path, name):
    with pytest.raises(DataError, match=rf"{name}: cannot be read: no such file"):
        decide(path=tmp_path / name, max_drop="5pp")


def by_row(files, metric):
    baseline, candidate = (run for file in files for run in read_runs(file, "rows"))
    return pair_runs(baseline, candidate, metric)


@pytest.mark.parametrize("seed", range(30))
def test_columns_hold_what_the_rows_do(tmp_path, seed):
    rng = random.Random(seed)
    as_number, strata, clusters, gaps = (rng.random() < 0.5 for _ in range(4))

    def row(index):
        found = {"id": index if as_number else f"frage {index}"}
        for side in ("baseline", "candidate"):
            found[side] = None if gaps and index and rng.random() < 0.1 else rng.randint(0, 1)
        if strata:
            found["stratum"] = rng.choice(["law", "Medizin", "数学"])
        if clusters:
            found["cluster"] = rng.choice([f"c{index // 3}", None]) if index else "c"
        return found

    path = tmp_path / "s.jsonl"
    lines = [json.dumps(row(index), ensure_ascii=rng.random() < 0.5) for index in range(50)]
    lines = [line + " " * 25_000 for line in lines]  # a file that decide reads as columns, too
    path.write_text("\n".join(lines) + rng.choice(["", "\n", "\n\n"]))
    assert are_large([path])
    columns = read_columns([path], BINARY)
    assert columns is not None
    assert tuple(columns) == by_row([path], BINARY)
    for weights in ("size", "equal"):
        sides = [[getattr(pair, f"{arm}_score") for pair in columns]
                 for arm in ("baseline", "candidate")]  # fmt: skip
        from_file, from_values = (
            decide(**source, max_drop="20pp", weights=weights)
            for source in (
                {"path": path},
                {
                    "baseline": sides[0],
                    "candidate": sides[1],
                    "ids": [pair.sample_id for pair in columns],
                    "clusters": [pair.cluster for pair in columns],
                    "strata": [pair.task for pair in columns],
                },
            )
        )
        assert from_file == from_values


def test_two_files_are_paired_by_id_whatever_their_order(tmp_path):
    rows: list[dict[str, Any]] = [
        {"id": f"q{i}", "score": i % 11, "cluster": i // 3} for i in range(40)
    ]
    first, second = (tmp_path / f"{name}.jsonl" for name in "ab")
    written(first, rows)
    written(second, [{**row, "score": (row["score"] + 1) % 11} for row in reversed(rows)])
    columns = read_columns([first, second], GRADED)
    assert columns is not None
    assert tuple(columns) == by_row([first, second], GRADED)


ROW = '{"id": "a", "baseline": 1, "candidate": 1}\n'


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "b", "baseline": 1}',  # for pyarrow a key that is not there is a null
        '{"id": "b", "baseline": 1, "baseline": 0, "candidate": 1}',
        '{"id": "b", "baseline": 1, "candidate": 1, "cluser": "x"}',
        '{"id": "b", "baseline": NaN, "candidate": 1}',
        '{"id": "b", "baseline": 1e400, "candidate": 1}',
        '{"id": "b", "baseline": 2, "candidate": 1}',
        '{"id": "b", "baseline": 0.5, "candidate": 1}',
        '{"id": "b", "baseline": "1", "candidate": 1}',
        '{"id": "a", "baseline": 1, "candidate": 1}',
        '{"id": "", "baseline": 1, "candidate": 1}',
        '{"id": null, "baseline": 1, "candidate": 1}',
        '{"id": "b", "baseline": 1, "candidate": 1} {"id": "c", "baseline": 1, "candidate": 1}',
        '{"id": "b", "baseline": 1, "candidate": 1',
        "[]",
        "null",
    ],
)
def test_whatever_the_rows_refuse_the_columns_leave_to_them(tmp_path, line):
    path = tmp_path / "s.jsonl"
    path.write_text(ROW + line + "\n")
    assert read_columns([path], BINARY) is None
    with pytest.raises(DataError, match=r"s\.jsonl:2: "):
        decide(path=path, max_drop="5pp")


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 7, "baseline": 1, "candidate": 1}',
        '{"id": "b", "baseline": true, "candidate": 1}',
        '{"id": "2026-01-01", "baseline": 1, "candidate": 1, "cluster": 4}',
    ],
)
def test_rows_of_mixed_types_are_read_one_by_one(tmp_path, line):
    path = tmp_path / "s.jsonl"
    path.write_text(ROW + line + "\n")
    assert read_columns([path], BINARY) is None
    assert decide(path=path, max_drop="5pp").n == 2


def test_a_line_may_hold_any_separator_of_unicode(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_text(ROW + '{"id": "b\u2028c\u0085d", "baseline": 1, "candidate": 0}\n')
    columns = read_columns([path], BINARY)
    assert columns is not None
    assert columns[1].sample_id == "b\u2028c\u0085d"
    assert tuple(columns) == by_row([path], BINARY)


def test_one_run_twice_is_refused_in_whatever_order_its_rows_are(tmp_path):
    rows = [{"id": f"q{i}", "score": i % 2} for i in range(40)]
    first, second = (tmp_path / f"{name}.jsonl" for name in "ab")
    written(first, rows)
    written(second, rows[::-1], encoding="utf-8-sig")
    with pytest.raises(DataError, match="so both are of one run"):
        decide(first, second, max_drop="5pp")
