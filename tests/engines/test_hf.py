import gc
import weakref
from pathlib import Path

import pytest
import torch
from peft import IA3Config, LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from evalguard.engines import hf_model
from evalguard.engines.adapter_files import WEIGHTS_NAME
from evalguard.engines.base import BASE, EngineSettings, choice
from evalguard.engines.hf import HFEngine
from evalguard.engines.hf_model import SwitchableHFLM
from evalguard.errors import ModelError, TrustError
from evalguard.quiet import quiet
from tests.engines import questions
from tests.engines.conftest import edit_config, make_adapter, rewrite
from tests.engines.contract import EngineContract, assert_same


def settings(base: Path, **options: object) -> EngineSettings:
    return EngineSettings(model=str(base), dtype="float32", **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def engine(base, adapter_a, adapter_b):
    opened = HFEngine(settings(base))
    opened.load_adapter("a", str(adapter_a))
    opened.load_adapter("b", str(adapter_b))
    yield opened
    opened.close()


class TestContract(EngineContract):
    pass


def test_an_adapter_that_is_loaded_later_changes_no_earlier_answer(base, adapter_a, adapter_b):
    engine = HFEngine(settings(base))
    ask = [(BASE, request) for request in questions.mixed()]
    base_alone = engine.respond(ask)
    engine.load_adapter("a", str(adapter_a))
    engine.load_adapter("b", str(adapter_b))
    assert_same(engine.respond(ask), base_alone)
    engine.close()


def living(kind):
    return [one for one in gc.get_objects() if isinstance(one, kind)]


@pytest.mark.parametrize("in_a_cycle", [False, True])
def test_closing_frees_the_weights_at_once(base, adapter_a, in_a_cycle):
    others = {id(model) for model in living(SwitchableHFLM)}
    engine = HFEngine(settings(base))
    engine.load_adapter("a", str(adapter_a))
    [lm] = [model for model in living(SwitchableHFLM) if id(model) not in others]
    if in_a_cycle:
        lm.model.owner = lm
    weights = [weakref.ref(weight) for weight in lm.model.parameters()]
    assert weights
    del lm
    gc.disable()
    try:
        engine.close()
        assert not any(weight() is not None for weight in weights)
    finally:
        gc.enable()


@pytest.fixture
def encoded(monkeypatch):
    """The texts that a tokenizer was given."""
    texts = []
    encode = PreTrainedTokenizerBase.encode

    def spy(self, text, **options):
        texts.append(text)
        return encode(self, text, **options)

    monkeypatch.setattr(PreTrainedTokenizerBase, "encode", spy)
    return texts


def test_a_text_is_encoded_once_for_all_models(engine, encoded):
    engine.respond([(BASE, choice("First", word)) for word in (" a", " b")])  # tries what it can do
    encoded.clear()
    asked = [choice("The dog met a cat that", word) for word in (" ran", " slept", " sat")]
    engine.respond([(model, one) for model in (BASE, "a", "b") for one in asked])
    assert len(encoded) == len(set(encoded)) == 4  # the context, and each choice with it


@pytest.fixture
def lm(base):
    with quiet():
        return SwitchableHFLM(**hf_model.constructor_arguments(settings(base)))


def test_a_text_is_encoded_as_lm_eval_does(lm, base):
    expected = AutoTokenizer.from_pretrained(base).encode("The dog", add_special_tokens=False)
    tokens = lm.tok_encode("The dog", False)
    assert tokens == expected
    tokens.append(0)
    assert lm.tok_encode("The dog", False) == expected
    assert lm.tok_encode("The dog", False, 1) == expected[-1:]


def test_texts_that_were_encoded_are_forgotten_in_time(lm, encoded, monkeypatch):
    monkeypatch.setattr(hf_model, "_REMEMBERED_TEXTS", 5)
    texts = [f"The dog {n}" for n in range(9)]
    encoded.clear()
    found = [lm.tok_encode(text) for text in texts]
    assert [lm.tok_encode(text) for text in texts[-5:]] == found[-5:]
    assert encoded == texts
    assert lm.tok_encode(texts[0]) == found[0]
    assert encoded == [*texts, texts[0]]


def test_the_effect_is_the_mean_change_of_the_logits(base, adapter_a):
    engine = HFEngine(settings(base))
    effect = engine.load_adapter("a", str(adapter_a)).effect
    assert 0.01 < effect < 100
    engine.close()


@pytest.fixture(scope="module")
def ia3(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ia3")
    torch.manual_seed(3)
    config = IA3Config(
        target_modules=["v_proj", "down_proj"],
        feedforward_modules=["down_proj"],
        task_type="CAUSAL_LM",
        init_ia3_weights=False,
    )
    get_peft_model(AutoModelForCausalLM.from_pretrained(base), config).save_pretrained(folder)
    return folder


def test_an_adapter_of_another_type_is_served(base, ia3):
    engine = HFEngine(settings(base))
    assert engine.load_adapter("ia3", str(ia3)).effect > 0
    engine.close()


class TestFaults:
    def test_a_zeroed_adapter_is_not_trusted(self, engine, copied):
        rewrite(copied, lambda name, tensor: (name, torch.zeros_like(tensor)))
        with pytest.raises(TrustError, match="changes nothing"):
            engine.load_adapter("zero", str(copied))
        assert "zero" not in engine.models

    def test_the_first_adapter_can_be_taken_off_again(self, base, copied, adapter_a):
        engine = HFEngine(settings(base))
        rewrite(copied, lambda name, tensor: (name, torch.zeros_like(tensor)))
        with pytest.raises(TrustError):
            engine.load_adapter("a", str(copied))
        assert engine.models == (BASE,)
        assert engine.load_adapter("a", str(adapter_a)).effect > 0
        engine.close()

    def test_an_untrained_adapter_is_not_trusted(self, engine, base, tmp_path):
        model = AutoModelForCausalLM.from_pretrained(base)
        config = LoraConfig(r=4, target_modules=["q_proj"], task_type="CAUSAL_LM")
        get_peft_model(model, config).save_pretrained(tmp_path)
        with pytest.raises(TrustError, match="changes nothing"):
            engine.load_adapter("untrained", str(tmp_path))

    def test_a_nan_adapter_is_not_trusted(self, engine, copied):
        rewrite(copied, lambda name, tensor: (name, tensor * float("nan")))
        with pytest.raises(ModelError, match="NaN or infinite"):
            engine.load_adapter("nan", str(copied))

    def test_tensors_that_are_missing_are_named(self, engine, copied):
        tensors = load_file(copied / WEIGHTS_NAME)
        kept = {name: tensor for name, tensor in tensors.items() if "layers.1" not in name}
        save_file(kept, copied / WEIGHTS_NAME)
        with pytest.raises(
            ModelError, match=r"6 modules .* have no tensor .* 'base_model\S+layers.1"
        ):
            engine.load_adapter("partial", str(copied))

    def test_renamed_modules_are_refused(self, engine, copied):
        rewrite(copied, lambda name, tensor: (name.replace("layers.1", "layers.7"), tensor))
        with pytest.raises(ModelError, match=r"layers\.7"):
            engine.load_adapter("renamed", str(copied))

    def test_an_adapter_of_another_shape_is_refused(self, engine, copied):
        rewrite(copied, lambda name, tensor: (name, torch.cat([tensor, tensor], dim=1)))
        with pytest.raises(ModelError, match="does not fit the base model"):
            engine.load_adapter("wide", str(copied))

    def test_the_engine_answers_as_before_after_a_fault(self, engine, copied, adapter_a):
        ask = [(model, r) for model in (BASE, "a") for r in questions.choices()]
        before = engine.respond(ask)
        rewrite(copied, lambda name, tensor: (name.replace("layers.1", "layers.7"), tensor))
        with pytest.raises(ModelError):
            engine.load_adapter("broken", str(copied))
        assert_same(engine.respond(ask), before)

    def test_no_model_is_trusted_on_a_base_that_loading_has_changed(
        self, base, copied, monkeypatch
    ):
        edit_config(copied, init_lora_weights="pissa")
        engine = HFEngine(settings(base))
        with pytest.raises(ModelError, match="changes the base's own weights"):
            engine.load_adapter("pissa", str(copied))
        assert engine.respond([(BASE, questions.generation(questions.FACT))])
        monkeypatch.setattr("evalguard.engines.adapter_config._BASE_CHANGING_INITS", ("-",))
        with pytest.raises(TrustError, match="changes the base itself"):
            engine.load_adapter("pissa", str(copied))
        with pytest.raises(TrustError, match="no model on it can be trusted"):
            engine.respond([(BASE, questions.generation(questions.FACT))])
        engine.close()

    @pytest.mark.parametrize("fault", ["layers.1", "q_proj"])
    def test_a_fault_of_the_first_adapter_leaves_the_base_as_it_was(self, base, copied, fault):
        engine = HFEngine(settings(base))
        ask = [(BASE, request) for request in questions.choices()]
        before = engine.respond(ask)
        rewrite(copied, lambda name, t: (name, torch.cat([t, t], 1) if fault in name else t))
        with pytest.raises(ModelError):
            engine.load_adapter("wide", str(copied))
        assert_same(engine.respond(ask), before)
        assert engine.models == (BASE,)
        engine.close()

    def test_an_adapter_that_replaces_the_bases_embeddings_is_refused(self, engine, base, tmp_path):
        make_adapter(base, tmp_path, seed=3, target_modules=["q_proj", "embed_tokens"])
        assert engine.load_adapter("same embeddings", str(tmp_path)).effect > 0
        rewrite(tmp_path, lambda name, t: (name, t + 0.1 if "base_layer" in name else t))
        with pytest.raises(ModelError, match="would replace them for the baseline"):
            engine.load_adapter("other embeddings", str(tmp_path))

    def test_another_type_beside_lora_is_refused(self, engine, ia3):
        with pytest.raises(ModelError, match="IA3, but LORA adapters are loaded"):
            engine.load_adapter("ia3", str(ia3))

    def test_a_name_is_taken_once(self, engine, adapter_a):
        with pytest.raises(ModelError, match="named 'a' is already loaded"):
            engine.load_adapter("a", str(adapter_a))

    def test_a_folder_without_a_model_is_refused(self, tmp_path):
        with pytest.raises(ModelError, match="cannot be loaded"):
            HFEngine(settings(tmp_path))


def test_closing_gives_the_threads_back(base):
    torch.set_num_threads(2)
    engine = HFEngine(settings(base))
    assert torch.get_num_threads() == 1
    engine.close()
    assert torch.get_num_threads() == 2


def test_ranks_of_single_modules_count(base, tmp_path):
    make_adapter(base, tmp_path, seed=5, r=2, rank_pattern={"down_proj": 6})
    engine = HFEngine(settings(base))
    assert engine.load_adapter("uneven", str(tmp_path)).effect > 0
    engine.close()
