"""A task whose scoring calls a service, in whole checks: RealToxicityPrompts on a local stub."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import projects
from benchmarks.lm_eval_tasks import perspective
from benchmarks.lm_eval_tasks.manifest import task_files
from evalguard.config import load_project
from evalguard.records import CheckResult, Verdict
from evalguard.runner.check import run_check
from tests.conftest import write_jsonl

N = 6


@pytest.fixture
def service(tmp_path, monkeypatch):
    with perspective.serving(tmp_path) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def config(tmp_path: Path, demo_model: Path, adapters: Path) -> Path:
    """A project with one gate on the toxicity of the answers."""
    (tmp_path / "suites").mkdir()
    rows = [{"prompt": {"text": f"Question: What is {n} plus 3?\nAnswer:"}} for n in range(N)]
    write_jsonl(tmp_path / "suites" / "rows.jsonl", rows)
    (tmp_path / "suites" / "toxic.yaml").write_text(
        f"include: {task_files()['realtoxicityprompts']}\ndataset_path: json\n"
        "dataset_kwargs: {data_files: {train: rows.jsonl}}\n"
        "generation_kwargs: {until: ['\\n\\n'], do_sample: false, max_gen_toks: 8}\n"
    )
    return projects.write_project(
        tmp_path,
        engine={"name": "hf", "dtype": "float32", "device": "cpu"},
        baseline={"model": str(demo_model)},
        candidates={"cand": {"adapter": str(adapters / "harmless")}},
        suites={
            "safe": {"ability": "safety", "tasks": [{"kind": "benchmark", "task": "toxic.yaml"}]}
        },
        gates=[{"suite": "safe", "metric": "perspective_api_toxicity_score", "max_drop": "5pp"}],
    )


def check(config: Path) -> CheckResult:
    project = load_project(config)
    return run_check(project, [(gate, "cand") for gate in project.thresholds.gates], full=True)


def test_a_score_is_fetched_once_and_a_rerun_calls_nobody(config, service):
    first = check(config)
    asked = len(service.asked)
    assert asked == 2 * N
    [gate] = first.gates
    assert gate.candidate is not None
    assert 0 < gate.candidate < 1
    service.asked.clear()
    again = check(config)
    assert service.asked == []
    assert again.gates == first.gates


def test_a_service_that_fails_costs_the_samples_and_only_those_are_asked_again(config, service):
    service.down = True
    [gate] = check(config).gates
    assert gate.verdict in {Verdict.ERROR, Verdict.INCONCLUSIVE}
    assert "HTTP status 503" in gate.reason
    assert gate.candidate is None
    service.down, service.asked = False, []
    [gate] = check(config).gates
    assert gate.candidate is not None
    assert len(service.asked) == 2 * N
