"""An engine that fails on some requests, asked so that the others are answered."""

import pytest

from evalguard.engines.base import BASE
from evalguard.engines.isolate import FAILURES_IN_A_ROW, answer_each
from evalguard.errors import EngineError
from tests.engines import questions

REQUESTS = [(BASE, questions.generation(f"{number}")) for number in range(100)]


class Failing:
    """Fails on some requests: the whole call, once it has come to them."""

    def __init__(self, *bad: int) -> None:
        self.bad = {str(number) for number in bad}
        self.calls: list[list[str]] = []

    def stream(self, requests):
        texts = [instance.arguments[0] for _, instance in requests]
        self.calls.append(texts)
        for place, text in enumerate(texts):
            if text in self.bad:
                raise EngineError(f"failed on {text}")
            yield place, f"answer to {text}"


class FailingAtOnce(Failing):
    """Answers nothing of a call that holds a bad request."""

    def stream(self, requests):
        self.calls.append([instance.arguments[0] for _, instance in requests])
        if bad := self.bad.intersection(self.calls[-1]):
            raise EngineError(f"failed on {min(bad)}")
        return iter([(i, f"answer to {text}") for i, text in enumerate(self.calls[-1])])


@pytest.mark.parametrize("kind", [Failing, FailingAtOnce])
@pytest.mark.parametrize("bad", [(), (0,), (99,), (41,), (3, 4, 70)])
def test_all_but_the_bad_requests_are_answered_once(kind, bad):
    engine = kind(*bad)
    arrived = list(answer_each(engine, REQUESTS))
    assert sorted(position for position, _ in arrived) == list(range(100))
    for position, outcome in arrived:
        if position in bad:
            assert str(outcome) == f"failed on {position}"
        else:
            assert outcome == f"answer to {position}"
    assert len(engine.calls) <= 1 + len(bad) * 2 * 8  # halves, not one by one


def test_what_was_answered_before_a_failure_is_not_asked_again():
    engine = Failing(50)
    list(answer_each(engine, REQUESTS))
    again = [text for call in engine.calls[1:] for text in call]
    assert min(map(int, again)) == 50


@pytest.mark.parametrize("count", [1, 2, 100])
def test_an_engine_that_answers_nothing_is_an_error(count):
    class Dead(Failing):
        def stream(self, requests):
            raise EngineError("dead")

    with pytest.raises(EngineError, match="dead"):
        list(answer_each(Dead(), REQUESTS[:count]))


@pytest.mark.parametrize("count", [1, 2, 40])
def test_requests_that_are_all_bad_are_no_broken_engine(count):
    outcomes = dict(answer_each(FailingAtOnce(*range(100)), REQUESTS[:count]))
    assert len(outcomes) == count
    assert all(isinstance(outcome, EngineError) for outcome in outcomes.values())


def test_a_refusal_that_is_yielded_or_raised_is_no_broken_engine():
    class Server(Failing):
        """Refuses one of several in its answer, and raises where it answers none."""

        def stream(self, requests):
            texts = [instance.arguments[0] for _, instance in requests]
            if self.bad.issuperset(texts):
                raise EngineError("refused")
            for place, text in enumerate(texts):
                yield place, EngineError("refused") if text in self.bad else "fine"

    outcomes = dict(answer_each(Server(*range(1, 100)), REQUESTS))
    assert outcomes[0] == "fine"
    assert {str(outcomes[position]) for position in range(1, 100)} == {"refused"}


@pytest.mark.parametrize("answers", [0, 1, 60, 84, 90, 99])
def test_an_engine_that_breaks_is_given_up(answers):
    class Dying(Failing):
        left = answers

        def stream(self, requests):
            self.calls.append([instance.arguments[0] for _, instance in requests])
            for place, (_, instance) in enumerate(requests):
                if not self.left:
                    raise EngineError("broken")
                self.left -= 1
                yield place, f"answer to {instance.arguments[0]}"

    engine = Dying()
    with pytest.raises(EngineError, match="broken"):
        list(answer_each(engine, REQUESTS))
    alone = [call for call in engine.calls if len(call) == 1]
    assert len(alone) <= FAILURES_IN_A_ROW + 1


def test_many_bad_requests_in_a_row_are_no_broken_engine():
    for bad in (range(40), range(30, 70), range(70, 100), range(100)):
        outcomes = dict(answer_each(FailingAtOnce(*bad), REQUESTS))
        assert len(outcomes) == 100
        good = {position for position, one in outcomes.items() if isinstance(one, str)}
        assert good == set(range(100)) - set(bad)


def test_what_is_left_unanswered_is_asked_again_and_then_an_error():
    class Forgetful(Failing):
        def stream(self, requests):
            texts = [instance.arguments[0] for _, instance in requests]
            return iter([(i, text) for i, text in enumerate(texts) if text not in self.bad])

    outcomes = dict(answer_each(Forgetful(3, 77), REQUESTS))
    assert "left unanswered" in str(outcomes[3])
    assert outcomes[4] == "4"
    assert len(outcomes) == 100


def test_an_error_of_one_request_is_handed_on():
    class Refusing(Failing):
        def stream(self, requests):
            for place, _ in enumerate(requests):
                yield place, EngineError("refused") if place % 2 else "fine"

    engine = Refusing()
    outcomes = dict(answer_each(engine, REQUESTS))
    assert outcomes[0] == "fine"
    assert str(outcomes[99]) == "refused"
    assert len(outcomes) == 100


def test_nothing_asked_nothing_answered():
    assert list(answer_each(Failing(), [])) == []
