"""The base is seen by the log-probabilities of the answers that are measured (S4)."""

import random
from dataclasses import replace
from typing import Any

import pytest

from evalguard.engines.endpoint.identity import beyond_noise
from evalguard.engines.endpoint.measured_values import MeasuredValues
from evalguard.engines.endpoint.same_route import Told
from tests.engines import questions


def of_task(name: str, number: int, **settings: Any) -> list[Any]:
    asked = [questions.generation(f"{name} {place}?", **settings) for place in range(number)]
    return [replace(one, metadata=(name, None, 1)) for one in asked]


def _value(model: str, one: Any) -> float:
    """Return a log-probability that is near to the base's, as a fine-tune's is."""
    value = -0.5 - 5 * random.Random(f"{one.args}").random()
    return value + (model != "base") * random.Random(f"{model} {one.args}").gauss(0, 0.5)


class Server:
    """Tells answers with log-probabilities.

    Args:
        to_base: Share of the candidate's prompts that the base answers, or which those are.
        noise: Nats by which values differ from call to call.
        digits: Of its values.
        value: Returns the log-probability of a model's answer.
        own: Returns the text of a model.
        values: Whether it tells them of every request.
    """

    def __init__(
        self,
        *,
        to_base: Any = 0.0,
        noise: float = 0.0,
        digits: int = 12,
        value: Any = None,
        own: Any = lambda model, one: f"{model}: {one.args[0]}",
        values: Any = lambda model, one: True,
    ) -> None:
        self._to_base, self._noise, self._digits, self._own = to_base, noise, digits, own
        self._values, self._value = values, value or _value
        self._draw = random.Random(0)
        self.asked: list[Any] = []

    def told(self, model: str, one: Any) -> Told:
        if model == "v2" and self._is_routed(one):
            model = "base"
        value = self._value(model, one)
        value = round(value + self._noise * self._draw.random(), self._digits)
        if one.request_type != "generate_until":
            return Told(value)
        return Told(self._own(model, one), value if self._values(model, one) else None)

    def _is_routed(self, one: Any) -> bool:
        if callable(self._to_base):
            return bool(self._to_base(one))
        return random.Random(f"route {one.args}").random() < self._to_base

    def base(self, few: Any, _repeat: int) -> list[Told | None]:
        self.asked += few
        return [self.told("base", one) for one in few]

    def look(
        self, asked: Any, *, stored: bool = False, together: bool = True, one_host: bool = True
    ) -> MeasuredValues:
        """Measure the base, unless it was measured before, and the candidate."""
        own = MeasuredValues()
        base = own if together else MeasuredValues()
        for start in range(0, len(asked), 256):
            block = asked[start : start + 256]
            for model, seen in (("base", base), ("v2", own)):
                if model == "base" and stored:
                    continue
                answered = [(one, self.told(model, one)) for one in block]
                again = [(one, self.told(model, one)) for one in block[:16]]
                seen.note(answered, again, is_base=model == "base")
            own.compare("v2", answered, base, self.base, one_host=one_host)
        return own


def doubted(server: Server, asked: Any, **how: Any) -> str:
    doubt = server.look(asked, **how).doubt("v2", asked[0])
    return doubt.text if doubt else ""


@pytest.mark.parametrize("noise", [0.0, 1e-3])
@pytest.mark.parametrize("number", [8, 200, 2000])
@pytest.mark.parametrize("how", [{}, {"stored": True}, {"together": False, "one_host": False}])
def test_a_candidate_that_answers_itself_is_not_doubted(noise, number, how):
    assert doubted(Server(noise=noise), of_task("sums", number), **how) == ""


@pytest.mark.parametrize("together", [True, False])
def test_a_fine_tune_that_changes_little_is_not_doubted_where_nothing_varies(together):
    """As LoRA does on answers that the base is nearly sure of; one host may have two engines."""

    def value(model: str, one: Any) -> float:
        draw = random.Random(f"{one.args}")
        return -0.01 - 0.1 * draw.random() - (model != "base") * 10 ** -draw.uniform(1, 4)

    asked = of_task("sums", 200)
    assert doubted(Server(value=value), asked, together=together) == ""
    routed = Server(value=value, to_base=0.1)
    assert "a part of the prompts" in doubted(routed, asked, together=together)


@pytest.mark.parametrize(
    ("share", "noise", "how"),
    [
        (0.05, 0.0, {}),
        (0.15, 1e-3, {}),
        (0.1, 0.0, {"stored": True}),
        (0.25, 1e-3, {"stored": True}),
        (0.3, 1e-3, {"together": False, "one_host": False}),
    ],
)
def test_a_base_that_answers_a_part_is_seen(share, noise, how):
    words = doubted(Server(to_base=share, noise=noise), of_task("sums", 200), **how)
    assert "a router or a cache may let the baseline answer a part of the prompts" in words


def test_only_tasks_with_answers_of_the_base_are_doubted():
    own, routed = of_task("labels", 100), of_task("sums", 100)
    of_base = {one.args[0] for one in routed[:9]}
    seen = Server(to_base=lambda one: one.args[0] in of_base).look([*own, *routed])
    assert seen.doubt("v2", own[0]) is None
    doubt = seen.doubt("v2", routed[0])
    assert doubt
    assert "of 9 of 200 measured answers" in doubt.text


def test_a_base_that_is_stored_is_asked_a_part_of_what_the_candidate_was():
    server = Server()
    server.look(of_task("sums", 1000), stored=True)
    assert 100 <= len(server.asked) <= 400
    measured = Server()
    measured.look(of_task("sums", 1000))
    assert measured.asked == []


def test_values_of_two_digits_show_nothing():
    asked = of_task("sums", 2000)
    assert doubted(Server(digits=2), asked) == ""


def test_what_is_certain_shows_nothing():
    server = Server(own=lambda model, one: "yes", value=lambda model, one: -1e-7)
    assert doubted(server, of_task("sums", 200)) == ""


def test_samples_of_one_text_tell_whose_they_are():
    """Two draws are two texts, whoever gave them."""
    asked = of_task("stories", 400, do_sample=True, temperature=0.7)
    draw = random.Random(0)
    own = lambda model, one: draw.choice("ab")  # noqa: E731
    assert doubted(Server(own=own), asked) == ""
    assert "a part of the prompts" in doubted(Server(own=own, to_base=0.1), asked)


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_log_likelihoods_tell_it_themselves(noise):
    asked = [
        replace(questions.choice(f"Question {place}?", " yes"), metadata=("choices", None, 1))
        for place in range(200)
    ]
    assert doubted(Server(noise=noise), asked) == ""
    assert "a part of the prompts" in doubted(Server(noise=noise, to_base=0.15), asked)


def test_answers_without_values_may_be_the_bases():
    asked = of_task("sums", 200)
    silent = {one.args[0] for one in asked[:40]}
    server = Server(values=lambda model, one: model == "base" or one.args[0] not in silent)
    assert "40 of 200 measured answers came without" in server.look(asked).uncovered("v2")
    assert Server().look(asked).uncovered("v2") == ""
    assert Server(values=lambda model, one: False).look(asked).uncovered("v2") == ""
    empty = Server(
        own=lambda model, one: "" if one.args[0] in silent else model,
        values=lambda model, one: one.args[0] not in silent,
    )
    assert empty.look(asked).uncovered("v2") == ""
    ended = {one.args[0] for one in asked[40:80]}
    both = Server(
        own=lambda model, one: "" if one.args[0] in ended else model,
        values=lambda model, one: model == "base" or one.args[0] not in silent,
    )
    assert "40 of 200 measured answers came without" in both.look(asked).uncovered("v2")
    choices = [questions.choice(f"Question {place}?", " yes") for place in range(2000)]
    among = server.look([*asked, *choices])
    assert "40 of 200 measured answers came without" in among.uncovered("v2")


def test_noise_of_any_number_of_answers_is_tested():
    assert beyond_noise(900, 20_000, share=0.04)
    assert not beyond_noise(800, 20_000, share=0.04)
    assert not beyond_noise(0, 0)
