"""Who answers is told by longer answers, where a server gives no log-probabilities (S4)."""

import random
from dataclasses import replace
from typing import Any

import pytest

from evalguard.engines.chat import as_messages, read_messages
from evalguard.engines.endpoint.identity import Levels
from evalguard.engines.endpoint.longer_answers import LongerAnswers
from tests.engines import questions
from tests.engines.questions import asking


def of_task(name: str, number: int = 20) -> list[Any]:
    asked = [questions.generation(f"{name} {place}?") for place in range(number)]
    return [replace(one, metadata=(name, None, 1)) for one in asked]


def doubted(own, base=lambda one: f"base of {one}", *, tasks=("sums", "labels"), chat=True):
    """Return the tasks of which it cannot be told who answers."""

    def ask(say):
        return lambda few: [say(read_messages(str(one.args[0]))[-1]["content"]) for one in few]

    asked = [one for name in tasks for one in of_task(name)]
    longer = LongerAnswers(Levels(), chat=chat)
    longer.look("v2", asked, asking(ask(own), ask(base)))
    return [name for name, one in zip(tasks, asked[::20], strict=True) if longer.doubt("v2", one)]


def test_a_task_that_the_base_answers_is_doubted_and_no_other():
    assert doubted(lambda one: f"v2 of {one}") == []
    assert doubted(lambda one: f"{'base' if 'sums' in one else 'v2'} of {one}") == ["sums"]
    assert doubted(lambda one: f"base of {one}") == ["sums", "labels"]


def test_a_base_that_varies_is_no_other_model():
    """It falls back to the base, whose texts differ from call to call."""
    count = random.Random(0)

    def varied(name):
        return lambda one: f"{name} {count.randrange(1000, 9999)} of {one}"

    assert doubted(varied("base"), varied("base")) == ["sums", "labels"]
    assert doubted(varied("a text of quite another model,"), varied("base")) == []


def test_answers_that_do_not_come_prove_nothing():
    assert doubted(lambda one: None) == ["sums", "labels"]
    assert doubted(lambda one: f"v2 of {one}" if "0" in one else None) == ["sums", "labels"]


def test_models_that_say_no_more_than_the_answer_are_not_told_apart():
    assert doubted(lambda one: "yes", lambda one: "yes") == ["sums", "labels"]


@pytest.mark.parametrize("chat", [True, False])
def test_a_chat_is_asked_for_more_words_and_a_text_goes_past_its_stops(chat):
    seen = []

    def own(few):
        seen.extend(few)
        return ["v2"] * len(few)

    messages = [{"role": "system", "content": "Add."}, {"role": "user", "content": "1 + 1?"}]
    one = questions.generation(as_messages(messages) if chat else "1 + 1?", until=["\n"])
    longer = LongerAnswers(Levels(), chat=chat)
    longer.look("v2", [one], asking(own, lambda few: ["base"] * len(few)))
    asked = read_messages(str(seen[0].args[0]))
    assert [each["role"] for each in asked] == (["system", "user"] if chat else ["user"])
    assert asked[-1]["content"].startswith("1 + 1?")
    assert ("explain" in asked[-1]["content"]) is chat
    assert seen[0].args[1]["until"] == []


def test_every_candidate_is_asked_beside_the_base_and_once():
    asked = []

    def base(few):
        asked.append(len(few))
        return [f"base of {one.args[0]}" for one in few]

    longer = LongerAnswers(Levels(), chat=False)
    for model in ("v2", "v3", "v2"):
        longer.look(model, of_task("sums"), asking(asks(model), base))
    assert asked == [18, 18]


def test_sampled_answers_settle_nothing():
    longer = LongerAnswers(Levels(), chat=False)
    longer.look("v2", of_task("sums"), asking(asks("base"), asks("base")))
    (one, *_) = of_task("sums")
    drawn = replace(one, arguments=(one.args[0], {**one.args[1], "temperature": 1.0}))
    greedy, sampled = longer.doubt("v2", one), longer.doubt("v2", drawn)
    assert greedy is not None
    assert greedy.is_of_identity
    assert sampled is not None
    assert not sampled.is_of_identity


def asks(model):
    return lambda few: [f"{model} of {one.args[0]}" for one in few]


@pytest.mark.parametrize("other", [slice(20, 40), slice(5, 25), slice(0, 4), slice(3, 40)])
def test_each_model_is_compared_on_its_own_prompts(other):
    """A second adapter is asked another part: it may be the base on all of it."""
    every = of_task("sums", 40)
    longer = LongerAnswers(Levels(), chat=False)
    longer.look("v2", every[:20], asking(asks("v2"), asks("base")))
    longer.look("v3", every[other], asking(asks("base"), asks("base")))
    longer.look("v4", every[other], asking(asks("v4"), asks("base")))
    assert longer.doubt("v2", every[0]) is None
    assert longer.doubt("v3", every[0]) is not None
    assert longer.doubt("v4", every[0]) is None


def test_the_base_is_asked_again_for_what_it_did_not_answer():
    every = of_task("sums")
    longer = LongerAnswers(Levels(), chat=False)
    longer.look("v2", every, asking(asks("v2"), lambda few: [None] * len(few)))
    longer.look("v3", every, asking(asks("v3"), asks("base")))
    found = longer.doubt("v2", every[0])
    assert found is not None
    assert "only 0 of 6 prompts for a longer answer were answered" in found.text
    assert longer.doubt("v3", every[0]) is None


def test_a_choice_of_a_doubted_task_is_doubted_too():
    longer = LongerAnswers(Levels(), chat=False)
    longer.look("v2", of_task("sums"), asking(asks("base"), asks("base")))
    one = replace(questions.choice("1 + 1", " 2"), metadata=("sums", None, 1))
    assert longer.doubt("v2", one) is not None


def changing(share: float, noise: float = 0.0, *, name: str = "v2"):
    """Answer a share of the prompts otherwise than the base, and end some in a word of its own."""
    draw = random.Random(name)

    def say(few):
        return [
            f"{name if random.Random(str(one.args[0])).random() < share else 'base'} of "
            f"{one.args[0]}{f' {draw.random()}' if draw.random() < noise else ''}"
            for one in few
        ]

    return say


@pytest.mark.parametrize("noise", [0.05, 0.2, 0.5])
def test_a_fallback_on_a_noisy_server_is_doubted(noise):
    """Each of these passed by two repeats of six prompts in up to one of a hundred checks."""
    base = changing(0, noise, name="base")
    longer, tasks = LongerAnswers(Levels(), chat=False), [f"task {n}" for n in range(12)]
    asked = [one for task in tasks for one in of_task(task)]
    longer.look("v2", asked, asking(changing(0, noise), base))
    assert all(longer.doubt("v2", one) for one in asked[::20])


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.2])
def test_a_candidate_that_changes_all_or_half_is_told(noise):
    for share in (1.0, 0.5):
        longer, asked = LongerAnswers(Levels(), chat=False), of_task("sums", 40)
        longer.look("v2", asked, asking(changing(share, noise), changing(0, noise, name="base")))
        assert longer.doubt("v2", asked[0]) is None


def test_what_few_prompts_leave_open_is_asked_of_more():
    longer, asked, counted = LongerAnswers(Levels(), chat=False), of_task("sums", 40), []

    def base(few):
        counted.append(len(few))
        return changing(0)(few)

    for share in (1.0, 0.5, 0.0):
        longer.look(f"v {share}", asked, asking(changing(share), base))
    # Where none of the first six tells, the base's own noise is seen on all 40 prompts.
    assert counted == [18, 18, 18, 36, 18, 80]


def test_on_two_servers_a_third_of_other_answers_proves_nothing():
    """The base on other hardware answers a part of the prompts otherwise, every time."""
    asked = of_task("sums", 100)
    for share, together, tells in ((0.34, True, True), (0.34, False, False), (0.9, False, True)):
        longer = LongerAnswers(Levels(), chat=False)
        longer.look("v2", asked, asking(changing(share), changing(0)), together=together)
        found = longer.doubt("v2", asked[0])
        assert (found is None) is tells
        if found is not None:
            assert (found.varied, found.repeated) == (20, 100)
