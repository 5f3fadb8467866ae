import json
import re
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from evalguard.engines import opening, registry
from evalguard.engines.adapter_files import WEIGHTS_NAME
from evalguard.engines.base import EngineSettings
from evalguard.engines.opening import choose_engine, open_engine
from evalguard.errors import PrerequisiteError, UsageError
from tests.engines.conftest import edit_config, make_adapter
from tests.engines.headers import write_header


@pytest.fixture
def machine(monkeypatch):
    """Say what the machine has: vLLM's build, and how many GPUs."""

    def set_up(build: tuple[str, bool] | None, gpus: int) -> None:
        for module in (opening, registry):
            monkeypatch.setattr(module, "vllm_build", lambda: build)
        monkeypatch.setattr(opening, "cuda_devices", lambda: gpus)

    return set_up


CPU_BUILD = ("0.32.0", True)
GPU_BUILD = ("0.32.0", False)


@pytest.fixture
def large(tmp_path) -> Path:
    """The files of a model of 1.28 G parameters, by their headers alone."""
    folder = tmp_path / "large"
    folder.mkdir()
    write_header(folder / "model.safetensors", {"model.embed_tokens.weight": (1_280_000, 1_000)})
    (folder / "config.json").write_text(json.dumps({"hidden_size": 1024, "num_attention_heads": 8}))
    return folder


def chosen(model: Path, *adapters: Path, **settings: object) -> tuple[str, str]:
    named = tuple((path.name, str(path)) for path in adapters)
    base = EngineSettings(model=str(model), adapters=named, **settings)  # type: ignore[arg-type]
    choice = choose_engine("auto", [base])
    return choice.name, choice.reason


def test_a_name_that_is_given_is_taken(base):
    assert choose_engine("hf", [EngineSettings(model=str(base))]).name == "hf"
    assert choose_engine("sglang", [EngineSettings(model=str(base))]).name == "sglang"


def test_an_unknown_name_is_an_error(base):
    with pytest.raises(UsageError, match=r"engine 'vlm': no such engine. Did you mean 'vllm'"):
        choose_engine("vlm", [])
    with pytest.raises(UsageError, match="no such engine"):
        open_engine("vlm", EngineSettings(model=str(base)))


def test_without_vllm_auto_is_hf(machine, large):
    machine(None, 0)
    assert chosen(large) == ("hf", "vLLM is not installed")


def test_a_build_for_gpus_needs_one(machine, large):
    machine(GPU_BUILD, 0)
    assert chosen(large) == ("hf", "the installed vLLM needs a GPU, and none was found")


def test_a_small_model_on_a_cpu_runs_on_hf(machine, base, adapter_a):
    machine(CPU_BUILD, 0)
    name, reason = chosen(base, adapter_a)
    assert name == "hf"
    assert reason.startswith("no GPU, and the model has 0.")


def test_a_large_model_runs_on_vllm(machine, large, adapter_a):
    machine(CPU_BUILD, 0)
    assert chosen(large, adapter_a)[0] == "vllm"


def test_a_small_model_on_a_gpu_runs_on_vllm(machine, base, adapter_a):
    machine(GPU_BUILD, 1)
    assert chosen(base, adapter_a)[0] == "vllm"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"use_dora": True}, "adapter 'copied' has DoRA"),
        ({"peft_type": "IA3"}, "adapter 'copied' is of type IA3"),
        ({"bias": "all"}, "adapter 'copied' has trained biases"),
        ({"modules_to_save": ["lm_head"]}, "adapter 'copied' has whole modules"),
        ({"r": 1024}, "adapter 'copied' has rank 1024, but vLLM supports at most 512"),
    ],
)
def test_an_adapter_that_vllm_cannot_serve_takes_all_to_hf(machine, large, copied, changes, reason):
    machine(GPU_BUILD, 1)
    intact = Path(shutil.copytree(copied, copied.with_name("intact")))
    edit_config(copied, **changes)
    name, found = chosen(large, intact, copied)
    assert name == "hf"
    assert found.startswith(reason)


def test_the_output_layer_is_served_on_a_gpu_alone(machine, base, large, tmp_path):
    adapter = make_adapter(base, tmp_path / "head", seed=4, target_modules=["q_proj", "lm_head"])
    machine(GPU_BUILD, 1)
    assert "holds tensors other than LoRA's" in chosen(large, adapter)[1]
    tensors = load_file(adapter / WEIGHTS_NAME)
    lora = {name: tensor for name, tensor in tensors.items() if "lora" in name}
    save_file(lora, adapter / WEIGHTS_NAME)
    assert chosen(large, adapter)[0] == "vllm"
    machine(CPU_BUILD, 0)
    assert chosen(large, adapter) == (
        "hf",
        "adapter 'head' changes lm_head, on which vLLM's CPU build fails",
    )


def test_a_quantised_base_runs_on_hf(machine, large):
    machine(GPU_BUILD, 1)
    assert chosen(large, quantization="nf4") == ("hf", "vLLM serves no base in nf4")


def test_heads_of_another_dimension_run_on_hf(machine, large):
    machine(CPU_BUILD, 0)
    (large / "config.json").write_text(json.dumps({"head_dim": 40}))
    assert chosen(large) == ("hf", "vLLM's CPU build does not support head dimension 40")


def test_a_missing_package_names_the_install_line(machine, base, monkeypatch):
    machine(None, 0)
    with pytest.raises(PrerequisiteError, match=r"pip install 'evalguard\[vllm\]'"):
        open_engine("vllm", EngineSettings(model=str(base)))
    monkeypatch.setattr(registry, "installed", lambda name: None if name == "httpx" else "1")
    with pytest.raises(PrerequisiteError, match=r"pip install 'evalguard\[endpoint\]'"):
        open_engine("endpoint", EngineSettings(model=str(base)))


def test_the_choice_is_said_in_one_line(machine, base):
    machine(CPU_BUILD, 0)
    line = choose_engine("auto", [EngineSettings(model=str(base))]).line
    assert re.fullmatch(
        r"engine: hf \(auto: no GPU, and the model has 0\.\d+ M parameters; .*\)", line
    )
    assert choose_engine("hf", []).line == "engine: hf (set in the project)"
