"""JSON is read by what it holds; what may be read in two ways is refused."""

import json
import subprocess

import pytest

from evalguard.tasks.rows import read_rows

ROWS = [{"prompt": "a", "answer": "x"}, {"prompt": "b\u2028c\u0085d", "answer": "y"}]
PLACED = list(enumerate(ROWS, start=1))
CHAT = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}

LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n"
ARRAY = json.dumps(ROWS)
PRETTY = json.dumps(ROWS, indent=2, ensure_ascii=False)
OBJECTS = "\n".join(json.dumps(row, indent=2) for row in ROWS)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson", "a.csv"])
@pytest.mark.parametrize("text", [LINES, ARRAY, PRETTY, ARRAY + "\n\n", LINES.replace("\n", "\r")])
def test_the_content_decides_and_not_the_name(read, name, text):
    assert read(name, text) == PLACED


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (OBJECTS, [1, 5]),
        ("\n\n" + OBJECTS, [3, 7]),
        (LINES + OBJECTS, [1, 2, 3, 7]),
        ("\n".join(map(json.dumps, ROWS)).replace("\n", " "), [1, 2]),
        ("".join(json.dumps(row, indent=1) for row in ROWS), [1, 4]),
        ("".join(map(json.dumps, ROWS)), [1, 2]),
    ],
)
def test_objects_one_after_the_other_have_the_lines_they_begin_on(read, text, numbers):
    found = read("a.json", text)
    assert [number for number, _ in found] == numbers
    assert [row for _, row in found] == ROWS * (len(numbers) // 2)


@pytest.mark.parametrize(
    "wrapper",
    [
        {"data": ROWS},
        {"version": "1", "license": None, "tickets": ROWS},
        {"version": 1, "rows": {"train": ROWS}},
        {"a": {"b": {"c": {"d": ROWS}}}, "errors": []},
        {"name": "t", "createdAt": "May", "num_rows": 2, "total_pages": 1, "conversations": ROWS},
        {"schema": {"fields": [{"name": "prompt"}, {"name": "answer"}]}, "data": ROWS},
        {"features": [{"name": "prompt"}], "rows": [{"row_idx": i, "row": r} for i, r in PLACED]},
        [{"row_idx": i, "row": r, "truncated_cells": []} for i, r in PLACED],
        {"prompt": ["a", ROWS[1]["prompt"]], "answer": ["x", "y"]},
        {"version": 1, "train": {"prompt": ["a", ROWS[1]["prompt"]], "answer": ["x", "y"]}},
        {"columns": ["prompt", "answer"], "data": [list(r.values()) for r in ROWS], "ncols": 2},
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_rows_are_found_in_wrappers_and_columns(read, wrapper, indent):
    assert read("a.json", json.dumps(wrapper, indent=indent)) == PLACED


@pytest.mark.parametrize(
    "row",
    [
        {"sentence": "x", "entities": [{"n": 1}, {"n": 2}]},
        {"tokens": ["a", "b"], "tags": ["x", "y"]},
        {"tokens": ["a"], "tags": ["x", "y"]},
        {"question": "q", "table": {"columns": ["a"], "data": [["x"]]}},
        {"columns": ["a", "b"], "data": [["x", "y"], ["z", "w"]]},
        {"schema": {"fields": [{"name": "a"}]}, "data": [{"a": 1}, {"a": 2}]},
        {"chosen": {"text": "a", "score": 1}, "rejected": {"text": "b", "score": 2}},
        {"q1": {"question": "a"}, "q2": {"question": "b"}},
        {"0": {"a": "x"}, "1": {"a": "y"}},
    ],
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_in_a_file_of_a_row_a_line_one_object_is_one_row(read, row, name):
    assert read(name, json.dumps(row)) == [(1, row)]
    assert read(name, json.dumps(row) + "\n" + json.dumps(row)) == [(1, row), (2, row)]


@pytest.mark.parametrize(
    "around",
    [
        {"num_rows_total": 5000, "partial": False},
        {"num_rows_total": 2, "partial": True},
        {"page": 1, "total_pages": 9},
        {"totalCount": "5,000", "nextPageToken": "x"},
        {"total": "5000"},
        {"count": 3, "previous": None},
        {"has_more": True},
        {"offset": 100},
        {"page": 9},
        {"truncated": True},
    ],
)
@pytest.mark.parametrize(
    "page",
    [
        {"features": [{"name": "a"}], "rows": [{"row_idx": i, "row": r} for i, r in PLACED]},
        {"rows": ROWS},
        {"data": {"rows": ROWS}},
        {"columns": ["prompt", "answer"], "data": [["a", "x"], ["b", "y"]]},
        {"schema": {"fields": []}, "data": ROWS},
        {"train": {"prompt": ["a", "b"], "answer": ["x", "y"]}},
    ],
)
def test_a_page_of_a_larger_data_set_is_refused(refused, page, around):
    message = refused("a.json", json.dumps({**page, **around}))
    assert "holds 2 rows, and '" in message
    assert "says that they are part of a larger data set" in message


@pytest.mark.parametrize(
    ("value", "lost"),
    [
        ({"id": 7, "sentence": "x", "label_map": {"a": 1}, "entities": [{"n": 1}]}, "id"),
        ({"version": 1, "label_map": {"a": 1}, "rows": ROWS}, "label_map"),
        ({"sentence": "x", "entities": [{"n": 1}]}, "sentence"),
        ({"set": {"version": 1, "texts": ["x"], "rows": ROWS}}, "texts"),
        ({"data": ROWS, "tools": [{"type": "function"}]}, "tools"),
        ({"columns": ["p"], "data": [["x"]], "answers": ["lost"]}, "answers"),
        ({"columns": ["p"], "data": [["x"]], "index": [0], "target": "lost"}, "target"),
        ({"schema": {"fields": []}, "data": ROWS, "gold": {"0": "x"}}, "gold"),
        ({"features": [], "rows": [{"row_idx": 0, "row": {}}], "answers": ["x"]}, "answers"),
        ([{"row_idx": 0, "row": {"q": 1}, "target": "LOST"}], "target"),
        ({"rows": [{"row_idx": 0, "row": {"q": 1}, "label": 0}]}, "label"),
        ({"columns": ["p"], "data": [["x"]], "index": ["a", "b"]}, "index"),
    ],
)
def test_what_would_be_lost_beside_the_rows_is_refused(refused, value, lost):
    assert f"'{lost}'" in refused("a.json", json.dumps(value))


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records", "table"])
def test_what_pandas_writes(read, orient):
    frame = pytest.importorskip("pandas").DataFrame(ROWS)
    rows = [{"index": i, **row} for i, row in enumerate(ROWS)] if orient == "table" else ROWS
    assert [row for _, row in read("a.json", frame.to_json(orient=orient))] == rows


@pytest.mark.parametrize("orient", ["columns", "index", "split"])
@pytest.mark.parametrize("labels", [[3, 1], ["p", "q"]])
def test_labels_that_say_more_than_the_place_are_kept(read, orient, labels):
    text = pytest.importorskip("pandas").DataFrame(ROWS, index=labels).to_json(orient=orient)
    rows = [row for _, row in read("a.json", text)]
    assert [str(row["index"]) for row in rows] == [str(label) for label in labels]
    assert [{"prompt": row["prompt"], "answer": row["answer"]} for row in rows] == ROWS


@pytest.mark.parametrize(
    "row",
    [
        CHAT,
        {"prompt": "a", "answer": "x"},
        {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
        {"chosen": CHAT["messages"], "rejected": CHAT["messages"]},
        {"question": "a", "choices": [{"text": "b"}, {"text": "c"}], "answer": "A"},
        {"messages": CHAT["messages"], "tools": [{"type": "function"}, {"type": "function"}]},
        {"input": {"text": "a"}, "id": 1},
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_one_object_may_be_one_row(read, row, indent):
    assert read("a.json", json.dumps(row, indent=indent)) == [(1, row)]
    assert read("a.jsonl", json.dumps(row, indent=indent)) == [(1, row)]


def test_columns_and_records_of_conversations(read):
    conversations = [CHAT["messages"], CHAT["messages"][:1]]
    rows = [{"messages": messages} for messages in conversations]
    assert [row for _, row in read("a.json", json.dumps({"messages": conversations}))] == rows
    by_id = {"c1": rows[0], "c2": rows[1]}
    found = [row for _, row in read("a.json", json.dumps(by_id))]
    assert found == [{"index": "c1", **rows[0]}, {"index": "c2", **rows[1]}]


def test_records_by_their_ids_may_hold_lists_of_their_own(read):
    squad = {"q1": {"question": "a", "answers": {"text": ["x"], "start": [5]}, "refs": [{"n": 1}]}}
    squad["q2"] = {**squad["q1"], "question": "b"}
    found = [row for _, row in read("a.json", json.dumps(squad))]
    assert found == [{"index": label, **row} for label, row in squad.items()]
    assert read("b.jsonl", json.dumps(squad["q1"])) == [(1, squad["q1"])]


def test_joined_files_keep_their_marks_inside(read):
    assert read("a.jsonl", "\ufeff" + LINES + "\ufeff" + LINES) == [
        (number, ROWS[(number - 1) % 2]) for number in range(1, 5)
    ]


def test_several_lists_are_named_with_a_command_that_saves_one(refused, tmp_path):
    splits = {"meta": {"by": "us"}, "set": {"train": ROWS, 'te"s$t': ROWS[:1]}}
    message = refused("a.json", json.dumps(splits))
    assert "several lists of rows: 'set.train' (2 objects), 'set.te\"s$t' (1 objects)." in message
    command = message.partition("as a separate file: ")[2]
    subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path)
    assert [row.data for row in read_rows(tmp_path / "a-train.json")] == ROWS


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"instruction": "x", "examples": ROWS}, "'instruction' beside 'examples', 2 objects"),
        ({"prompt": ["a"], "answer": ["x", "y"]}, "differ in length: 'prompt' 1, 'answer' 2"),
        ({"a": {"c": "x", "d": "y"}, "b": {"c": "z", "d": "w"}}, "either 'a', 'b' or "),
        ({"1": {"2": "x"}, "3": {"2": "y"}}, "either '1', '3' or '2' may be the columns"),
        ({"data": []}, "holds no rows"),
        ({"a": {"p": ["x"], "q": ["y"]}, "b": {"p": ["z"], "q": ["w"]}}, "'a' (2 columns of 1 val"),
        ({"a": {"text": ["x", "y"]}, "b": {"text": ["z", "w"]}}, "'a' (1 columns of 2 values)"),
        ({"columns": ["p", "q"], "data": [["x", "y"], ["z"]]}, "a.json:2: has 1 values for 2 col"),
        ({"columns": ["p", "p"], "data": [["x", "y"]]}, "must name every column once"),
        ({"context": "c", "answers": {"text": ["x"], "start": [5]}}, "'context' beside 'answers'"),
        ({"version": 1, "data": ["a", "b"], "rows": {}}, None),
        (7, "holds a number; rows are objects"),
        (None, "holds null"),
        (
            [["a", "b"], ["c", "d"]],
            "1: is a list; a row is an object such as {…: …}\n    and 1 more",
        ),
        (
            [{"row_idx": 0, "row": {"a": "b"}, "truncated_cells": ["a"]}],
            "a.json:1: the server that sent the row cut a short",
        ),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused(read, refused, value, message):
    if message is None:
        assert read("a.json", json.dumps(value)) == [(1, value)]
    else:
        assert message in refused("a.json", json.dumps(value))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", "{'a': 'b'}\n{'a': None}\n", "this is Python's own form"),
        ("a.jsonl", '{"a": True}\n{"a": False}\n', "this is Python's own form"),
        ("a.jsonl", "{“a”: “b”}\n{“a”: “c”}\n", "JSON needs straight quotes"),
        ("a.jsonl", '{a: "b"}\n{a: "c"}\n', "names need double quotes"),
        ("a.jsonl", '{"a": "b"},\n{"a": "c"},\n', "leave out the commas between the lines"),
        ("a.jsonl", '{"a": "C:\\p"}\n{"a": "C:\\q"}\n', "write a backslash as \\\\"),
        ("a.jsonl", '{"a": "b\tc"}\n{"a": "\t"}\n', "write a line break as \\n"),
        ("a.jsonl", "a,b\n1,2\n", "name CSV files .csv"),
        ("a.jsonl", "# one\n# two\n", "JSON has no comments; remove the line"),
        ("a.jsonl", "// one\n  // two\n", "JSON has no comments; remove the line"),
        ("a.jsonl", "-- one\n/* two */\n", "JSON has no comments; remove the line"),
        (
            "a.jsonl",
            json.dumps(LINES.splitlines()[0]) + "\n" + json.dumps(ARRAY[1:]) + "\n",
            "it was encoded twice",
        ),
        ("a.json", json.dumps(LINES.splitlines()[:1] * 2), "it was encoded twice"),
        ("a.json", "The data is here.\nNot there.\n", "a row is an object such as"),
        ("a.json", '{"a": "b"} // x\n{"a": "b"} // x\n', "JSON has no comments"),
        ("a.jsonl", '{"a": NaN}\n{"a": NaN}\n', "NaN is not JSON; write null or a number"),
    ],
)
def test_one_cause_is_one_message_with_the_fix(refused, name, text, message):
    found = refused(name, text)
    assert message in found
    assert found.startswith(f"{name}: broken rows: 2.\n  {name}:1: ")
    assert found.endswith("\n    and 1 more row: 2")


@pytest.mark.parametrize("value", [ARRAY, json.dumps(ROWS[0])])
def test_a_document_that_was_encoded_twice_is_named(refused, value):
    assert "it was encoded twice" in refused("a.json", json.dumps(value))


@pytest.mark.parametrize("comment", ["# the rows", "// the rows", "/* the rows */"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_comment_among_lines_is_named_by_its_row(refused, comment, place):
    lines = LINES.splitlines()
    lines.insert(place, comment)
    message = refused("a.jsonl", "\n".join(lines) + "\n")
    assert f"a.jsonl:{place + 1}: not JSON: JSON has no comments; remove the line" in message


def test_causes_are_told_apart_and_counted(refused):
    good, python, cut = '{"a": "b"}\n', "{'a': 'b'}\n", '{"a": "b'
    message = refused("a.jsonl", good + python * 9 + "[1]\n" + python * 5000 + good + cut)
    first, *lines = message.splitlines()
    assert first == "a.jsonl: broken rows: 5,011."
    assert lines[0].startswith("  a.jsonl:2: not JSON: Expecting property name")
    assert lines[0].endswith("(column 2)")
    assert lines[1:3] == [
        "    and 5,008 more rows: 3, 4, 5, 6, 7, …",
        "  a.jsonl:11: is a list; a row is an object such as {…: …}",
    ]
    assert lines[3].startswith("  a.jsonl:5013: not JSON: it ends in the middle")
    assert len(lines) == 4


def test_objects_that_share_a_line_behind_others_are_refused(refused):
    message = refused("a.jsonl", LINES + '{"a": "b"}{"a": "c"}\n')
    assert "a.jsonl:3: not JSON: Extra data (column 11)" in message


def test_a_broken_document_says_where(refused):
    assert (
        refused("a.json", '[\n {"a": "b"},\n {\n  "a": }\n]\n')
        == "a.json:4: not JSON: Expecting value (column 8)."
    )
    assert "it ends in the middle" in refused("a.json", PRETTY[:40])
    assert (
        refused("a.json", '{\n "a": "b"\n}\n{\n}}\n{\n "a": 1\n}\n')
        == "a.json:5: not JSON: Expecting value (column 2)."
    )
