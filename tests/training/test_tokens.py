"""Which tokens carry loss, checked token by token for each format."""

import pytest

from evalguard.errors import DataError, ModelError
from evalguard.training.formats import convert
from evalguard.training.rows import RawRow
from evalguard.training.tokens import IGNORED, encode
from tests.training.conftest import MARKED_TEMPLATE, PLAIN_TEMPLATE, make_tokenizer

ASKED = {"role": "user", "content": "what is the colour of the sky"}
ANSWER = {"role": "assistant", "content": "it is blue"}
CONVERSATIONS = {
    "messages": {"messages": [ASKED, ANSWER]},
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": ASKED["content"]},
            {"from": "gpt", "value": ANSWER["content"]},
        ]
    },
    "alpaca": {"instruction": ASKED["content"], "output": ANSWER["content"]},
    "prompt_completion": {"prompt": ASKED["content"], "completion": ANSWER["content"]},
}
TWO_TURNS = {"messages": [ASKED, ANSWER, {"role": "user", "content": "and the sea"}, ANSWER]}


def examples(*rows):
    return convert([RawRow("d.jsonl", i, row) for i, row in enumerate(rows, start=1)])[0]


def with_loss(sequence, tokenizer) -> str:
    return tokenizer.decode([label for label in sequence.labels if label != IGNORED])


def without_loss(sequence, tokenizer) -> str:
    pairs = zip(sequence.input_ids, sequence.labels, strict=True)
    return tokenizer.decode([token for token, label in pairs if label == IGNORED])


@pytest.mark.parametrize("template", [MARKED_TEMPLATE, PLAIN_TEMPLATE], ids=["marked", "plain"])
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_only_the_answer_and_its_end_carry_loss(template, name):
    tokenizer = make_tokenizer(template)
    (sequence,) = encode(examples(CONVERSATIONS[name]), tokenizer, max_length=200)
    assert with_loss(sequence, tokenizer) == "it is blue<end>"
    assert without_loss(sequence, tokenizer) == (
        "<user>what is the colour of the sky<end><assistant>"
    )
    for token, label in zip(sequence.input_ids, sequence.labels, strict=True):
        assert label in (token, IGNORED)


def test_marks_give_one_sequence_with_every_answer():
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    (sequence,) = encode(examples(TWO_TURNS), tokenizer, max_length=200)
    assert with_loss(sequence, tokenizer) == "it is blue<end>it is blue<end>"
    assert "and the sea" in without_loss(sequence, tokenizer)


def test_without_marks_each_answer_has_its_own_sequence():
    tokenizer = make_tokenizer(PLAIN_TEMPLATE)
    first, second = encode(examples(TWO_TURNS), tokenizer, max_length=200)
    assert with_loss(first, tokenizer) == "it is blue<end>"
    assert with_loss(second, tokenizer) == "it is blue<end>"
    assert "and the sea" not in without_loss(first, tokenizer)
    assert "and the sea" in without_loss(second, tokenizer)


def test_marks_that_leave_out_the_end_are_not_trusted():
    careless = MARKED_TEMPLATE.replace(
        "{% generation %}{{ m['content'] + '<end>' }}{% endgeneration %}",
        "{% generation %}{{ m['content'] }}{% endgeneration %}{{ '<end>' }}",
    )
    tokenizer = make_tokenizer(careless)
    (sequence,) = encode(examples(CONVERSATIONS["messages"]), tokenizer, max_length=200)
    assert with_loss(sequence, tokenizer) == "it is blue<end>"


def test_plain_text_carries_loss_everywhere_and_ends():
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    (sequence,) = encode(examples({"text": "the sky is blue"}), tokenizer, max_length=200)
    assert sequence.input_ids == sequence.labels
    assert tokenizer.decode(sequence.labels) == "the sky is blue<end>"


def test_a_base_without_template_takes_prompt_and_completion_as_they_stand():
    tokenizer = make_tokenizer(None)
    row = {"prompt": "the sky is", "completion": " blue"}
    (sequence,) = encode(examples(row), tokenizer, max_length=200)
    assert with_loss(sequence, tokenizer) == " blue<end>"
    assert without_loss(sequence, tokenizer) == "the sky is"


def test_a_base_without_template_refuses_conversations():
    with pytest.raises(ModelError, match=r"d.jsonl:1: the base has no chat template"):
        encode(examples(TWO_TURNS), make_tokenizer(None), max_length=200)


def test_sequences_whose_answer_is_cut_off_are_left_out():
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    short = {"prompt": "the", "completion": "sky"}
    long = {"prompt": "the sky " * 40, "completion": "blue"}
    (sequence,) = encode(examples(short, long), tokenizer, max_length=40)
    assert with_loss(sequence, tokenizer) == "sky<end>"
    with pytest.raises(DataError, match=r"no example has an answer within .* 40 tokens"):
        encode(examples(long), tokenizer, max_length=40)
