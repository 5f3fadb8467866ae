"""A training file may be a folder or a pattern of files: all of them are read, or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalguard.errors import ConfigError, DataError
from evalguard.pipeline.inputs import training_files
from evalguard.quiet import quiet
from evalguard.training import load_training_config
from evalguard.training.config import Data, Stage
from evalguard.training.dataset import build_dataset, read_examples
from evalguard.training.sources import data_files


def write(folder: Path, name: str, *answers: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"prompt": f"q {answer}", "completion": answer} for answer in answers]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def answers(path: Path) -> list[str]:
    reading = read_examples(path)
    assert not reading.problems
    return [example.messages[-1]["content"] for example in reading.examples]


@pytest.fixture
def shards(tmp_path):
    write(tmp_path, "data/train-00001.jsonl", "c")
    write(tmp_path, "data/train-00000.jsonl", "a", "b")
    return tmp_path / "data"


@pytest.mark.parametrize("name", ["", "*.jsonl", "train-*", "train-0000?.jsonl", "train-[0-9]*"])
def test_shards_are_read_in_the_order_of_their_names(shards, name):
    assert answers(shards / name if name else shards) == ["a", "b", "c"]


def test_a_pattern_may_have_folders(shards):
    write(shards.parent, "more/x/train-9.jsonl", "d")
    assert answers(shards.parent / "**" / "train-*.jsonl") == ["a", "b", "c", "d"]


def test_a_file_whose_name_looks_like_a_pattern_is_one_file(tmp_path):
    write(tmp_path, "a.jsonl", "other")
    path = write(tmp_path, "[a].jsonl", "own")
    assert answers(path) == ["own"]
    write(tmp_path, "[b]/x-1.jsonl", "inside")
    assert answers(tmp_path / "[b]" / "x-*.jsonl") == ["inside"]


@pytest.mark.parametrize("name", ["adapter_config.json", "model.safetensors"])
def test_a_folder_of_a_model_is_not_read_as_data(shards, name):
    (shards / name).write_text("{}")
    with pytest.raises(DataError, match=rf"a model or an adapter \({name}\), not data"):
        data_files(shards)


def test_the_notes_say_what_was_read_and_errors_name_file_and_row(shards):
    reading = read_examples(shards)
    assert reading.lines("data") == (
        "data: 3 rows read as 'prompt_completion' (prompt, completion → messages)",
        "data: 3 rows: from 2 files, train-00000.jsonl to train-00001.jsonl",
    )
    with (shards / "train-00001.jsonl").open("a") as file:
        file.write('{"prompt": "q", "completion": null}\nbroken\n')
    places = {problem.where for problem in read_examples(shards).problems}
    assert places == {f"{shards / 'train-00001.jsonl'}:{line}" for line in (2, 3)}


def test_every_file_changes_the_hash_that_a_resumed_run_is_held_to(shards):
    stage = Stage(method="sft", data=Data(train="train-*.jsonl", validation_share=0))
    first = build_dataset(stage, base_dir=shards, seed=0).sha256()
    write(shards, "train-00001.jsonl", "changed")
    assert build_dataset(stage, base_dir=shards, seed=0).sha256() != first


def test_the_receipt_names_every_file(shards):
    config = {"data": {"train": str(shards / "*.jsonl"), "validation": str(shards)}}
    both = [shards / "train-00000.jsonl", shards / "train-00001.jsonl"]
    assert list(training_files(config)) == both * 2


@pytest.mark.parametrize(
    ("files", "named", "message"),
    [
        (["a.jsonl", "b.csv"], "", "files of several kinds: a.jsonl, b.csv"),
        (["a.jsonl", "dataset_infos.json"], "", "files of several kinds"),
        (["train-0.jsonl", "test-0.jsonl"], "", "several splits, such as test-0.jsonl"),
        (["train-0.jsonl", "my_val.jsonl"], "*.jsonl", "several splits, such as my_val.jsonl"),
        (["part-1.jsonl", "x.dev.jsonl"], "*", "several splits, such as x.dev.jsonl"),
        (["train/0.jsonl", "test/0.jsonl"], "**/*.jsonl", "several splits, such as test/0.jsonl"),
        (["a.jsonl", "b/c.jsonl"], "", "subfolders with more: b"),
        (["b/c.jsonl"], "", "Its subfolders hold some: b"),
        (["a.txt"], "", "is a folder without .jsonl"),
        (["a.jsonl"], "b-*.jsonl", "no file matches this pattern"),
        (["a.jsonl", "a.txt"], "a*", "matches a.txt as well"),
    ],
)
def test_what_may_be_the_wrong_files_is_refused(tmp_path, files, named, message):
    for file in files:
        write(tmp_path / "d", file, "x")
    with pytest.raises(DataError, match=message):
        data_files(tmp_path / "d" / named)


def test_files_that_tools_leave_are_no_data(shards):
    write(shards, "._train-00000.jsonl", "x")
    (shards / "_SUCCESS").touch()
    (shards / "README.md").write_text("About these rows.")
    assert answers(shards) == ["a", "b", "c"]


@pytest.fixture
def saved(tmp_path):
    import datasets

    rows = [{"prompt": f"q{i}", "completion": f"a{i}"} for i in range(12)]
    data = datasets.Dataset.from_list(rows)
    with quiet():
        datasets.disable_progress_bars()
        data.save_to_disk(str(tmp_path / "one"), num_shards=11)
        datasets.DatasetDict(train=data, test=data).save_to_disk(str(tmp_path / "all"))
    return tmp_path


def test_a_saved_data_set_is_read_in_its_own_order(saved):
    assert answers(saved / "one") == [f"a{i}" for i in range(12)]
    assert len(answers(saved / "all" / "train")) == 12


def test_a_saved_data_set_of_several_splits_names_them(saved):
    with pytest.raises(DataError, match=r"several splits. Give one: .*all/train, .*all/test"):
        data_files(saved / "all")


def state(folder: Path, **keys: object) -> None:
    path = folder / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"_indices_data_files": [{"filename": "indices.arrow"}]}, "an indices mapping"),
        ({"_format_columns": ["prompt"]}, "a format limited to prompt"),
        ({"_data_files": []}, "does not list data-00000"),
        ({"_data_files": [{"filename": "gone.arrow"}]}, "it lacks gone.arrow"),
    ],
)
def test_a_saved_data_set_that_says_something_else_is_refused(saved, keys, message):
    state(saved / "one", **keys)
    with pytest.raises(DataError, match=message):
        data_files(saved / "one")


def test_a_missing_shard_is_named(saved):
    (saved / "one" / "data-00003-of-00011.arrow").unlink()
    with pytest.raises(DataError, match=r"it lacks data-00003-of-00011\.arrow"):
        data_files(saved / "one")


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ("[a.jsonl, b.jsonl]", "data.train: is a list. Give several files as a pattern"),
        ("nothing-*.jsonl", "no file matches this pattern"),
        ("none.jsonl", "no such file 'none.jsonl'"),
    ],
)
def test_the_config_says_what_it_cannot_name(tmp_path, train, message):
    path = tmp_path / "t.yaml"
    path.write_text(
        f"version: 1\nmethod: sft\nbase: {{model: m}}\ndata: {{train: {train}}}\noutput: out\n"
    )
    with pytest.raises(ConfigError) as error:
        load_training_config(path)
    assert message in str(error.value)
