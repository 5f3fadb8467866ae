"""Adapters of projects with a judge."""

from pathlib import Path

import pytest

from benchmarks.random_adapters import save_adapter


@pytest.fixture(scope="session")
def judged_models(demo_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a harmless and a harmful adapter, and a judge that was not trained."""
    folder = tmp_path_factory.mktemp("models")
    save_adapter(demo_model, folder / "harmless", scale=1e-2, seed=0)
    save_adapter(demo_model, folder / "harmful", scale=8.0, seed=0)
    save_adapter(demo_model, folder / "judge", scale=1e-2, seed=1)
    return folder
