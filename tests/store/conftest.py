"""A store on disk and samples for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evalguard.records import ScoredSample
from evalguard.store import SampleStore


def make_sample(sample_id: str = "a", **changes) -> ScoredSample:
    fields = {
        "task": "sums",
        "sample_id": sample_id,
        "prompt": "What is 2 + 2?",
        "target": "4",
        "outputs": ("4",),
        "scores": {"numeric": 1.0},
    }
    return ScoredSample(**{**fields, **changes})


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path) -> Iterator[SampleStore]:
    with SampleStore(path) as opened:
        yield opened
