from pathlib import Path

import pytest

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
        (lambda folder: edit_config(folder, peft_type=None), "'peft_type' is missing"),
        (lambda folder: edit_config(folder, r="four"), "'r' is 'four'"),
        (lambda folder: edit_config(folder, init_lora_weights="pissa_niter_4"), "changes the base"),
    ],
)
def test_a_damaged_folder_is_refused(copied, damage, message):
    damage(copied)
    with pytest.raises(ModelError, match=message):
        read_adapter(copied)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no such adapter folder"):
        read_adapter(tmp_path / "nowhere")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ModelError, match="not an adapter"):
        read_adapter(tmp_path)
