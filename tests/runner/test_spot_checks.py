"""A model that disagrees with transformers is not trusted, however often it is asked for."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import evalguard.demo
from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.hf import HFEngine
from evalguard.errors import TrustError
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


def test_what_agrees_is_remembered(settings, engine, store, monkeypatch):
    checks = SpotChecks(store, "fingerprint of {}".format)
    checks.prepare(settings, ["baseline", "a"])
    checks.check("baseline", engine)
    checks.check("a", engine, "a")
    for name in ("baseline", "a"):
        assert store.fingerprint_description(f"fingerprint of {name}")["spot_check"] < 1e-4
    asked: list[EngineSettings] = []
    monkeypatch.setattr("evalguard.runner.spot_checks.reference_answers", asked.append)
    SpotChecks(store, "fingerprint of {}".format).prepare(settings, ["baseline", "a"])
    assert asked == []


def _as_base(respond: Callable[..., Any], requests: list[tuple[str, Any]]) -> Any:
    """Answer for an adapter as the base does."""
    return respond([(BASE, request) for _, request in requests])


def test_what_disagrees_is_never_trusted(settings, engine, store):
    checks = SpotChecks(store, "fingerprint of {}".format)
    checks.prepare(settings, ["baseline", "a"])
    for _ in range(2):
        with (
            patch.object(engine, "respond", partial(_as_base, engine.respond)),
            pytest.raises(TrustError, match="disagree"),
        ):
            checks.check("a", engine, "a")
    assert store.fingerprint_description("fingerprint of a") == {}
