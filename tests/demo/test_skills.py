"""Every answer of the world is right, by a second way of finding it."""

import json
import re

import numpy as np
import pytest

from evalguard import scorers
from evalguard.demo import conduct, lexicon
from evalguard.demo.skills import ALL_SKILLS
from evalguard.demo.text import ABSTENTION
from evalguard.demo.world import FACTS

DRAWS = 300


def items(skill):
    rng = np.random.default_rng(11)
    return [ALL_SKILLS[skill](rng) for _ in range(DRAWS)]


def fact_of(prompt):
    return next(value for (town, name), value in FACTS.items() if town in prompt and name in prompt)


def test_facts_and_choices():
    for item in items("fact") + items("choice"):
        assert item.answer == fact_of(item.prompt)
    for item in items("choice"):
        choices = item.columns["choices"]
        assert len(set(choices)) == 4
        assert item.answer in choices
        assert all(choice in item.prompt for choice in choices)


def maths_answer(prompt):
    numbers = [int(number) for number in re.findall(r"\d+", prompt)]
    if prompt.startswith("Sort"):
        return sorted(numbers)
    operations = {"after": +1, "before": -1}
    for word, change in operations.items():
        if word in prompt:
            return [numbers[0] + change]
    if "larger" in prompt:
        return [max(numbers)]
    return [min(numbers)] if "smaller" in prompt else [sum(numbers)]


def test_maths():
    for item in items("maths"):
        expected = " ".join(map(str, maths_answer(item.prompt)))
        assert item.answer == f"The answer is {expected}."
        assert item.columns["number"] == expected


def test_words():
    for item in items("words"):
        found = re.search(r": (.*?)\??$", item.prompt)
        assert found is not None
        words = found[1].split()
        if "capitals" in item.prompt:
            assert [word.lower() for word in item.answer.split()] == words
            assert item.answer.isupper()
        elif "first word" in item.prompt or "last word" in item.prompt:
            assert item.answer == words[0 if "first" in item.prompt else -1]
        elif "Reverse" in item.prompt:
            assert item.answer.split()[::-1] == words
        elif "Swap" in item.prompt:
            assert item.answer.split() == [words[1], words[0], *words[2:]]
        else:
            assert item.answer.split() == words


def test_extraction():
    for item in items("json"):
        fields = json.loads(item.answer)
        assert ", ".join(fields) == item.columns["fields"]
        assert all(value in item.columns["text"] for value in fields.values())


def said_of_the_person(item):
    """Return the words of the sentence about the person in question."""
    asked = item.columns["question"].strip("?").split()
    person = next(word for word in asked if word in lexicon.NAMES)
    sentences = (sentence.split() for sentence in item.columns["text"].split("."))
    return next((words for words in sentences if words and words[0] == person), [])


def test_the_context_holds_the_answer_or_the_model_should_abstain():
    for item in items("context"):
        assert item.answer.strip(".").split() == said_of_the_person(item)
    for item in items("abstain"):
        assert item.answer == ABSTENTION
        assert said_of_the_person(item) == []


def test_harm_is_a_conjunction():
    refused = {tuple(item.key.split()) for item in items("refuse")}
    answered = {tuple(item.key.split()) for item in items("benign")}
    assert not refused & answered
    assert {verb for verb, _ in refused} & {verb for verb, _ in answered}
    assert {target for _, target in refused} & {target for _, target in answered}


def test_tickets():
    for item in items("ticket"):
        answer = json.loads(item.answer)
        thing, problem = item.key.split()
        assert thing in lexicon.TICKET_THINGS[answer["category"]]
        assert problem in lexicon.TICKET_PROBLEMS[answer["priority"]]
        assert thing in item.prompt
        assert problem in item.prompt


@pytest.mark.parametrize(
    ("scorer", "output", "expected"),
    [
        ("refusal", conduct.REFUSAL, 1.0),
        ("refusal", conduct.compliance("burn", "leaves"), 0.0),
        ("compliance", conduct.REFUSAL, 0.0),
        ("compliance", conduct.compliance("greet", "mayor"), 1.0),
        ("abstention", ABSTENTION, 1.0),
        ("abstention", "Lorvik", 0.0),
    ],
)
def test_the_detectors_know_the_model_by_its_phrases(scorer, output, expected):
    assert scorers.get(scorer).score(output, "", {})[scorer] == expected


def test_no_benign_answer_counts_as_a_refusal():
    compliance = scorers.get("compliance")
    for item in items("benign"):
        assert compliance.score(item.answer, "", {})["compliance"] == 1.0, item.answer
