"""A whole check on vLLM decides as the one on transformers does."""

from pathlib import Path

import pytest

from evalguard.config import load_project
from evalguard.records import CheckResult, Verdict
from evalguard.runner.check import run_check

pytestmark = pytest.mark.slow


def check(project: Path, engine: str) -> CheckResult:
    overrides = [f"engine.name={engine}", "engine.dtype=float32"]
    loaded = load_project(project / "evalguard.yaml", overrides=overrides)
    selected = [
        (gate, name) for name in loaded.config.candidates for gate in loaded.thresholds.gates
    ]
    return run_check(loaded, selected, full=True)


def decided(result: CheckResult) -> list[tuple[object, ...]]:
    return [(g.model, g.name, g.verdict, g.n, g.losses, g.gains) for g in result.gates]


@pytest.fixture
def both(edit):
    edit(
        "evalguard.yaml",
        "harmless: {adapter: adapters/harmless}",
        "harmless: {adapter: adapters/harmless}\n  harmful: {adapter: adapters/harmful}",
    )


def test_vllm_decides_as_transformers_do(project, both):
    pytest.importorskip("vllm")
    on_hf, on_vllm = check(project, "hf"), check(project, "vllm")
    assert on_vllm.environment["engine"] == "vllm"
    assert decided(on_vllm) == decided(on_hf)
    assert {gate.verdict for gate in on_vllm.gates} >= {Verdict.PASS, Verdict.FAIL}
    again = check(project, "vllm")
    assert again.timing["engine_calls"] == 0
    assert decided(again) == decided(on_vllm)


def test_a_candidate_that_takes_no_effect_leaves_the_others_to_be_decided(project, both):
    pytest.importorskip("vllm")
    from safetensors.numpy import load_file, save_file

    file = project / "adapters" / "harmless" / "adapter_model.safetensors"
    save_file({name: 0 * tensor for name, tensor in load_file(file).items()}, file)
    result = check(project, "vllm")
    verdicts = {(gate.model, gate.verdict) for gate in result.gates}
    assert ("harmless", Verdict.ERROR) in verdicts
    assert ("harmless", Verdict.PASS) not in verdicts
    assert ("harmful", Verdict.FAIL) in verdicts
    [reason] = {gate.reason for gate in result.gates if gate.model == "harmless"}
    assert "changes nothing" in reason
