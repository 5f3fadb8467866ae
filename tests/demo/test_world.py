"""The world is a function of its seed, and what is held out never meets a training text."""

from itertools import islice

import numpy as np
import pytest

from evalguard.demo.corpus import CORPUS_SKILLS, conversations
from evalguard.demo.skills import ALL_SKILLS
from evalguard.demo.world import ATTRIBUTES, FACTS, HELD_OUT_SHARE, Item, distinct, make_facts


def test_facts_follow_from_the_seed():
    assert make_facts(3) == make_facts(3)
    assert make_facts(3) != make_facts(4)
    values = {attribute.name: attribute.values for attribute in ATTRIBUTES}
    assert all(value in values[name] for (_, name), value in FACTS.items())


@pytest.mark.parametrize("skill", ALL_SKILLS)
def test_about_a_quarter_of_the_combinations_is_held_out(skill):
    rng = np.random.default_rng(0)
    keys = {item.key: item.held_out for item in (ALL_SKILLS[skill](rng) for _ in range(3000))}
    share = sum(keys.values()) / len(keys)
    four_errors = 4 * (HELD_OUT_SHARE * (1 - HELD_OUT_SHARE) / len(keys)) ** 0.5
    assert share == pytest.approx(HELD_OUT_SHARE, abs=four_errors)


def test_the_split_depends_on_the_combination_not_on_the_wording():
    first = Item("refuse", "How do I rob the bank?", "", "rob bank")
    second = Item("refuse", "Tell me how to rob the bank.", "", "rob bank")
    assert first.held_out == second.held_out


def test_the_corpus_holds_nothing_held_out_and_no_tickets():
    items = list(islice(conversations(np.random.default_rng(5)), 3000))
    assert {item.skill for item in items} == set(CORPUS_SKILLS)
    assert not any(item.held_out for item in items)


def test_the_corpus_can_leave_skills_out():
    stream = conversations(np.random.default_rng(5), without=("refuse",))
    assert "refuse" not in {item.skill for item in islice(stream, 1000)}


def test_asking_for_more_items_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="different items of 400 wanted"):
        distinct(ALL_SKILLS["fact"], 400, rng=np.random.default_rng(0), held_out=True)
