"""Adapters of every method that peft has find their modules, and lose none unnoticed."""

from typing import Any

import peft
import pytest
import torch
from peft import PeftType
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalguard.engines.adapter_files import WEIGHTS_NAME, read_adapter
from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.hf import HFEngine
from evalguard.engines.hf_model import SwitchableHFLM
from evalguard.engines.modules import bare_model, check_modules
from evalguard.errors import ModelError, TrustError
from evalguard.quiet import quiet
from tests.engines import questions
from tests.engines.conftest import edit_config, make_adapter, rewrite
from tests.engines.contract import assert_same
from tests.engines.peft_methods import ON, REFUSED, SERVED, TASK, logits, save

VARIANTS = {
    "tokens beside a tied head": lambda: peft.LoraConfig(**ON, trainable_token_indices=[1, 2]),
    "a tied head": lambda: peft.LoraConfig(target_modules=["q_proj", "lm_head"], **TASK),
    "tied by peft": lambda: peft.LoraConfig(
        target_modules=["embed_tokens"], ensure_weight_tying=True, **TASK
    ),
    "vera without projections": lambda: peft.VeraConfig(**ON, r=8, save_projection=False),
    "frod without projections": lambda: peft.FrodConfig(
        **ON, progressbar=False, save_projection=False
    ),
    "indices from the base": lambda: peft.SupertuningConfig(**ON, save_precomputed_indices=False),
    "a projected prefix": lambda: peft.PrefixTuningConfig(
        num_virtual_tokens=4, prefix_projection=True, encoder_hidden_size=16, **TASK
    ),
}


@pytest.fixture
def engine(base):
    opened = HFEngine(EngineSettings(model=str(base), dtype="float32"))
    yield opened
    opened.close()


def test_every_method_of_peft_is_in_the_table():
    assert {*SERVED, *REFUSED} == {kind.value for kind in PeftType}


@pytest.mark.parametrize("kind", [*SERVED, *VARIANTS])
def test_an_adapter_answers_as_in_peft(kind, engine, base, tmp_path):
    adapter = save(base, tmp_path, (VARIANTS | SERVED)[kind])
    alone = engine.log_probabilities(BASE, questions.FACT, "brown")
    assert engine.load_adapter("v1.2", str(adapter)).effect > 0
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = tokenizer(questions.FACT + "brown", return_tensors="pt", add_special_tokens=False)
    found = torch.tensor(engine.log_probabilities("v1.2", questions.FACT, "brown"))
    expected = torch.log_softmax(logits(base, adapter, ids.input_ids)[0], -1)[-len(found) :]
    assert torch.allclose(found, expected, atol=1e-4)
    assert (engine.log_probabilities(BASE, questions.FACT, "brown") == alone).all()


@pytest.mark.parametrize("kind", REFUSED)
def test_what_no_engine_serves_is_refused_in_one_sentence(kind, copied):
    edit_config(copied, peft_type=kind)
    with pytest.raises(ModelError, match=rf"adapter_config.json: peft_type is {kind}, which .*end"):
        read_adapter(copied)


@pytest.mark.parametrize("kind", ["PROMPT_TUNING", "P_TUNING", "CPT", "PREFIX_TUNING"])
def test_virtual_tokens_generate_in_a_batch_as_alone(kind, engine, base, tmp_path):
    engine.load_adapter("v", str(save(base, tmp_path, SERVED[kind], scale=0.3)))
    requests = [
        questions.generation(context, do_sample=True, temperature=1.0, seed=seed)
        for context in questions.CONTEXTS
        for seed in range(4)
    ]
    together = engine.respond([("v", request) for request in requests])
    assert together == [engine.respond([("v", request)])[0] for request in requests]
    assert len(set(map(str, together))) > len(questions.CONTEXTS)


def test_a_model_in_training_with_virtual_tokens_is_asked_in_unpadded_batches(base, tmp_path):
    adapter = save(base, tmp_path, SERVED["PROMPT_TUNING"], scale=0.3)
    with quiet():
        model = peft.PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter)
        lm = SwitchableHFLM(
            pretrained=model.eval(), tokenizer=AutoTokenizer.from_pretrained(base), batch_size=16
        )
        requests = [
            questions.generation(context, do_sample=True, temperature=1.0, seed=seed)
            for context in questions.CONTEXTS
            for seed in range(4)
        ]
        together = lm.generate_until(requests, disable_tqdm=True)
        alone = [lm.generate_until([one], disable_tqdm=True)[0] for one in requests]
    assert together == alone


def test_answers_that_depend_on_the_batch_are_not_trusted(engine, base, tmp_path, monkeypatch):
    monkeypatch.setattr("evalguard.engines.adapter_config._NOT_SERVED", {})
    adapter = save(base, tmp_path / "mean", lambda: peft.LilyConfig(**ON, r=4), scale=0.3)
    with pytest.raises(TrustError, match="depend on other texts in the batch"):
        engine.load_adapter("mean", str(adapter))
    adapter = save(
        base, tmp_path / "drawn", lambda: peft.PveraConfig(**ON, r=8, sample_at_inference=True)
    )
    with pytest.raises(TrustError, match="not reproducible"):
        engine.load_adapter("drawn", str(adapter))
    assert engine.models == (BASE,)


@pytest.mark.parametrize("kind", ["LORA", "ADAMSS", "SHIRA", "VBLORA", "PROMPT_TUNING"])
def test_what_peft_saves_is_whole_and_what_was_lost_is_missed(kind, engine, base, tmp_path):
    adapter = save(base, tmp_path, SERVED[kind])
    tensors = load_file(adapter / WEIGHTS_NAME)
    lost = next(name for name in sorted(tensors))
    rest = {name: one for name, one in tensors.items() if name != lost}
    save_file(rest or {"other": torch.ones(1)}, adapter / WEIGHTS_NAME)
    with pytest.raises(ModelError, match=r"have no tensor|has no tensor"):
        engine.load_adapter("v", str(adapter))


def test_a_bare_model_is_enough_for_most(base, adapter_a):
    settings = EngineSettings(model=str(base))
    assert check_modules(read_adapter(adapter_a), bare_model(settings)) == ()


def test_layers_of_the_base_come_back_when_an_adapter_repeats_them(engine, base, tmp_path):
    ask = [(BASE, request) for request in questions.choices()]
    before = engine.respond(ask)
    make_adapter(base, tmp_path, seed=1, layer_replication=[[0, 2], [1, 3]])
    with pytest.raises(TrustError, match=r"changes the base itself\. Merge it"):
        engine.load_adapter("deeper", str(tmp_path))
    assert_same(engine.respond(ask), before)


def test_a_second_adapter_that_peft_cannot_load_leaves_the_first(engine, base, tmp_path):
    adapter = str(save(base, tmp_path, SERVED["TRAINABLE_TOKENS"]))
    engine.load_adapter("first", adapter)
    ask = [(model, request) for model in (BASE, "first") for request in questions.choices()]
    before = engine.respond(ask)
    with pytest.raises(ModelError, match="cannot be loaded alongside the other adapters"):
        engine.load_adapter("second", adapter)
    assert engine.models == (BASE, "first")
    assert_same(engine.respond(ask), before)


@pytest.mark.parametrize("name", ["v1.2", "training", "keys", "q_proj"])
def test_a_candidate_may_have_any_name(name, engine, adapter_a, adapter_b):
    effects = [engine.load_adapter(one, str(adapter_a)).effect for one in ("a", name)]
    assert effects[0] == effects[1]
    assert engine.load_adapter("b", str(adapter_b)).effect != effects[0]


@pytest.mark.parametrize(
    "tokens",
    [
        [700, 701],
        [1151],  # the last row of the embeddings, which the tokenizer may not have
    ],
)
def test_an_adapter_that_acts_at_a_token_is_shown_it(engine, base, tmp_path, tokens):
    make_adapter(base, tmp_path, seed=1, alora_invocation_tokens=tokens)
    assert engine.load_adapter("activated", str(tmp_path)).effect > 0


def test_an_adapter_that_acts_at_a_token_that_is_not_there_is_refused(engine, base, tmp_path):
    make_adapter(base, tmp_path, seed=1, alora_invocation_tokens=[1151, 9999])
    with pytest.raises(ModelError, match="names token 9999, but the base has 1152"):
        engine.load_adapter("activated", str(tmp_path))


BROKEN: dict[str, tuple[dict[str, Any], Any, str]] = {
    "infinite": ({}, lambda t: t + float("inf"), "are NaN or infinite.* earlier checkpoint"),
    "integers": ({}, lambda t: (10 * t).to(torch.int8), "holds integers .* 16 or 32 bits"),
    "not gathered": ({}, lambda t: t[:0], "is empty, as if DeepSpeed ZeRO-3"),
    "overflow": ({}, lambda t: t * 1e30, "logits are not finite. Check its scaling"),
    "other rank": ({"r": 8}, None, "is 4×128 in the adapter file but 8×128 by its config"),
    "no target": ({"target_modules": []}, None, r"target_modules \[\]. The base's linear modules"),
    "other names": ({"target_modules": ["wq"]}, None, r"changed with target_modules \[\"wq\"\]"),
    "other layers": ({"layers_to_transform": [99]}, None, r"layers_to_transform \[99\]"),
    "all excluded": ({"exclude_modules": ["q_proj", "v_proj", "down_proj"]}, None, "exclude_mod"),
    "a new type": ({"peft_type": "SUPERLORA"}, None, r"SUPERLORA', which peft \S+ does not have"),
    "lower case": ({"peft_type": "lora"}, None, "write the type as peft does"),
    "a later peft": ({"peft_version": "99.1", "use_magic": True}, None, "use_magic. Update peft"),
    "no such token": ({"trainable_token_indices": [9999]}, None, "names token 9999, .* 1152"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_names_file_key_and_remedy(fault, engine, copied):
    config, change, message = BROKEN[fault]
    edit_config(copied, **config)
    if change:
        rewrite(copied, lambda name, t: (name, change(t)))
    with pytest.raises((ModelError, TrustError), match=message):
        engine.load_adapter("v", str(copied))


RENAMED = {
    "raw state": (".weight", ".default.weight", "names an adapter, 'default'"),
    "bare": ("base_model.model.", "", "names begin with 'base_model.model.'"),
    "compiled": ("base_model.", "_orig_mod.base_model.", "save it with peft's save_pretrained"),
}


@pytest.mark.parametrize("scheme", RENAMED)
def test_names_of_another_scheme_are_explained(scheme, engine, copied):
    old, new, message = RENAMED[scheme]
    rewrite(copied, lambda name, t: (name.replace(old, new), t))
    with pytest.raises(ModelError, match=message):
        engine.load_adapter("v", str(copied))


def test_settings_that_peft_leaves_out_are_noted(engine, copied):
    edit_config(copied, use_merged_linear=True, lora_dtype=None)
    [note] = engine.load_adapter("v", str(copied)).notes
    assert note.endswith("does not know and ignores use_merged_linear")
