"""What is hashed is what lm-eval reads: includes, globs, folders and code."""

import json

import pytest

from evalguard.tasks.benchmark.sources import TaskFileError, files_of, read_source
from tests.conftest import write_jsonl
from tests.tasks.benchmark.conftest import load_all

TASK = "output_type: generate_until\ntest_split: test\ndoc_to_text: '{{q}}'\ndoc_to_target: a\n"


def rows(path, *questions):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_jsonl(path, [{"q": question, "a": "x"} for question in questions])


def asked(folder, task):
    [benchmark] = load_all(folder, task)
    return [sample.row["q"] for sample in benchmark.prepare(None)]


def names(folder, task):
    found = files_of(folder / task)
    return found and {str(file.relative_to(folder.resolve())) for file in found}


def test_data_are_beside_the_file_that_names_them(tmp_path):
    rows(tmp_path / "base" / "data.jsonl", "right")
    rows(tmp_path / "tasks" / "data.jsonl", "wrong")
    (tmp_path / "base" / "_b.yaml").write_text(
        f"dataset_path: json\ndataset_kwargs: {{data_files: {{test: data.jsonl}}}}\n{TASK}"
    )
    (tmp_path / "tasks" / "t.yaml").write_text("include: ../base/_b.yaml\ntask: t\n")
    assert asked(tmp_path, "tasks/t.yaml") == ["right"]
    assert names(tmp_path, "tasks/t.yaml") == {"base/_b.yaml", "base/data.jsonl", "tasks/t.yaml"}


@pytest.mark.parametrize(
    ("files", "read"),
    [
        ("part-*.jsonl", ["0", "1"]),
        ("[part-1.jsonl, part-0.jsonl]", ["1", "0"]),
        ("parts", ["2", "3"]),
        ("'**/part-[23].jsonl'", ["2", "3"]),
        ("[part-0.jsonl, 'parts/part-?.jsonl']", ["0", "2", "3"]),
    ],
)
def test_globs_lists_and_folders(tmp_path, files, read):
    for number in range(2):
        rows(tmp_path / f"part-{number}.jsonl", str(number))
        rows(tmp_path / "parts" / f"part-{number + 2}.jsonl", str(number + 2))
    (tmp_path / "t.yaml").write_text(
        f"task: t\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {files}}}}}\n{TASK}"
    )
    assert asked(tmp_path, "t.yaml") == read
    found = names(tmp_path, "t.yaml")
    assert {name for name in found if name.endswith(".jsonl")} == {
        f"{'parts/' if int(number) > 1 else ''}part-{number}.jsonl" for number in read
    }


def test_a_data_set_folder_counts_with_all_that_is_in_it(tmp_path):
    rows(tmp_path / "data" / "test.jsonl", "one", "two")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "t.yaml").write_text(f"task: t\ndataset_path: ../data\n{TASK}")
    assert asked(tmp_path, "tasks/t.yaml") == ["one", "two"]
    assert names(tmp_path, "tasks/t.yaml") == {"data/test.jsonl", "tasks/t.yaml"}


def test_code_counts_with_all_that_it_imports(tmp_path):
    rows(tmp_path / "rows.jsonl", "one")
    (tmp_path / "code.py").write_text(
        "def text(doc):\n    from helper import ask\n    return ask\n"
    )
    (tmp_path / "helper.py").write_text("import json\nfrom deeper import ask\n")
    (tmp_path / "deeper.py").write_text("ask = 'what?'\n")
    task = TASK.replace("'{{q}}'", "!function code.text")
    (tmp_path / "t.yaml").write_text(
        f"task: t\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: rows.jsonl}}}}\n{task}"
    )
    assert {"code.py", "helper.py", "deeper.py"} <= names(tmp_path, "t.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "dataset_path: org/set\n",
        "dataset_path: json\ndataset_kwargs: {data_files: {test: 'https://example.org/x.jsonl'}}\n",
        "class: !function code.Task\n",
        "group: g\n",
    ],
)
def test_what_is_elsewhere_leaves_the_files_incomplete(tmp_path, text):
    (tmp_path / "t.yaml").write_text(f"task: t\n{text}{TASK}")
    assert files_of(tmp_path / "t.yaml") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("include: t.yaml\n", "the file includes itself"),
        ("include: gone.yaml\n", "gone.yaml: no such file"),
        ("[1, 2]", "no keys"),
        ("a: [", "not YAML: line 1: "),
        (
            "dataset_kwargs: {data_files: 'gone-*.jsonl'}",
            r"dataset_kwargs.data_files: no such file: .*gone-\*\.jsonl",
        ),
    ],
)
def test_broken_files_say_which(tmp_path, text, said):
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(TaskFileError, match=said):
        read_source(tmp_path / "t.yaml")


def test_data_that_an_including_file_replaces_need_not_be_there(tmp_path):
    rows(tmp_path / "ours.jsonl", "ours")
    (tmp_path / "_b.yaml").write_text(
        f"dataset_path: json\ndataset_kwargs: {{data_files: {{test: gone.jsonl}}}}\n{TASK}"
    )
    (tmp_path / "t.yaml").write_text(
        "include: _b.yaml\ntask: t\ndataset_kwargs: {data_files: {test: ours.jsonl}}\n"
    )
    assert asked(tmp_path, "t.yaml") == ["ours"]


def test_a_changed_file_behind_an_include_is_another_sample(tmp_path):
    rows(tmp_path / "base" / "data.jsonl", "before")
    (tmp_path / "base" / "_b.yaml").write_text(
        f"dataset_path: json\ndataset_kwargs: {{data_files: {{test: data.jsonl}}}}\n{TASK}"
    )
    (tmp_path / "t.yaml").write_text("include: base/_b.yaml\ntask: t\n")
    [before] = load_all(tmp_path, "t.yaml")[0].prepare(None)
    (tmp_path / "base" / "data.jsonl").write_text(json.dumps({"q": "after", "a": "x"}) + "\n")
    [after] = load_all(tmp_path, "t.yaml")[0].prepare(None)
    assert before.sample_id != after.sample_id
