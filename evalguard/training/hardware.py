"""GPUs by name: memory and peak speed, from their vendors' data sheets."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from evalguard.errors import UsageError, did_you_mean

USABLE_SHARE = 0.92
"""Of a GPU's memory; the rest is for the allocator's gaps."""

UTILISATION = 0.35
"""Share of the peak that a well-fed training step reaches."""

NF4_UTILISATION = 0.25
"""The same where each layer's weights are unpacked at each pass."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU.

    Attributes:
        memory_bytes: Its memory.
        tflops: Peak of dense bfloat16 (float16 on Turing), in 10¹² FLOP/s; ``None`` if unknown.
    """

    memory_bytes: int
    tflops: float | None


GPUS: Mapping[str, Gpu] = {
    "t4": Gpu(16 << 30, 65),
    "l4": Gpu(24 << 30, 121),
    "a10g": Gpu(24 << 30, 70),
    "rtx-3090": Gpu(24 << 30, 71),
    "rtx-4090": Gpu(24 << 30, 165),
    "rtx-5090": Gpu(32 << 30, 209),
    "l40s": Gpu(48 << 30, 362),
    "a100-40gb": Gpu(40 << 30, 312),
    "a100-80gb": Gpu(80 << 30, 312),
    "h100": Gpu(80 << 30, 989),
    "h200": Gpu(141_000_000_000, 989),
    "b200": Gpu(180_000_000_000, 2250),
}


def find_gpu(text: str) -> Gpu:
    """Return a GPU by its name, or one with a given memory in GiB.

    Raises:
        UsageError: If it is neither.

    Example:
        >>> find_gpu("24").memory_bytes == find_gpu("rtx-4090").memory_bytes
        True
    """
    name = text.strip().casefold()
    if name in GPUS:
        return GPUS[name]
    try:
        size = float(name.removesuffix("gib").removesuffix("gb"))
    except ValueError:
        hint = did_you_mean(name, GPUS)
        raise UsageError(f"--gpu {text}: neither a known GPU nor a number of GiB. {hint}") from None
    if not 0 < size < 10_000:
        raise UsageError(f"--gpu {text}: expected GiB of memory between 0 and 10,000")
    return Gpu(round(size * 2**30), None)


def measure_cpu_flops(seconds: float = 0.3) -> float:
    """Return the FLOP/s of matrix products on this machine's CPU, by doing some."""
    import torch

    size = 512
    a, b = torch.rand(size, size), torch.rand(size, size)
    torch.mm(a, b)
    started, products = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        torch.mm(a, b)
        products += 1
    return products * 2 * size**3 / (time.perf_counter() - started)
