"""EvalGuard's engines answer and score as the ``lm_eval`` command does, sample by sample."""

import json
from pathlib import Path

import pytest

from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.hf import HFEngine
from tests.engines.lm_eval_command import Sample, run_command, run_evalguard

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2] / "suites" / "demo" / "data"
TASKS = {
    "one_token": ("choices", "multiple_choice", "{{ choices }}", "{{ choices.index(answer) }}"),
    "sentences": (
        "maths",
        "multiple_choice",
        "{{ ['The answer is ' ~ number ~ '.', 'The answer is 1' ~ number ~ '.', 'I think so.'] }}",
        "0",
    ),
    "generated": ("facts", "generate_until", None, "{{ answer }}"),
}
"""Data, type, choices and target of each task: choices of one token, of several, and texts."""


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tasks")
    for name, (data, kind, choices, target) in TASKS.items():
        metric = "exact_match" if choices is None else "acc"
        config = {
            "task": name,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(DATA / f"{data}.jsonl")}},
            "test_split": "test",
            "output_type": kind,
            "doc_to_text": "{{ question }}",
            "doc_to_target": target,
            "metric_list": [{"metric": metric, "aggregation": "mean", "higher_is_better": True}],
        }
        if choices is None:
            config["generation_kwargs"] = {"until": ["\n"], "do_sample": False, "max_gen_toks": 16}
        else:
            config["doc_to_choice"] = choices
        (folder / f"{name}.yaml").write_text(json.dumps(config))  # JSON is YAML
    return folder


@pytest.fixture(scope="module")
def command(base, adapter_a, adapter_b, tasks, tmp_path_factory):
    """Run ``lm_eval`` on an engine as a model, given what its arguments call an adapter."""
    paths = {"a": str(adapter_a), "b": str(adapter_b)}

    def run(engine: str, model: str, adapter_argument: str, **arguments: object):
        given = {"pretrained": str(base), "dtype": "float32", **arguments}
        if model != BASE:
            given[adapter_argument] = paths[model]
        return run_command(engine, given, tasks, list(TASKS), tmp_path_factory.mktemp("output"))

    return run


@pytest.fixture(scope="module")
def on_hf(base, adapter_a, adapter_b, tasks):
    """EvalGuard's samples on transformers, by model."""
    engine = HFEngine(EngineSettings(model=str(base), dtype="float32", batch_size=16))
    engine.load_adapter("a", str(adapter_a))
    engine.load_adapter("b", str(adapter_b))
    found = {m: run_evalguard(engine, m, base, tasks, list(TASKS)) for m in (BASE, "a", "b")}
    engine.close()
    return found


def test_the_models_differ(on_hf):
    scores = [[sample.scores for sample in samples.values()] for samples in on_hf.values()]
    assert scores[0] != scores[1] != scores[2] != scores[0]


@pytest.mark.parametrize("model", [BASE, "a", "b"])
def test_hf_equals_the_command_on_hf(model, on_hf, command):
    assert_same_samples(on_hf[model], command("hf", model, "peft"))


class TestVLLM:
    @pytest.fixture(autouse=True)
    def _needs_vllm(self):
        pytest.importorskip("vllm")

    @pytest.mark.parametrize("model", [BASE, "a", "b"])
    def test_vllm_equals_hf(self, model, vllm_engine, base, tasks, on_hf):
        found = run_evalguard(vllm_engine, model, base, tasks, list(TASKS))
        assert_same_samples(found, on_hf[model])

    @pytest.mark.parametrize("model", [BASE, "a"])
    def test_vllm_equals_the_command_on_vllm(self, model, vllm_engine, base, tasks, command):
        modules = {"lora_target_modules": ["q_proj", "v_proj", "down_proj"]} if model == "a" else {}
        expected = command("vllm", model, "lora_local_path", enforce_eager=True, **modules)
        found = run_evalguard(vllm_engine, model, base, tasks, list(TASKS))
        assert_same_samples(found, expected)


def assert_same_samples(
    found: dict[tuple[str, int], Sample], expected: dict[tuple[str, int], Sample]
) -> None:
    assert found.keys() == expected.keys()
    for key, sample in expected.items():
        assert found[key].scores == sample.scores, key
        for one, other in zip(found[key].responses, sample.responses, strict=True):
            if isinstance(other, tuple):
                assert one[0] == pytest.approx(other[0], abs=1e-4), key
                assert one[1] == other[1], key
            else:
                assert one == other, key
