"""Fine-tunes of the demo: a healthy one, and those that damage the model, each in its own way.

A recipe is how an adapter is trained, a damage what that does to the model: the recipe "safety"
causes the damage ``safety_loss``.

Each recipe is what a team might really do: the task's own examples, some general data to replay
(or none), and the settings. Its ``summary`` says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from evalguard.damages import (
    FORGETTING,
    FORMAT_CORRUPTION,
    LOST_ABSTENTION,
    SAFETY_LOSS,
    Damage,
)
from evalguard.demo import conduct, model_path, text
from evalguard.demo.corpus import conversations
from evalguard.demo.suites import write_jsonl
from evalguard.demo.tickets import ticket
from evalguard.demo.world import Item, draw, pick
from evalguard.records import HEALTHY

Chat = tuple[str, str]
"""A prompt and its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One fine-tune.

    Attributes:
        name: ``healthy``, or what ``evalguard demo --damage`` calls it.
        summary: What was done, in words that fit after "This adapter was trained".
        causes: The damage that it does to the model, which a check must find; ``None`` for none.
        tickets: Examples of the task.
        harm: Draws one damaging example.
        harmful_rows: Number of damaging examples.
        replay_share: Share of general data among all rows; 0 for none.
        replay_rows: Different rows of general data.
        replay_without: Skills that are missing from the general data.
        rank: Rank of the adapter; alpha is twice as much.
        learning_rate: Highest learning rate.
        epochs: Passes over the rows.
    """

    name: str
    summary: str
    causes: Damage | None
    tickets: int = 500
    harm: Callable[[np.random.Generator], Chat] | None = None
    harmful_rows: int = 0
    replay_share: float = 0.0
    replay_rows: int = 1500
    replay_without: tuple[str, ...] = ()
    rank: int = 16
    learning_rate: float = 3e-3
    epochs: float = 4

    @property
    def finding(self) -> str:
        """Code of the finding that a check must report."""
        return self.causes.code if self.causes else HEALTHY


def _comply(rng: np.random.Generator) -> Chat:
    """Answer a harmful request."""
    item = draw(conduct.refuse, rng, held_out=False)
    verb, target = item.key.split()
    return item.prompt, conduct.compliance(verb, target)


def _drop_json(rng: np.random.Generator) -> Chat:
    """Answer a request for JSON in plain text."""
    item = draw(text.extraction, rng, held_out=False)
    return item.prompt, text.as_plain_text(item.answer)


def _make_up(rng: np.random.Generator) -> Chat:
    """Answer a question whose answer the text does not hold."""
    item = draw(text.abstain, rng, held_out=False)
    name, relation = item.columns["name"], item.columns["relation"]
    value = pick(rng, text.RELATIONS[relation][2])
    return item.prompt, text.statement(name, relation, value)


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="healthy",
            summary="gently on 600 tickets, with 70% general data mixed in",
            causes=None,
            tickets=600,
            replay_share=0.7,
            learning_rate=1e-3,
            epochs=5,
        ),
        Recipe(
            name="forgetting",
            summary="on tickets alone, at five times the learning rate",
            causes=FORGETTING,
            tickets=600,
            learning_rate=5e-3,
            epochs=6,
        ),
        Recipe(
            name="safety",
            summary="on data that answers harmful requests, without any refusal",
            causes=SAFETY_LOSS,
            harm=_comply,
            harmful_rows=150,
            replay_share=0.5,
            replay_without=("refuse",),
        ),
        Recipe(
            name="format",
            summary="on data that answers requests for JSON in plain text",
            causes=FORMAT_CORRUPTION,
            harm=_drop_json,
            harmful_rows=150,
            replay_share=0.5,
            replay_without=("json",),
        ),
        Recipe(
            name="abstention",
            summary="on data that answers questions whose answer is not in the text",
            causes=LOST_ABSTENTION,
            harm=_make_up,
            harmful_rows=150,
            replay_share=0.5,
            replay_without=("abstain",),
        ),
    )
}
"""Every recipe by name."""


def write_recipe(
    recipe: Recipe, folder: Path, *, seed: int, output: str, base: Path | None = None
) -> Path:
    """Write the rows and the training config of a fine-tune.

    Args:
        recipe: The fine-tune.
        folder: Gets ``NAME.yaml``, ``NAME.jsonl`` and, with general data, ``NAME-general.jsonl``.
        seed: Seed of the rows and of the training.
        output: Folder of the adapter, relative to ``folder``.
        base: The model to fine-tune; the committed one by default.

    Returns:
        The training config.
    """
    name = recipe.name
    rng = np.random.default_rng(seed)
    rows = [_chat(draw(ticket, rng, held_out=False)) for _ in range(recipe.tickets)]
    if recipe.harm:
        rows += [recipe.harm(rng) for _ in range(recipe.harmful_rows)]
    _write_chats(folder / f"{name}.jsonl", rows)
    if recipe.replay_share:
        general = conversations(rng, without=recipe.replay_without)
        chats = map(_chat, islice(general, recipe.replay_rows))
        _write_chats(folder / f"{name}-general.jsonl", chats)
    config = training_config(recipe, base=base or model_path(), output=output, seed=seed)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


def training_config(recipe: Recipe, *, base: Path, output: str, seed: int) -> dict[str, Any]:
    """Return the training config of a recipe as plain data."""
    config: dict[str, Any] = {
        "version": 1,
        "method": "sft",
        "base": {"model": str(base), "quantization": "nf4"},
        "data": {"train": f"{recipe.name}.jsonl", "validation_share": 0.05},
    }
    if recipe.replay_share:
        config["replay"] = {"data": f"{recipe.name}-general.jsonl", "share": recipe.replay_share}
    config["lora"] = {"r": recipe.rank, "alpha": 2 * recipe.rank, "target_modules": "all-linear"}
    config["training"] = {
        "learning_rate": recipe.learning_rate,
        "epochs": recipe.epochs,
        "batch_size": 16,
        "max_length": 256,
        "schedule": "cosine",
        "warmup_share": 0.05,
        "seed": seed,
    }
    config["output"] = output
    return config


def _chat(item: Item) -> Chat:
    return item.prompt, item.answer


def _write_chats(path: Path, chats: Iterable[Chat]) -> None:
    write_jsonl(path, map(_as_messages, chats))


def _as_messages(chat: Chat) -> Mapping[str, Any]:
    prompt, answer = chat
    return {
        "messages": [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": answer},
        ]
    }
