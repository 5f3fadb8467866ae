"""Adapters of the types that peft has find their modules, and lose none unnoticed."""

import peft
import pytest
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from evalguard.engines.adapter_files import WEIGHTS_NAME, read_adapter
from evalguard.engines.base import EngineSettings
from evalguard.engines.modules import bare_model, check_modules
from evalguard.errors import ModelError

ON = {"target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"}
CONFIGS = {
    "lora": peft.LoraConfig(**ON),
    "tokens beside a tied head": peft.LoraConfig(**ON, trainable_token_indices=[1, 2]),
    "vera": peft.VeraConfig(**ON, r=8),
    "adalora": peft.AdaLoraConfig(**ON, total_step=10),
    "vblora": peft.VBLoRAConfig(**ON, vector_length=8, num_vectors=16),
    "loha": peft.LoHaConfig(**ON),
}


@pytest.fixture(params=list(CONFIGS.values()), ids=list(CONFIGS))
def saved(request, base, tmp_path):
    model = AutoModelForCausalLM.from_pretrained(base)
    peft.get_peft_model(model, request.param).save_pretrained(str(tmp_path))
    return tmp_path


def test_what_peft_saves_is_whole(saved, base):
    settings = EngineSettings(model=str(base))
    assert check_modules(read_adapter(saved), bare_model(settings)) == ()


def test_a_tensor_that_was_lost_is_missed(saved, base):
    tensors = load_file(saved / WEIGHTS_NAME)
    lost = next(name for name in sorted(tensors) if "layers.0" in name)
    save_file({name: one for name, one in tensors.items() if name != lost}, saved / WEIGHTS_NAME)
    with pytest.raises(ModelError, match=r"have no tensor|lacks a tensor"):
        check_modules(read_adapter(saved), bare_model(EngineSettings(model=str(base))))
