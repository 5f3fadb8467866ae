"""What every engine must do: subclass it, and give it an ``engine`` that has loaded A and B."""

from collections.abc import Sequence
from itertools import combinations
from operator import itemgetter

import pytest
from lm_eval.api.instance import Instance

from evalguard.engines.base import BASE, Engine, Outcome
from evalguard.errors import EngineError
from tests.engines import questions

MODELS = (BASE, "a", "b")
TOLERANCE = 1e-4
"""Greatest difference of a log-likelihood between batches of other sizes, in float32."""


class GenerationContract:
    """Tests that run over every engine that generates."""

    def mixed(self) -> list[Instance]:
        """Return requests of all types that it answers."""
        return questions.generations()

    def telling(self) -> list[Instance]:
        """Return requests to which each model has other answers."""
        return questions.generations()

    def test_it_names_the_base_and_its_adapters(self, engine: Engine) -> None:
        assert engine.models == MODELS
        assert engine.name
        assert engine.version

    def test_it_knows_the_context(self, engine: Engine) -> None:
        assert engine.max_length in (511, 512)

    def test_adapters_answer_differently(self, engine: Engine) -> None:
        answers = [engine.respond([(m, request) for request in self.telling()]) for m in MODELS]
        for one, other in combinations(answers, 2):
            assert one != other

    def test_a_mixed_batch_answers_as_each_model_alone(self, engine: Engine) -> None:
        alone = [engine.respond([(m, request) for request in self.mixed()]) for m in MODELS]
        interleaved = [(m, request) for request in self.mixed() for m in MODELS]
        together = engine.respond(interleaved)
        for position, answers in enumerate(alone):
            assert_same(together[position :: len(MODELS)], answers)

    def test_the_order_of_requests_does_not_matter(self, engine: Engine) -> None:
        batch = [(model, request) for model in MODELS for request in self.mixed()]
        assert_same(engine.respond(batch[::-1])[::-1], engine.respond(batch))

    def test_the_base_knows_its_world(self, engine: Engine) -> None:
        answers = engine.respond([(BASE, request) for request in questions.generations()])
        whole = '{"thing": "wheel", "town": "Silvane"}'
        assert answers[:3] == ["brown", "harbour", whole]
        assert whole.startswith(str(answers[3]))
        assert answers[4] == '{"thing"'

    def test_every_answer_comes_once(self, engine: Engine) -> None:
        batch = [(model, request) for model in MODELS for request in self.mixed()]
        arrived = list(engine.stream(batch))
        assert sorted(position for position, _ in arrived) == list(range(len(batch)))
        assert_same(
            [outcome for _, outcome in sorted(arrived, key=itemgetter(0))], engine.respond(batch)
        )

    def test_an_abandoned_stream_leaves_the_next_answers_right(self, engine: Engine) -> None:
        batch = [(model, request) for model in MODELS for request in self.mixed()]
        whole = engine.respond(batch)
        abandoned = engine.stream(batch)
        next(abandoned)
        abandoned.close()  # type: ignore[attr-defined]
        assert_same(engine.respond(batch), whole)

    def test_nothing_asked_nothing_answered(self, engine: Engine) -> None:
        assert engine.respond([]) == []

    def test_a_model_that_is_not_loaded_is_an_error(self, engine: Engine) -> None:
        with pytest.raises(EngineError, match="'c' is not loaded"):
            engine.respond([("c", questions.generation(questions.FACT))])


class EngineContract(GenerationContract):
    """Tests that run over every engine that gives log-likelihoods, too."""

    def mixed(self) -> list[Instance]:
        return questions.mixed()

    def telling(self) -> list[Instance]:
        return questions.choices()

    @pytest.mark.parametrize("model", MODELS)
    def test_choices_get_a_likelihood_and_whether_they_are_greedy(
        self, engine: Engine, model: str
    ) -> None:
        answers = engine.respond([(model, request) for request in questions.choices()])
        assert len(answers) == len(questions.choices())
        for answer in answers:
            assert isinstance(answer, tuple)
            likelihood, greedy = answer
            assert likelihood < 0
            assert isinstance(greedy, bool)

    def test_the_greedy_token_is_the_one_that_is_generated(self, engine: Engine) -> None:
        [text] = engine.respond([(BASE, questions.generation(questions.FACT, max_gen_toks=1))])
        [scored] = engine.respond([(BASE, questions.choice(questions.FACT, str(text)))])
        assert isinstance(scored, tuple)
        assert scored[1] is True

    def test_a_text_beyond_the_context_is_scored_in_windows(self, engine: Engine) -> None:
        short, long = engine.respond([(BASE, request) for request in questions.rolling()])
        assert isinstance(short, float)
        assert isinstance(long, float)
        assert long < short < 0


def assert_same(found: Sequence[Outcome], expected: Sequence[Outcome]) -> None:
    """Hold answers to others: texts and greediness exactly, likelihoods within rounding."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        if isinstance(one, tuple) and isinstance(other, tuple):
            assert one[0] == pytest.approx(other[0], abs=TOLERANCE)
            assert one[1] == other[1]
        elif isinstance(one, str):
            assert one == other
        else:
            assert one == pytest.approx(other, abs=10 * TOLERANCE)
