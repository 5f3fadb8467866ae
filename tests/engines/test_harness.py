import pytest

from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.harness import HarnessEngine
from evalguard.engines.hf import HFEngine
from evalguard.errors import ModelError
from tests.engines import questions
from tests.engines.contract import assert_same


def test_lm_evals_own_type_answers_as_our_engine_does(base):
    settings = EngineSettings(model=str(base), dtype="float32", device="cpu", batch_size=8)
    ask = [(BASE, request) for request in questions.mixed()]
    harness, own = HarnessEngine("hf", settings), HFEngine(settings)
    assert harness.models == (BASE,)
    assert harness.max_length == own.max_length
    assert_same(harness.respond(ask), own.respond(ask))
    harness.close()
    own.close()


def test_a_type_without_a_context_asks_for_it():
    engine = HarnessEngine("dummy", EngineSettings(model="none"))
    with pytest.raises(ModelError, match="does not report the model's context"):
        engine.max_length  # noqa: B018
    assert HarnessEngine("dummy", EngineSettings(model="none", max_length=9)).max_length == 9


def test_adapters_are_refused():
    with pytest.raises(ModelError, match="engine 'dummy' serves no adapters"):
        HarnessEngine("dummy", EngineSettings(model="none")).load_adapter("a", "adapters/a")


def test_a_type_whose_package_is_missing_says_so():
    with pytest.raises(ModelError, match=r"engine 'sglang': .*sglang"):
        HarnessEngine("sglang", EngineSettings(model="none"))


def test_a_model_that_cannot_be_loaded_is_named(tmp_path):
    with pytest.raises(ModelError, match="engine 'hf'"):
        HarnessEngine("hf", EngineSettings(model=str(tmp_path)))
