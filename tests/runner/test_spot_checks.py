"""A model that disagrees with transformers is not trusted, however often it is asked for."""

from dataclasses import replace
from pathlib import Path

import pytest

import evalguard.demo
from evalguard.engines.base import BASE, EngineSettings, choice, generation
from evalguard.engines.fake import FakeEngine
from evalguard.engines.hf import HFEngine
from evalguard.engines.parity import NEW_TOKENS
from evalguard.errors import ModelError, TrustError
from evalguard.runner.spot_checks import SpotChecks
from evalguard.store import SampleStore
from tests.engines.conftest import make_adapter


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> EngineSettings:
    base = Path(evalguard.demo.__file__).parent / "model"
    adapter = make_adapter(base, tmp_path_factory.mktemp("adapter"), seed=1)
    adapters = (("a", str(adapter)),)
    return EngineSettings(model=str(base), dtype="float32", adapters=adapters)


@pytest.fixture(scope="module")
def engine(settings):
    opened = HFEngine(settings)
    opened.load_adapter(*settings.adapters[0])
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path):
    with SampleStore(str(tmp_path / "store.db")) as opened:
        yield opened


def test_what_agrees_is_remembered(settings, engine, store):
    checks = SpotChecks(store, "fingerprint of {}".format)
    checks.prepare(settings, ["baseline", "a"])
    checks.check("baseline", engine)
    checks.check("a", engine, "a")
    for name in ("baseline", "a"):
        assert store.fingerprint_description(f"fingerprint of {name}")["spot_check"] < 1e-4
    lost = replace(settings, model="nowhere")
    SpotChecks(store, "fingerprint of {}".format).prepare(lost, ["baseline", "a"])
    with pytest.raises(ModelError, match="nowhere"):
        SpotChecks(store, "fingerprint of {}".format).prepare(lost, ["baseline", "b"])


def answering_as_base(engine: HFEngine) -> FakeEngine:
    """Return an engine that answers for every adapter as the base does."""

    def answer(prompt: str) -> str:
        [text] = engine.respond([(BASE, generation(prompt, tokens=NEW_TOKENS))])
        return str(text)

    def likelihood(prompt: str, text: str) -> float:
        [found] = engine.respond([(BASE, choice(prompt, text))])
        assert isinstance(found, tuple)
        return found[0]

    return FakeEngine({BASE: answer}, likelihoods={BASE: likelihood})


def test_what_disagrees_is_never_trusted(settings, engine, store):
    deaf = answering_as_base(engine)
    deaf.load_adapter(*settings.adapters[0])
    checks = SpotChecks(store, "fingerprint of {}".format)
    checks.prepare(settings, ["baseline", "a"])
    checks.check("baseline", deaf)
    for _ in range(2):
        with pytest.raises(TrustError, match="disagree"):
            checks.check("a", deaf, "a")
    assert store.fingerprint_description("fingerprint of a") == {}
