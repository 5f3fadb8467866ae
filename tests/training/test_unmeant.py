"""Rows that a column says are not meant for training are refused, with the way out."""

from __future__ import annotations

import pytest

from evalguard.training.config import Data, Stage
from evalguard.training.dataset import build_dataset
from tests.training.test_nothing_vanishes import ANSWER, USER, reading

PAIR = {"prompt": "Which city?", "completion": "Oslo."}


@pytest.mark.parametrize(
    ("columns", "way_out"),
    [
        ({"split": "test"}, "split"),
        ({"split": "validation"}, "split"),
        ({"Split": "VAL"}, "Split"),
        ({"subset": "dev"}, "subset"),
        ({"partition": "held-out"}, "partition"),
        ({"data_split": "test_set"}, "data_split"),
        ({"fold": "eval"}, "fold"),
        ({"split": "validation_matched"}, "split"),
        ({"split": "test[:10%]"}, "split"),
        ({"split": "math-test"}, "split"),
        ({"finish_reason": "length"}, "finish_reason"),
        ({"finish_reason": "content_filter"}, "finish_reason"),
        ({"stop_reason": "max_tokens"}, "stop_reason"),
        ({"finishReason": "MAX_TOKENS"}, "finishReason"),
        ({"done_reason": "length"}, "done_reason"),
        ({"native_finish_reason": "SAFETY"}, "native_finish_reason"),
        ({"finish_reasons": "x", "finish_reason": ["stop", "length"]}, "finish_reason"),
        ({"truncated": True}, "truncated"),
        ({"feedback": "thumbs_down"}, "feedback"),
        ({"user_feedback": "👎"}, "user_feedback"),
        ({"rating": -1}, "rating"),
        ({"is_correct": False}, "is_correct"),
        ({"approved": "false"}, "approved"),
        ({"flagged": True}, "flagged"),
        ({"deleted": "true"}, "deleted"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
    ],
)
def test_a_row_that_is_not_meant_is_refused_unless_ignored(columns, way_out):
    found = reading(PAIR | columns)
    assert not found.examples
    assert f"'{way_out}'" in found.problems[0].message
    assert f"ignore: [{way_out}]" in found.problems[0].message
    taken = reading(PAIR | columns, ignore=(way_out,))
    assert len(taken.examples) == 1
    assert way_out in taken.ignored


@pytest.mark.parametrize(
    "columns",
    [
        {"split": "train"},
        {"split": "train[:90%]"},
        {"subset": "math"},
        {"subset": "attested"},
        {"subset": "dev-ops"},
        {"subset": "web-development"},
        {"set": "model evaluation"},
        {"split": "train_valid"},
        {"status": "failed"},
        {"decision": "rejected"},
        {"human_verified": False},
        {"last_turn": 3},
        {"turn_loss": 0.7},
        {"loss_mask": 1},
        {"finish_reasons": ["stop", "length"]},
        {"subset": "unit-test-generation"},
        {"dataset": "test"},
        {"finish_reason": "stop"},
        {"stop_reason": "end_turn"},
        {"finish_reason": "tool_calls"},
        {"truncated": False},
        {"feedback": "The answer is short."},
        {"rating": 4},
        {"rating": 0},
        {"score": 0.2},
        {"is_correct": True},
        {"tool_choice": "auto"},
        {"response_format": {"type": "text"}},
        {"parallel_tool_calls": False},
    ],
)
def test_what_says_nothing_against_a_row_is_named_as_ignored(columns):
    found = reading(PAIR | columns)
    assert len(found.examples) == 1
    assert found.ignored.keys() == columns.keys()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"finish_reason": "length"}, "messages[1].finish_reason is 'length': the answer was cut"),
        ({"stop_reason": "max_tokens"}, "the answer was cut"),
        ({"truncated": True}, "messages[1] holds 'truncated'"),
        ({"tools": [{"name": "f"}]}, "messages[1] holds 'tools'"),
        ({"functions": [{"name": "f"}]}, "messages[1] holds 'functions'"),
        ({"tool_choice": "none"}, "messages[1] holds 'tool_choice'"),
    ],
)
def test_a_message_says_so_too(keys, message):
    row = {"messages": [USER, ANSWER | keys]}
    assert message in reading(row).problems[0].message
    assert len(reading(row, ignore=tuple(keys)).examples) == 1


def test_settings_of_openais_preferences_are_not_lost():
    row = {
        "input": {"messages": [USER], "tool_choice": "required"},
        "preferred_output": [ANSWER],
        "non_preferred_output": [{"role": "assistant", "content": "Rome."}],
    }
    assert "input holds 'tool_choice'" in reading(row).problems[0].message


def test_feedback_may_be_mapped_to_the_label_of_kto():
    row = PAIR | {"feedback": "thumbs_down"}
    assert "columns: {label: feedback}" in reading(row).problems[0].message
    (example,) = reading(row, columns={"label": "feedback"}).examples
    assert example.kind == "unpaired"
    assert not example.good


def test_the_file_of_held_out_rows_may_say_what_they_are(tmp_path):
    for name, split in (("train", "train"), ("held", "test")):
        rows = [f'{{"prompt": "{name}", "completion": "a", "split": "{split}"}}\n']
        (tmp_path / f"{name}.jsonl").write_text("".join(rows))
    stage = Stage(method="sft", data=Data(train="train.jsonl", validation="held.jsonl"))
    built = build_dataset(stage, base_dir=tmp_path, seed=0)
    assert (len(built.train), len(built.validation)) == (1, 1)


@pytest.mark.parametrize("column", ["code", "sql", "target", "translation", "label"])
def test_what_a_text_is_to_be_turned_into_is_not_left_out(column):
    row = {"text": "Write a function that adds.", column: "def add(a, b): ..."}
    assert f"has '{column}'" in reading(row).problems[0].message
    assert reading({"text": "def add(): pass", "code": "def add(): pass"}).examples
