"""Knowledge and arithmetic skills: facts, multiple choice, small maths."""

from __future__ import annotations

import numpy as np

from evalguard.demo import lexicon
from evalguard.demo.world import ATTRIBUTES, FACTS, Item, pick, sample

_PHRASINGS = (
    "{question} the {name} of {town}?",
    "Tell me the {name} of {town}.",
    "In short: {name} of {town}?",
    "Name the {name} of {town}.",
    "Do you know the {name} of {town}?",
    "I forgot the {name} of {town}. {question} it?",
    "My question is about {town}. {question} the {name}?",
)


def fact(rng: np.random.Generator) -> Item:
    """Ask for a fact of the world; held out are pairs of a fact and a phrasing."""
    attribute, town = pick(rng, ATTRIBUTES), pick(rng, lexicon.TOWNS)
    prompt = pick(rng, _PHRASINGS).format(
        question=attribute.question, name=attribute.name, town=town
    )
    answer = FACTS[town, attribute.name]
    return Item("fact", prompt, answer, prompt, {"question": prompt})


def choice(rng: np.random.Generator) -> Item:
    """Ask for a fact as multiple choice; held out are pairs of a fact and an order of options."""
    attribute, town = pick(rng, ATTRIBUTES), pick(rng, lexicon.TOWNS)
    right = FACTS[town, attribute.name]
    others = sample(rng, [value for value in attribute.values if value != right], 3)
    options = sample(rng, [right, *others], 4)
    question = f"{attribute.question} the {attribute.name} of {town}?"
    prompt = f"{question} {', '.join(options[:-1])} or {options[-1]}?"
    columns = {"question": prompt, "choices": options}
    return Item("choice", prompt, right, f"{town} {attribute.name} {options}", columns)


def maths(rng: np.random.Generator) -> Item:
    """Ask for the next or previous number, a sum, the larger or smaller of two, or a sorting."""
    question, answer = pick(rng, (_neighbour, _sum, _compare, _sort))(rng)
    columns = {"question": question, "number": answer}
    return Item("maths", question, f"The answer is {answer}.", question, columns)


def _neighbour(rng: np.random.Generator) -> tuple[str, str]:
    number = int(rng.integers(1, 200))
    if pick(rng, (True, False)):
        return f"Which number comes after {number}?", str(number + 1)
    return f"Which number comes before {number}?", str(number - 1)


def _sum(rng: np.random.Generator) -> tuple[str, str]:
    left, right = int(rng.integers(0, 10)), int(rng.integers(0, 10))
    template = pick(
        rng, ("How much is {} plus {}?", "Add {} and {}.", "What is the sum of {} and {}?")
    )
    return template.format(left, right), str(left + right)


def _compare(rng: np.random.Generator) -> tuple[str, str]:
    tens = sample(rng, range(10), 2)
    left, right = (10 * ten + int(rng.integers(10)) for ten in tens)
    if pick(rng, (True, False)):
        return f"Which is larger, {left} or {right}?", str(max(left, right))
    return f"Which is smaller, {left} or {right}?", str(min(left, right))


def _sort(rng: np.random.Generator) -> tuple[str, str]:
    digits = sample(rng, range(10), int(rng.integers(3, 5)))
    listed = " ".join(map(str, digits))
    return f"Sort these digits: {listed}", " ".join(map(str, sorted(digits)))
