"""Rows and labels of judged tasks are checked before a model or a judge is asked."""

import json

import pytest

from evalguard.errors import DataError
from evalguard.tasks.kinds.judge import JudgeTask
from evalguard.tasks.kinds.preference import Preference
from evalguard.tasks.prompts import PromptRows

LABELLED = [
    {"q": "x", "note": "n", "answer": f"{label} {n}", "label": label, "better": better}
    for n in range(10)
    for label, better in (("yes", "a"), ("no", "b"))
]


@pytest.fixture
def prepare(tmp_path):
    def prepared(task=JudgeTask, *, row=None, label=None, template=None):
        (tmp_path / "rows.jsonl").write_text(json.dumps({"q": "x", "note": "n", **(row or {})}))
        labelled = [*LABELLED, *([{**LABELLED[0], **label}] if label else [])]
        (tmp_path / "labelled.jsonl").write_text("\n".join(map(json.dumps, labelled)))
        rows, labels = (
            PromptRows("suite 's', task 't'", tmp_path / name, prompt="{{ q }}")
            for name in ("rows.jsonl", "labelled.jsonl")
        )
        judged = task("s", "t", rows=rows, labelled=labels, criterion="good", template=template)
        return judged.prepare(None)

    return prepared


def test_right_rows_and_labels(prepare):
    assert len(prepare()) == 1
    assert len(prepare(label={"label": True, "answer": 3.5})) == 1


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ({"answer": None}, r"labelled\.jsonl:21: column 'answer' holds null; it must be text"),
        ({"answer": ["a"]}, "column 'answer' holds a list"),
        ({"answer": {"text": "a"}}, "column 'answer' holds an object"),
        ({"label": None}, r"labelled\.jsonl:21: label: found null; allowed: yes, no"),
        ({"label": "Yess"}, "label: found 'Yess'; allowed: yes, no"),
        ({"q": None}, r"labelled\.jsonl:21: column 'q' is null"),
    ],
)
def test_labels_that_cannot_be_used(prepare, label, reason):
    with pytest.raises(DataError, match=reason):
        prepare(label=label)


def test_an_answer_of_a_pair_that_is_missing(prepare):
    with pytest.raises(DataError, match=r"20 of 20 rows .* cannot be used:\n.*no column 'a'"):
        prepare(Preference)


def test_what_the_judge_is_asked_can_be_written_for_every_row(prepare):
    template = "{{ note | upper }}: {{ answer }}"
    assert len(prepare(template=template)) == 1
    with pytest.raises(DataError, match=r"/rows\.jsonl:1: column 'note' is null"):
        prepare(template=template, row={"note": None})
    with pytest.raises(DataError, match=r"labelled\.jsonl:21: column 'note' is null"):
        prepare(template=template, label={"note": None})
