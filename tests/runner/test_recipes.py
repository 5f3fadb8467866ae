"""A candidate that is several trainings of one recipe, from its project file to the exit code."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

import evalguard
from benchmarks.random_adapters import save_adapter
from evalguard.cli import main
from evalguard.config import load_project
from evalguard.errors import ConfigError, ExitCode, UsageError
from evalguard.records import Verdict
from evalguard.reports import wording
from evalguard.runner.check import run_check
from evalguard.verdicts import exit_code
from tests.conftest import answer_all

SEEDS = ["adapters/s1", "adapters/s2", "adapters/s3"]


@pytest.fixture
def recipe(project, demo_model, edit, made_once):
    """A project whose candidate ``v2`` is three harmless adapters, with their answers."""
    for number in (1, 2, 3):
        save_adapter(demo_model, project / f"adapters/s{number}", scale=1e-2, seed=number)
    adapters = (*SEEDS, "adapters/harmful")
    made_once("seeds", lambda made: answer_all(project, made, adapters), project / ".evalguard")
    edit("evalguard.yaml", "harmless: {adapter: adapters/harmless}", f"v2: {{seeds: {SEEDS}}}")
    return project


def check(project, **options):
    return evalguard.check(project / "evalguard.yaml", progress=False, **options)


def of(result, model):
    return [gate for gate in result.gates if gate.model == model]


def test_each_seed_and_the_recipe_are_gated(recipe):
    result = check(recipe)
    names = ["v2.seed1", "v2.seed2", "v2.seed3", "v2"]
    assert list(dict.fromkeys(gate.model for gate in result.gates)) == names
    assert {gate.recipe for gate in of(result, "v2.seed2")} == {"v2"}
    for gate in of(result, "v2"):
        assert len(gate.seeds) == 3
        assert gate.n == gate.n_planned == 80
        assert gate.looks == 1
    assert result.verdict is Verdict.PASS
    assert not result.left_out
    assert [model.name for model in result.models] == ["baseline", *names[:3]]


def test_a_seed_that_fails_blocks_its_recipe(recipe):
    shutil.rmtree(recipe / "adapters/s2")
    shutil.copytree(recipe / "adapters/harmful", recipe / "adapters/s2")
    result = check(recipe)
    assert result.verdict is Verdict.FAIL
    assert Verdict.FAIL in {gate.verdict for gate in of(result, "v2.seed2")}
    assert Verdict.PASS not in {gate.verdict for gate in of(result, "v2")}
    assert exit_code(result) is ExitCode.REGRESSION
    assert wording.headline(result).startswith("v2 must not be released")
    assert "v2.seed2: 2 of 2 gates failed" in wording.explanation(result)


@pytest.mark.parametrize("what", ["gone", "cut"])
def test_a_seed_that_cannot_be_read_leaves_the_others_their_verdicts(recipe, what):
    weights = recipe / "adapters/s2/adapter_model.safetensors"
    if what == "gone":
        shutil.rmtree(weights.parent)
    else:
        weights.write_bytes(weights.read_bytes()[:-100])
    result = check(recipe, gates=["facts"])
    verdicts = {gate.model: gate.verdict for gate in result.gates}
    assert verdicts == {
        **dict.fromkeys(("v2.seed1", "v2.seed3"), Verdict.PASS),
        **dict.fromkeys(("v2.seed2", "v2"), Verdict.ERROR),
    }


def test_the_same_adapter_twice_is_no_second_seed(recipe):
    shutil.rmtree(recipe / "adapters/s2")
    shutil.copytree(recipe / "adapters/s1", recipe / "adapters/s2")
    result = check(recipe)
    assert {gate.verdict for gate in of(result, "v2")} == {Verdict.ERROR}
    assert "are the same adapter" in of(result, "v2")[0].reason
    assert result.verdict is Verdict.ERROR


def test_the_same_weights_under_other_bytes_are_no_second_seed(recipe):
    weights = load_file(recipe / "adapters/s1/adapter_model.safetensors")
    save_file(
        dict(reversed(weights.items())),
        recipe / "adapters/s2/adapter_model.safetensors",
        metadata={"note": "a seed of its own"},
    )
    assert "are the same adapter" in of(check(recipe), "v2")[0].reason


def _rotated(factors):
    rotation = torch.linalg.qr(torch.randn(4, 4, generator=torch.manual_seed(0)))[0]
    return {
        name: rotation @ one if "lora_A" in name else one @ rotation.T
        for name, one in factors.items()
    }


@pytest.mark.parametrize(
    "changed",
    [
        lambda given: {name: one * (2 if "_A" in name else 0.5) for name, one in given.items()},
        lambda given: {name: -one for name, one in given.items()},
        lambda given: {
            name: one.flip(0) if "_A" in name else one.flip(1) for name, one in given.items()
        },
        lambda given: {name: one.to(torch.bfloat16) for name, one in given.items()},
        lambda given: {name: one * 1.1 for name, one in given.items()},
        _rotated,
    ],
    ids=["scaled factors", "two signs", "permuted ranks", "other numbers", "stronger", "rotated"],
)
def test_one_training_saved_in_two_ways_is_no_second_seed(recipe, changed):
    weights = changed(load_file(recipe / "adapters/s1/adapter_model.safetensors"))
    weights = {name: one.contiguous() for name, one in weights.items()}
    save_file(weights, recipe / "adapters/s2/adapter_model.safetensors")
    found = of(check(recipe, gates=["facts"]), "v2")
    assert {gate.verdict for gate in found} == {Verdict.ERROR}
    assert "'v2.seed1' and 'v2.seed2' change the weights alike" in found[0].reason


@pytest.mark.parametrize("seeds", [["v2.seed1"], ["v2.seed1", "v2.seed3"]])
def test_seeds_alone_are_no_release_decision(recipe, seeds):
    result = check(recipe, candidates=seeds)
    assert set(result.left_out) == {"v2", "v2.seed1", "v2.seed2", "v2.seed3"}
    assert exit_code(result) is ExitCode.PARTIAL
    assert "may be released" not in wording.headline(result)


@pytest.mark.parametrize("others", [[], ["v2.seed1"], ["v2.seed1", "v2.seed3"]])
def test_a_recipe_without_all_of_its_seeds_is_no_release_decision(recipe, others):
    result = selected(recipe, "v2", *others)
    assert result.verdict is Verdict.PASS
    assert exit_code(result) is ExitCode.PARTIAL
    assert wording.headline(result) == (
        f"v2: selected gates passed ({2 + 2 * len(others)} of 8), no release decision"
    )


@pytest.mark.parametrize("bad", ["s1", "s2", "s3"])
def test_a_seed_that_was_not_selected_blocks_its_recipe(recipe, bad):
    shutil.rmtree(recipe / f"adapters/{bad}")
    shutil.copytree(recipe / "adapters/harmful", recipe / f"adapters/{bad}")
    result = selected(recipe, "v2")
    assert {gate.verdict for gate in result.gates} == {Verdict.FAIL}
    assert all(gate.reason.startswith(f"v2.seed{bad[1]}: ") for gate in result.gates)
    assert exit_code(result, allow_partial=True) is ExitCode.REGRESSION


def selected(folder, *names):
    """Check candidates as pytest's ``-k`` selects them: a recipe comes without its seeds."""
    project = load_project(folder / "evalguard.yaml")
    gates = [(gate, name) for name in names for gate in project.thresholds.gates]
    return run_check(project, gates)


def test_its_name_selects_its_seeds_as_well(recipe):
    result = check(recipe, candidates=["v2"], gates=["facts"])
    assert [gate.model for gate in result.gates] == ["v2.seed1", "v2.seed2", "v2.seed3", "v2"]


def test_a_pooled_gate_is_decided_over_the_seeds_too(recipe):
    thresholds = recipe / "thresholds/release.yaml"
    names = [gate.name for gate in load_project(recipe / "evalguard.yaml").thresholds.gates]
    pooled = {"name": "overall", "gates": names, "max_drop": "8pp"}
    thresholds.write_text(f"{thresholds.read_text()}\npooled:\n  - {json.dumps(pooled)}\n")
    (overall,) = [gate for gate in of(check(recipe), "v2") if gate.name == "overall"]
    assert (overall.n, len(overall.seeds), overall.verdict) == (160, 3, Verdict.PASS)


def test_it_is_not_extended(recipe):
    with pytest.raises(UsageError, match="'v2' is a recipe of 3 seeds, which is decided once"):
        check(recipe, extend=10)


def test_another_number_of_seeds_is_said(recipe, edit):
    assert not [text for text in check(recipe).warnings if "changed since" in text]
    edit("evalguard.yaml", ", 'adapters/s3'", "")
    warnings = [text for text in check(recipe).warnings if "changed since" in text]
    (said,) = {text.partition(": ")[2] for text in warnings}
    assert said == "candidate.seeds was 3, is 2"


def test_seeds_of_a_recipe_share_the_error_as_one_candidate(recipe, edit):
    edit(
        "evalguard.yaml", "candidates:", "selection: any\ncandidates:\n  old: {quantization: none}"
    )
    project = load_project(recipe / "evalguard.yaml")
    assert project.sharing == 2
    assert project.gated == ["old", "v2.seed1", "v2.seed2", "v2.seed3", "v2"]


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ("{seeds: [a]}", "at least 2 items"),
        ("{seeds: [a, a]}", "listed twice: a"),
        ("{seeds: [a, b], adapter: c}", "leave 'adapter' out"),
        ("{seeds: [a, b]}\n  v2.seed1: {adapter: c}", "'v2.seed1' is the name of a seed of 'v2'"),
    ],
)
def test_mistakes_name_the_key(project, edit, candidate, said):
    edit("evalguard.yaml", "harmless: {adapter: adapters/harmless}", f"v2: {candidate}")
    with pytest.raises(ConfigError, match="candidates") as error:
        load_project(project / "evalguard.yaml")
    assert said in str(error.value)


def test_reserved_names_hold_for_recipes(project, edit):
    edit("evalguard.yaml", "harmless: {adapter: adapters/harmless}", "judge: {seeds: [a, b]}")
    with pytest.raises(ConfigError, match="'judge' is reserved"):
        load_project(project / "evalguard.yaml")


def test_the_command_reports_recipe_and_seeds(recipe, monkeypatch, capfd, tmp_path):
    monkeypatch.chdir(recipe)
    code = main(["check", "--json", "out.json", "--junitxml", "junit.xml"])
    assert code == ExitCode.PASS
    shown = capfd.readouterr().out
    assert "v2 may be released" in shown
    assert "v2.seed3" in shown
    gates = json.loads((recipe / "out.json").read_text())["gates"]
    assert {gate["recipe"] for gate in gates} == {"", "v2"}
    junit = (recipe / "junit.xml").read_text()
    assert "[v2]" in junit
    assert "[v2.seed1]" in junit
    page = (recipe / "reports/index.html").read_text()
    assert "v2 may be released" in page
    assert "crossed with 3 seeds" in page
