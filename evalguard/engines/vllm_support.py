"""Which bases and adapters vLLM can serve, told from their files; loads no vLLM."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evalguard.engines.adapter_config import PROMPT_TYPES
from evalguard.engines.adapter_files import AdapterFiles
from evalguard.errors import ModelError

LORA_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Values that vLLM's ``max_lora_rank`` takes."""

_TENSOR = re.compile(r"^base_model\.model\.(?P<module>.+)\.lora_(embedding_)?[AB](\.weight)?$")

_UNSUPPORTED = {
    "use_dora": "DoRA",
    "lora_bias": "a LoRA bias",
    "modules_to_save": "whole modules ('modules_to_save')",
    "layer_replication": "replicated layers",
    "alora_invocation_tokens": "activated LoRA",
    "use_qalora": "QALoRA",
    "use_bdlora": "block-diagonal LoRA",
    "trainable_token_indices": "single trained tokens",
    "target_parameters": "parameters that are not modules",
}
"""Keys of ``adapter_config.json`` and what they ask for."""


@dataclass(frozen=True, slots=True)
class LoraPlan:
    """What a vLLM engine must know of its adapters when it starts.

    Attributes:
        max_rank: Greatest rank, rounded up to what vLLM takes.
        modules: Last names of the modules that any of them changes.
        adapters: How many there are.
    """

    max_rank: int
    modules: tuple[str, ...]
    adapters: int


def lora_obstacle(adapter: AdapterFiles, *, on_cpu: bool) -> str | None:
    """Return why vLLM cannot serve an adapter, or ``None`` where it can.

    Args:
        adapter: The adapter.
        on_cpu: Whether it is vLLM's CPU build.
    """
    config = dict(adapter.config)
    asked = [meaning for key, meaning in _UNSUPPORTED.items() if config.get(key)]
    if config.get("bias", "none") != "none":
        asked.append("trained biases")
    if adapter.peft_type != "LORA":
        return f"is of type {adapter.peft_type}, but vLLM serves only LoRA"
    if asked:
        return f"has {asked[0]}, which vLLM does not serve"
    if adapter.rank > LORA_RANKS[-1]:
        return f"has rank {adapter.rank}, but vLLM supports at most {LORA_RANKS[-1]}"
    full = [name for name in adapter.shapes if not _TENSOR.match(name)]
    if full:
        return f"holds tensors other than LoRA's, such as '{full[0]}', which vLLM ignores"
    if on_cpu and "lm_head" in module_names(adapter):
        return "changes lm_head, on which vLLM's CPU build fails"
    return None


def check_lora(adapter: AdapterFiles, *, on_cpu: bool) -> None:
    """Raise :class:`ModelError` where vLLM cannot serve an adapter."""
    if obstacle := lora_obstacle(adapter, on_cpu=on_cpu):
        merge = (
            ""
            if adapter.peft_type in PROMPT_TYPES
            else ", or merge the adapter and gate the merged model under 'model', not 'adapter'"
        )
        raise ModelError(f"{adapter.path}: {obstacle}. Use 'engine: {{name: hf}}'{merge}.")


def plan_lora(adapters: Iterable[AdapterFiles]) -> LoraPlan:
    """Return what an engine needs to serve all of these adapters.

    Raises:
        ValueError: If there is none.
    """
    all_adapters = tuple(adapters)
    rank = max(adapter.rank for adapter in all_adapters)
    return LoraPlan(
        max_rank=next(allowed for allowed in LORA_RANKS if allowed >= rank),
        modules=tuple(sorted({name for a in all_adapters for name in module_names(a)})),
        adapters=len(all_adapters),
    )


def module_names(adapter: AdapterFiles) -> set[str]:
    """Return the last names of the modules that an adapter's tensors belong to.

    The config may name them by a pattern, and may name some that the base does not have.
    """
    found = (_TENSOR.match(name) for name in adapter.shapes)
    return {match["module"].rpartition(".")[2] for match in found if match}
