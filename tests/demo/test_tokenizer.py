"""Every word is one token, every text survives, and answers are marked for the loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from evalguard.demo import lexicon
from evalguard.demo.tokenizer import build_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    build_tokenizer().save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def test_each_word_is_one_token(tokenizer):
    for word in lexicon.ALL_WORDS:
        assert len(tokenizer(word)["input_ids"]) == 1
        assert len(tokenizer(f" {word}")["input_ids"]) == 1


def test_digits_stand_alone(tokenizer):
    assert tokenizer.convert_ids_to_tokens(tokenizer("407")["input_ids"]) == ["4", "0", "7"]


@given(text=st.text(max_size=40))
def test_every_text_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_chat_template_marks_the_answer_and_its_end(tokenizer):
    chat = [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": "Hello! How can I help you?"},
    ]
    encoded = tokenizer.apply_chat_template(
        chat, return_dict=True, return_assistant_tokens_mask=True
    )
    marked = [
        token
        for token, mark in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True)
        if mark
    ]
    assert tokenizer.decode(marked) == "Hello! How can I help you?<|end|>"
    prompt = tokenizer.apply_chat_template(chat[:1], tokenize=False, add_generation_prompt=True)
    assert prompt == "<|user|>Hello!<|end|><|assistant|>"
