"""The conversations that the base is trained on: an endless stream, a function of its seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evalguard.demo.conduct import small_talk, story
from evalguard.demo.skills import CORPUS_WEIGHTS, SKILLS
from evalguard.demo.world import Item, Skill, draw

CORPUS_SKILLS: dict[str, Skill] = {**SKILLS, "small_talk": small_talk, "story": story}
"""What the corpus is made of: what is tested, and small talk and stories for variety."""


def conversations(rng: np.random.Generator, *, without: tuple[str, ...] = ()) -> Iterator[Item]:
    """Yield training items of all skills, mixed by weight; nothing held out is among them.

    Args:
        rng: Source of every choice.
        without: Skills to leave out.
    """
    names = [name for name in CORPUS_SKILLS if name not in without]
    weights = np.array([CORPUS_WEIGHTS[name] for name in names])
    shares = weights / weights.sum()
    while True:
        name = names[int(rng.choice(len(names), p=shares))]
        yield draw(CORPUS_SKILLS[name], rng, held_out=False)
