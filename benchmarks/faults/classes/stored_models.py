"""Stored samples of models and adapters that have changed since."""

from __future__ import annotations

import json
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.declared import anew, blocked, declare
from benchmarks.faults.planting import Place, Seen

model = partial(declare, "stored samples: model")

INDEX = "model.safetensors.index.json"

CODE = """
from transformers import LlamaConfig, LlamaForCausalLM


class Own(LlamaForCausalLM):
    config_class = LlamaConfig

    def forward(self, *args, **kwargs):
        out = super().forward(*args, **kwargs)
        out.logits = out.logits * SIGN
        return out
"""


def damage(file: Path) -> None:
    """Shuffle the weights of a safetensors file, which keeps its size and header."""
    import torch
    from safetensors.torch import load_file, save_file

    torch.manual_seed(0)
    weights = {
        name: weight + weight.std() * torch.randn_like(weight) if weight.ndim > 1 else weight
        for name, weight in load_file(file).items()
    }
    save_file(weights, file, metadata={"format": "pt"})


def whole_model(place: Place) -> None:
    """Make the candidate a model of its own, equal to the base but for one weight."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(place / "models/base", place / "models/v2")
    file = place / "models/v2/model.safetensors"
    weights = load_file(file)
    name = next(name for name, weight in weights.items() if weight.ndim > 1)
    weights[name] = weights[name] * 1.001
    save_file(weights, file, metadata={"format": "pt"})
    place.edit("evalguard.yaml", "adapter: adapters/v2", "model: models/v2")


def sharded(place: Place, shard: str) -> Path:
    """Move the candidate's weights into a file that an index names; return it."""
    from safetensors.torch import load_file

    whole_model(place)
    folder = place / "models/v2"
    names = load_file(folder / "model.safetensors")
    (folder / shard).parent.mkdir(exist_ok=True)
    (folder / "model.safetensors").rename(folder / shard)
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, shard)}
    (folder / INDEX).write_text(json.dumps(index))
    return folder / shard


def _shard(shard: str) -> Any:
    def plant(place: Place) -> Seen:
        file = sharded(place, shard)
        place.check("--full")
        damage(file)
        return place.check()

    return plant


for _name, _what in (
    ("parts/model-00001-of-00001.safetensors", "in a subfolder that the index names"),
    (".hidden.safetensors", "in a hidden file that the index names"),
    ("optimizer.safetensors", "in a file with a name that is left out of the hash"),
    ("scheduler.part.safetensors", "in another file with such a name"),
    ("weights-1.safetensors", "in a file of any name that the index names"),
):
    model(f"the weights change {_what}", blocked())(_shard(_name))


@model("a folder with the weights is a link that is pointed elsewhere", blocked())
def _linked(place: Place) -> Seen:
    file = sharded(place, "parts/model.safetensors")
    (place / "models/v2/parts").rename(place / "first")
    (place / "models/v2/parts").symlink_to(place / "first")
    place.check("--full")
    shutil.copytree(place / "first", place / "second")
    damage(place / "second" / file.name)
    (place / "models/v2/parts").unlink()
    (place / "models/v2/parts").symlink_to(place / "second")
    return place.check()


@model("the weights change, with size and modification time as before", blocked())
def _same_times(place: Place) -> Seen:
    file = place / "adapters/v2/adapter_model.safetensors"
    before = file.stat()
    shutil.copy(place / "adapters/harmful/adapter_model.safetensors", file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    return place.check()


@model("the adapter's folder is a link that is pointed elsewhere", blocked())
def _link_of_adapter(place: Place) -> Seen:
    shutil.rmtree(place / "adapters/v2")
    (place / "adapters/v2").symlink_to(place / "adapters/harmless")
    place.check("--full")
    (place / "adapters/v2").unlink()
    (place / "adapters/v2").symlink_to(place / "adapters/harmful")
    return place.check()


@model("the adapter's lora_alpha is raised a thousandfold", blocked())
def _alpha(place: Place) -> Seen:
    place.edit_json("adapters/v2/adapter_config.json", lora_alpha=40_000)
    return place.check()


@model("an adapter is replaced after it was hashed and put back when it is loaded", blocked())
def _replaced(place: Place) -> Seen:
    place.worsen()
    first = place.check("--full", hook=_load_harmless)
    second = place.check()
    return second if first.code == 0 else first


def _load_harmless() -> None:
    """Have another process replace the adapter just before it is loaded."""
    from evalguard.engines.hf import HFEngine

    load = HFEngine.load_adapter

    def replaced(self: HFEngine, name: str, path: str) -> Any:
        own = Path(path) / "adapter_model.safetensors"
        kept = own.read_bytes()
        shutil.copy("adapters/harmless/adapter_model.safetensors", own)
        try:
            return load(self, name, path)
        finally:
            own.write_bytes(kept)

    HFEngine.load_adapter = replaced  # type: ignore[method-assign] # another process's timing


@model("the base's weights are replaced after they were hashed", blocked())
def _base_replaced(place: Place) -> Seen:
    whole_model(place)
    shutil.copy(place / "models/v2/model.safetensors", place / "good.safetensors")
    damage(place / "models/v2/model.safetensors")
    first = place.check("--full", hook=_load_good)
    second = place.check()
    return second if first.code == 0 else first


def _load_good() -> None:
    from evalguard.engines import opening
    from evalguard.runner import models

    open_engine = opening.open_engine

    def replaced(name: str, settings: Any) -> Any:
        own = Path("models/v2/model.safetensors")
        kept = own.read_bytes()
        shutil.copy("good.safetensors", own)
        try:
            return open_engine(name, settings)
        finally:
            own.write_bytes(kept)

    models.open_engine = replaced  # type: ignore[attr-defined] # another process's timing


def own_code(place: Place) -> Path:
    """Give the candidate code of its own, which is run where the project allows it."""
    whole_model(place)
    place.edit_json(
        "models/v2/config.json",
        auto_map={"AutoModelForCausalLM": "own.Own", "AutoConfig": "own.LlamaConfig"},
    )
    return place.write("models/v2/own.py", CODE.replace("SIGN", "1"))


@model("the code that comes with a model is switched on", blocked())
def _code_on(place: Place) -> Seen:
    code = own_code(place)
    code.write_text(CODE.replace("SIGN", "-1"))
    place.edit("evalguard.yaml", "model: models/v2", "model: models/v2, trust_remote_code: false")
    place.check("--full")
    place.edit("evalguard.yaml", "trust_remote_code: false", "trust_remote_code: true")
    return place.check()


@model("the code that comes with a model changes", blocked())
def _code_changes(place: Place) -> Seen:
    code = own_code(place)
    place.edit(
        "evalguard.yaml", "model: models/v2", "model: models/v2\n    trust_remote_code: true"
    )
    first = place.check("--full")
    assert first.code == 0, first.output
    code.write_text(CODE.replace("SIGN", "-1"))
    return place.check()


@model("the code that comes with a model is in a folder of its own", blocked())
def _code_in_folder(place: Place) -> Seen:
    code = own_code(place)
    place.write("models/v2/sub/signs.py", "SIGN = 1\n")
    place.write("models/v2/sub/__init__.py", "")
    code.write_text("from .sub.signs import SIGN\n" + CODE)
    place.edit(
        "evalguard.yaml", "model: models/v2", "model: models/v2\n    trust_remote_code: true"
    )
    first = place.check("--full")
    if first.code != 0:
        return first
    place.write("models/v2/sub/signs.py", "SIGN = -1\n")
    return place.check()


def _base_file(name: str, **values: Any) -> Any:
    def plant(place: Place) -> Seen:
        file = place / "models/base" / name
        text = file.read_text()
        if values:
            file.write_text(json.dumps(json.loads(text) | values))
        else:
            file.write_text(f"{text} ")
        return place.check()

    return plant


for _file, _values in (
    ("config.json", {"rms_norm_eps": 1e-3}),
    ("generation_config.json", {"repetition_penalty": 1.5}),
    ("tokenizer_config.json", {"clean_up_tokenization_spaces": True}),
    ("tokenizer.json", {}),
    ("chat_template.jinja", {}),
):
    model(f"the base's {_file} changes", anew("baseline"))(_base_file(_file, **_values))


@model("another chat template is added in its folder", anew("baseline"))
def _more_templates(place: Place) -> Seen:
    place.write("models/base/additional_chat_templates/tool.jinja", "{{ messages }}")
    return place.check()


def _setting(old: str, new: str) -> Any:
    def plant(place: Place) -> Seen:
        place.edit("evalguard.yaml", old, new)
        return place.check()

    return plant


for _what, _old, _new in (
    ("dtype", "dtype: float32", "dtype: bfloat16"),
    ("max_length", "device: cpu", "device: cpu\n  max_length: 64"),
    ("chat_template", "suites:", "chat_template: false\nsuites:"),
    ("options", "device: cpu", "device: cpu\n  options: {attn_implementation: eager}"),
    ("tokenizer", "model: models/base", "model: models/base\n  tokenizer: models/base"),
):
    model(f"the setting {_what} changes", anew("baseline"))(_setting(_old, _new))


@model("marks of thinking are set that every answer has", blocked())
def _thinking(place: Place) -> Seen:
    place.edit(
        "evalguard.yaml",
        "adapter: adapters/v2",
        'adapter: adapters/v2\n    thinking: {end: "</x>"}',
    )
    return place.check()
