"""Pairs of a training row and a held-out row: what each metric sees."""

import math

import pytest

from evalguard.errors import DataError
from evalguard.tasks.kinds.overfitting import Overfitting
from evalguard.tasks.kinds.perplexity import Perplexity
from evalguard.tasks.prompts import PromptRows


@pytest.fixture
def task(tmp_path):
    (tmp_path / "train.jsonl").write_text(
        '{"q": "a?", "a": "one two"}\n{"q": "b?", "a": "three"}\n'
    )
    (tmp_path / "fresh.jsonl").write_text('{"q": "c?", "a": "four"}\n')

    def rows(name):
        return PromptRows("suite 's', task 't'", tmp_path / name, prompt="{{ q }}")

    return Overfitting(
        "s",
        "t",
        training=rows("train.jsonl"),
        held_out=rows("fresh.jsonl"),
        target="{{ a }}",
        max_new_tokens=8,
        count_tokens=lambda text: len(text.split()),
    )


def score(task, train_answer, fresh_answer, train_nats=0.0, fresh_nats=0.0):
    [pair] = task.prepare(None)
    responses = [train_answer, fresh_answer, (-train_nats, True), (-fresh_nats, False)]
    return task.score(pair, responses).scores


def test_one_sample_is_a_pair_and_the_surplus_is_left_out(task):
    [pair] = task.prepare(None)
    kinds = [instance.request_type for instance in pair.instances]
    assert kinds == ["generate_until"] * 2 + ["loglikelihood"] * 2
    assert [instance.arguments[0] for instance in pair.instances] == ["a?", "c?", "a?", "c?"]
    assert [pair.instances[i].arguments[1] for i in (2, 3)] == [" one two", " four"]


def test_with_a_chat_template_an_answer_needs_no_space(task):
    [pair] = task.prepare(lambda messages: f"<{messages[0]['content']}>")
    assert pair.instances[2].arguments == ("<a?>", "one two")


@pytest.mark.parametrize(
    ("train", "fresh", "recall", "gap"),
    [
        ("one  two\n", "wrong", 1.0, 1.0),  # known by heart
        ("one two", "four", 0.0, 0.0),  # learned
        ("wrong", "wrong", 0.0, 0.0),  # neither
        ("wrong", "four", 0.0, -1.0),
        ("One two", "wrong", 0.0, 0.0),  # not to the letter
    ],
)
def test_recall_is_the_training_row_alone_being_right(task, train, fresh, recall, gap):
    scores = score(task, train, fresh)
    assert (scores["verbatim_recall"], scores["score_gap"]) == (recall, gap)


def test_the_loss_gap_is_in_nats_per_token(task):
    assert score(task, "", "", train_nats=1.0, fresh_nats=3.0)["loss_gap"] == 3.0 / 1 - 1.0 / 2


def test_perplexity_is_nats_per_token_of_the_text(tmp_path):
    (tmp_path / "texts.jsonl").write_text('{"text": "one two three four"}\n')
    task = Perplexity(
        "s",
        "t",
        rows=PromptRows("suite 's', task 't'", tmp_path / "texts.jsonl"),
        text="{{ text }}",
        count_tokens=lambda text: len(text.split()),
    )
    [one] = task.prepare(lambda _: "the chat template has no part in it")
    assert one.instances[0].arguments == ("one two three four",)
    assert math.isclose(task.score(one, [-6.0]).scores["nats_per_token"], 1.5)


def test_an_empty_text_is_refused(tmp_path):
    (tmp_path / "texts.jsonl").write_text('{"text": "x"}\n{"text": " "}\n')
    rows = PromptRows("suite 's', task 't'", tmp_path / "texts.jsonl")
    task = Perplexity("s", "t", rows=rows, text="{{ text }}", count_tokens=len)
    with pytest.raises(DataError, match=r"texts\.jsonl:2: the text is empty"):
        task.prepare(None)


def test_a_row_without_an_answer_is_refused(task, tmp_path):
    """A model that says nothing would know it by heart."""
    (tmp_path / "train.jsonl").write_text('{"q": "a?", "a": " "}\n{"q": "b?", "a": null}\n')
    with pytest.raises(
        DataError, match=r"(?s)train\.jsonl:1: target: is empty.*:2: target: column"
    ):
        task.prepare(None)
