"""Random LoRA adapters of a chosen strength, for benchmarks that need many of them."""

from __future__ import annotations

from pathlib import Path


def save_adapter(base: Path, folder: Path, *, scale: float, seed: int) -> Path:
    """Write an adapter whose change of the weights is random and proportional to ``scale``."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from evalguard.quiet import quiet

    with quiet():
        torch.manual_seed(seed)
        config = LoraConfig(r=4, lora_alpha=4, target_modules="all-linear", init_lora_weights=False)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.data *= scale
        model.save_pretrained(folder)
    return folder
