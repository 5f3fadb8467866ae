"""A whole check on vLLM decides as the one on transformers does."""

import shutil
from pathlib import Path

import pytest

from evalguard.config import load_project
from evalguard.errors import ExitCode
from evalguard.records import CheckResult, Verdict
from evalguard.runner.check import run_check
from evalguard.runner.model_files import check_model_files
from evalguard.verdicts import exit_code
from tests.engines.conftest import edit_config, make_adapter


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


@pytest.mark.slow
def test_vllm_decides_as_transformers_do(project, both):
    pytest.importorskip("vllm")
    on_hf, on_vllm = check(project, "hf"), check(project, "vllm")
    assert on_vllm.environment["engine"] == "vllm"
    assert decided(on_vllm) == decided(on_hf)
    assert {gate.verdict for gate in on_vllm.gates} >= {Verdict.PASS, Verdict.FAIL}
    again = check(project, "vllm")
    assert again.timing["engine_calls"] == 0
    assert decided(again) == decided(on_vllm)


@pytest.mark.slow
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


def dora(project: Path, folder: Path) -> None:
    edit_config(folder, use_dora=True)


def a_rank_beyond_vllms(project: Path, folder: Path) -> None:
    make_adapter(base_of(project), folder, seed=1, r=513, target_modules=["q_proj"])


def a_rank_of_one_module_beyond_vllms(project: Path, folder: Path) -> None:
    make_adapter(base_of(project), folder, seed=1, r=4, rank_pattern={"q_proj": 520})


def the_output_layer(project: Path, folder: Path) -> None:
    make_adapter(base_of(project), folder, seed=1, target_modules=["q_proj", "lm_head"])


def the_embeddings_with_their_base(project: Path, folder: Path) -> None:
    make_adapter(base_of(project), folder, seed=1, target_modules=["q_proj", "embed_tokens"])


def trained_biases(project: Path, folder: Path) -> None:
    edit_config(folder, bias="all")


def whole_modules(project: Path, folder: Path) -> None:
    edit_config(folder, modules_to_save=["lm_head"])


def another_type(project: Path, folder: Path) -> None:
    edit_config(folder, peft_type="LOHA")


UNSERVED = (
    (dora, "has DoRA"),
    (a_rank_beyond_vllms, "has rank 513, but vLLM supports at most 512"),
    (a_rank_of_one_module_beyond_vllms, "has rank 520"),
    (the_output_layer, "lm_head"),
    (the_embeddings_with_their_base, "embed_tokens"),
    (trained_biases, "has trained biases"),
    (whole_modules, "has whole modules"),
    (another_type, "is of type LOHA"),
)


def base_of(project: Path) -> Path:
    return Path(load_project(project / "evalguard.yaml").models["baseline"].model)


def unserved(project: Path, edit, make) -> None:
    """Add a candidate that vLLM cannot serve."""
    folder = project / "adapters" / "unserved"
    shutil.copytree(project / "adapters" / "harmful", folder)
    make(project, folder)
    edit(
        "evalguard.yaml",
        "harmless: {adapter: adapters/harmless}",
        "harmless: {adapter: adapters/harmless}\n  unserved: {adapter: adapters/unserved}",
    )


@pytest.mark.parametrize(("make", "cause"), UNSERVED)
def test_what_vllm_cannot_serve_is_one_candidates_fault(project, edit, make, cause):
    pytest.importorskip("vllm")
    unserved(project, edit, make)
    loaded = load_project(project / "evalguard.yaml", overrides=["engine.name=vllm"])
    found = check_model_files(loaded, loaded.models, lambda spec: None)
    assert found.keys() == {"unserved"}
    for part in ("candidates.unserved.adapter", cause, "'engine: {name: hf}'", "or merge"):
        assert part in found["unserved"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "options", "cause"),
    [
        (dora, "", "has DoRA"),
        (None, "{max_lora_rank: 1}", "has rank 4, but the engine"),
    ],
)
def test_the_others_are_decided_beside_a_candidate_that_vllm_cannot_serve(
    project, edit, make, options, cause
):
    pytest.importorskip("vllm")
    unserved(project, edit, make or (lambda _project, _folder: None))
    if make is None:  # the option is too small for one of two
        make_adapter(
            base_of(project),
            project / "adapters" / "harmless",
            seed=1,
            r=1,
            lora_alpha=0.01,
            target_modules=["q_proj"],
        )
    overrides = ["engine.name=vllm", "engine.dtype=float32"]
    overrides += [f"engine.options={options}"] if options else []
    loaded = load_project(project / "evalguard.yaml", overrides=overrides)
    gates = [gate for gate in loaded.thresholds.gates if gate.suite == "facts"]
    result = run_check(loaded, [(g, name) for name in loaded.config.candidates for g in gates])
    verdicts = {(gate.model, gate.verdict) for gate in result.gates}
    assert verdicts == {("harmless", Verdict.PASS), ("unserved", Verdict.ERROR)}
    assert exit_code(result) is ExitCode.INTERNAL_ERROR
    [reason] = {gate.reason for gate in result.gates if gate.model == "unserved"}
    assert cause in reason
