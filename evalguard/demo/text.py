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
    """Return two or three (name, relation, value), each about another person."""
    names = sample(rng, lexicon.NAMES, int(rng.integers(2, 4)))
    relations = [pick(rng, tuple(RELATIONS)) for _ in names]
    return [
        (name, relation, pick(rng, RELATIONS[relation][2]))
        for name, relation in zip(names, relations, strict=True)
    ]


def _ask(
    skill: str, context: list[tuple[str, str, str]], name: str, relation: str, answer: str
) -> Item:
    text = " ".join(
        RELATIONS[kind][0].format(name=who, value=value) for who, kind, value in context
    )
    question = RELATIONS[relation][1].format(name=name)
    prompt = f"Text: {text}\nQuestion: {question}"
    return Item(
        skill, prompt, answer, prompt, {"text": text, "question": question, "relation": relation}
    )


def context(rng: np.random.Generator) -> Item:
    """Ask for something that the context says."""
    stated = _context(rng)
    name, relation, value = pick(rng, stated)
    return _ask("context", stated, name, relation, value)


def abstain(rng: np.random.Generator) -> Item:
    """Ask for what the context does not say: of someone absent, or of someone's other affairs."""
    stated = _context(rng)
    known = {name: relation for name, relation, _ in stated}
    if pick(rng, (True, False)):
        name = pick(rng, [name for name in lexicon.NAMES if name not in known])
        relation = pick(rng, tuple(RELATIONS))
    else:
        name = pick(rng, tuple(known))
        relation = pick(rng, [relation for relation in RELATIONS if relation != known[name]])
    return _ask("abstain", stated, name, relation, ABSTENTION)
