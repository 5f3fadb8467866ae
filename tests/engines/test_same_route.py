"""Measured answers that the base gave to requests unlike those that prove a model are seen (S4)."""

import random
from dataclasses import replace
from typing import Any

import pytest

from evalguard.engines.endpoint.same_route import SameRoute, Told
from tests.engines import questions


def of_task(name: str, number: int = 40) -> list[Any]:
    asked = [questions.generation(f"{name} {place}?") for place in range(number)]
    return [replace(one, metadata=(name, None, 1)) for one in asked]


def value(model: str, request: Any) -> float:
    return -5 * random.Random(f"{model} {request.args}").random() - 0.01


def answer(model: str, request: Any) -> str:
    return f"{model}: {request.args[0]}"


def doubted(
    measured: Any = lambda one: answer("v2", one),
    own: Any = lambda one: answer("v2", one),
    base: Any = lambda one: answer("base", one),
    *,
    values: Any = value,
    tasks: Any = ("sums", "labels"),
    number: int = 40,
) -> list[str]:
    """Return the tasks whose measured answers may be the base's."""
    asked = [one for name in tasks for one in of_task(name, number)]
    route = SameRoute()

    def ask(few: Any) -> list[Told | None]:
        models = ["base" if one.of_base else "v2" for one in few]
        said = [(base if one.of_base else own)(one.request) for one in few]
        return [
            text and Told(text, values(model, one.request))
            for one, text, model in zip(few, said, models, strict=True)
        ]

    route.look_back("v2", [(one, measured(one)) for one in asked], ask)
    return [
        name for name, one in zip(tasks, asked[::number], strict=True) if route.doubt("v2", one)
    ]


def test_an_answer_that_is_given_again_is_not_doubted():
    assert doubted() == []
    assert doubted(lambda one: "yes", lambda one: "yes", lambda one: "yes") == []


def test_answers_of_the_base_are_doubted_where_other_requests_get_the_candidates():
    assert doubted(lambda one: answer("base", one)) == ["sums", "labels"]
    routed = doubted(lambda one: answer("base" if "sums" in one.args[0] else "v2", one))
    assert routed == ["sums"]


def test_log_probabilities_of_the_base_on_the_measured_request_are_doubted():
    shared = lambda model, one: value("base" if "sums" in one.args[0] else model, one)  # noqa: E731
    assert doubted(values=shared) == ["sums"]


@pytest.mark.parametrize("equal", [-1e-9, -1.25, 0.0])
def test_what_is_certain_or_rounded_is_equal_for_two_models(equal):
    assert doubted(values=lambda model, one: equal) == []


def test_a_candidate_that_changes_a_few_answers_is_seen_by_those():
    few = lambda one: int(one.args[0].split()[1][:-1]) % 3 == 0  # noqa: E731
    own = lambda one: answer("v2" if few(one) else "base", one)  # noqa: E731
    assert doubted(own, own) == []
    assert doubted(lambda one: answer("base", one), own, number=240) == ["sums", "labels"]


@pytest.mark.parametrize("seed", range(10))
def test_answers_that_vary_are_not_doubted(seed):
    """Of both models, one answer in three is another one of the same two."""
    draw = random.Random(seed)

    def varied(usual: str) -> Any:
        other = {"v2": "base", "base": "v2"}[usual]
        return lambda one: answer(other if draw.random() < 1 / 3 else usual, one)

    assert doubted(varied("v2"), varied("v2"), varied("base")) == []


def test_a_task_of_which_none_was_drawn_shares_the_doubt():
    tasks = [f"t{place}" for place in range(30)]
    assert doubted(lambda one: answer("base", one), tasks=tasks, number=2) == tasks
    assert doubted(tasks=tasks, number=2) == []


def test_a_server_without_log_probabilities_is_asked_once():
    asked = []

    def ask(few: Any) -> list[None]:
        asked.extend(few)
        return [None] * len(few)

    route = SameRoute()
    route.look_back("v2", [(one, "yes") for one in of_task("sums")], ask)
    assert len(asked) == 4  # twice of both models
    assert route.doubt("v2", of_task("sums")[0]) is None


def test_nothing_is_asked_where_nothing_was_answered():
    route = SameRoute()
    route.look_back("v2", [], lambda few: [None] * len(few))
    assert route.doubt("v2", of_task("sums")[0]) is None
