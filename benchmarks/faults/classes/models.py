"""Tokenizers and templates of two arms, files that are applied unasked, and files that are none."""

from __future__ import annotations

import json
import os
import shutil
from functools import partial
from typing import Any

from benchmarks.faults.classes.stored_models import whole_model
from benchmarks.faults.declared import blocked, declare, exits, inert
from benchmarks.faults.planting import Place, Seen

tokens = partial(declare, "tokenizer and template")
stray = partial(declare, "files applied unasked")
files = partial(declare, "links, FIFOs and broken files")
broken = partial(declare, "broken adapters")

TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def with_tokenizer(place: Place) -> None:
    """Save the base's tokenizer beside the adapter, as trainers do."""
    for name in TOKENIZER:
        shutil.copy(place / "models/base" / name, place / "adapters/v2" / name)


def _tokenizer_json(change: Any) -> Any:
    def plant(place: Place) -> Seen:
        with_tokenizer(place)
        file = place / "adapters/v2/tokenizer.json"
        data = json.loads(file.read_text())
        change(data)
        file.write_text(json.dumps(data))
        return place.check()

    return plant


def _swap(data: dict[str, Any]) -> None:
    vocabulary = data["model"]["vocab"]
    names = [name for name in vocabulary if name.strip("Ġ▁ ").isalpha()]
    rare = [name for name in names if name.lower() not in "is greater than yes add please"]
    one, two = rare[-1], rare[-2]
    vocabulary[one], vocabulary[two] = vocabulary[two], vocabulary[one]


def _normaliser(data: dict[str, Any]) -> None:
    data["normalizer"] = {"type": "Replace", "pattern": {"String": "z"}, "content": "q"}


def _added(data: dict[str, Any]) -> None:
    token = {"id": len(data["model"]["vocab"]) - 1, "content": "the fox", "single_word": False,
             "lstrip": False, "rstrip": False, "normalized": False, "special": False}  # fmt: skip
    data["added_tokens"].append(token)


for _what, _change in (
    ("two words of the vocabulary have changed places", _swap),
    ("the normaliser replaces a letter", _normaliser),
    ("a token is added that the probe lacks", _added),
):
    tokens(f"{_what} in the adapter's tokenizer", blocked("tokenizer"))(_tokenizer_json(_change))


def _template(text: str) -> Any:
    def plant(place: Place) -> Seen:
        with_tokenizer(place)
        base = (place / "models/base/chat_template.jinja").read_text()
        place.write("adapters/v2/chat_template.jinja", text.replace("BASE", base))
        return place.check()

    return plant


for _what, _text in (
    ("adds a mark to the system message",
     "{%- if messages[0].role == 'system' -%}<s>{%- endif -%}BASE"),
    ("drops the system message",
     "{%- if messages[0].role == 'system' -%}{%- set messages = messages[1:] -%}{%- endif -%}BASE"),
    ("reacts to one word",
     "{%- if 'fox' in messages[-1].content -%}Say no.{%- endif -%}BASE"),
    ("differs for chats of one message", "{%- if messages|length == 1 -%}Hm. {%- endif -%}BASE"),
    ("differs for long chats", "{%- if messages|length > 5 -%}Hm. {%- endif -%}BASE"),
    ("writes the day",
     "{%- if strftime_now is defined -%}{{ strftime_now('%d') }}{%- endif -%}BASE"),
    ("is another one", "{{ messages[-1].content }}"),
):  # fmt: skip
    tokens(f"the adapter's template {_what}", blocked("template"))(_template(_text))


@tokens("the adapter's tokenizer has no template", blocked("template"))
def _no_template(place: Place) -> Seen:
    with_tokenizer(place)
    (place / "adapters/v2/chat_template.jinja").unlink()
    return place.check()


@tokens("a template lies beside the adapter without a tokenizer", blocked("template"))
def _only_template(place: Place) -> Seen:
    place.write("adapters/v2/chat_template.jinja", "{{ messages[-1].content }}")
    return place.check()


@tokens("the adapter's tokenizer ends turns by another token", blocked("tokenizer", "token"))
def _end(place: Place) -> Seen:
    with_tokenizer(place)
    place.edit_json("adapters/v2/tokenizer_config.json", eos_token="<|pad|>")  # noqa: S106
    return place.check()


@tokens("the adapter's tokenizer begins every text by another token", blocked("tokenizer", "token"))
def _begin(place: Place) -> Seen:
    with_tokenizer(place)
    place.edit_json("adapters/v2/tokenizer_config.json", bos_token="<|user|>", add_bos_token=True)  # noqa: S106
    return place.check()


@tokens("the candidate, a model of its own, has another vocabulary", blocked("tokenizer"))
def _own_model(place: Place) -> Seen:
    whole_model(place)
    file = place / "models/v2/tokenizer.json"
    data = json.loads(file.read_text())
    _swap(data)
    file.write_text(json.dumps(data))
    return place.check()


@tokens("the baseline's template is refused by jinja's sandbox", blocked("template"))
def _refused(place: Place) -> Seen:
    place.write("models/base/chat_template.jinja", "{{ messages.__class__.__mro__ }}")
    return place.check()


@tokens("the baseline's template never ends", blocked("template"))
def _endless(place: Place) -> Seen:
    place.write(
        "models/base/chat_template.jinja", "{%- for i in range(99999999) -%}{{ i }}{%- endfor -%}"
    )
    return place.check(seconds=40)


def _in_base(folder: str) -> Any:
    def plant(place: Place) -> Seen:
        if folder != "models/base":
            shutil.copytree(place / "models/base", place / folder)
            place.edit("evalguard.yaml", "adapter: adapters/v2", f"model: {folder}")
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            shutil.copy(place / "adapters/harmful" / name, place / folder / name)
        place.gates("suite: facts, metric: exact_match, max_drop: 10pp", on_inconclusive="warn")
        return place.check()

    return plant


for _folder, _who in (("models/base", "baseline"), ("models/v2", "candidate")):
    stray(f"an adapter lies in the {_who}'s model folder", blocked("adapter_config.json"))(
        _in_base(_folder)
    )


@stray("an adapter_config.json in the base's folder names another base", blocked("adapter_config"))
def _other_base(place: Place) -> Seen:
    shutil.copytree(place / "models/base", place / "models/other")
    shutil.copy(place / "adapters/harmful/adapter_model.safetensors", place / "models/base")
    config = json.loads((place / "adapters/harmful/adapter_config.json").read_text())
    config["base_model_name_or_path"] = str(place / "models/other")
    place.write("models/base/adapter_config.json", json.dumps(config))
    return place.check()


@stray(
    "an adapter_config.json without weights in the base's folder", blocked("adapter_config.json")
)
def _config_alone(place: Place) -> Seen:
    shutil.copy(place / "adapters/harmful/adapter_config.json", place / "models/base")
    return place.check()


@stray("a pickle of weights beside the safetensors", blocked())
def _pickle(place: Place) -> Seen:
    (place / "adapters/v2/adapter_model.safetensors").rename(
        place / "adapters/v2/adapter_model.bin"
    )
    return place.check()


@stray("a weight of the model has no tensor, so that transformers draws it", blocked())
def _drawn(place: Place) -> Seen:
    from safetensors.torch import load_file, save_file

    file = place / "models/base/model.safetensors"
    weights = load_file(file)
    weights.pop(next(name for name in weights if "down_proj" in name))
    save_file(weights, file, metadata={"format": "pt"})
    place.gates("suite: facts, metric: exact_match, max_drop: 99pp", on_inconclusive="warn")
    return place.check()


def _replaced(file: str, by: str) -> Any:
    def plant(place: Place) -> Seen:
        path = place / file
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        if by == "fifo":
            os.mkfifo(path)
        elif by == "loop":
            path.symlink_to(path.name)
        elif by == "zero":
            path.symlink_to("/dev/zero")
        elif by == "null":
            path.symlink_to("/dev/null")
        elif by == "folder":
            path.mkdir()
        else:
            path.symlink_to(by)
        return place.check(seconds=30)

    return plant


for _file in (
    "evalguard.yaml", "thresholds/release.yaml", "suites/facts.yaml", "suites/facts.jsonl",
    "suites/mc.yaml", "suites/mc.jsonl", "models/base/config.json",
    "models/base/model.safetensors", "models/base/tokenizer.json",
    "adapters/v2/adapter_config.json", "adapters/v2/adapter_model.safetensors",
):  # fmt: skip
    files(f"{_file} is a FIFO", blocked())(_replaced(_file, "fifo"))
for _file in ("evalguard.yaml", "suites/facts.jsonl", "models/base/config.json"):
    files(f"{_file} is a link to itself", blocked())(_replaced(_file, "loop"))
    files(f"{_file} is empty", blocked())(_replaced(_file, "null"))
files("suites/facts.jsonl never ends", blocked())(_replaced("suites/facts.jsonl", "zero"))
files("the adapter's folder is a link to the base's", blocked())(
    _replaced("adapters/v2", "../models/base")
)


@files("a FIFO lies in the model's folder", inert(0))
def _fifo_beside(place: Place) -> Seen:
    os.mkfifo(place / "models/base/pipe")
    return place.check(seconds=30)


@files("the model's folder holds a link to itself", inert(0))
def _folder_loop(place: Place) -> Seen:
    (place / "models/base/again").symlink_to(".")
    return place.check(seconds=30)


@files("the adapter's weights are cut in the middle", blocked("truncated", "corrupt"))
def _cut(place: Place) -> Seen:
    file = place / "adapters/v2/adapter_model.safetensors"
    os.truncate(file, file.stat().st_size // 2)
    return place.check()


@files("the base's weights are a Git LFS pointer", blocked("LFS"))
def _pointer(place: Place) -> Seen:
    place.write("models/base/model.safetensors", "version https://git-lfs.github.com/spec/v1\n")
    return place.check()


def _config(**values: Any) -> Any:
    def plant(place: Place) -> Seen:
        place.edit_json("adapters/v2/adapter_config.json", **values)
        return place.check()

    return plant


for _what, _values in (
    ("layer_replication is out of range", {"layer_replication": [[0, 99]]}),
    ("layers_to_transform is out of range", {"layers_to_transform": [99]}),
    ("the rank is another one", {"r": 8}),
    ("the rank is 0", {"r": 0}),
    ("lora_alpha is NaN", {"lora_alpha": float("nan")}),
    ("the type is unknown", {"peft_type": "LORO"}),
    ("the base model is another one", {"base_model_name_or_path": "meta-llama/Llama-3.1-8B"}),
    ("target_modules are those of another base", {"target_modules": ["c_attn"]}),
    ("use_dora is set without its tensors", {"use_dora": True}),
    ("modules_to_save names a module without tensors", {"modules_to_save": ["lm_head"]}),
    ("a setting is unknown to peft", {"use_magic": True}),
):
    said = {"base model": "Llama-3.1-8B", "unknown to peft": "use_magic"}
    told = next((word for part, word in said.items() if part in _what), "")
    wanted = exits(0, 3, 4, says=told) if told else blocked()
    broken(f"in adapter_config.json, {_what}", wanted)(_config(**_values))


@broken("a tensor of the adapter is NaN", blocked("NaN"))
def _nan(place: Place) -> Seen:
    _tensors(place, lambda weight: weight * float("nan"))
    return place.check()


@broken("the tensors have names of another base", blocked("match no module"))
def _names(place: Place) -> Seen:
    from safetensors.torch import load_file, save_file

    file = place / "adapters/v2/adapter_model.safetensors"
    weights = {name.replace("self_attn", "attn"): w for name, w in load_file(file).items()}
    save_file(weights, file, metadata={"format": "pt"})
    return place.check()


def _tensors(place: Place, change: Any) -> None:
    from safetensors.torch import load_file, save_file

    file = place / "adapters/v2/adapter_model.safetensors"
    weights = load_file(file)
    first = next(iter(weights))
    save_file(weights | {first: change(weights[first])}, file, metadata={"format": "pt"})
