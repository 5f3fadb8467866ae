"""What a server counts is believed where it can be the tokens of a text, in any script (S1, S5)."""

from typing import Any

import pytest

from evalguard.engines.endpoint.counts import Counted, are_counts, can_be, prompt_tokens
from evalguard.engines.endpoint.replies import read_text
from evalguard.engines.endpoint.requests import Generation, LimitError, UnansweredError

CHINESE = "东京是日本的首都，也是世界上人口最多的城市之一。" * 6
JAPANESE = "東京は日本の首都であり、世界で最も人口の多い都市の一つです。" * 6
THAI = "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย" * 6
ENGLISH = "The sea is deep and blue, and nobody has seen all of it yet. " * 6


def reply(text: str, tokens: Any, finish: str = "stop") -> Any:
    choice = {"index": 0, "message": {"content": text}, "finish_reason": finish}
    return {"choices": [choice], "usage": {"completion_tokens": tokens}}


def asked(limit: int) -> Generation:
    return Generation("Q", limit, (), False, {})


@pytest.mark.parametrize("text", [CHINESE, JAPANESE, THAI, "ー" * 300, " " * 300 + "x"])
def test_the_servers_count_is_believed_in_every_script(text):
    """One word, as these are written without spaces, may be few tokens or many."""
    for tokens in (4, 60, 100):
        assert read_text(reply(text, tokens, "length"), asked(tokens)) == text


@pytest.mark.parametrize("text", [CHINESE, JAPANESE, THAI])
@pytest.mark.parametrize("tokens", [None, float("nan"), -3, 0, True, "many", [1], 1e300])
def test_without_a_count_a_text_in_any_script_keeps_to_its_limit(text, tokens):
    assert read_text(reply(text, tokens), asked(64)) == text
    assert read_text(reply(text, tokens, "length"), asked(96)) == text


@pytest.mark.parametrize("text", [CHINESE, THAI, ENGLISH])
@pytest.mark.parametrize("tokens", [None, float("nan"), -3, 0])
def test_without_a_count_an_answer_cut_by_the_server_is_not_whole(text, tokens):
    with pytest.raises(UnansweredError, match="cut the answer short"):
        read_text(reply(text[:20], tokens, "length"), asked(96))


@pytest.mark.parametrize("tokens", [None, float("nan"), 1, 3])
def test_a_count_that_cannot_be_does_not_hide_an_answer_that_is_too_long(tokens):
    with pytest.raises(LimitError, match="ignores 'max_tokens'"):
        read_text(reply(ENGLISH, tokens), asked(8))


@pytest.mark.parametrize("tokens", [1, 3, 5])
def test_a_count_that_is_always_the_same_cuts_no_answer_short(tokens):
    text = "one two three four five six seven eight nine ten and so it goes on"
    assert read_text(reply(text, tokens, "length"), asked(15)) == text


@pytest.mark.parametrize("tokens", [100, 9999])
def test_a_count_above_the_bytes_of_a_text_is_none_of_it(tokens):
    assert read_text(reply("yes", tokens), asked(8)) == "yes"
    with pytest.raises(UnansweredError, match="cut the answer short"):
        read_text(reply("yes", tokens, "length"), asked(8))


def test_a_real_count_above_the_limit_is_believed():
    with pytest.raises(LimitError, match="wrote 12 tokens where 8"):
        read_text(reply("1, 2, 3, 4, 5, 6", 12), asked(8))
    assert read_text(reply("42", 12), asked(8)) == "42"  # the others are none that can be seen


def test_counts_that_are_not_believed_are_not_used():
    data = reply("1, 2, 3, 4, 5, 6", 12)
    assert read_text(data, asked(8), trusts_counts=False) == "1, 2, 3, 4, 5, 6"


def test_reasoning_may_be_counted_or_not():
    for tokens in (3, 300):
        assert can_be(Counted("one two three", tokens, 8, reasoning="so it is " * 100))
    assert not can_be(Counted("one two three", 3000, 8, reasoning="so it is " * 100))


@pytest.mark.parametrize("constant", [6, 9, 16, 100])
def test_a_constant_is_seen_on_the_first_answers(constant):
    texts = [("The sentence is a", 4), ("1, 2", 4), ("The sea is deep and blue.", 16), ("Hi", 1)]
    assert not are_counts(Counted(text, constant, limit) for text, limit in texts)
    assert are_counts(Counted(text, limit, limit) for text, limit in texts)
    assert are_counts(Counted(text, None, limit) for text, limit in texts)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 12}, 12),
        ({"input_tokens": "12"}, 12),
        ({"prompt_tokens": 0}, None),
        ({"prompt_tokens": float("nan")}, None),
        ({"prompt_tokens": float("inf")}, None),
        ({}, None),
        (None, None),
    ],
)
def test_tokens_of_prompts_are_read(usage, tokens):
    assert prompt_tokens({"usage": usage}) == tokens
