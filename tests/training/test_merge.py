"""A merged or combined model answers as what it was made of, or there is no merged model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalguard.errors import ModelError, UsageError
from evalguard.quiet import quiet
from evalguard.training.base import open_pretrained
from evalguard.training.finetune import train
from evalguard.training.merge import COMBINATIONS, RECORD, combine, merge_into_base
from evalguard.training.merge_weights import round_to, types_of
from tests.engines.peft_methods import OTHERS, SERVED, save
from tests.engines.peft_methods import logits as peft_logits
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
    with pytest.raises(UsageError, match="at least two adapters"):
        combine([a], tmp_path / "x")
    with pytest.raises(UsageError, match="2 adapters need 2 finite weights"):
        combine([a, b], tmp_path / "x", weights=[1.0, float("nan")])
    with pytest.raises(UsageError, match=r"'ties' needs adapters of equal rank, found \[2, 4\]"):
        combine([a, small], tmp_path / "x", combination="ties")
    with pytest.raises(UsageError, match="density must be in"):
        combine([a, b], tmp_path / "x", combination="ties", density=0.0)
    other = tmp_path / "other"
    shutil.copytree(b, other)
    config = json.loads((other / "adapter_config.json").read_text())
    (other / "adapter_config.json").write_text(
        json.dumps(config | {"base_model_name_or_path": "another"})
    )
    with pytest.raises(ModelError, match="only adapters of the same base"):
        combine([a, other], tmp_path / "x")
    with pytest.raises(ModelError, match="no such adapter folder"):
        merge_into_base(tmp_path / "nothing", tmp_path / "x")
    assert [each.name for each in tmp_path.iterdir()] == ["other"]


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
    "activated": {"alora_invocation_tokens": [5]},
    "deeper": {"target_modules": ["q_proj"], "layer_replication": [[0, 2], [1, 2]]},
    "rslora_patterns": {"use_rslora": True, "rank_pattern": {"down_proj": 2}},
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("lora_bias", "activated")])
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
    [
        ("dora", "DoRA"),
        ("lora_bias", "biases"),
        ("saved_head", "whole modules .embed_tokens."),
        ("activated", "invocation tokens"),
        ("deeper", "replicated layers"),
    ],
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
    with pytest.raises(ModelError, match=r"cannot be merged: .*no bias\. Gate it unmerged"):
        merge_into_base(adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes"),
        ({"quant_method": "gptq", "bits": 4}, "gptq"),
        ({"quant_method": "fp8"}, "fp8"),
        ({"bits": 4}, "quantised"),
    ],
)
def test_a_quantised_base_is_refused(base_folder, adapters, tmp_path, stored, named):
    base = tmp_path / "base"
    shutil.copytree(base_folder, base)
    config = json.loads((base / "config.json").read_text())
    config["quantization_config"] = stored
    (base / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=rf"stored quantised \({named}\).*--base"):
        merge_into_base(adapters / "a", tmp_path / "merged", base=str(base))


@pytest.mark.parametrize(
    ("templates", "kept"),
    [
        (("{{ messages[0]['content'] }}!",) * 2, True),
        (("{{ messages[0]['content'] }}!", "{{ messages[0]['content'] }}?"), False),
        (("{{ messages[0]['content'] }}!", None), False),
        ((None, None), True),
    ],
)
def test_combined_adapters_keep_a_tokenizer_that_all_have(
    base_folder, adapters, tmp_path, templates, kept
):
    pair = []
    for name, template in zip("ab", templates, strict=True):
        pair.append(Path(shutil.copytree(adapters / name, tmp_path / name)))
        if template is not None:
            tokenizer = AutoTokenizer.from_pretrained(base_folder)
            tokenizer.chat_template = template
            tokenizer.save_pretrained(pair[-1])
    if not kept:
        with pytest.raises(ModelError, match="tokenizers or chat templates differ"):
            combine(pair, tmp_path / "ab")
        return
    combine(pair, tmp_path / "ab")
    if templates[0] is None:
        assert not (tmp_path / "ab" / "tokenizer.json").exists()
    else:
        found = AutoTokenizer.from_pretrained(tmp_path / "ab").chat_template
        assert found == templates[0]


def test_the_adapters_own_tokenizer_and_template_are_kept(base_folder, adapters, tmp_path):
    adapter = tmp_path / "a"
    shutil.copytree(adapters / "a", adapter)
    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    tokenizer.chat_template = "{{ messages[0]['content'] }}!"
    tokenizer.save_pretrained(adapter)
    merge_into_base(adapter, tmp_path / "merged")
    found = AutoTokenizer.from_pretrained(tmp_path / "merged").chat_template
    assert found == tokenizer.chat_template


def test_a_template_without_a_tokenizer_is_kept_and_must_be_shared(adapters, tmp_path):
    pair = [Path(shutil.copytree(adapters / name, tmp_path / name)) for name in "ab"]
    template = "{{ messages[0]['content'] }}!"
    (pair[0] / "chat_template.jinja").write_text(template)
    merge_into_base(pair[0], tmp_path / "merged")
    assert AutoTokenizer.from_pretrained(tmp_path / "merged").chat_template == template
    with pytest.raises(ModelError, match="tokenizers or chat templates differ"):
        combine(pair, tmp_path / "ab")
    (pair[1] / "chat_template.jinja").write_text(template)
    combine(pair, tmp_path / "ab")
    assert AutoTokenizer.from_pretrained(tmp_path / "ab").chat_template == template


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
    "a lost module": (without_first("norm"), {}, "has no tensor for a module"),
    "one too many": (with_one_more, {}, "tensors match no module"),
    "fewer targets": (None, {"target_modules": ["q_proj"]}, "tensors match no module"),
    "more targets": (None, {"target_modules": ["q_proj", "v_proj", "k_proj"]}, "have no tensor"),
    "DoRA forgotten": (None, {"use_dora": False}, "tensors match no module"),
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


def weaker(factor):
    """Return an edit that leaves a share of an adapter's update."""
    return lambda tensors: {
        name: tensor * factor if "lora_B" in name else tensor for name, tensor in tensors.items()
    }


def dropped(adapted, adapter):
    return adapted.unload()


def at_another_scale(factor):
    def merge(adapted, adapter):
        for module in adapted.modules():
            if isinstance(module, LoraLayer):
                module.scaling = {name: factor * one for name, one in module.scaling.items()}
        return adapted.merge_and_unload()

    return merge


def without_a_module(adapted, adapter):
    whole = adapted.base_model.model.model.layers[-1].mlp.down_proj.base_layer.weight.clone()
    merged = adapted.merge_and_unload()
    merged.model.layers[-1].mlp.down_proj.weight.data = whole
    return merged


WRONG_MERGES = {
    "dropped": dropped,
    "twice": at_another_scale(2.0),
    "half": at_another_scale(0.5),
    "a fifth more": at_another_scale(1.2),
    "without a module": without_a_module,
}


@pytest.mark.parametrize("strength", [(1.0, "float32"), (1e-3, "bfloat16")], ids=str)
@pytest.mark.parametrize("fault", WRONG_MERGES)
def test_a_wrong_merge_is_refused_however_weak_the_adapter_is(
    base_folder, tmp_path, monkeypatch, fault, strength
):
    factor, dtype = strength
    adapter = edited(special(base_folder, tmp_path / "whole"), tmp_path / "a", weaker(factor))
    monkeypatch.setattr("evalguard.training.merge._merged", WRONG_MERGES[fault])
    with pytest.raises(ModelError, match="of what the adapter changes, more than rounding"):
        merge_into_base(adapter, tmp_path / "merged", dtype=dtype)
    assert not (tmp_path / "merged").exists()


def test_a_weak_adapter_merges_where_its_base_has_the_bits(base_folder, tmp_path):
    whole = special(base_folder, tmp_path / "whole")
    adapter = edited(whole, tmp_path / "a", weaker(1e-3))
    merge_into_base(adapter, tmp_path / "merged")
    effect = logits(base_folder, adapter) - logits(base_folder)
    left = logits(tmp_path / "merged") - logits(base_folder, adapter)
    assert left.norm() < 0.05 * effect.norm()
    with pytest.raises(ModelError, match=r"rounding in bfloat16 .* merge with --dtype float32"):
        merge_into_base(adapter, tmp_path / "rounded", dtype="bfloat16")
    merge_into_base(whole, tmp_path / "rounded", dtype="bfloat16")
    record = json.loads((tmp_path / "rounded" / RECORD).read_text())
    assert 0 < record["relative_difference"] < 0.1
    written = load_file(tmp_path / "rounded" / "model.safetensors")
    assert {one.dtype for one in written.values()} == {torch.bfloat16}


def test_weights_keep_the_types_that_the_base_has_for_each(base_folder, tmp_path):
    adapter = special(base_folder, tmp_path / "a")
    with quiet():
        base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.bfloat16)
    types = types_of(base)
    types["model.norm.weight"] = torch.float32
    base.float()
    round_to(base, types)
    assert base.model.norm.weight.dtype == torch.float32
    assert base.lm_head.weight.dtype == torch.bfloat16
    merge_into_base(adapter, tmp_path / "merged")
    kept = load_file(tmp_path / "merged" / "model.safetensors")
    before = load_file(base_folder / "model.safetensors")
    assert {name: kept[name].dtype for name in before} == {n: w.dtype for n, w in before.items()}


def test_a_model_that_is_written_otherwise_is_refused(base_folder, tmp_path, monkeypatch):
    adapter = special(base_folder, tmp_path / "a")

    def damaged(kind, name, **options):
        found = open_pretrained(kind, name, **options)
        if kind is AutoModelForCausalLM and name != str(base_folder):
            found.model.norm.weight.data[0] += 1e-6
        return found

    monkeypatch.setattr("evalguard.training.merge.open_pretrained", damaged)
    with pytest.raises(ModelError, match=r"'model\.norm\.weight' of the merged model is not what"):
        merge_into_base(adapter, tmp_path / "merged")


TIED: dict[str, tuple[dict[str, Any], bool]] = {
    "embeddings": ({"target_modules": ["q_proj", "embed_tokens"]}, False),
    "head": ({"target_modules": ["q_proj", "lm_head"]}, False),
    "both": ({"target_modules": ["embed_tokens", "lm_head"]}, False),
    "both as one": ({"target_modules": ["embed_tokens"], "ensure_weight_tying": True}, True),
    "DoRA of the head": ({"target_modules": ["lm_head"], "use_dora": True}, False),
    "a saved head": ({"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]}, False),
    "saved both": ({"modules_to_save": ["embed_tokens", "lm_head"]}, False),
    "tokens": ({"target_modules": ["q_proj"], "trainable_token_indices": [7, 300]}, True),
    "tokens of the head": ({"trainable_token_indices": {"lm_head": [7]}}, False),
    "neither": ({"target_modules": ["q_proj"]}, True),
}


@pytest.mark.parametrize("kind", TIED)
def test_weights_that_are_shared_get_an_update_each(base_folder, tmp_path, kind):
    settings, stays_tied = TIED[kind]
    adapter = special(base_folder, tmp_path / "a", **settings)
    expected = logits(base_folder, adapter)
    assert not torch.allclose(expected, logits(base_folder), atol=1e-2)
    merge_into_base(adapter, tmp_path / "merged")
    assert torch.allclose(logits(tmp_path / "merged"), expected, atol=2e-3)
    config = json.loads((tmp_path / "merged" / "config.json").read_text())
    assert config["tie_word_embeddings"] is stays_tied


def grown(base_folder, folder, *, save=True, **settings):
    """Write an adapter that was trained with eight tokens more than its base has."""
    with quiet():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_pretrained(base_folder)
        size = model.get_input_embeddings().weight.shape[0]
        model.resize_token_embeddings(size + 8, mean_resizing=False)
        config = LoraConfig(**{"r": 4, "target_modules": ["q_proj"], **settings})
        adapted = get_peft_model(model, config)
        for weight in adapted.parameters():
            if weight.requires_grad:
                weight.data += 0.05 * torch.randn_like(weight)
        ids = torch.tensor([[5, 9, *range(size - 2, size + 8)]])
        with torch.no_grad():
            expected = adapted.eval()(ids).logits
        adapted.save_pretrained(folder, save_embedding_layers="auto" if save else False)
    return ids, expected


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"modules_to_save": ["embed_tokens"]},
        {"modules_to_save": ["embed_tokens", "lm_head"]},
        {"trainable_token_indices": [3, -1]},
        {"target_modules": ["q_proj", "lm_head"]},
    ],
    ids=str,
)
def test_tokens_that_were_added_answer_as_in_training(base_folder, tmp_path, settings):
    if "trainable_token_indices" in settings:
        with quiet():
            base = AutoModelForCausalLM.from_pretrained(base_folder)
        settings = {"trainable_token_indices": [3, base.config.vocab_size + 7]}
    ids, expected = grown(base_folder, tmp_path / "a", **settings)
    merge_into_base(tmp_path / "a", tmp_path / "merged")
    with quiet(), torch.no_grad():
        merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged").eval()
        assert torch.allclose(merged(ids).logits, expected, atol=2e-3)


def test_rows_of_added_tokens_are_not_made_up(base_folder, tmp_path):
    grown(base_folder, tmp_path / "a", save=False, modules_to_save=["embed_tokens"])
    with pytest.raises(ModelError, match=r"rows for the remaining tokens in 'lm_head' are missing"):
        merge_into_base(tmp_path / "a", tmp_path / "merged")
    with quiet():
        size = AutoModelForCausalLM.from_pretrained(base_folder).config.vocab_size
    grown(base_folder, tmp_path / "b", save=False, trainable_token_indices=[size])
    with pytest.raises(ModelError, match=rf"names token {size}, but the base has {size}"):
        merge_into_base(tmp_path / "b", tmp_path / "merged")


ROWS = 320
"""Rows of embeddings of the base, more than its tokenizer has tokens."""


def with_tokens(base_folder, adapter, until, name="<tool{}>"):
    """Put a tokenizer next to an adapter whose tokens are numbered up to another one."""
    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(base_folder)
        tokenizer.add_tokens([name.format(i) for i in range(len(tokenizer), until)])
        tokenizer.save_pretrained(adapter)
    return adapter


def test_a_tokenizer_with_tokens_that_have_no_row_is_not_merged(base_folder, adapters, tmp_path):
    lost = with_tokens(base_folder, edited(adapters / "a", tmp_path / "a"), ROWS + 2)
    with pytest.raises(
        ModelError, match=r"has 2 more tokens .*'<tool320>' \(320, and the base has"
    ):
        merge_into_base(lost, tmp_path / "merged")
    also = with_tokens(base_folder, edited(adapters / "b", tmp_path / "b"), ROWS + 2)
    with pytest.raises(ModelError, match="more tokens than the base has rows"):
        combine([lost, also], tmp_path / "ab")
    assert not (tmp_path / "merged").exists()
    assert not (tmp_path / "ab").exists()


def test_tokens_without_a_row_that_the_base_itself_lists_are_merged(
    base_folder, adapters, tmp_path
):
    shutil.copytree(base_folder, tmp_path / "base")
    with_tokens(base_folder, tmp_path / "base", ROWS + 1)
    adapter = edited(adapters / "a", tmp_path / "a", base_model_name_or_path=str(tmp_path / "base"))
    with_tokens(base_folder, adapter, ROWS + 1)
    merge_into_base(adapter, tmp_path / "merged")
    with_tokens(tmp_path / "base", adapter, ROWS + 2, name="<audio{}>")
    with pytest.raises(ModelError, match="'<audio321>'"):
        merge_into_base(adapter, tmp_path / "again")


def test_added_tokens_within_the_rows_of_the_base_are_merged(base_folder, adapters, tmp_path):
    adapter = with_tokens(base_folder, edited(adapters / "a", tmp_path / "a"), ROWS)
    merge_into_base(adapter, tmp_path / "merged")


@pytest.mark.parametrize("kind", SERVED)
def test_every_method_merges_exactly_or_says_how_it_is_gated(kind, demo_model, tmp_path):
    adapter = save(demo_model, tmp_path / "a", SERVED[kind])
    if kind in OTHERS:
        with pytest.raises(ModelError, match=r"Gate it unmerged: .*'engine: {name: hf}'\.$"):
            merge_into_base(adapter, tmp_path / "merged")
        return
    merge_into_base(adapter, tmp_path / "merged")
    expected = peft_logits(demo_model, adapter)
    assert torch.allclose(peft_logits(tmp_path / "merged"), expected, atol=2e-3)


def test_an_adapter_that_changes_nothing_is_not_merged(base_folder, adapters, tmp_path):
    zero = edited(adapters / "a", tmp_path / "a", lambda t: {n: 0 * one for n, one in t.items()})
    with pytest.raises(ModelError, match="changes nothing"):
        merge_into_base(zero, tmp_path / "merged")


def test_an_adapter_that_acts_after_a_token_is_not_merged(base_folder, tmp_path):
    adapter = special(base_folder, tmp_path / "a", alora_invocation_tokens=[5])
    with pytest.raises(ModelError, match=r"is active only after certain tokens.*Gate it unmerged"):
        merge_into_base(adapter, tmp_path / "merged")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "is missing or null. Give the base with --base"),
        ("", "is missing or null"),
        ("/home/of/another/model", "no such folder here. Give the base with --base"),
        ("../models/llama", "no such folder here"),
        ("C:\\models\\llama", "no such folder here"),
    ],
)
def test_a_base_that_is_not_here_is_named_with_its_key(adapters, tmp_path, name, message):
    adapter = edited(adapters / "a", tmp_path / "a", base_model_name_or_path=name)
    with pytest.raises(ModelError, match=rf"json: base_model_name_or_path\b.*{message}"):
        merge_into_base(adapter, tmp_path / "merged")


def test_the_revision_that_an_adapter_names_is_loaded(adapters, tmp_path, monkeypatch):
    adapter = edited(
        adapters / "a", tmp_path / "a", base_model_name_or_path="someone/model", revision="abc123"
    )
    asked = []

    def record(name, **options):
        asked.append((name, options.get("revision")))
        raise OSError("offline")

    monkeypatch.setattr("evalguard.training.merge.AutoConfig.from_pretrained", record)
    with pytest.raises(ModelError, match=r"or_path: .*offline.* Or give the base with --base"):
        merge_into_base(adapter, tmp_path / "merged")
    assert asked == [("someone/model", "abc123")]


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
