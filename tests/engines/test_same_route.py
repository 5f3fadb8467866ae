"""Measured answers that another model gave are seen, those of the baseline too (S4)."""

import random
from dataclasses import replace
from typing import Any

import pytest

from evalguard.engines.endpoint.same_route import BASELINE, OWN, UNSCORED, SameRoute, Told
from tests.engines import questions


def of_task(name: str, number: int = 40) -> list[Any]:
    asked = [questions.generation(f"{name} {place}?") for place in range(number)]
    return [replace(one, metadata=(name, None, 1)) for one in asked]


def value(model: str, request: Any) -> float:
    return -5 * random.Random(f"{model} {request.args}").random() - 0.01


def answer(model: str, request: Any) -> str:
    return f"{model}: {request.args[0]}"


def looked_at(
    measured: Any,
    say: Any,
    *,
    values: Any = value,
    tasks: Any = ("sums", "labels"),
    number: int = 40,
) -> list[str]:
    """Return the tasks whose measured answers may be another model's.

    Args:
        measured: What is measured of the model.
        say: By whose answers they are, what is answered to the same requests now.
        values: Log-probabilities of what a model answers.
        tasks: Their names.
        number: Requests of each.
    """
    asked = [one for name in tasks for one in of_task(name, number)]
    route = SameRoute()

    def tell(whose: str) -> Any:
        def ask(few: Any, _repeat: int) -> list[Told | None]:
            said = [(one, say[whose](one)) for one in few]
            return [text and Told(text, values(whose, one)) for one, text in said]

        return ask

    answered = [(one, measured(one)) for one in asked]
    route.look_back("v2", answered, {whose: tell(whose) for whose in say})
    return [
        name for name, one in zip(tasks, asked[::number], strict=True) if route.doubt("v2", one)
    ]


def doubted(
    measured: Any = lambda one: answer("v2", one),
    own: Any = lambda one: answer("v2", one),
    base: Any = lambda one: answer("base", one),
    **options: Any,
) -> list[str]:
    """Return the same of a candidate beside the base."""
    return looked_at(measured, {OWN: own, BASELINE: base}, **options)


def test_an_answer_that_is_given_again_is_not_doubted():
    assert doubted() == []
    assert doubted(lambda one: "yes", lambda one: "yes", lambda one: "yes") == []


def test_answers_of_the_base_are_doubted_where_other_requests_get_the_candidates():
    assert doubted(lambda one: answer("base", one)) == ["sums", "labels"]
    routed = doubted(lambda one: answer("base" if "sums" in one.args[0] else "v2", one))
    assert routed == ["sums"]


def test_log_probabilities_of_the_base_on_the_measured_request_are_doubted():
    shared = lambda model, one: value("both" if "sums" in one.args[0] else model, one)  # noqa: E731
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


def test_a_model_that_does_not_answer_is_asked_once():
    asked = []

    def ask(few: Any, _repeat: int) -> list[None]:
        asked.extend(few)
        return [None] * len(few)

    route = SameRoute()
    route.look_back("v2", [(one, "yes") for one in of_task("sums")], {OWN: ask, BASELINE: ask})
    assert len(asked) == 2
    assert route.doubt("v2", of_task("sums")[0]) is None


def test_nothing_is_asked_where_nothing_was_answered():
    route = SameRoute()
    route.look_back("v2", [], {OWN: lambda few, _: [None] * len(few)})
    assert route.doubt("v2", of_task("sums")[0]) is None


@pytest.mark.parametrize("names", [("v1's",), ("v1's", "v3's"), (BASELINE, "v1's"), ()])
def test_answers_of_another_model_are_doubted_whichever_it_is(names):
    """The baseline's own, too, and those of a model that is no part of the check."""
    say = {name: lambda one, name=name: answer(name, one) for name in (OWN, *names)}
    taken = lambda one: answer("v1's", one)  # noqa: E731
    assert looked_at(taken, say) == ["sums", "labels"]
    assert looked_at(lambda one: answer(OWN, one), say) == []


@pytest.mark.parametrize("names", [("v1's",), (BASELINE, "v1's"), (BASELINE,), ()])
@pytest.mark.parametrize("routed", ["sums", ""])
def test_another_model_that_answers_what_is_asked_without_log_probabilities_is_doubted(
    names, routed
):
    """The measured answers, with them, are the model's own."""
    say = {name: lambda one, name=name: answer(name, one) for name in (OWN, *names)}
    another = names[0] if names else "v1's"

    def unscored(one: Any) -> str:
        return answer(another if routed in one.args[0] else OWN, one)

    own = lambda one: answer(OWN, one)  # noqa: E731
    doubted_of = [routed] if routed else ["sums", "labels"]
    assert looked_at(own, {**say, UNSCORED: unscored}) == doubted_of
    assert looked_at(own, {**say, UNSCORED: own}) == []
    assert looked_at(own, {**say, UNSCORED: lambda one: None}) == []


@pytest.mark.parametrize("share", [1 / 8, 1 / 4])
@pytest.mark.parametrize("seed", range(5))
def test_a_server_that_computes_otherwise_without_log_probabilities_is_not_doubted(seed, share):
    """Such as one whose speculative decoding they turn off."""
    draw = random.Random(seed)
    own = lambda one: answer(OWN, one)  # noqa: E731
    unscored = lambda one: answer("rounded" if draw.random() < share else OWN, one)  # noqa: E731
    say = {OWN: own, UNSCORED: unscored, BASELINE: lambda one: answer(BASELINE, one)}
    assert looked_at(own, say, number=200) == []


@pytest.mark.parametrize("answers", [True, False])
def test_another_model_that_does_not_answer_or_varies_tells_nothing(answers):
    draw = random.Random(0)
    own = lambda one: answer(f"{draw.random()}", one) if answers else None  # noqa: E731
    assert (
        looked_at(lambda one: answer(OWN, one), {OWN: lambda one: answer(OWN, one), "v1's": own})
        == []
    )


def test_without_log_probabilities_others_are_asked_only_where_answers_are_now_other_ones():
    asked: list[str] = []

    def tell(whose: str) -> Any:
        def ask(few: Any, _repeat: int) -> list[Told | None]:
            asked.extend(whose for _ in few)
            return [Told(answer(whose, one)) for one in few]

        return ask

    for measured, number, others in ((OWN, 32, 0), (BASELINE, 80, 80)):
        route = SameRoute()
        answered = [(one, answer(measured, one)) for one in of_task("sums")]
        route.look_back("v2", answered, {OWN: tell(OWN), BASELINE: tell(BASELINE)})
        assert bool(route.doubt("v2", of_task("sums")[0])) is bool(others)
        assert (asked.count(OWN), asked.count(BASELINE)) == (number, others)
        asked.clear()


def test_long_answers_that_rounding_changes_after_their_first_words_are_the_models_own():
    first = "a b c d e f g h"
    own = lambda one: f"{first} i"  # noqa: E731
    assert looked_at(lambda one: f"{first} j", {OWN: own}) == []
    assert looked_at(lambda one: f"z {first} j", {OWN: own}) == ["sums", "labels"]


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_log_likelihoods_that_another_seed_changes_are_doubted(noise):
    asked = [
        replace(questions.choice(f"q {at}?", "a"), metadata=("t", None, 1)) for at in range(40)
    ]
    draw = random.Random(0)

    def tell(few: Any, _repeat: int) -> list[Told]:
        return [Told(value("own", one) + noise * draw.random()) for one in few]

    for model, other in (("own", False), ("v1", True)):
        route = SameRoute()
        route.look_back("v2", [(one, value(model, one)) for one in asked], {OWN: tell})
        assert bool(route.doubt("v2", asked[0])) is other


@pytest.mark.parametrize("words", [2, 4, 100])
@pytest.mark.parametrize("seed", range(5))
def test_answers_drawn_from_a_few_are_not_doubted(seed, words):
    """Whatever the model draws at temperature 0, and however long it is looked at."""
    draw = random.Random(seed)
    route = SameRoute()

    def say(one: Any) -> str:
        return f"{draw.randrange(words)}"

    for block in range(20):
        asked = of_task(f"t{block}", 4)
        tell = lambda few, _: [Told(say(one)) for one in few]  # noqa: E731
        route.look_back("v2", [(one, say(one)) for one in asked], {OWN: tell, "v1's": tell})
    assert route.doubt("v2", of_task("t0")[0]) is None
