"""What a training takes: whatever is held at once is counted, whatever the method and the shape."""

import json
import subprocess
import sys

import pytest
from transformers import Gemma3TextConfig, GPT2Config, LlamaConfig

from evalguard.errors import ModelError, UsageError
from evalguard.training.config import TrainingConfig
from evalguard.training.estimate import estimate, with_preset
from evalguard.training.hardware import GPUS, find_gpu
from evalguard.training.presets import PRESETS


def shape(folder, layers):
    """Write the configuration file of Llama-2-7B, or of its first layers, and no weights."""
    LlamaConfig(
        vocab_size=32000, hidden_size=4096, intermediate_size=11008, num_hidden_layers=layers,
        num_attention_heads=32,
    ).save_pretrained(folder)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def seven_billion(tmp_path_factory):
    return shape(tmp_path_factory.mktemp("7b"), 32)


@pytest.fixture(scope="module")
def two_layers(tmp_path_factory):
    return shape(tmp_path_factory.mktemp("2l"), 2)


def of(folder, *, device="cuda", devices=1, sharding="none", **changes):
    plain = {
        "base": {"model": str(folder)},
        "data": {"train": "-"},
        "training": {"batch_size": 1, "max_length": 512, "gradient_checkpointing": True},
        "output": "-",
    }
    for key, value in changes.items():
        old = plain.get(key)
        plain[key] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    config = TrainingConfig.model_validate_json(json.dumps(plain))
    return estimate(config, base_dir=folder, device=device, devices=devices, sharding=sharding)


def test_parameters_are_counted_exactly(two_layers):
    found = of(two_layers, lora={"r": 16})
    linear = 2 * (4 * 4096 * 4096 + 3 * 4096 * 11008)
    rest = 2 * 32000 * 4096 + 5 * 4096  # embedding, head, norms
    assert found.parameters == linear + rest
    # r·(in + out) for 4 attention and 3 feed-forward matrices in 2 layers.
    assert found.trainable == 2 * 16 * (4 * (4096 + 4096) + 3 * (4096 + 11008))
    # 4.127 bits for the linear layers, float32 for what is not quantised.
    assert found.components["weights"] == pytest.approx(linear * 4.127 / 8 + rest * 4, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "low", "high"),
    [
        ({}, 5, 8),  # QLoRA: the literature says 6–8 GB
        ({"base": {"quantization": "none"}, "training": {"batch_size": 4}}, 14, 20),  # LoRA: 16–20
        (
            {
                "tuner": "full",
                "base": {"quantization": "none"},
                "training": {"batch_size": 4, "max_length": 2048},
            },
            60,
            84,
        ),
    ],
    ids=["qlora", "lora", "full"],
)
def test_a_7b_model_takes_what_the_literature_says(seven_billion, changes, low, high):
    assert low * 1e9 < of(seven_billion, **changes).total_bytes < high * 1e9


def test_checkpointing_trades_memory_for_time(two_layers):
    with_, without = (
        of(two_layers),
        of(two_layers, training={"gradient_checkpointing": False}),
    )
    assert with_.components["activations"] < 0.6 * without.components["activations"]
    assert with_.flops_per_token == pytest.approx(1.5 * without.flops_per_token)


def test_activations_grow_with_the_batch_and_preference_pairs_count_twice(two_layers):
    one = of(two_layers).components["activations"]
    two = of(two_layers, training={"batch_size": 2}).components["activations"]
    pair = of(two_layers, method="dpo").components["activations"]
    assert two == pytest.approx(2 * one, rel=0.02)
    assert pair == pytest.approx(two, rel=0.02)


def logits_of(folder, method, **training):
    found = of(folder, method=method, training={"batch_size": 2, "max_length": 128, **training})
    return found.components["logits"]


@pytest.mark.parametrize("method", ["orpo", "cpo", "simpo"])
def test_methods_that_hold_all_logits_are_counted_with_them(two_layers, method):
    held = logits_of(two_layers, method)
    assert held >= 2 * (2 * 2 * 128 * 32000 * 4)  # chosen and rejected, in float32, and gradients
    assert logits_of(two_layers, method, batch_size=4) == 2 * held
    assert logits_of(two_layers, method, max_length=256) == 2 * held


@pytest.mark.parametrize("method", ["orpo", "cpo", "simpo"])
@pytest.mark.parametrize("vocabulary", [152_064, 262_144, 32_768])
def test_a_vocabulary_counts_by_its_size(two_layers, tmp_path, method, vocabulary):
    LlamaConfig(
        vocab_size=vocabulary, hidden_size=64, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, tie_word_embeddings=vocabulary > 200_000,
    ).save_pretrained(tmp_path)  # fmt: skip
    held = logits_of(tmp_path, method)
    assert held == pytest.approx(logits_of(two_layers, method) * vocabulary / 32_000, rel=1e-6)


@pytest.mark.parametrize("method", ["orpo", "kto", "sft"])
def test_steps_that_are_added_up_hold_the_logits_of_one(two_layers, method):
    assert logits_of(two_layers, method, gradient_accumulation=8) == logits_of(two_layers, method)


@pytest.mark.parametrize(("method", "answers"), [("sft", 1), ("dpo", 2), ("kto", 1)])
def test_methods_with_a_fused_head_hold_one_tile_of_logits(two_layers, method, answers):
    tile = logits_of(two_layers, method)
    assert tile == answers * 2 * 128 * 32000 * 2  # bfloat16
    assert logits_of(two_layers, method, batch_size=4) == 2 * tile
    most = logits_of(two_layers, method, batch_size=32, max_length=1024)
    assert most == logits_of(two_layers, method, batch_size=64, max_length=1024) == 4096 * 32000 * 2


SHAPES = {
    "llama": LlamaConfig(
        vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=6,
        num_attention_heads=2,
    ),
    "gemma3": Gemma3TextConfig(  # every sixth layer attends to all
        vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=8,
        num_attention_heads=2, num_key_value_heads=1, head_dim=16,
    ),
    "gpt2": GPT2Config(
        vocab_size=300, n_embd=32, n_layer=5, n_head=2, bos_token_id=1, eos_token_id=1
    ),
}  # fmt: skip


@pytest.mark.parametrize("tuner", ["lora", "full"])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("checkpointing", [True, False])
def test_layers_that_are_skipped_count_as_if_they_had_run(
    tmp_path, monkeypatch, name, tuner, checkpointing
):
    SHAPES[name].save_pretrained(tmp_path)
    training = {"max_length": 32, "gradient_checkpointing": checkpointing}
    quick = of(tmp_path, tuner=tuner, base={"quantization": "none"}, training=training)
    monkeypatch.setattr("evalguard.training.activations._layer_stack", lambda *_: [])
    whole = of(tmp_path, tuner=tuner, base={"quantization": "none"}, training=training)
    assert quick == whole


def test_sharding_divides_what_it_shares(two_layers):
    full = {"tuner": "full", "base": {"quantization": "none"}}
    alone = of(two_layers, **full).components
    zero1 = of(two_layers, devices=4, sharding="zero1", **full).components
    zero3 = of(two_layers, devices=4, sharding="zero3", **full).components
    assert zero1["optimiser"] == pytest.approx(alone["optimiser"] / 4, abs=1)
    assert zero1["weights"] == alone["weights"]
    assert zero3["weights"] == pytest.approx(alone["weights"] / 4, abs=1)
    assert zero3["activations"] == alone["activations"]


def test_every_preset_can_be_estimated(two_layers):
    for name in PRESETS:
        config = with_preset(name, str(two_layers))
        assert estimate(config, base_dir=two_layers, device="cuda").total_bytes > 1e9


@pytest.mark.slow
def test_the_estimate_is_within_15_percent_of_the_peak_on_the_cpu(base_folder, tmp_path):
    code = f"""
import json, sys
from pathlib import Path
from evalguard.training.config import TrainingConfig
plain = {{
    "base": {{"model": {str(base_folder)!r}}},
    "data": {{"train": "x.jsonl", "validation_share": 0}},
    "training": {{"batch_size": 48, "max_length": 256, "epochs": 1, "max_cut_share": 1}},
    "output": "out",
}}
config = TrainingConfig.model_validate_json(json.dumps(plain))
folder = Path({str(tmp_path)!r})
if sys.argv[1] == "train":
    row = json.dumps({{"text": "the colour of the sky is blue " * 60}})
    (folder / "x.jsonl").write_text((row + "\\n") * 192)
    from evalguard.training.finetune import train
    train(config, base_dir=folder)
    from benchmarks.peak import peak_bytes
    print(peak_bytes())
else:
    from evalguard.training.estimate import estimate
    print(estimate(config, base_dir=folder, device="cpu").total_bytes)
"""

    def run(what):
        done = subprocess.run(
            [sys.executable, "-c", code, what], capture_output=True, text=True, check=True
        )
        return int(done.stdout.split()[-1])

    assert run("estimate") == pytest.approx(run("train"), rel=0.15)


def test_a_base_without_configuration(tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        of(tmp_path / "none")


def test_gpus_by_name_and_by_memory():
    assert find_gpu("A100-80GB") is GPUS["a100-80gb"]
    assert find_gpu("24 GiB".replace(" ", "")).memory_bytes == 24 * 2**30
    with pytest.raises(UsageError, match="Did you mean 'h100'"):
        find_gpu("h10")
    with pytest.raises(UsageError, match="between 0 and"):
        find_gpu("-3")
