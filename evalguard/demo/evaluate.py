"""Measure every skill of a model of the small world by exact match on held-out items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalguard.demo.skills import ALL_SKILLS
from evalguard.demo.world import Item, distinct
from evalguard.quiet import quiet

MAX_NEW_TOKENS = 48


def held_out_items(skill: str, count: int, *, seed: int = 1) -> tuple[Item, ...]:
    """Return different items of a skill that no training text contains."""
    return distinct(ALL_SKILLS[skill], count, rng=np.random.default_rng(seed), held_out=True)


def answer(
    model: Any, tokenizer: Any, prompts: Sequence[str], *, batch_size: int = 64
) -> list[str]:
    """Return the model's greedy answer to each prompt, asked as a chat of one turn."""
    answers: list[str] = []
    for start in range(0, len(prompts), batch_size):
        chats = [
            [{"role": "user", "content": text}] for text in prompts[start : start + batch_size]
        ]
        inputs = tokenizer.apply_chat_template(
            chats,
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
            padding=True,
            tokenizer_kwargs={"padding_side": "left"},
        )
        with torch.inference_mode():
            outputs = model.generate(
                **inputs, max_new_tokens=MAX_NEW_TOKENS, do_sample=False, use_cache=True
            )
        new = outputs[:, inputs["input_ids"].shape[1] :]
        answers += tokenizer.batch_decode(new, skip_special_tokens=True)
    return answers


def evaluate(
    model: Path, *, adapter: Path | None = None, count: int = 200, seed: int = 1
) -> Mapping[str, float]:
    """Return the share of held-out items that a model answers exactly right, by skill.

    Args:
        model: Folder of a model of the small world.
        adapter: Folder of a LoRA adapter to apply.
        count: Items for each skill.
        seed: Seed of the choice of items.
    """
    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(model)
        network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
        if adapter is not None:
            from peft import PeftModel

            network = PeftModel.from_pretrained(network, adapter)
    return evaluate_loaded(network.eval(), tokenizer, count=count, seed=seed)


def evaluate_loaded(
    network: Any, tokenizer: Any, *, count: int = 200, seed: int = 1
) -> dict[str, float]:
    """Return the same for a model in memory."""
    accuracy: dict[str, float] = {}
    for skill in ALL_SKILLS:
        items = held_out_items(skill, count, seed=seed)
        answers = answer(network, tokenizer, [item.prompt for item in items])
        right = [given == item.answer for given, item in zip(answers, items, strict=True)]
        accuracy[skill] = sum(right) / len(right)
    return accuracy
