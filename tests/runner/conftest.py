import pytest

from evalguard.engines.hf import HFEngine


@pytest.fixture
def asked(monkeypatch):
    """The models that an engine is asked for answers."""

    def stream(self, requests):
        found.update(model for model, _ in requests)
        return answer(self, requests)

    found: set[str] = set()
    answer = HFEngine.stream
    monkeypatch.setattr(HFEngine, "stream", stream)
    return found
