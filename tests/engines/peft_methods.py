"""An adapter of every method that peft has, with random weights, on the embedded model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import torch
from peft import PeftConfig, PeftModel
from transformers import AutoModelForCausalLM

from evalguard.quiet import quiet

TASK = {"task_type": "CAUSAL_LM"}
ON = {"target_modules": ["q_proj", "v_proj"], **TASK}
IDS = torch.arange(6, 26)[None]

WEIGHTS: dict[str, Callable[[], PeftConfig]] = {
    "LORA": lambda: peft.LoraConfig(**ON),
    "ADALORA": lambda: peft.AdaLoraConfig(**ON, total_step=10, init_r=6, target_r=4),
    "ADAMSS": lambda: peft.AdamssConfig(**ON, r=16, num_subspaces=4),
    "BOFT": lambda: peft.BOFTConfig(**ON, boft_block_size=8),
    "IA3": lambda: peft.IA3Config(**ON, feedforward_modules=[]),
    "LOHA": lambda: peft.LoHaConfig(**ON, r=4),
    "LOKR": lambda: peft.LoKrConfig(**ON, r=4),
    "OFT": lambda: peft.OFTConfig(**ON, oft_block_size=8),
    "LN_TUNING": lambda: peft.LNTuningConfig(target_modules=["input_layernorm"], **TASK),
    "VERA": lambda: peft.VeraConfig(**ON, r=8),
    "FROD": lambda: peft.FrodConfig(**ON, progressbar=False),
    "PVERA": lambda: peft.PveraConfig(**ON, r=8),
    "FOURIERFT": lambda: peft.FourierFTConfig(**ON, n_frequency=50),
    "GLORA": lambda: peft.GloraConfig(**ON, r=4),
    "HRA": lambda: peft.HRAConfig(**ON, r=4),
    "VBLORA": lambda: peft.VBLoRAConfig(**ON, vector_length=64, num_vectors=16),
    "UNILORA": lambda: peft.UniLoraConfig(**ON, r=4),
    "MISS": lambda: peft.MissConfig(**ON, r=8),
    "RANDLORA": lambda: peft.RandLoraConfig(**ON, r=8),
    "ROAD": lambda: peft.RoadConfig(**ON),
    "TRAINABLE_TOKENS": lambda: peft.TrainableTokensConfig(
        token_indices=[9, 1151], target_modules=["embed_tokens"], **TASK
    ),
    "HIRA": lambda: peft.HiraConfig(**ON, r=4),
    "SHIRA": lambda: peft.ShiraConfig(**ON, r=4),
    "C3A": lambda: peft.C3AConfig(**ON, block_size=32),
    "WAVEFT": lambda: peft.WaveFTConfig(**ON, n_frequency=64),
    "OSF": lambda: peft.OSFConfig(**ON),
    "DELORA": lambda: peft.DeloraConfig(**ON, r=4),
    "GRALORA": lambda: peft.GraloraConfig(**ON, r=4),
    "TINYLORA": lambda: peft.TinyLoraConfig(**ON),
    "PSOFT": lambda: peft.PsoftConfig(**ON, r=8),
    "PEANUT": lambda: peft.PeanutConfig(**ON, r=4),
    "SUPERTUNING": lambda: peft.SupertuningConfig(**ON),
    "DEFT": lambda: peft.DeftConfig(**ON, r=4),
}
"""Methods that change weights: they merge into the base."""

OTHERS: dict[str, Callable[[], PeftConfig]] = {
    "PROMPT_TUNING": lambda: peft.PromptTuningConfig(num_virtual_tokens=4, **TASK),
    "P_TUNING": lambda: peft.PromptEncoderConfig(
        num_virtual_tokens=4, encoder_hidden_size=16, **TASK
    ),
    "PREFIX_TUNING": lambda: peft.PrefixTuningConfig(num_virtual_tokens=4, **TASK),
    "CPT": lambda: peft.CPTConfig(
        cpt_token_ids=[5, 6], cpt_mask=[1, 1], cpt_tokens_type_mask=[1, 2], **TASK
    ),
    "CARTRIDGE": lambda: peft.CartridgeConfig(num_virtual_tokens=4, **TASK),
    "ADAPTION_PROMPT": lambda: peft.AdaptionPromptConfig(adapter_len=4, adapter_layers=2, **TASK),
    "BEFT": lambda: peft.BeftConfig(**ON),
    "SHADOW": lambda: peft.ShadowConfig(**TASK),
}
"""Methods that are served and cannot be merged into this base."""

REFUSED = ("POLY", "MULTITASK_PROMPT_TUNING", "XLORA", "LILY")
"""Methods whose answers need more than a text, or depend on other texts."""

SERVED = {**WEIGHTS, **OTHERS}


def save(
    base: Path, folder: Path, config: Callable[[], PeftConfig], *, scale: float = 0.05
) -> Path:
    """Write a random adapter of some method."""
    with quiet():
        torch.manual_seed(0)
        model = peft.get_peft_model(AutoModelForCausalLM.from_pretrained(base), config())
        for weight in model.parameters():
            if weight.requires_grad:
                weight.data += (scale * torch.randn(weight.shape)).to(weight.dtype)
        model.save_pretrained(folder)
    return folder


def logits(base: Path, adapter: Path | None = None, ids: torch.Tensor = IDS) -> torch.Tensor:
    """Return what transformers and peft themselves compute on some tokens."""
    with quiet(), torch.no_grad():
        model: Any = AutoModelForCausalLM.from_pretrained(base)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, str(adapter))
        found: torch.Tensor = model.eval()(ids).logits
    return found[:, -ids.shape[1] :]
