"""What both training and evaluation must know of bitsandbytes' quantised weights."""

from __future__ import annotations

from typing import Any


def keep_weights_exact(model: Any) -> None:
    """Keep bitsandbytes from changing 4-bit weights in mid-run on a CPU with AVX-512 BF16.

    It repacks them at the first evaluation, rounding their scales to bfloat16. A resumed training,
    which begins without that evaluation, would then continue with other weights than one that was
    never interrupted, and a base would answer differently before and after an adapter is loaded.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
