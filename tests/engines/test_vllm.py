from unittest.mock import patch

import pytest

pytest.importorskip("vllm")

import torch

from evalguard.engines.base import BASE
from evalguard.errors import EngineError, ModelError, TrustError
from tests.engines import questions
from tests.engines.conftest import edit_config, make_adapter, rewrite
from tests.engines.contract import MODELS, EngineContract, assert_same


@pytest.fixture
def engine(vllm_engine):
    return vllm_engine


class TestContract(EngineContract):
    pass


LONG = questions.EXTRACTION * 8
"""Many blocks of the prefix cache."""

BLOCK = 32
"""Tokens in a block."""


@pytest.mark.parametrize("model", MODELS)
def test_answers_equal_those_of_lm_evals_own_way(engine, model, monkeypatch):
    asked = [
        *questions.mixed(),
        *(questions.choice(LONG, text) for text in questions.CHOICES),
        questions.choice(questions.FACT, LONG),
    ]
    fused = engine.respond([(model, request) for request in asked])
    assert_same(fused, in_lm_evals_own_way(engine, model, asked, monkeypatch))


def in_lm_evals_own_way(engine, model, asked, monkeypatch):
    # Without our shortcut, lm-eval's class runs its own code on the same loaded model.
    lm = engine._lm
    monkeypatch.delattr(type(lm), "_loglikelihood_tokens")
    monkeypatch.setattr(lm, "lora_request", engine._adapters.get(model))
    monkeypatch.setattr(lm, "batch_size", 64)
    return [getattr(lm, request.request_type)([request], disable_tqdm=True)[0] for request in asked]


def test_choices_of_one_token_share_a_prompt(engine):
    asked = [questions.choice(questions.CHOICE, text) for text in ("theatre", "harbour", "brown")]
    with patch.object(engine._lm.model, "enqueue", wraps=engine._lm.model.enqueue) as enqueue:
        engine.respond([(model, request) for model in MODELS for request in asked])
    [call] = enqueue.call_args_list
    assert len(call.args[0]) == len(MODELS)


def test_a_continuation_that_comes_out_of_the_cache_is_scored_again(engine):
    request = questions.choice(questions.FACT, LONG)
    first = engine.respond([(BASE, request)])
    with patch.object(engine._lm.model, "enqueue", wraps=engine._lm.model.enqueue) as enqueue:
        again = engine.respond([(BASE, request)])
    assert enqueue.call_count == 2
    assert_same(again, first)


@pytest.mark.parametrize("shared", ["", " the mayor"])
@pytest.mark.parametrize("model", MODELS)
def test_tokens_whose_rows_are_cached_are_asked_for_alone(engine, model, shared, monkeypatch):
    def size(text):
        return len(engine._lm.tok_encode(text))

    words = LONG.split(" ")
    texts = [" ".join(words[:count]) for count in range(90, len(words))]
    context = next(text for text in texts if size(text + shared) % BLOCK == 0)
    asked = [questions.choice(context, shared + text) for text in (" of the river", " of a bridge")]
    engine.respond([(model, asked[0])])
    with patch.object(engine._lm.model, "enqueue", wraps=engine._lm.model.enqueue) as enqueue:
        found = engine.respond([(model, request) for request in asked])
    prompts = [prompt for call in enqueue.call_args_list[1:] for prompt in call.args[0]]
    assert prompts
    assert all(len(one["prompt_token_ids"]) <= size(context + shared) for one in prompts)
    assert_same(found, in_lm_evals_own_way(engine, model, asked, monkeypatch))


def test_sampled_answers_do_not_depend_on_the_batch(engine):
    request = questions.generation(questions.FACT, do_sample=True, temperature=2.0)
    alone = engine.respond([("b", request), ("b", request)])
    others = [("a", request), *((BASE, other) for other in questions.generations())]
    mixed = engine.respond([*others, ("b", request), *others, ("b", request)])
    assert alone[0] != alone[1]
    assert [mixed[len(others)], mixed[-1]] == alone


def test_a_choice_after_an_empty_prompt_is_an_error_and_ends(engine):
    asked = [questions.choice("  ", "The answer is 32."), questions.choice(" ", "brown")]
    found = dict(engine.stream([(BASE, request) for request in asked]))
    assert all("an empty prompt" in str(found[position]) for position in (0, 1))


def test_short_answers_do_not_wait_for_long_ones(engine):
    extractions = [questions.generation(questions.EXTRACTION, max_gen_toks=64)]
    asked = [(BASE, request) for request in [*extractions, *questions.choices()]]
    order = [position for position, _ in engine.stream(asked)]
    assert order[-1] == 0


def test_what_is_not_waited_for_leaves_the_engine_free(engine):
    extractions = [questions.generation(questions.EXTRACTION, max_gen_toks=64)] * 3
    answers = engine.stream([(BASE, request) for request in [*extractions, *questions.choices()]])
    next(answers)
    answers.close()
    assert not engine._lm.model.llm_engine.has_unfinished_requests()


def test_one_bad_request_takes_no_other_with_it(engine):
    asked = [questions.generation(questions.EXTRACTION * 40), questions.generation(questions.FACT)]
    found = dict(engine.stream([(BASE, request) for request in asked]))
    assert isinstance(found[0], EngineError)
    assert found[1] == "brown"


def test_a_prompt_that_is_too_long_is_never_cut(engine):
    too_long = questions.EXTRACTION * 40
    with pytest.raises(EngineError, match="more than the context of 512"):
        engine.respond([(BASE, questions.generation(too_long))])
    with pytest.raises(EngineError, match="more than the context of 512"):
        engine.respond([(BASE, questions.choice(too_long, "brown"))])
    assert engine.respond([(BASE, questions.generation(questions.FACT))]) == ["brown"]


class TestFaults:
    @pytest.fixture(autouse=True)
    def _unharmed(self, engine):
        """Whatever a test tries to load, the models that are loaded answer as before."""
        asked = [(model, request) for model in MODELS for request in questions.mixed()]
        before = engine.respond(asked)
        yield
        assert engine.models == MODELS
        assert_same(engine.respond(asked), before)

    def test_a_zeroed_adapter_is_not_trusted(self, engine, copied):
        rewrite(copied, lambda name, tensor: (name, torch.zeros_like(tensor)))
        with pytest.raises(TrustError, match="changes nothing"):
            engine.load_adapter("zero", str(copied))

    def test_an_adapter_that_reaches_the_base_is_not_trusted(self, engine, adapter_a):
        # What vLLM's CPU build does when all slots are taken: the base's requests get an adapter.
        enqueue = engine._lm.model.enqueue

        def leaking(prompts, params, *, lora_request, **options):
            reaching = [engine._adapters["third"]] * len(prompts)
            return enqueue(prompts, params, lora_request=reaching, **options)

        with (
            patch.object(engine._lm.model, "enqueue", leaking),
            pytest.raises(
                TrustError, match="the base answers differently when the adapter is loaded"
            ),
        ):
            engine.load_adapter("third", str(adapter_a))

    def test_renamed_modules_are_refused(self, engine, copied):
        rewrite(copied, lambda name, tensor: (name.replace("layers.1", "layers.7"), tensor))
        with pytest.raises(ModelError, match=r"6 of 18 tensors match no module"):
            engine.load_adapter("renamed", str(copied))

    def test_an_adapter_of_another_shape_is_refused(self, engine, copied):
        rewrite(copied, lambda name, tensor: (name, torch.cat([tensor, tensor], dim=1)))
        with pytest.raises(
            ModelError, match=r"does not fit the base model: .* is 4×256 in the adapter"
        ):
            engine.load_adapter("wide", str(copied))

    def test_a_rank_above_the_engines_is_refused(self, engine, base, tmp_path):
        make_adapter(base, tmp_path, seed=3, r=16)
        with pytest.raises(ModelError, match=r"has rank 16, but the engine .* max_lora_rank 8"):
            engine.load_adapter("high", str(tmp_path))

    def test_what_vllm_does_not_serve_is_refused(self, engine, copied):
        edit_config(copied, use_dora=True)
        with pytest.raises(ModelError, match="has DoRA, which vLLM does not serve"):
            engine.load_adapter("dora", str(copied))

    def test_more_adapters_than_slots_are_refused(self, engine, adapter_a):
        engine.load_adapter("third", str(adapter_a))
        try:
            with pytest.raises(ModelError, match="the engine was started for 3 adapters"):
                engine.load_adapter("fourth", str(adapter_a))
        finally:
            engine._remove("third")

    def test_a_name_is_taken_once(self, engine, adapter_a):
        with pytest.raises(ModelError, match="named 'a' is already loaded"):
            engine.load_adapter("a", str(adapter_a))

    def test_a_model_that_is_not_loaded_is_an_error(self, engine):
        with pytest.raises(EngineError, match="model 'c' is not loaded"):
            engine.respond([("c", questions.generation(questions.FACT))])
