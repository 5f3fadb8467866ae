import json
import shutil
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalguard.errors import ModelError, UsageError
from evalguard.quiet import quiet
from evalguard.training.finetune import train
from evalguard.training.merge import COMBINATIONS, RECORD, combine, merge_into_base
from tests.training.test_finetune import make_config


@pytest.fixture(scope="module")
def adapters(base_folder, tmp_path_factory):
    """Two adapters of rank 4 and one of rank 2, trained on different seeds."""
    folder = tmp_path_factory.mktemp("adapters")
    rows = [{"prompt": f"the sky {i}", "completion": f"is blue {i}"} for i in range(16)]
    (folder / "task.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, seed, rank in (("a", 1, 4), ("b", 2, 4), ("small", 3, 2)):
        config = make_config(
            base_folder,
            replay=None,
            lora={"r": rank},
            training={"seed": seed, "epochs": 1},
            output=name,
        )
        train(config, base_dir=folder)
    return folder


def update(base_folder, adapter):
    """Return the change of every weight that an adapter makes."""
    with quiet():
        base = AutoModelForCausalLM.from_pretrained(base_folder)
        before = {name: weight.clone() for name, weight in base.state_dict().items()}
        merged = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    return {name: weight - before[name] for name, weight in merged.state_dict().items()}


def test_a_merged_model_answers_like_base_and_adapter(base_folder, adapters, tmp_path):
    merge_into_base(adapters / "a", tmp_path / "merged")
    ids = torch.arange(6, 26)[None]
    with quiet(), torch.no_grad():
        merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
        base = AutoModelForCausalLM.from_pretrained(base_folder)
        plain = base(ids).logits
        adapted = PeftModel.from_pretrained(base, str(adapters / "a"))(ids).logits
        assert torch.allclose(merged(ids).logits, adapted, atol=1e-4)
    assert not torch.allclose(plain, adapted, atol=1e-2)
    assert (tmp_path / "merged" / "tokenizer.json").is_file()
    assert [each.name for each in tmp_path.iterdir()] == ["merged"]


def test_cat_is_the_exact_weighted_sum(base_folder, adapters, tmp_path):
    combine([adapters / "a", adapters / "small"], tmp_path / "ab", weights=[0.7, -0.4])
    first, second = (update(base_folder, adapters / name) for name in ("a", "small"))
    combined = update(base_folder, tmp_path / "ab")
    assert any(change.abs().max() > 1e-3 for change in combined.values())
    for name, change in combined.items():
        assert torch.allclose(change, 0.7 * first[name] - 0.4 * second[name], atol=1e-5)


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_every_combination_gives_an_adapter(adapters, tmp_path, combination):
    output = combine([adapters / "a", adapters / "b"], tmp_path / "ab", combination=combination)
    assert {"adapter_config.json", "adapter_model.safetensors"} <= {
        file.name for file in output.iterdir()
    }
    weights = load_file(output / "adapter_model.safetensors")
    assert all(torch.isfinite(weight).all() for weight in weights.values())
    rank = json.loads((output / "adapter_config.json").read_text())["r"]
    assert rank == (8 if combination == "cat" else 4)


def test_dare_follows_its_seed(adapters, tmp_path):
    def combined(seed):
        folder = tmp_path / f"seed-{seed}"
        pair = [adapters / "a", adapters / "b"]
        combine(pair, folder, combination="dare_linear", seed=seed)
        return load_file(folder / "adapter_model.safetensors")

    first, other = combined(0), combined(1)
    again = combined(0)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_what_does_not_fit_together(adapters, tmp_path):
    a, b, small = (adapters / name for name in ("a", "b", "small"))
    with pytest.raises(UsageError, match="two adapters or more"):
        combine([a], tmp_path / "x")
    with pytest.raises(UsageError, match="2 adapters need 2 finite weights"):
        combine([a, b], tmp_path / "x", weights=[1.0, float("nan")])
    with pytest.raises(UsageError, match=r"'ties' needs adapters of one rank, found \[2, 4\]"):
        combine([a, small], tmp_path / "x", combination="ties")
    with pytest.raises(UsageError, match="density must be within"):
        combine([a, b], tmp_path / "x", combination="ties", density=0.0)
    other = tmp_path / "other"
    shutil.copytree(b, other)
    config = json.loads((other / "adapter_config.json").read_text())
    (other / "adapter_config.json").write_text(
        json.dumps(config | {"base_model_name_or_path": "another"})
    )
    with pytest.raises(ModelError, match="only adapters of one base"):
        combine([a, other], tmp_path / "x")
    with pytest.raises(ModelError, match="no such adapter folder"):
        merge_into_base(tmp_path / "nothing", tmp_path / "x")
    assert [each.name for each in tmp_path.iterdir()] == ["other"]


def test_virtual_tokens_cannot_be_merged(adapters, tmp_path):
    prompt = tmp_path / "prompt"
    shutil.copytree(adapters / "a", prompt)
    (prompt / "adapter_config.json").write_text(json.dumps({"peft_type": "PROMPT_TUNING"}))
    with pytest.raises(ModelError, match="virtual tokens"):
        merge_into_base(prompt, tmp_path / "x")


def special(base_folder, folder, *, seed=0, **config):
    """Write a random adapter of some kind, strong enough to be seen."""
    with quiet():
        torch.manual_seed(seed)
        settings = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear", **config}
        lora = LoraConfig(init_lora_weights=False, **settings)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base_folder), lora)
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                weight.data += 0.05 * torch.randn_like(weight)
            if "lora_B" in name:
                weight.data *= 0.3
        model.save_pretrained(folder)
    return folder


def logits(base, adapter=None):
    with quiet(), torch.no_grad():
        model = AutoModelForCausalLM.from_pretrained(base)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, str(adapter))
        return model.eval()(torch.arange(6, 26)[None]).logits


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "rslora": {"use_rslora": True},
    "dora": {"use_dora": True},
    "lora_bias": {"lora_bias": True},
    "patterns": {"rank_pattern": {"q_proj": 4}, "alpha_pattern": {"v_proj": 3}},
    "saved_head": {"target_modules": ["q_proj"], "modules_to_save": ["embed_tokens"]},
    "rslora_patterns": {"use_rslora": True, "rank_pattern": {"down_proj": 2}},
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "lora_bias"])
def test_every_kind_of_adapter_merges_into_its_base_exactly(base_folder, tmp_path, kind):
    adapter = special(base_folder, tmp_path / "a", **KINDS[kind])
    merge_into_base(adapter, tmp_path / "merged")
    expected = logits(base_folder, adapter)
    assert torch.allclose(logits(tmp_path / "merged"), expected, atol=2e-3)
    record = json.loads((tmp_path / "merged" / RECORD).read_text())
    assert record["relative_difference"] < 1e-3


@pytest.mark.parametrize("kind", ["plain", "rslora", "patterns", "rslora_patterns"])
@pytest.mark.parametrize("other", ["plain", "rslora"])
def test_a_sum_with_weights_1_and_0_is_the_first(base_folder, tmp_path, kind, other):
    one = special(base_folder, tmp_path / "one", **KINDS[kind])
    two = special(base_folder, tmp_path / "two", seed=1, **KINDS[other])
    combine([one, two], tmp_path / "sum", weights=[1.0, 0.0])
    assert torch.allclose(
        logits(base_folder, tmp_path / "sum"), logits(base_folder, one), atol=2e-3
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [("dora", "DoRA"), ("lora_bias", "biases"), ("saved_head", "whole modules .embed_tokens.")],
)
def test_what_does_not_add_is_refused(base_folder, tmp_path, kind, words):
    one = special(base_folder, tmp_path / "one", **KINDS[kind])
    two = special(base_folder, tmp_path / "two")
    for order in ([one, two], [two, one]):
        with pytest.raises(ModelError, match=words):
            combine(order, tmp_path / "sum")
    assert not (tmp_path / "sum").exists()


def test_a_bias_that_the_base_has_no_place_for_is_refused(base_folder, tmp_path):
    adapter = special(base_folder, tmp_path / "a", lora_bias=True)
    with pytest.raises(ModelError, match=r"cannot be merged: .*no bias. Serve it as an adapter"):
        merge_into_base(adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_a_quantised_base_is_refused(base_folder, adapters, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(base_folder, base)
    config = json.loads((base / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (base / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"stored quantised \(bitsandbytes\).*--base"):
        merge_into_base(adapters / "a", tmp_path / "merged", base=str(base))


def test_the_adapters_own_tokenizer_and_template_are_kept(base_folder, adapters, tmp_path):
    adapter = tmp_path / "a"
    shutil.copytree(adapters / "a", adapter)
    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    tokenizer.chat_template = "{{ messages[0]['content'] }}!"
    tokenizer.save_pretrained(adapter)
    merge_into_base(adapter, tmp_path / "merged")
    found = AutoTokenizer.from_pretrained(tmp_path / "merged").chat_template
    assert found == tokenizer.chat_template


def test_resized_embeddings_are_merged(base_folder, tmp_path):
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(base_folder)
        size = model.get_input_embeddings().weight.shape[0]
        model.resize_token_embeddings(size + 8, mean_resizing=False)
        lora = LoraConfig(
            r=4, target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"]
        )
        get_peft_model(model, lora).save_pretrained(tmp_path / "a")
    merge_into_base(tmp_path / "a", tmp_path / "merged", base=str(base_folder))
    with quiet():
        merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert merged.get_input_embeddings().weight.shape[0] == size + 8


def edited(folder, target, tensors=None, **config):
    """Return a copy of an adapter with other tensors or settings."""
    shutil.copytree(folder, target)
    if tensors:
        file = target / "adapter_model.safetensors"
        save_file(tensors(load_file(file)), file)
    settings = json.loads((target / "adapter_config.json").read_text())
    (target / "adapter_config.json").write_text(json.dumps({**settings, **config}))
    return target


def without_first(part):
    def edit(tensors):
        lost = next(name for name in sorted(tensors) if part in name)
        return {name: tensor for name, tensor in tensors.items() if name != lost}

    return edit


def with_one_more(tensors):
    name = next(name for name in sorted(tensors) if "lora_A" in name)
    return {**tensors, name.replace("layers.0.", "layers.9."): torch.zeros_like(tensors[name])}


DAMAGES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a lost tensor": (without_first("q_proj.lora_B"), {}, "modules that it should change have no"),
    "a lost module": (without_first("norm"), {}, "lacks a tensor of a module"),
    "one too many": (with_one_more, {}, "tensors find no module"),
    "fewer targets": (None, {"target_modules": ["q_proj"]}, "tensors find no module"),
    "more targets": (None, {"target_modules": ["q_proj", "v_proj", "k_proj"]}, "have no tensor"),
    "DoRA forgotten": (None, {"use_dora": False}, "tensors find no module"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_adapter_is_not_merged(base_folder, tmp_path, damage):
    tensors, config, words = DAMAGES[damage]
    whole = special(
        base_folder,
        tmp_path / "whole",
        target_modules=["q_proj", "v_proj"],
        modules_to_save=["norm"],
        use_dora=True,
    )
    adapter = edited(whole, tmp_path / "a", tensors, **config)
    with pytest.raises(ModelError, match=words):
        merge_into_base(adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_damaged_adapters_are_not_combined(base_folder, tmp_path):
    whole = special(base_folder, tmp_path / "a")
    broken = edited(whole, tmp_path / "b", without_first("lora_B"))
    with pytest.raises(ModelError, match="have no tensor"):
        combine([whole, broken], tmp_path / "sum")


def test_an_update_of_tied_embeddings_is_refused_with_its_reason(base_folder, tmp_path):
    adapter = special(base_folder, tmp_path / "a", target_modules=["q_proj", "embed_tokens"])
    with pytest.raises(ModelError, match=r"one tensor for embeddings and head.* adapter\.$"):
        merge_into_base(adapter, tmp_path / "merged")


@pytest.mark.parametrize(
    "config",
    [
        {"lora_alpha": None},
        {"lora_alpha": "16"},
        {"arrow_config": {"router_temperature": 1.0}},
        {"layer_replication": [[0, 2], [1, 2]]},
        {"peft_type": "SUPERLORA"},
    ],
    ids=str,
)
def test_a_config_that_peft_cannot_use_is_refused(base_folder, tmp_path, config):
    whole = special(base_folder, tmp_path / "whole", target_modules=["q_proj"])
    with pytest.raises(ModelError, match=str(tmp_path)):
        merge_into_base(edited(whole, tmp_path / "a", **config), tmp_path / "merged")


def test_layers_that_share_weights_cannot_be_saved(base_folder, tmp_path):
    settings = {"target_modules": ["q_proj"], "layer_replication": [[0, 2], [1, 2]]}
    adapter = special(base_folder, tmp_path / "a", **settings)
    with pytest.raises(ModelError, match=r"cannot be saved .* Serve it as an adapter"):
        merge_into_base(adapter, tmp_path / "merged")
