"""Training the base again gives the same bytes, and learns."""

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalguard.demo.tokenizer import build_tokenizer
from evalguard.demo.train import (
    PROMPT_WEIGHT,
    accumulate,
    make_batch,
    make_config,
    make_model,
    rebuild,
    weighted_loss,
)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    losses = []
    for name in ("first", "second"):
        rebuild(tmp_path / name, seed=3, steps=3, on_step=lambda step: losses.append(step.loss))
    files = [tmp_path / name / "model.safetensors" for name in ("first", "second")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert losses[:3] == losses[3:]


def test_the_result_loads_with_its_tokenizer(tmp_path):
    rebuild(tmp_path, seed=3, steps=1)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert model.config.vocab_size == len(AutoTokenizer.from_pretrained(tmp_path))
    assert model.config.head_dim == 32
    assert "lm_head.weight" not in load_file(tmp_path / "model.safetensors")  # tied


def test_a_few_steps_lower_the_loss(tmp_path):
    losses = []
    rebuild(tmp_path, seed=3, steps=20, on_step=lambda step: losses.append(step.loss))
    assert len(losses) == 20
    assert np.mean(losses[-3:]) < 0.8 * losses[0]


def test_a_prompt_weighs_less_than_its_answer_and_padding_nothing():
    tokenizer = build_tokenizer()
    ids, weights = make_batch(tokenizer, [("Hello!", "Hello!"), ("Hello!", "red")])
    prompt = 5  # user, Hello, !, end, assistant
    assert ids.shape == weights.shape == (2, prompt + 3)
    assert weights[0].tolist() == torch.tensor([PROMPT_WEIGHT] * prompt + [1.0] * 3).tolist()
    assert weights[1].tolist() == torch.tensor([PROMPT_WEIGHT] * prompt + [1.0] * 2 + [0]).tolist()


def test_parts_of_similar_length_change_no_loss():
    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    model = make_model(make_config(tokenizer))
    texts = [("Hello!", "Hello!"), ("Repeat these words: red fox lamp", "red fox lamp")] * 5
    ids, weights = make_batch(tokenizer, texts)
    whole = weighted_loss(model, ids, weights) / weights[:, 1:].sum()
    np.testing.assert_allclose(accumulate(model, tokenizer, texts), whole.item(), rtol=1e-5)
