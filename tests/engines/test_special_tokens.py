"""Thinking ends at a mark, even where the tokenizer has it as a special token."""

import pytest
from transformers import AddedToken, AutoTokenizer

from evalguard.engines.hf_model import SwitchableHFLM


@pytest.fixture
def decoded(demo_model):
    def decode(text, *special):
        tokenizer = AutoTokenizer.from_pretrained(demo_model)
        tokenizer.add_tokens([AddedToken(one, special=True) for one in special])
        lm = object.__new__(SwitchableHFLM)  # decoding needs no weights
        lm.tokenizer = tokenizer
        return lm.tok_decode(tokenizer(text + "<|end|>", add_special_tokens=False).input_ids)

    return decode


def test_special_marks_of_thinking_are_kept(decoded):
    marks = ("[THINK]", "[/THINK]")
    assert decoded("[THINK]the dog[/THINK]the cat", *marks) == "[THINK]the dog[/THINK]the cat"
    assert decoded("<mind_think>the dog", "<mind_think>") == "<mind_think>the dog"


def test_other_special_tokens_are_dropped_as_ever(decoded):
    assert decoded("the dog") == "the dog"
    assert decoded("the dog<|tool|>", "<|tool|>") == "the dog"
