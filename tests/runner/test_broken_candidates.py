"""One candidate that cannot be used stops only itself."""

import json
import os
import shutil
import struct

import pytest

from evalguard.config import load_project
from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.chat import PromptTokenizer
from evalguard.engines.fake import FakeEngine
from evalguard.engines.hf import HFEngine
from evalguard.errors import ExitCode, ModelError
from evalguard.records import CheckResult, GateResult, Verdict
from evalguard.runner.check import run_check
from evalguard.verdicts import exit_code
from tests.scripted_engine import knows


@pytest.fixture
def check(answered, edit):
    """Check the harmless candidate and a broken one; return the result by candidate."""

    def run(
        broken: str, *overrides: str, **options
    ) -> tuple[CheckResult, dict[str, list[GateResult]]]:
        edit("evalguard.yaml", "candidates:", f"candidates:\n  broken: {broken}")
        loaded = load_project(answered / "evalguard.yaml", overrides=overrides)
        gates = [one for one in loaded.thresholds.gates if one.suite == "facts"]
        selected = [(gate, name) for name in loaded.config.candidates for gate in gates]
        result = run_check(loaded, selected, **options)
        found: dict[str, list[GateResult]] = {}
        for gate in result.gates:
            found.setdefault(gate.model, []).append(gate)
        return result, found

    return run


def copied(project, name="broken"):
    return shutil.copytree(project / "adapters" / "harmful", project / "adapters" / name)


def nothing(_project):
    pass


def corrupt(project):
    file = copied(project) / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def no_config(project):
    (copied(project) / "adapter_config.json").unlink()


def broken_config(project):
    (copied(project) / "adapter_config.json").write_text("{")


def another_base(project):
    from safetensors.torch import load_file, save_file

    file = copied(project) / "adapter_model.safetensors"
    tensors = load_file(file)
    save_file({name.replace("layers.0", "layers.70"): t for name, t in tensors.items()}, file)


def a_pickle(project):
    folder = copied(project)
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")


def wrong_rank(project):
    file = copied(project) / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"r": -1}))


def broken_record(project):
    (copied(project) / "evalguard_training.json").write_text("[]")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (nothing, "no such adapter folder"),
        (corrupt, "truncated or corrupt"),
        (no_config, "adapter_config.json is missing"),
        (broken_config, "broken JSON"),
        (another_base, "a layer that this base does not have"),
        (a_pickle, "a pickle can run code"),
        (wrong_rank, "not a rank of at least 1"),
        (broken_record, "not a training record"),
    ],
)
def test_an_adapter_that_cannot_be_used(project, check, make, reason):
    make(project)
    result, found = check("{adapter: adapters/broken}")
    assert [gate.verdict for gate in found["harmless"]] == [Verdict.PASS]
    assert [gate.verdict for gate in found["broken"]] == [Verdict.ERROR]
    assert "evalguard.yaml: candidates.broken.adapter: " in found["broken"][0].reason
    assert reason in found["broken"][0].reason
    assert result.verdict is Verdict.ERROR
    assert exit_code(result) is ExitCode.INTERNAL_ERROR
    noted = next(model for model in result.models if model.name == "broken")
    assert reason in noted.notes[0]


def test_an_adapter_of_another_base_is_noted(project, check):
    file = copied(project) / "adapter_config.json"
    config = json.loads(file.read_text()) | {"base_model_name_or_path": "someone/llama"}
    file.write_text(json.dumps(config))
    result, _ = check("{adapter: adapters/broken}")
    assert any("broken: its config names 'someone/llama'" in one for one in result.warnings)


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("models/nothing", "candidates.broken.model: no such folder"),
        ("empty", "empty"),
        ("cut", "truncated or corrupt"),
        ("odd", "config.json: broken JSON"),
    ],
)
def test_a_whole_model_that_cannot_be_loaded(project, check, demo_model, folder, reason):
    (project / "empty").mkdir()
    shutil.copytree(demo_model, project / "odd")
    (project / "odd" / "config.json").write_text("{")
    cut = shutil.copytree(demo_model, project / "cut")
    weights = next(cut.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    _, found = check(f"{{model: {folder}}}")
    assert [gate.verdict for gate in found["harmless"]] == [Verdict.PASS]
    assert [gate.verdict for gate in found["broken"]] == [Verdict.ERROR]
    assert reason in found["broken"][0].reason


@pytest.mark.parametrize(
    "odd",
    [
        {"dtype": "float33"},
        {"vocab_size": "many"},
        {"rope_parameters": 3},
        {"use_cache": None},
        {"rms_norm_eps": [1]},
    ],
    ids=lambda odd: next(iter(odd)),
)
def test_a_config_of_odd_values_is_an_error_of_the_model(demo_model, tmp_path, odd):
    folder = shutil.copytree(demo_model, tmp_path / "odd")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | odd))
    with pytest.raises(ModelError, match=f"{folder}: "):
        PromptTokenizer(str(folder))
    with pytest.raises(ModelError, match=f"{folder}: "):
        HFEngine(EngineSettings(model=str(folder)))


@pytest.mark.parametrize("part", ["post_processor", "model", "pre_tokenizer"])
def test_a_tokenizer_of_odd_parts_is_an_error_of_the_model(demo_model, tmp_path, part):
    folder = shutil.copytree(demo_model, tmp_path / "odd")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer | {part: {"type": "none"}}))
    with pytest.raises(ModelError, match=f"{folder}: no model or tokenizer can be loaded"):
        PromptTokenizer(str(folder))


def other_model(source, folder):
    """Copy a model, and change its last weight."""
    shutil.copytree(source, folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(struct.pack("<f", 0.5))


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), MemoryError()]
)
def test_a_model_for_which_there_is_no_memory(project, check, demo_model, facts, *, script, error):
    def opened(settings):
        if settings.model.endswith("large"):
            raise error
        return FakeEngine({BASE: knows(facts)})

    other_model(demo_model, project / "large")
    script.opens(opened)
    _, found = check("{model: large}", "engine.name=scripted")
    assert [gate.verdict for gate in found["harmless"]] == [Verdict.PASS]
    assert "not enough memory to load it" in found["broken"][0].reason


@pytest.mark.parametrize("answers", [0, 20])
def test_an_engine_that_dies_for_one_candidate(
    project, check, demo_model, facts, *, script, answers
):
    def opened(settings):
        dies = settings.model.endswith("dying")
        return FakeEngine({BASE: knows(facts)}, fails_after=answers if dies else None)

    other_model(demo_model, project / "dying")
    script.opens(opened)
    _, found = check("{model: dying}", "engine.name=scripted", full=True)
    assert [gate.verdict for gate in found["harmless"]] == [Verdict.PASS]
    assert [gate.verdict for gate in found["broken"]] == [Verdict.ERROR]
    assert "the fake engine broke" in found["broken"][0].reason


def test_what_the_others_answered_is_stored(project, check):
    check("{adapter: adapters/broken}")
    loaded = load_project(project / "evalguard.yaml")
    gates = [one for one in loaded.thresholds.gates if one.suite == "facts"]
    again = run_check(loaded, [(gate, "harmless") for gate in gates])
    assert again.timing["engine_calls"] == 0


def test_everything_that_is_missing_is_told_at_once(project, edit):
    edit("evalguard.yaml", "adapters/harmless", "adapters/nowhere")
    text = (project / "evalguard.yaml").read_text()
    start = text.index("{model: ")
    (project / "evalguard.yaml").write_text(
        text[:start] + "{model: models/base}" + text[text.index("}", start) + 1 :]
    )
    loaded = load_project(project / "evalguard.yaml")
    selected = [(gate, "harmless") for gate in loaded.thresholds.gates]
    with pytest.raises(ModelError) as caught:
        run_check(loaded, selected)
    told = str(caught.value)
    assert "evalguard.yaml: baseline.model: no such folder: " in told
    assert "evalguard.yaml: candidates.harmless.adapter: " in told
    assert "no such adapter folder" in told


def test_the_only_candidate_ends_the_check(project, edit):
    edit("evalguard.yaml", "adapters/harmless", "adapters/nowhere")
    loaded = load_project(project / "evalguard.yaml")
    with pytest.raises(ModelError, match=r"candidates\.harmless\.adapter: .*no such adapter"):
        run_check(loaded, [(loaded.thresholds.gates[0], "harmless")])


def test_a_prompt_that_is_too_long_says_which_how_long_and_where_the_limit_is(project, edit):
    edit("suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 500")
    loaded = load_project(project / "evalguard.yaml")
    [gate] = [one for one in loaded.thresholds.gates if one.suite == "facts"]
    result = run_check(loaded, [(gate, "harmless")])
    [warning] = [one for one in result.warnings if one.startswith("harmless: ")]
    for part in ("suite 'facts', row ", " tokens and the answer up to 500", "(engine.max_length)"):
        assert part in warning
