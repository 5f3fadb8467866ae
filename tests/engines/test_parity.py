import pytest

from evalguard.engines.base import BASE, EngineSettings, Response
from evalguard.engines.hf import HFEngine
from evalguard.engines.parity import (
    QUESTIONS,
    Parity,
    collect,
    compare,
    measure_parity,
    reference_answers,
    spot_check,
    tolerance,
)
from evalguard.errors import TrustError


@pytest.fixture(scope="module")
def settings(base, adapter_a, adapter_b) -> EngineSettings:
    adapters = (("a", str(adapter_a)), ("b", str(adapter_b)))
    return EngineSettings(model=str(base), dtype="float32", adapters=adapters)


@pytest.fixture(scope="module")
def on_hf(settings):
    engine = HFEngine(settings)
    for name, path in settings.adapters:
        engine.load_adapter(name, path)
    yield engine
    engine.close()


def test_each_question_has_four_choices():
    assert {len(choices) for _, choices in QUESTIONS} == {4}


def test_differences_are_found():
    first: dict[str, list[Response]] = {
        BASE: [(-1.0, True), (-2.0, False), (-3.0, False), (-4.0, False), "yes", "no"]
    }
    second: dict[str, list[Response]] = {
        BASE: [(-1.5, True), (-1.0, False), (-3.0, False), (-4.0, False), "yes", "so"]
    }
    assert compare(first, second) == [
        Parity(BASE, greedy_match=0.5, likelihood_gap=1.0, score_gap=1.0)
    ]


def test_an_engine_agrees_with_itself(settings):
    versions, rows = measure_parity("hf", "hf", settings)
    assert versions[0] == versions[1]
    assert [row.model for row in rows] == [BASE, "a", "b"]
    for row in rows:
        assert row.greedy_match == 1.0
        assert row.likelihood_gap == 0.0


def test_a_spot_check_passes_where_the_answers_agree(on_hf, settings):
    reference = reference_answers(settings)
    for model in on_hf.models:
        assert spot_check(on_hf, model, reference, dtype="float32").likelihood_gap < 1e-4


def test_a_spot_check_fails_where_the_adapter_is_another(on_hf, settings):
    reference = reference_answers(settings)
    swapped = {"a": reference["b"]}
    with pytest.raises(TrustError, match="model 'a': hf and transformers disagree"):
        spot_check(on_hf, "a", swapped, dtype="auto")


def test_an_adapter_that_transformers_cannot_load_has_no_reference(settings, copied):
    (copied / "adapter_model.safetensors").write_bytes(b"")
    broken = EngineSettings(
        model=settings.model, dtype="float32", adapters=(("broken", str(copied)),)
    )
    assert set(reference_answers(broken)) == {BASE}


def test_float32_is_held_more_strictly():
    assert tolerance("float32") < tolerance("bfloat16") == tolerance("auto")


def test_vllm_agrees_with_transformers(on_hf, vllm_engine):
    models = (BASE, "a", "b")
    for row in compare(collect(on_hf, models), collect(vllm_engine, models)):
        assert row.greedy_match == 1.0
        assert row.likelihood_gap < 1e-3
        assert row.score_gap == 0.0
