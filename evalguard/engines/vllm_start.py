"""How a vLLM engine is started: what lm-eval's class, and through it vLLM, is built with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from evalguard.engines.adapter_files import read_adapter
from evalguard.engines.base import EngineSettings
from evalguard.engines.modules import bare_config
from evalguard.engines.vllm_library import ON_CPU
from evalguard.engines.vllm_support import LORA_RANKS, LoraPlan, check_lora, plan_lora
from evalguard.errors import ModelError

_CPU_BLOCK_TOKENS = 32
"""Tokens in a block of the cache; vLLM's default of 128 would share only every 128th token."""

_LOGITS_BYTES = 2 << 30
"""Memory that the log-probabilities of one step's prompts may take on a GPU."""


def read_plan(settings: EngineSettings) -> LoraPlan | None:
    """Return what the adapters of the settings need, or ``None`` without any."""
    adapters = [read_adapter(Path(path)) for _, path in settings.adapters]
    for adapter in adapters:
        check_lora(adapter, on_cpu=ON_CPU)
    if not adapters:
        return None
    plan = plan_lora(adapters)
    given = settings.options.get("max_lora_rank")
    if given is None:
        return plan
    if given not in LORA_RANKS:
        allowed = ", ".join(map(str, LORA_RANKS))
        raise ModelError(
            f"engine: options: max_lora_rank is {given!r}; allowed: {allowed}. Without it, the "
            f"adapters' own ranks decide."
        )
    return replace(plan, max_rank=given)


def constructor_arguments(settings: EngineSettings, plan: LoraPlan | None) -> dict[str, Any]:
    """Return what lm-eval's class, and through it vLLM, is built with."""
    if settings.quantization != "none":
        raise ModelError(
            f"{settings.model}: the vllm engine serves no base in {settings.quantization}. "
            f"Use 'engine: {{name: hf}}'."
        )
    arguments: dict[str, Any] = {
        "pretrained": settings.model,
        "revision": settings.revision,
        "tokenizer": settings.tokenizer,
        "dtype": settings.dtype,
        "max_length": settings.max_length,
        "trust_remote_code": settings.trust_remote_code,
        "load_format": "safetensors",
        "enable_prefix_caching": True,
        "use_tqdm_on_load": False,
    }
    if ON_CPU:
        arguments |= {"enforce_eager": True, "block_size": _CPU_BLOCK_TOKENS}
    else:
        vocabulary = bare_config(settings).get_text_config().vocab_size
        arguments["max_num_batched_tokens"] = prefill_tokens(vocabulary)
    if plan:
        arguments |= {
            "enable_lora": True,
            "max_lora_rank": plan.max_rank,
            "lora_target_modules": list(plan.modules),
            # vLLM's CPU build gives requests of the base the adapter in the last slot when it
            # mixes them with others, so there is one slot more, which stays empty.
            "max_loras": plan.adapters + ON_CPU,
        }
    return arguments | dict(settings.options)


def prefill_tokens(vocabulary: int) -> int:
    """Return how many prompt tokens vLLM may compute at once.

    For the choices of several tokens it computes the logits of whole prompts, twice and in
    float32, which vLLM's own reckoning of the memory leaves out.
    """
    return max(1024, min(8192, _LOGITS_BYTES // (2 * 4 * vocabulary)))
