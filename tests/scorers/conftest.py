"""A registry that each test may add to."""

import pytest

from evalguard.scorers import registry


@pytest.fixture
def fresh_registry(monkeypatch):
    """Forget after the test what it registered."""
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
