"""The embedded model with adapters, and what engines are opened with."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

import evalguard.demo
from evalguard.engines.adapter_config import CONFIG_NAME
from evalguard.engines.adapter_files import WEIGHTS_NAME
from evalguard.engines.base import Engine, EngineSettings
from evalguard.engines.endpoint import client
from evalguard.quiet import quiet
from tests.engines.servers import close_opened


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def no_open_connections() -> Iterator[None]:
    yield
    close_opened()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests that fail be sent again after a tenth of the usual time."""
    monkeypatch.setattr(client, "_FIRST_PAUSE", client._FIRST_PAUSE / 10)


@pytest.fixture(scope="session")
def base() -> Path:
    """A trained model, whose greedy answers are clear-cut: engines cannot differ by rounding."""
    return Path(evalguard.demo.__file__).parent / "model"


@pytest.fixture(scope="session")
def adapter_a(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(base, tmp_path_factory.mktemp("a"), seed=1, r=4)


@pytest.fixture(scope="session")
def adapter_b(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("b")
    return make_adapter(base, folder, seed=2, r=8, target_modules="all-linear")


@pytest.fixture(scope="session")
def vllm_engine(base: Path, adapter_a: Path, adapter_b: Path) -> Iterator[Engine]:
    """vLLM with the adapters A and B, and a place for one more; it starts once for all tests."""
    pytest.importorskip("vllm")
    from evalguard.engines.vllm import VLLMEngine

    adapters = (("a", str(adapter_a)), ("b", str(adapter_b)))
    settings = EngineSettings(
        model=str(base), dtype="float32", adapters=(*adapters, ("spare", str(adapter_b)))
    )
    engine = VLLMEngine(settings)
    for name, path in adapters:
        engine.load_adapter(name, path)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def gguf_files(
    base: Path, adapter_a: Path, adapter_b: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Path]]:
    """The base and the adapters A and B as llama.cpp reads them."""
    pytest.importorskip("gguf")
    from benchmarks.servers.real.gguf_files import save_gguf, save_lora_gguf

    folder = tmp_path_factory.mktemp("gguf")
    adapters = {"a": adapter_a, "b": adapter_b}
    return save_gguf(base, folder / "base.gguf"), [
        save_lora_gguf(adapter, folder / f"{name}.gguf", base=base)
        for name, adapter in adapters.items()
    ]


@pytest.fixture
def copied(adapter_a: Path, tmp_path: Path) -> Path:
    """A copy of an adapter, to be damaged."""
    return Path(shutil.copytree(adapter_a, tmp_path / "copied"))


def make_adapter(base: Path, folder: Path, *, seed: int, **options: object) -> Path:
    """Save a random LoRA adapter that changes many answers, and not all."""
    settings = {"r": 4, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj", "down_proj"]}
    torch.manual_seed(seed)
    config = LoraConfig(**(settings | options), init_lora_weights=False, task_type="CAUSAL_LM")
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(base)
        get_peft_model(model, config).save_pretrained(folder)
    return folder


def rewrite(folder: Path, change: Callable[[str, torch.Tensor], tuple[str, torch.Tensor]]) -> None:
    """Rename or change every tensor of an adapter's file."""
    tensors = load_file(folder / WEIGHTS_NAME)
    changed = dict(change(name, tensor) for name, tensor in tensors.items())
    save_file(
        {name: tensor.contiguous() for name, tensor in changed.items()}, folder / WEIGHTS_NAME
    )


def edit_config(folder: Path, **changes: object) -> None:
    """Change an adapter's config file."""
    file = folder / CONFIG_NAME
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
