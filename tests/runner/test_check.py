"""A whole check on the embedded model: verdicts, reuse, trust, resumption."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file

from evalguard.config import load_project
from evalguard.demo import model_path
from evalguard.records import CheckResult, Verdict
from evalguard.runner.check import run_check
from evalguard.runner.noise import BELOW_NOISE
from evalguard.verdicts import exit_code


def check(project: Path, *overrides: str, **options: Any) -> CheckResult:
    loaded = load_project(project / "evalguard.yaml", overrides=overrides)
    candidates = loaded.config.candidates
    selected = [(gate, name) for name in candidates for gate in loaded.thresholds.gates]
    return run_check(loaded, selected, **options)


def shown(result: CheckResult) -> list[tuple[object, ...]]:
    return [
        (g.model, g.name, g.verdict, g.delta, g.ci, g.p_pass, g.p_fail, g.n, g.losses, g.gains)
        for g in result.gates
    ]


def test_a_harmless_adapter_passes_and_a_harmful_one_fails(project, edit):
    edit(
        "evalguard.yaml",
        "harmless: {adapter: adapters/harmless}",
        "harmless: {adapter: adapters/harmless}\n  harmful: {adapter: adapters/harmful}",
    )
    result = check(project)
    verdicts = {(gate.model, gate.verdict) for gate in result.gates}
    assert verdicts == {("harmless", Verdict.PASS), ("harmful", Verdict.FAIL)}, [
        (gate.model, gate.name, gate.reason) for gate in result.gates
    ]
    assert result.verdict is Verdict.FAIL
    assert exit_code(result) == 1
    lost = next(gate for gate in result.gates if gate.model == "harmful")
    assert lost.ci is not None
    assert lost.ci[1] < -0.1
    assert lost.worst[0].baseline_output != lost.worst[0].candidate_output
    effects = {model.name: model.adapter_effect or 0.0 for model in result.models}
    assert 0 < effects["harmless"] < effects["harmful"]


def test_nothing_is_measured_twice(project):
    first, second = check(project), check(project)
    assert first.timing["samples_reused"] == 0
    assert second.timing["engine_calls"] == 0
    assert second.timing["samples_reused"] == second.timing["samples"] == first.timing["samples"]
    assert shown(first) == shown(second)
    assert second.models[1].adapter_effect == first.models[1].adapter_effect


@pytest.mark.usefixtures("answered")
def test_a_changed_adapter_is_measured_again_and_the_baseline_is_not(project):
    check(project)
    file = project / "adapters" / "harmless" / "adapter_model.safetensors"
    tensors = load_file(file)
    name = next(iter(tensors))
    tensors[name] = tensors[name] * 1.001
    save_file(tensors, file, metadata={"format": "pt"})
    again = check(project)
    reused = {(run.model, run.task): run.reused == run.samples for run in again.tasks}
    assert all(same == (model == "baseline") for (model, _), same in reused.items())


@pytest.mark.usefixtures("answered")
def test_a_changed_question_is_measured_again(project, edit):
    first = check(project, full=True)
    edit("suites/facts.jsonl", '"question": "', '"question": "So, ')
    again = check(project, full=True)
    reused = {run.task: run.reused for run in again.tasks if run.model == "baseline"}
    assert reused["facts"] == 0
    assert reused["mc"] == 80 == next(r.samples for r in first.tasks if r.task == "mc")


@pytest.mark.usefixtures("answered")
def test_early_stopping_uses_fewer_samples_and_full_uses_all(project):
    early = check(project, "candidates.harmless.adapter=adapters/harmful")
    full = check(project, "candidates.harmless.adapter=adapters/harmful", full=True)
    assert early.verdict is full.verdict is Verdict.FAIL
    assert all(gate.n < gate.n_planned for gate in early.gates)
    assert all(gate.n == gate.n_planned == 80 for gate in full.gates)


def test_an_adapter_that_changes_nothing_is_an_error(project):
    file = project / "adapters" / "harmless" / "adapter_model.safetensors"
    tensors = {
        name: value * (0 if "lora_B" in name else 1) for name, value in load_file(file).items()
    }
    save_file(tensors, file, metadata={"format": "pt"})
    result = check(project)
    assert result.verdict is Verdict.ERROR
    assert all("changes nothing" in gate.reason for gate in result.gates)
    assert exit_code(result) == 3


def test_a_chat_template_that_was_edited_between_the_arms_is_an_error(project):
    adapter = project / "adapters" / "harmless"
    for path in model_path().iterdir():
        if "token" in path.name or "template" in path.name:
            shutil.copyfile(path, adapter / path.name)
    assert check(project).verdict is Verdict.PASS  # the same template is no difference
    template = adapter / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|end|>", "<|end|>\n"))
    result = check(project)
    assert result.verdict is Verdict.ERROR
    assert all("chat template differs" in gate.reason for gate in result.gates)
    assert all(gate.n == 0 for gate in result.gates)


def test_noise_floor_of_a_deterministic_engine_is_zero(project):
    result = check(project, noise=True)
    assert [gate.noise for gate in result.gates] == [0.0, 0.0]
    assert not any(BELOW_NOISE in gate.flags for gate in result.gates)


def test_a_prompt_longer_than_the_context_is_counted_and_blocks(project, edit):
    text = (project / "suites" / "facts.jsonl").read_text().splitlines()
    row = json.loads(text[0])
    rows = [json.dumps(row | {"question": "word " * 900 + str(i)}) for i in range(30)]
    (project / "suites" / "facts.jsonl").write_text("\n".join([*rows, *text[:50]]))
    result = check(project)
    facts = next(gate for gate in result.gates if gate.suite == "facts")
    assert facts.verdict is Verdict.INCONCLUSIVE
    assert facts.missing > 0
    assert any("context" in warning for warning in result.warnings)


def test_fail_fast_stops_at_the_first_failed_guard(project):
    result = check(project, "candidates.harmless.adapter=adapters/harmful", fail_fast=True)
    assert result.verdict is Verdict.FAIL
    assert result.timing["samples"] < result.timing["samples_planned"]


@pytest.mark.parametrize("full", [False, True])
def test_fail_fast_measures_every_suite_where_no_gate_fails(project, full):
    result = check(project, fail_fast=True, full=full)
    assert {gate.verdict for gate in result.gates} == {Verdict.PASS}


def test_fail_fast_leaves_what_it_did_not_reach_undecided(project):
    options = ("candidates.harmless.adapter=adapters/harmful",)
    result = check(project, *options, fail_fast=True, full=True)
    first, second = sorted(result.gates, key=lambda gate: gate.verdict is not Verdict.FAIL)
    assert (first.verdict, second.verdict) == (Verdict.FAIL, Verdict.INCONCLUSIVE)
    assert second.reason.startswith("not run")


SCRIPT = """
import sys
from evalguard.config import load_project
from evalguard.demo import model_path
from evalguard.engines import grouping
from evalguard.runner import check, measure
grouping.BLOCKS, grouping.BLOCK, measure.STORE_SECONDS = {}, 16, 0.0
loaded = load_project(__import__("pathlib").Path(sys.argv[1]))
selected = [(gate, "harmless") for gate in loaded.thresholds.gates]
check.run_check(loaded, selected, full=True, on_progress=lambda p: print(p.samples, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [20, 150])
def test_a_killed_check_resumes_where_it_was(project, after):
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(project / "evalguard.yaml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= after:
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    resumed = check(project, full=True)
    assert resumed.timing["samples_reused"] >= after
    store = project / ".evalguard" / "store.db"
    store.unlink()
    fresh = check(project, full=True)
    assert fresh.timing["samples_reused"] == 0
    assert shown(resumed) == shown(fresh)


def test_a_suite_that_no_gate_is_on_is_a_warning(project):
    gates = "gates:\n  - {suite: general, metric: acc, max_drop: 10pp}\n"
    (project / "thresholds/release.yaml").write_text(f"version: 1\n{gates}")
    result = check(project)
    assert "suite 'facts' was not run: no gate uses it" in result.warnings
    assert not any("suite 'general'" in warning for warning in result.warnings)
