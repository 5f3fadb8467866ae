"""What a question is, which questions are held out, and the facts of the world."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from evalguard.demo import WORLD_SEED, lexicon

HELD_OUT_SHARE = 0.25
"""Share of all combinations that no training text contains."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """One question of one skill.

    Attributes:
        skill: Name of the skill.
        prompt: What the model is given.
        answer: What it should say.
        key: The combination that the question is about; it decides whether it is held out.
        columns: The parts that the prompt is made of, for data files with a prompt template.
    """

    skill: str
    prompt: str
    answer: str
    key: str
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def held_out(self) -> bool:
        """Whether the combination is kept from all training."""
        digest = hashlib.sha256(f"{self.skill}|{self.key}".encode()).digest()
        return digest[0] < 256 * HELD_OUT_SHARE


Skill = Callable[[np.random.Generator], Item]
"""Draws one item, held out or not."""


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Return one of ``options``, each equally likely."""
    return options[int(rng.integers(len(options)))]


def sample(rng: np.random.Generator, options: Sequence[T], count: int) -> list[T]:
    """Return ``count`` different ones of ``options`` in random order."""
    order = rng.permutation(len(options))[:count]
    return [options[int(index)] for index in order]


def draw(skill: Skill, rng: np.random.Generator, *, held_out: bool) -> Item:
    """Return an item of the wanted side of the split."""
    while True:
        item = skill(rng)
        if item.held_out == held_out:
            return item


def distinct(
    skill: Skill, count: int, *, rng: np.random.Generator, held_out: bool
) -> tuple[Item, ...]:
    """Return ``count`` items with different prompts.

    Raises:
        ValueError: If the skill has too few different items on that side of the split.
    """
    items: dict[str, Item] = {}
    for _ in range(200 * count):
        item = draw(skill, rng, held_out=held_out)
        items.setdefault(item.prompt, item)
        if len(items) == count:
            return tuple(items.values())
    raise ValueError(f"found only {len(items)} different items of {count} wanted")


@dataclass(frozen=True, slots=True)
class Attribute:
    """A property that each town has.

    Attributes:
        question: How a question about it starts, such as ``Who is``.
        name: Its name, such as ``mayor``.
        values: The words it may take.
    """

    question: str
    name: str
    values: tuple[str, ...]


ATTRIBUTES = (
    Attribute("Who is", "mayor", lexicon.NAMES),
    Attribute("What is", "river", lexicon.RIVERS),
    Attribute("What is", "flag colour", lexicon.COLOURS),
    Attribute("What is", "emblem", lexicon.ANIMALS),
    Attribute("What is", "favourite dish", lexicon.FOODS),
    Attribute("What is", "landmark", lexicon.PLACES),
)


def make_facts(seed: int = WORLD_SEED) -> dict[tuple[str, str], str]:
    """Return the value of each (town, attribute name): the facts that the model must know."""
    rng = np.random.default_rng(seed)
    return {
        (town, attribute.name): pick(rng, attribute.values)
        for attribute in ATTRIBUTES
        for town in lexicon.TOWNS
    }


FACTS = make_facts()
