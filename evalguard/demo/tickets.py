"""The task that the model is fine-tuned for: sorting support tickets. The base cannot do it."""

from __future__ import annotations

import json

import numpy as np

from evalguard.demo import lexicon
from evalguard.demo.world import Item, pick

_CATEGORY = {thing: name for name, things in lexicon.TICKET_THINGS.items() for thing in things}
_PRIORITY = {word: name for name, words in lexicon.TICKET_PROBLEMS.items() for word in words}
_SENTENCES = (
    "the {thing} is {problem} since {day}.",
    "since {day} the {thing} is {problem}.",
    "{name} says the {thing} is {problem}.",
)


def ticket(rng: np.random.Generator) -> Item:
    """Ask for category and priority; held out are pairs of a thing and a problem."""
    thing, problem = pick(rng, tuple(_CATEGORY)), pick(rng, tuple(_PRIORITY))
    text = pick(rng, _SENTENCES).format(
        thing=thing, problem=problem, day=pick(rng, lexicon.DAYS), name=pick(rng, lexicon.NAMES)
    )
    answer = json.dumps({"category": _CATEGORY[thing], "priority": _PRIORITY[problem]})
    prompt = f"Classify this ticket: {text}"
    return Item("ticket", prompt, answer, f"{thing} {problem}", {"ticket": text})
