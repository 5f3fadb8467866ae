import pytest

from evalguard.training.formats import Layout, read
from evalguard.training.formats.reading import UNWRAPPED
from evalguard.training.rows import RawRow

QA = {"question": "Which is the capital of Peru?", "answer": "Lima."}
MESSAGES = {
    "messages": [
        {"role": "user", "content": QA["question"]},
        {"role": "assistant", "content": QA["answer"]},
    ]
}


def reading(row, **layout):
    return read([RawRow("rows.jsonl", 1, row)], Layout(**layout))


@pytest.mark.parametrize(
    "row",
    [
        {"row": QA},
        {"row_idx": 3, "row": QA, "truncated_cells": []},
        {"custom_id": "r-1", "body": MESSAGES},
        {"sample": {**QA, "system": None}},
    ],
)
def test_the_row_inside_the_only_object_is_read(row):
    found = reading(row)
    assert not found.problems
    assert [m["content"] for m in found.examples[0].messages] == [*QA.values()]
    assert found.remarks[UNWRAPPED] == 1


def test_columns_of_the_row_inside_may_be_mapped():
    columns = {"question": "asked", "answer": "said"}
    found = reading({"row": {"asked": "Why?", "said": "So."}}, columns=columns)
    assert [m["content"] for m in found.examples[0].messages] == ["Why?", "So."]


@pytest.mark.parametrize(
    "row",
    [
        {"row": QA, "note": "The answer is wrong."},
        {"row_idx": 3, "row": QA, "truncated_cells": ["answer"]},
        {"a": QA, "b": QA},
        {"row": {"en": "hello", "de": "hallo"}},
    ],
)
def test_what_may_be_part_of_the_row_is_not_lost(row):
    assert reading(row).problems
