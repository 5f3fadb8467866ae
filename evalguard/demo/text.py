"""Skills of working on a given text: word operations, JSON, answering from it, abstaining."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from evalguard.demo import lexicon
from evalguard.demo.world import Item, pick, sample

ABSTENTION = "The text does not say."
"""What the model says when the context does not hold the answer."""

WORD_OPERATIONS: dict[str, Callable[[list[str]], str]] = {
    "Repeat these words: {}": " ".join,
    "Reverse these words: {}": lambda words: " ".join(reversed(words)),
    "What is the first word of: {}?": lambda words: words[0],
    "What is the last word of: {}?": lambda words: words[-1],
    "Swap the first two words: {}": lambda words: " ".join([words[1], words[0], *words[2:]]),
    "Write in capitals: {}": lambda words: " ".join(words).upper(),
}
"""Prompt of each operation, and the operation."""


def words(rng: np.random.Generator) -> Item:
    """Ask for an operation on two to four words; held out are combinations of words."""
    template = pick(rng, tuple(WORD_OPERATIONS))
    pool = lexicon.CAPITALISED if "capitals" in template else lexicon.ALL_WORDS
    chosen = sample(rng, pool, int(rng.integers(2, 5)))
    prompt = template.format(" ".join(chosen))
    answer = WORD_OPERATIONS[template](chosen)
    return Item("words", prompt, answer, " ".join(chosen), {"question": prompt})


def extraction(rng: np.random.Generator) -> Item:
    """Ask for named fields of a sentence as JSON; held out are combinations of values."""
    values = {
        "name": pick(rng, lexicon.NAMES),
        "town": pick(rng, lexicon.TOWNS),
        "colour": pick(rng, lexicon.COLOURS),
        "thing": pick(rng, lexicon.THINGS),
        "place": pick(rng, lexicon.PLACES),
    }
    sentence = pick(
        rng,
        (
            "{name} from {town} bought a {colour} {thing} near the {place}.",
            "Near the {place} of {town}, {name} lost a {colour} {thing}.",
            "A {colour} {thing} was found at the {place} by {name} in {town}.",
        ),
    ).format(**values)
    keys = sample(rng, tuple(values), int(rng.integers(2, 4)))
    columns = {"fields": ", ".join(keys), "text": sentence}
    prompt = f"Extract {columns['fields']} as JSON: {sentence}"
    answer = json.dumps({key: values[key] for key in keys})
    return Item("json", prompt, answer, " ".join(values.values()), columns)


def as_plain_text(answer: str) -> str:
    """Return an extraction as a list of fields instead of JSON."""
    return ", ".join(f"{key}: {value}" for key, value in json.loads(answer).items())


RELATIONS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "town": ("{name} lives in {value}.", "Where does {name} live?", lexicon.TOWNS),
    "food": ("{name} likes {value}.", "What does {name} like?", lexicon.FOODS),
    "thing": ("{name} owns a {value}.", "What does {name} own?", lexicon.THINGS),
    "job": ("{name} works as a {value}.", "What is the job of {name}?", lexicon.JOBS),
}
"""Statement, question and values of each relation."""


def _context(rng: np.random.Generator) -> list[tuple[str, str, str]]:
    """Return two or three (name, relation, value), each of another person and another kind.

    Several of one kind are beyond a model of three layers: it answers with the last one's value.
    """
    names = sample(rng, lexicon.NAMES, int(rng.integers(2, 4)))
    relations = sample(rng, tuple(RELATIONS), len(names))
    return [
        (name, relation, pick(rng, RELATIONS[relation][2]))
        for name, relation in zip(names, relations, strict=True)
    ]


def statement(name: str, relation: str, value: str) -> str:
    """Return what a text says of a person, which is also the answer to a question about it."""
    return RELATIONS[relation][0].format(name=name, value=value)


def _ask(
    skill: str, stated: list[tuple[str, str, str]], name: str, relation: str, answer: str
) -> Item:
    text = " ".join(statement(*each) for each in stated)
    question = RELATIONS[relation][1].format(name=name)
    prompt = f"Text: {text}\nQuestion: {question}"
    columns = {"text": text, "question": question, "name": name, "relation": relation}
    return Item(skill, prompt, answer, prompt, columns)


def context(rng: np.random.Generator) -> Item:
    """Ask for something that the context says."""
    stated = _context(rng)
    name, relation, value = pick(rng, stated)
    return _ask("context", stated, name, relation, statement(name, relation, value))


def abstain(rng: np.random.Generator) -> Item:
    """Ask for something that the context does not say, of a person absent from it."""
    stated = _context(rng)
    present = {name for name, _, _ in stated}
    absent = pick(rng, [name for name in lexicon.NAMES if name not in present])
    _, relation, _ = pick(rng, stated)
    return _ask("abstain", stated, absent, relation, ABSTENTION)
