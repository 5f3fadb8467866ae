import gc

import psutil
import pytest

pytest.importorskip("vllm")

from transformers import AutoConfig, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from evalguard.engines.adapter_files import read_adapter
from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.vllm_start import constructor_arguments, prefill_tokens, read_plan
from evalguard.engines.vllm_support import LoraPlan, plan_lora
from evalguard.errors import ModelError
from tests.engines import questions
from tests.engines.conftest import edit_config


def with_adapters(base, *paths, **settings) -> EngineSettings:
    named = tuple((f"adapter{number}", str(path)) for number, path in enumerate(paths))
    return EngineSettings(model=str(base), dtype="float32", adapters=named, **settings)


def test_rank_and_modules_are_those_of_all_adapters(adapter_a, adapter_b):
    attention = ("k_proj", "o_proj", "q_proj", "v_proj")
    mlp = ("down_proj", "gate_proj", "up_proj")
    assert plan_lora([read_adapter(adapter_a)]) == LoraPlan(8, ("down_proj", "q_proj", "v_proj"), 1)
    both = plan_lora([read_adapter(adapter_a), read_adapter(adapter_b)])
    assert both == LoraPlan(8, tuple(sorted(attention + mlp)), 2)


@pytest.mark.parametrize(("rank", "allowed"), [(1, 1), (2, 8), (8, 8), (9, 16), (300, 320)])
def test_ranks_are_rounded_up_to_what_vllm_takes(copied, rank, allowed):
    edit_config(copied, r=rank)
    assert plan_lora([read_adapter(copied)]).max_rank == allowed


def test_a_rank_that_is_given_is_taken(base, adapter_a):
    settings = with_adapters(base, adapter_a, options={"max_lora_rank": 64})
    plan = read_plan(settings)
    assert plan is not None
    assert plan.max_rank == 64
    assert constructor_arguments(settings, plan)["max_lora_rank"] == 64


@pytest.mark.parametrize("given", [0, 7, "much", 1024, [8]])
def test_a_rank_that_vllm_does_not_take(base, adapter_a, given):
    with pytest.raises(ModelError, match=r"max_lora_rank is .*; allowed: 1, 8, 16"):
        read_plan(with_adapters(base, adapter_a, options={"max_lora_rank": given}))


def test_without_adapters_lora_is_off(base):
    settings = with_adapters(base)
    assert read_plan(settings) is None
    assert "enable_lora" not in constructor_arguments(settings, None)


def test_what_vllm_cannot_serve_is_refused_before_it_starts(base, copied):
    edit_config(copied, use_dora=True)
    with pytest.raises(ModelError, match="has DoRA, which vLLM does not serve"):
        read_plan(with_adapters(base, copied))
    edit_config(copied, use_dora=False, peft_type="PROMPT_TUNING")
    with pytest.raises(ModelError, match=r"Use 'engine: {name: hf}'\.$"):  # nothing to merge
        read_plan(with_adapters(base, copied))
    with pytest.raises(ModelError, match="serves no base in nf4"):
        constructor_arguments(with_adapters(base, quantization="nf4"), None)


@pytest.mark.parametrize(
    ("vocabulary", "tokens"), [(32_000, 8192), (128_256, 2092), (262_144, 1024)]
)
def test_large_vocabularies_take_fewer_prompt_tokens_at_once(vocabulary, tokens):
    assert prefill_tokens(vocabulary) == tokens


@pytest.mark.slow
def test_closing_ends_the_processes_and_the_next_engine_loads(base, adapter_a):
    from evalguard.engines.vllm import VLLMEngine

    ask = [(BASE, request) for request in questions.generations()]
    answers = []
    for _ in range(2):
        before = children()
        engine = VLLMEngine(with_adapters(base, adapter_a))
        assert children() - before
        answers.append(engine.respond(ask))
        engine.close()
        gc.collect()
        assert children() <= before
    assert answers[0] == answers[1]


@pytest.mark.slow
def test_what_vllm_cannot_run_names_the_cause(base, monkeypatch, capfd):
    from evalguard.engines.vllm import VLLMEngine

    with pytest.raises(ModelError, match=r"vLLM cannot run it: .*max_model_len \(1000000\)"):
        VLLMEngine(with_adapters(base, options={"max_model_len": 1_000_000}))
    # Only a process of vLLM knows this cause.
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "100000")
    with pytest.raises(ModelError, match=r"vLLM cannot run it: .*Error: Available memory"):
        VLLMEngine(with_adapters(base))
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""


@pytest.mark.slow
def test_a_base_that_fails_at_its_first_prompt_names_the_cause(base, tmp_path):
    from evalguard.engines.vllm import VLLMEngine

    config = LlamaConfig(
        vocab_size=AutoConfig.from_pretrained(base).vocab_size,
        hidden_size=80,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=128,
    )
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(base).save_pretrained(tmp_path)
    before = children()
    with pytest.raises(ModelError, match=r"vLLM cannot run it: .*40"):
        VLLMEngine(with_adapters(tmp_path))
    assert children() <= before


def children() -> set[int]:
    """Processes that run vLLM; Python's resource tracker stays."""
    found = psutil.Process().children(recursive=True)
    return {child.pid for child in found if "resource_tracker" not in " ".join(child.cmdline())}
