from collections.abc import Callable

import pytest

from evalguard.tasks.benchmark.loading import load_benchmark
from evalguard.tasks.benchmark.task import Benchmark
from tests.conftest import write_jsonl

COMMON = """
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
doc_to_text: "{{q}}"
"""

ROWS = [{"q": "2 + 2?", "a": "4", "choices": ["3", "4"], "label": 1}]


@pytest.fixture
def load(tmp_path) -> Callable[..., Benchmark]:
    """Load a task of the given YAML over the given rows, with the given Python beside it."""

    def make(text: str, *, rows=ROWS, code: str = "", common: str = COMMON, **options) -> Benchmark:
        write_jsonl(tmp_path / "rows.jsonl", rows)
        if code:
            (tmp_path / "code.py").write_text(code)
        (tmp_path / "ours.yaml").write_text(f"task: ours\n{common}{text}")
        [task] = load_all(tmp_path, "ours.yaml", **options)
        return task

    return make


def load_all(folder, task: str, **options) -> list[Benchmark]:
    return load_benchmark(
        "s", task, base_dir=folder, source="suites/s.yaml", key="tasks[0].task", **options
    )
