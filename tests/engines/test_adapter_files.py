"""A damaged adapter is refused in one sentence that names file, key and remedy."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from evalguard.engines.adapter_config import CONFIG_NAME
from evalguard.engines.adapter_files import WEIGHTS_NAME, read_adapter
from evalguard.errors import ModelError
from tests.engines.conftest import edit_config, make_adapter


def test_an_adapter_is_described_by_its_files(adapter_a, base):
    files = read_adapter(adapter_a)
    assert files.peft_type == "LORA"
    assert files.base_model == str(base)
    assert files.rank == 4
    assert files.target_modules == ("down_proj", "q_proj", "v_proj")
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    assert files.shapes[name] == (4, 128)
    assert len(files.shapes) == 3 * 3 * 2


def test_the_greatest_rank_counts(base, tmp_path):
    make_adapter(base, tmp_path, seed=5, r=2, rank_pattern={"down_proj": 6})
    assert read_adapter(tmp_path).rank == 6


def truncate(folder: Path) -> None:
    file = folder / WEIGHTS_NAME
    file.write_bytes(file.read_bytes()[:-100])


def truncate_in_the_header(folder: Path) -> None:
    file = folder / WEIGHTS_NAME
    file.write_bytes(file.read_bytes()[:40])


def empty_the_weights(folder: Path) -> None:
    (folder / WEIGHTS_NAME).write_bytes(b"")


def turn_into_a_pickle(folder: Path) -> None:
    (folder / WEIGHTS_NAME).rename(folder / "adapter_model.bin")


def break_the_config(folder: Path) -> None:
    (folder / CONFIG_NAME).write_text('{"peft_type": "LORA",')


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / CONFIG_NAME).unlink(), "adapter_config.json is missing"),
        (lambda folder: (folder / WEIGHTS_NAME).unlink(), "adapter_model.safetensors is missing"),
        (truncate, "truncated or corrupt"),
        (truncate_in_the_header, "truncated or corrupt"),
        (empty_the_weights, "truncated or corrupt"),
        (turn_into_a_pickle, r"adapter_model.bin: a pickle can run code .* python -c"),
        (break_the_config, "adapter_config.json: broken JSON"),
        (lambda folder: edit_config(folder, peft_type=None), "'peft_type' is null.* \"LORA\""),
        (lambda folder: edit_config(folder, r="four"), 'r is "four", not a rank of at least 1'),
        (lambda folder: edit_config(folder, init_lora_weights="pissa_niter_4"), "changes the base"),
    ],
)
def test_a_damaged_folder_is_refused(copied, damage, message):
    damage(copied)
    with pytest.raises(ModelError, match=message):
        read_adapter(copied)


VALUES: dict[str, list[Any]] = {
    "lora_alpha": [None, "16", -16, 0, [16], float("nan")],
    "r": [0, -1, 4.0, None, True],
    "rank_pattern": [["q_proj"], {"q_proj": "2"}, {"(q_proj": 2}],
    "alpha_pattern": [{"q_proj": None}, {"q_proj": 0}],
    "target_modules": ["", {"q_proj": 1}, [1], "(q_proj"],
    "exclude_modules": ["*"],
    "modules_to_save": ["lm_head", [1]],
    "layers_to_transform": ["0", [-1]],
    "trainable_token_indices": ["all", [1.5], {"embed_tokens": 3}],
    "base_model_name_or_path": [3],
    "bias": ["some"],
    "use_rslora": ["false"],
    "task_type": ["SEQ_CLS"],
    "init_lora_weights": ["unknown", "gausian", 3, ["pissa"], {"a": 1}],
    "megatron_config": [{"a": 1}, "x", 3],
    "lora_dropout": ["x", None, 2, -0.1, True],
    "layer_replication": ["x", [1], [[0]], [[2, 1]], [["a", "b"]], 3],
    "alora_invocation_tokens": ["x", 3, ["a"], [-1]],
    "target_parameters": [3, {"a": 1}],
    "layers_pattern": [3],
    "eva_config": ["x"],
    "monteclora_config": ["x"],
    "use_bdlora": [True],
    "runtime_config": [3],
    "arrow_config": [{"a": 1}],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in VALUES.items() for value in values]
)
def test_a_value_that_peft_cannot_use_is_named_with_its_key(copied, key, value):
    edit_config(copied, **{key: value})
    with pytest.raises(ModelError, match=rf"adapter_config\.json: {key}\b.* Save it again\.$"):
        read_adapter(copied)


@pytest.mark.parametrize("kind", ["lora", "LoRA", "ia3"])
def test_a_type_that_peft_does_not_write_is_named_with_its_key(copied, kind):
    edit_config(copied, peft_type=kind)
    with pytest.raises(ModelError, match=rf"peft_type is \"{kind}\"; write the type as peft does"):
        read_adapter(copied)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("init_lora_weights", "gaussian"), ("init_lora_weights", None), ("lora_dropout", 0.1)),
        *(("init_lora_weights", "Orthogonal"), ("megatron_config", {}), ("megatron_config", None)),
        *(("layer_replication", [[0, 2], [1, 2]]), ("layers_pattern", "layers")),
        *(("eva_config", None), ("alora_invocation_tokens", [3]), ("runtime_config", {})),
    ],
)
def test_what_peft_writes_is_read(copied, key, value):
    edit_config(copied, **{key: value})
    assert read_adapter(copied).config[key] == value


def test_every_wrong_value_is_named(copied):
    edit_config(copied, r=0, lora_alpha=None)
    with pytest.raises(ModelError, match=r"r is 0, .*; \S+: lora_alpha is null"):
        read_adapter(copied)


def test_a_missing_scale_is_not_made_up(copied):
    config = json.loads((copied / CONFIG_NAME).read_text())
    del config["lora_alpha"]
    (copied / CONFIG_NAME).write_text(json.dumps(config))
    with pytest.raises(ModelError, match="lora_alpha is missing; peft would silently use 8"):
        read_adapter(copied)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (WEIGHTS_NAME, "version https://git-lfs.github.com/spec/v1\n", "LFS pointer.*git lfs pull"),
        (CONFIG_NAME, "version https://git-lfs.github.com/spec/v1\n", "LFS pointer.*git lfs pull"),
        (WEIGHTS_NAME, "<!DOCTYPE html><html>", "a web page instead of the file"),
        (CONFIG_NAME, "[]", "holds a list, where peft writes an object"),
        (CONFIG_NAME, '{"fine_tune_type": "lora"}', "the config of an MLX adapter"),
        (CONFIG_NAME, '{"r": 4, "lora_alpha": 8}', "'peft_type' is missing.*if it is a LoRA"),
    ],
)
def test_another_content_is_named(copied, file, content, message):
    (copied / file).write_text(content)
    with pytest.raises(ModelError, match=rf"{file}: .*{message}"):
        read_adapter(copied)


def into_checkpoints(folder: Path) -> None:
    for step in (500, 1000):
        shutil.copytree(folder, folder.parent / f"c{step}")
    shutil.rmtree(folder)
    for step in (500, 1000):
        (folder.parent / f"c{step}").rename(_made(folder) / f"checkpoint-{step}")


def into_a_nested_folder(folder: Path) -> None:
    inner = folder.rename(folder.parent / "inner")
    (folder / "adapter").mkdir(parents=True)
    inner.rename(folder / "adapter" / "default")


def into_shards(folder: Path) -> None:
    (folder / WEIGHTS_NAME).rename(folder / "adapter_model-00001-of-00002.safetensors")


def into_a_link(folder: Path) -> None:
    (folder / WEIGHTS_NAME).unlink()
    (folder / WEIGHTS_NAME).symlink_to("/nowhere/blob")


def of_mlx(folder: Path) -> None:
    (folder / WEIGHTS_NAME).rename(folder / "adapters.safetensors")
    (folder / CONFIG_NAME).unlink()


def of_diffusers(folder: Path) -> None:
    (folder / WEIGHTS_NAME).rename(folder / "pytorch_lora_weights.safetensors")
    (folder / CONFIG_NAME).unlink()


def of_torchtune(folder: Path) -> None:
    (folder / WEIGHTS_NAME).rename(folder / "adapter_0.pt")
    (folder / CONFIG_NAME).unlink()


def of_a_whole_model(folder: Path) -> None:
    (folder / CONFIG_NAME).rename(folder / "config.json")


def under_another_name(folder: Path) -> None:
    (folder / WEIGHTS_NAME).rename(folder / "lora.safetensors")


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (into_checkpoints, r"hold adapters: give '\S+checkpoint-1000', '\S+checkpoint-500'"),
        (into_a_nested_folder, r"hold adapters: give '\S+adapter/default'"),
        (into_shards, "one of 1 shards; .*python -c"),
        (into_a_link, "a link to '/nowhere/blob', which does not exist"),
        (of_mlx, "an adapter of MLX, not of peft.*fuse"),
        (of_diffusers, "an adapter of diffusers"),
        (of_torchtune, "adapter_0.pt: an adapter of torchtune.*peft's format"),
        (of_a_whole_model, "a full model, not an adapter.*'model'"),
        (under_another_name, "There is 'lora.safetensors': rename it"),
    ],
)
def test_a_folder_of_another_layout_is_explained(copied, layout, message):
    layout(copied)
    with pytest.raises(ModelError, match=message):
        read_adapter(copied)


def test_the_command_that_joins_shards_joins_them(copied):
    tensors = load_file(copied / WEIGHTS_NAME)
    (copied / WEIGHTS_NAME).unlink()
    names = sorted(tensors)
    for number, part in enumerate((names[:7], names[7:]), start=1):
        shard = copied / f"adapter_model-0000{number}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, shard)
    with pytest.raises(ModelError) as caught:
        read_adapter(copied)
    command = shlex.split(str(caught.value).partition("Join them: ")[2])
    subprocess.run([sys.executable, *command[1:]], check=True)
    assert read_adapter(copied).shapes.keys() == tensors.keys()


def test_a_file_in_place_of_the_folder_is_refused(copied):
    with pytest.raises(ModelError, match=r"a file\. Give the adapter's folder, '\S+copied'"):
        read_adapter(copied / WEIGHTS_NAME)


def test_ranks_that_adalora_kept_are_read(copied):
    pattern = {"model.layers.0.self_attn.q_proj.lora_E": [True, False, True]}
    edit_config(copied, peft_type="ADALORA", rank_pattern=pattern)
    assert read_adapter(copied).rank == 0


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no such adapter folder"):
        read_adapter(tmp_path / "nowhere")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ModelError, match="not an adapter"):
        read_adapter(tmp_path)
