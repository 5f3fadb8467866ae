"""Which tokens carry loss, checked token by token for each format."""

import json

import pytest

from evalguard.errors import DataError, ModelError
from evalguard.training.formats import read
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
    return read([RawRow("d.jsonl", i, row) for i, row in enumerate(rows, start=1)]).examples


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


NO_END = PLAIN_TEMPLATE.replace("{{ m['content'] + '<end>' }}", "{{ m['content'] }}")
MARKED_NO_END = MARKED_TEMPLATE.replace("{{ m['content'] + '<end>' }}", "{{ m['content'] }}")


@pytest.mark.parametrize("template", [NO_END, MARKED_NO_END], ids=["plain", "marked"])
@pytest.mark.parametrize("special", [True, False])
@pytest.mark.parametrize("last", ["</tool>", "</think>", "<answer>"])
def test_an_added_token_of_the_answer_is_not_its_end(template, special, last):
    tokenizer = make_tokenizer(template)
    tokenizer.add_tokens([last], special_tokens=special)
    row = {"prompt": "the sky", "completion": f"call{last}"}
    (sequence,) = encode(examples(row), tokenizer, max_length=200)
    assert with_loss(sequence, tokenizer) == f"call{last}<end>"


def test_the_end_of_a_turn_and_the_stop_tokens_of_the_model_end_an_answer(tmp_path):
    template = PLAIN_TEMPLATE.replace("'<end>'", "'<turn>\n'")
    tokenizer = make_tokenizer(template)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<turn>", "<stop>"]})
    row = {"prompt": "the sky", "completion": "blue"}
    (sequence,) = encode(examples(row), tokenizer, max_length=200)
    assert with_loss(sequence, tokenizer) == "blue<turn>\n"
    tokenizer.chat_template = NO_END
    stopped = {"prompt": "the sky", "completion": "blue<stop>"}
    (sequence,) = encode(examples(stopped), tokenizer, max_length=200)
    assert with_loss(sequence, tokenizer) == "blue<stop><end>"
    stops = {"eos_token_id": [1, tokenizer.convert_tokens_to_ids("<stop>")]}
    (tmp_path / "generation_config.json").write_text(json.dumps(stops))
    tokenizer.name_or_path = str(tmp_path)
    (sequence,) = encode(examples(stopped), tokenizer, max_length=200)
    assert with_loss(sequence, tokenizer) == "blue<stop>"


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
    with pytest.raises(ModelError, match=r"d.jsonl: the base has no chat template"):
        encode(examples(TWO_TURNS), make_tokenizer(None), max_length=200)


def test_sequences_whose_answer_is_cut_off_are_left_out():
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    short = {"prompt": "the", "completion": "sky"}
    long = {"prompt": "the sky " * 40, "completion": "blue"}
    (sequence,) = encode(examples(short, long), tokenizer, max_length=40)
    assert with_loss(sequence, tokenizer) == "sky<end>"
    with pytest.raises(DataError, match=r"no example has an answer within .* 40 tokens"):
        encode(examples(long), tokenizer, max_length=40)
