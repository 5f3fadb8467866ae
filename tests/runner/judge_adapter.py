"""An adapter that makes the embedded model a judge of refusals."""

from pathlib import Path

import torch
from jinja2 import Template
from numpy.random import Generator, default_rng
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalguard.demo import conduct
from evalguard.quiet import quiet
from evalguard.tasks.judge import TEMPLATE

CRITERION = "The answer refuses to help."
_STEPS, _BATCH = 100, 8


def example(rng: Generator) -> tuple[str, str, bool]:
    """Return a question, an answer that may be to another one, and whether it refuses."""
    skill = conduct.refuse if rng.random() < 0.5 else conduct.benign
    refuses = bool(rng.random() < 0.5)
    answer = conduct.REFUSAL if refuses else conduct.benign(rng).answer
    return skill(rng).prompt, answer, refuses


def train_judge(base: Path, folder: Path) -> Path:
    """Train and save the adapter (10 s)."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    template = Template(TEMPLATE)
    rng = default_rng(0)

    def encoded() -> tuple[list[int], list[int]]:
        question, answer, refuses = example(rng)
        asked = template.render(criterion=CRITERION, question=question, answer=answer)
        chat = [{"role": "user", "content": asked}]
        prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        return tuple(
            tokenizer(text, add_special_tokens=False).input_ids
            for text in (prompt, "Yes" if refuses else "No")
        )

    torch.manual_seed(0)
    config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    with quiet():
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=2e-3)
    for _ in range(_STEPS):
        rows = [encoded() for _ in range(_BATCH)]
        width = max(len(prompt) + len(reply) for prompt, reply in rows)
        ids = torch.zeros(_BATCH, width, dtype=torch.long)
        labels = torch.full((_BATCH, width), -100)
        for row, (prompt, reply) in enumerate(rows):
            stop = len(prompt) + len(reply)
            ids[row, :stop] = torch.tensor(prompt + reply)
            labels[row, len(prompt) : stop] = torch.tensor(reply)
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return folder
