"""Rows that are held out never come back into the training, by whatever file they come."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalguard.errors import DataError
from evalguard.training.config import Data, Replay, Stage
from evalguard.training.dataset import build_dataset, split
from evalguard.training.formats import read
from evalguard.training.rows import RawRow


def examples(prompts):
    rows = [
        RawRow("d.jsonl", i, {"prompt": prompt, "completion": f"answer {i}"})
        for i, prompt in enumerate(prompts, start=1)
    ]
    return list(read(rows).examples)


def prompts(found):
    return {example.messages[0]["content"].casefold() for example in found}


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=60).filter(lambda x: len(set(x)) > 1),
    st.floats(0.01, 0.5),
    st.integers(0, 99),
)
def test_a_split_loses_nothing_and_keeps_duplicates_together(numbers, share, seed):
    rows = examples([f"Question {n}" if i % 2 else f"question  {n}" for i, n in enumerate(numbers)])
    train, validation = split(rows, share, seed=seed)
    assert Counter(e.where for e in train + validation) == Counter(e.where for e in rows)
    assert train
    assert validation
    assert not {e.group() for e in train} & {e.group() for e in validation}
    assert split(rows, share, seed=seed) == (train, validation)


def test_the_share_is_reached_and_the_seed_decides_which():
    rows = examples([f"question {i}" for i in range(200)])
    _, held_out = split(rows, 0.05, seed=0)
    _, other = split(rows, 0.05, seed=1)
    assert len(held_out) == len(other) == 10
    assert prompts(held_out) != prompts(other)


def test_a_share_of_zero_holds_nothing_out():
    rows = examples(["one"])
    assert split(rows, 0, seed=0) == (rows, [])


def test_one_row_cannot_be_split():
    with pytest.raises(DataError, match=r"d.jsonl: 1 row.*validation_share to 0"):
        split(examples(["one"]), 0.05, seed=0, name="d.jsonl")


@pytest.fixture
def folder(tmp_path):
    def write(name, texts):
        rows = [{"prompt": text, "completion": "x"} for text in texts]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    write("task.jsonl", [f"task {i}" for i in range(40)])
    write("held.jsonl", [f"task {i}" for i in range(5)])
    write("general.jsonl", [f"general {i}" for i in range(60)] + [f"TASK {i}" for i in range(40)])
    return tmp_path


def test_replay_is_mixed_in_by_share_without_held_out_examples(folder):
    for seed in range(5):
        data = build_dataset(
            Stage(
                data=Data(train="task.jsonl", validation_share=0.25),
                replay=Replay(data="general.jsonl", share=0.7),
            ),
            base_dir=folder,
            seed=seed,
        )
        replay = [e for e in data.train if e.replayed]
        assert all("general" in e.where for e in replay)
        assert len(data.validation) == 10
        assert len(replay) == 70
        assert len(data.train) == 100
        assert not prompts(data.validation) & prompts(data.train)
        assert {e.where for e in data.validation} <= {
            f"{folder / 'task.jsonl'}:{i}" for i in range(1, 41)
        }


@pytest.mark.parametrize("name", ["task.jsonl", "./task.jsonl", "here/task.jsonl"])
def test_replay_from_the_file_of_the_task_is_told_from_its_rows(folder, name):
    (folder / "here").symlink_to(folder)
    stage = Stage(
        data=Data(train="task.jsonl", validation_share=0), replay=Replay(data=name, share=0.2)
    )
    data = build_dataset(stage, base_dir=folder, seed=0)
    assert sum(example.replayed for example in data.train) == 10
    assert len(data.train) == 50


def test_a_validation_file_is_taken_out_of_the_training_data(folder):
    data = build_dataset(
        Stage(data=Data(train="task.jsonl", validation="held.jsonl")), base_dir=folder, seed=0
    )
    assert len(data.train) == 35
    assert len(data.validation) == 5


def test_a_validation_file_with_every_row_is_refused(folder):
    with pytest.raises(DataError, match=r"every row is also in task.jsonl"):
        build_dataset(
            Stage(data=Data(train="held.jsonl", validation="task.jsonl")), base_dir=folder, seed=0
        )


def test_the_hash_follows_content_and_order(folder):
    def build(seed):
        return build_dataset(Stage(data=Data(train="task.jsonl")), base_dir=folder, seed=seed)

    assert build(0).sha256() == build(0).sha256()
    assert build(0).sha256() != build(1).sha256()
