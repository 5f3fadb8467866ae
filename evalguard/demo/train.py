"""Train the base of the demo from scratch, on one thread, in minutes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from evalguard.demo import WORLD_SEED
from evalguard.demo.corpus import conversations
from evalguard.demo.tokenizer import ASSISTANT, END, PAD, USER, build_tokenizer
from evalguard.quiet import quiet

STEPS = 5000
BATCH_SIZE = 32
MATRIX_LEARNING_RATE = 2e-3
LEARNING_RATE = 5e-3
PARTS = 4
PROMPT_WEIGHT = 0.1
"""Weight of a prompt's token in the loss; an answer's token weighs 1."""


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """One optimiser step of the base's training."""

    step: int
    steps: int
    loss: float


def make_config(tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    """Return the shape of the base: a Llama of 0.8 M parameters.

    The head dimension is 32 because vLLM's attention on the CPU takes 32, 64 and 128.
    """
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )


def make_model(config: LlamaConfig) -> LlamaForCausalLM:
    """Return the untrained model.

    Embeddings start wide (standard deviation 0.3): with Llama's 0.02 the words stay alike for the
    first thousand steps.
    """
    model = LlamaForCausalLM(config)
    torch.nn.init.normal_(model.get_input_embeddings().weight, std=0.3)
    return model


def make_batch(
    tokenizer: PreTrainedTokenizerFast, texts: list[tuple[str, str]]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Encode (prompt, answer) pairs as chats.

    Returns:
        Token ids, int64 ``[batch, tokens]``, padded on the right, and the weight of each token in
        the loss, float32 of the same shape.
    """
    prompts = tokenizer([f"{USER}{prompt}{END}{ASSISTANT}" for prompt, _ in texts])["input_ids"]
    answers = tokenizer([f"{answer}{END}" for _, answer in texts])["input_ids"]
    longest = max(
        len(prompt) + len(answer) for prompt, answer in zip(prompts, answers, strict=True)
    )
    ids = torch.full((len(texts), longest), tokenizer.convert_tokens_to_ids(PAD))
    weights = torch.zeros(ids.shape)
    for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        end = len(prompt) + len(answer)
        ids[row, :end] = torch.tensor(prompt + answer)
        weights[row, : len(prompt)] = PROMPT_WEIGHT
        weights[row, len(prompt) : end] = 1.0
    return ids, weights


def weighted_loss(
    model: LlamaForCausalLM, ids: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Return the weighted sum of the cross-entropy of each next token.

    Right padding needs no attention mask under causal attention: no token looks at what follows.
    """
    logits = model(input_ids=ids).logits[:, :-1]
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
    return (losses * weights[:, 1:]).sum()


def accumulate(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, texts: list[tuple[str, str]]
) -> float:
    """Add the gradient of the mean loss of a batch and return that loss.

    The batch goes through the model in parts of similar length: half as much padding.
    """
    ordered = sorted(texts, key=lambda text: len(text[0]) + len(text[1]))
    size = math.ceil(len(ordered) / PARTS)
    parts = [
        make_batch(tokenizer, ordered[start : start + size])
        for start in range(0, len(ordered), size)
    ]
    total = sum(float(weights[:, 1:].sum()) for _, weights in parts)
    mean = 0.0
    for ids, weights in parts:
        loss = weighted_loss(model, ids, weights) / total
        loss.backward()
        mean += float(loss.detach())
    return mean


def make_optimizers(
    model: LlamaForCausalLM, *, steps: int
) -> tuple[list[torch.optim.Optimizer], list[torch.optim.lr_scheduler.LambdaLR]]:
    """Return Muon for the matrices of the layers and AdamW for the rest, with their schedules.

    With AdamW alone the skills need several times the steps.
    """
    matrices = [weight for weight in model.model.layers.parameters() if weight.ndim == 2]
    chosen = {id(weight) for weight in matrices}
    rest = [weight for weight in model.parameters() if id(weight) not in chosen]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(
            matrices, lr=MATRIX_LEARNING_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(rest, lr=LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    warmup = max(1, steps // 50)

    def factor(step: int) -> float:
        return min((step + 1) / warmup, 0.5 * (1 + math.cos(math.pi * step / steps)))

    schedules = [torch.optim.lr_scheduler.LambdaLR(each, factor) for each in optimizers]
    return optimizers, schedules


def rebuild(
    out: Path,
    *,
    seed: int = WORLD_SEED,
    steps: int = STEPS,
    on_step: Callable[[TrainingStep], None] | None = None,
) -> LlamaForCausalLM:
    """Train the base from nothing and write it with its tokenizer.

    Args:
        out: Folder to write, in Hugging Face format.
        seed: Seed of the weights and of the corpus.
        steps: Optimiser steps.
        on_step: Called after each step.

    Returns:
        The trained model, in evaluation mode.
    """
    threads = torch.get_num_threads()
    # One thread: for a model this small, threads wait for each other most of the time.
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    tokenizer = build_tokenizer()
    model = make_model(make_config(tokenizer)).train()
    optimizers, schedules = make_optimizers(model, steps=steps)
    stream = conversations(np.random.default_rng(seed))
    try:
        for step in range(1, steps + 1):
            texts = [(item.prompt, item.answer) for item in islice(stream, BATCH_SIZE)]
            loss = accumulate(model, tokenizer, texts)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            if on_step:
                on_step(TrainingStep(step, steps, loss))
    finally:
        torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    with quiet():
        model.eval().save_pretrained(out)
        tokenizer.save_pretrained(out)
    return model
