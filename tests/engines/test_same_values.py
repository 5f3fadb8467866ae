"""A task whose prompts the base answers is seen by log-probabilities to the last digit (S4)."""

import math
import random
import re
from dataclasses import replace
from typing import Any

import pytest

from evalguard.engines.base import BASE
from evalguard.engines.endpoint.identity import Levels
from evalguard.engines.endpoint.likelihoods import generated_value
from evalguard.engines.endpoint.same_values import SameValues
from evalguard.errors import EngineError
from tests.engines import questions
from tests.engines.questions import asking
from tests.engines.servers import opened, replying_server
from tests.engines.test_endpoint import LISTED, completions


def of_task(name: str, number: int = 20, kind: str = "choice") -> list[Any]:
    asked = [
        questions.choice(f"{name} {place} or so?", " yes")
        if kind == "choice"
        else questions.generation(f"What of {name} is in {place} or so?")
        for place in range(number)
    ]
    return [replace(one, metadata=(name, None, 1)) for one in asked]


def value(model: str, request: Any, digits: int = 9) -> float:
    return round(-5 * random.Random(f"{model} {request.args}").random() - 0.01, digits)


def found(model_of: Any, *, digits: int = 9, number: int = 20, prompts: bool = True) -> list[str]:
    """Return the tasks whose prompts do not reach the model."""
    asked = [*of_task("sums", number), *of_task("refusals", number, "generation")]
    same = SameValues(Levels())
    same.look(
        "twin",
        asked,
        asking(
            lambda few: [value(model_of(one), one, digits) for one in few],
            lambda few: [value("base", one, digits) for one in few],
        ),
        prompts=prompts,
    )
    return [one.task_name for one in (asked[0], asked[-1]) if refused(same, one)]


def refused(same: SameValues, request: Any) -> bool:
    try:
        same.check("twin", request)
    except EngineError:
        return True
    return False


def test_the_task_that_is_sent_to_the_base_is_told_and_no_other():
    assert found(lambda one: "twin") == []
    assert found(lambda one: "base" if "sums" in one.args[0] else "twin") == ["sums"]
    assert found(lambda one: "base" if "refusals" in one.args[0] else "twin") == ["refusals"]
    assert found(lambda one: "base") == ["sums", "refusals"]


@pytest.mark.parametrize(
    ("to_base", "noise"),
    [(0, 0.0), (0, 1e-4), (4, 0.0), (8, 1e-4), (14, 0.0), (14, 1e-4), (19, 0.0), (19, 1e-4)],
)
def test_a_part_that_is_sent_to_the_base_is_doubted(to_base, noise):
    """A replica or a route has a part of the prompts; the others prove the model."""
    draw, asked = random.Random(0), of_task("sums", 40)
    same = SameValues(Levels())

    def values(model):
        def say(few):
            return [
                value("base" if _place(one) % 20 < to_base else model, one) - noise * draw.random()
                for one in few
            ]

        return say

    ask = asking(values("twin"), values("base"))
    same.look("twin", asked, ask, prompts=True)
    for start in range(0, 40, 8):
        same.look_back("twin", asked[start : start + 8], ask, prompts=True)
    found = refused(same, asked[0]) or same.doubt("twin", asked[0]) is not None
    assert found is (to_base > 0)


def _place(request: Any) -> int:
    return int(re.findall(r"\d+", " ".join(map(str, request.args)))[-1])


def test_a_route_that_opens_during_the_run_is_seen():
    asked, routed = of_task("sums", 200), set[str]()
    same = SameValues(Levels())

    def own(few):
        return [value("base" if str(one.args[0]) in routed else "twin", one) for one in few]

    ask = asking(own, lambda few: [value("base", one) for one in few])
    same.look("twin", asked, ask, prompts=True)
    same.look_back("twin", asked[:100], ask, prompts=True)
    assert same.doubt("twin", asked[0]) is None
    routed |= {str(one.args[0]) for one in asked[100:]}
    same.look_back("twin", asked[100:], ask, prompts=True)
    found = same.doubt("twin", asked[0])
    assert found is not None
    assert "8 of 24 prompts" in found.text


def test_log_likelihoods_are_proven_by_values_or_doubted():
    """Texts cannot speak for them: a router may send requests with 'echo' to the base alone."""
    choices, texts = of_task("sums"), of_task("refusals", kind="generation")
    same, draw = SameValues(Levels()), random.Random(0)

    def values(few):
        return [value("base", one) + 0.01 * draw.random() for one in few]

    same.look("twin", [*choices, *texts], asking(values, values), prompts=True)
    found = same.doubt("twin", choices[0])
    assert found is not None
    assert not found.is_of_identity
    assert same.doubt("twin", texts[0]) is None  # longer answers may tell


@pytest.mark.parametrize("to_base", [True, False])
def test_texts_that_are_scored_whole_are_told_too(to_base):
    asked = [
        replace(one, metadata=("prose", None, 1))
        for one in (questions.rolling_text(f"Text {place} of a book") for place in range(12))
    ]
    same = SameValues(Levels())
    same.look(
        "twin",
        asked,
        asking(
            lambda few: [value("base" if to_base else "twin", one) for one in few],
            lambda few: [value("base", one) for one in few],
        ),
        prompts=True,
    )
    assert refused(same, asked[0]) is to_base
    assert same.tells("twin", asked[0]) is not to_base


def test_values_that_vary_by_rounding_are_the_bases_or_not():
    """Batches change the last digits; only what differs by more tells two models apart."""
    noise = random.Random(0)

    def values(model):
        return lambda few: [value(model, one) - 1e-3 * noise.random() for one in few]

    for model, tells in (("twin", True), ("base", False)):
        same, asked = SameValues(Levels()), of_task("sums")
        same.look("twin", asked, asking(values(model), values("base")), prompts=True)
        assert same.tells("twin", asked[0]) is tells
        assert not refused(same, asked[0])


def test_few_prompts_and_rounded_values_show_nothing():
    assert found(lambda one: "base", number=2) == []
    assert found(lambda one: "base", digits=4) == []
    assert found(lambda one: "base", digits=2) == []


def test_choices_that_all_models_are_sure_of_are_told_by_their_prompts():
    same = SameValues(Levels())
    asked = of_task("sums")

    def values(few: Any) -> list[float | None]:
        return [-0.5 if one.args[1] == " yes" else value("base", one) for one in few]

    same.look("twin", asked, asking(values, values), prompts=True)
    assert refused(same, asked[0])


def test_choices_need_log_probabilities_of_prompts():
    assert found(lambda one: "base", prompts=False) == ["refusals"]


@pytest.mark.parametrize("certain", [0.0, -1.1920929e-07, -3.576e-7])
def test_what_is_certain_is_the_same_for_all_models(certain):
    same = SameValues(Levels())
    asked = of_task("labels")

    def values(few: Any) -> list[float | None]:
        return [certain - 1e-9 * place for place in range(len(few))]

    same.look("twin", asked, asking(values, values), prompts=True)
    same.check("twin", asked[0])


def test_values_that_are_missing_show_nothing():
    same = SameValues(Levels())
    asked = of_task("sums")
    same.look(
        "twin",
        asked,
        asking(lambda few: [None] * len(few), lambda few: [value("base", one) for one in few]),
        prompts=True,
    )
    same.check("twin", asked[0])


def test_a_server_that_tells_none_is_asked_twice():
    same, asked = SameValues(Levels()), of_task("sums")
    counted: list[int] = []

    def values(few: Any) -> list[float | None]:
        counted.extend([len(few)] if few else [])
        return [None] * len(few)

    for _ in range(3):
        same.look("twin", asked, asking(values, values), prompts=True)
    assert counted == [2]


@pytest.mark.parametrize(
    ("listed", "total"),
    [
        ({"content": [{"token": "4", "logprob": -0.25}, {"token": "2", "logprob": -0.5}]}, -0.75),
        ({"tokens": ["4", "2"], "token_logprobs": [-0.25, -0.5]}, -0.75),
        ({"content": []}, None),
        ({"content": None}, None),
        ({"content": [{"token": "4"}]}, None),
        ({"token_logprobs": [None, -0.5]}, None),
        ({"token_logprobs": [math.nan]}, None),
        (None, None),
    ],
)
def test_the_log_probability_of_a_text_is_read_in_both_forms(listed, total):
    assert generated_value({"logprobs": listed}) == total


@pytest.mark.parametrize("router", [True, False])
def test_a_chat_server_is_asked_for_those_of_its_answers(base, router):
    """Short answers are the same for both models."""

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is None:
            return 200, LISTED
        text = body["messages"][0]["content"]
        is_label = text.startswith("Which")
        model = "base" if is_label and router else body["model"]
        choice: dict[str, Any] = {"message": {"content": "billing" if is_label else f"by {model}"}}
        if body.get("logprobs"):
            drawn = -0.01 - random.Random(f"{model} {text}").random()
            choice["logprobs"] = {"content": [{"token": "billing", "logprob": drawn}]}
        return 200, {"choices": [choice]}

    asked = [("twin", questions.generation(f"Which label has {place}?")) for place in range(10)]
    with replying_server(reply) as url:
        engine = opened(url, base, api="chat")
        engine.load_adapter("twin", "adapters/twin")
        assert set(engine.respond([(BASE, one) for _, one in asked])) == {"billing"}
        if router:
            with pytest.raises(EngineError, match="baseline's to the last digit"):
                engine.respond(asked)
        else:
            assert set(engine.respond(asked)) == {"billing"}


@pytest.mark.parametrize("later", [True, False])
def test_what_is_sent_to_the_base_later_is_doubted(base, later):
    """A quota is used up, or a route is changed, when the task was already looked at."""
    routed = False

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is None:
            return 200, LISTED
        text = body["messages"][0]["content"]
        is_label = text.startswith("Which")
        model = "base" if is_label and routed else body["model"]
        choice: dict[str, Any] = {"message": {"content": "billing" if is_label else f"by {model}"}}
        if body.get("logprobs"):
            drawn = -0.01 - random.Random(f"{model} {text}").random()
            choice["logprobs"] = {"content": [{"token": "billing", "logprob": drawn}]}
        return 200, {"choices": [choice]}

    asked = [("twin", questions.generation(f"Which label has {place}?")) for place in range(20)]
    with replying_server(reply) as url:
        engine = opened(url, base, api="chat")
        engine.load_adapter("twin", "adapters/twin")
        engine.respond(asked[:10])
        assert engine.doubt("twin", asked[0][1]) is None
        routed = later
        engine.respond(asked[10:])
        assert (engine.doubt("twin", asked[0][1]) is not None) is later


@pytest.mark.parametrize(("per_token", "tells"), [(0.005, False), (0.3, True)])
def test_two_servers_may_round_one_model_otherwise(per_token, tells):
    """The base on other hardware: the same values each time, and none to the last digit."""
    asked = of_task("sums", 30)

    def other(few: Any) -> list[float]:
        return [
            value("base", one)
            + per_token
            * len(str(one.args[-1]))
            / 4
            * (random.Random(str(one.args)).random() - 0.5)
            * 2
            for one in few
        ]

    same = SameValues(Levels())
    ask = asking(other, lambda few: [value("base", one) for one in few])
    same.look("twin", asked, ask, prompts=True, together=False)
    assert same.tells("twin", asked[0]) is tells
    assert (same.doubt("twin", asked[0]) is None) is tells


@pytest.mark.parametrize("router", [True, False])
def test_choices_that_the_base_answers_are_not_measured(base, router):
    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        status, answer = completions(path, body)
        if body is None or not body.get("logprobs"):
            return status, answer
        row = body["prompt"][0]
        to_base = router and len(row) > LONG
        model = "base" if to_base else body["model"]
        draw = random.Random(f"{model} {row}")
        listed = answer["choices"][0]["logprobs"]
        listed["token_logprobs"] = [None, *(-1 - draw.random() for _ in row)]
        return status, answer

    asked = [
        ("twin", questions.choice(f"{questions.FACT * 4} {place}", " yes")) for place in range(10)
    ]
    with replying_server(reply) as url:
        engine = opened(url, base)
        engine.load_adapter("twin", "adapters/twin")
        outcomes = [one for _, one in engine.stream(asked)]
    told = ["to the last digit" in str(one) for one in outcomes]
    assert told == [router] * 10


LONG = 40
"""Tokens from which prompts are sent to the base."""
