"""Peak memory of a process, on the GPU or on the CPU."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Any, Self

from benchmarks.gpu.records import SkipPart
from benchmarks.peak import peak_bytes

_EVERY_SECONDS = 0.05


class PeakMemory(AbstractContextManager["PeakMemory"]):
    """Measures peak memory within a block.

    On CUDA it is the peak of torch's tensors plus the peak outside torch's allocator: the CUDA
    context and the pages of paged optimisers. No other process may use the GPU. On the CPU it is
    the process's peak resident memory so far.

    Attributes:
        peak_bytes: Peak memory in use.
        held_bytes: The same with memory that torch's allocator reserved but did not use; CUDA only.
    """

    def __init__(self, device: str) -> None:
        self.peak_bytes = 0
        self.held_bytes = 0
        self._on_cuda = device == "cuda"
        self._outside = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        if self._on_cuda:
            import torch

            torch.cuda.reset_peak_memory_stats()
            self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if not self._on_cuda:
            self.peak_bytes = peak_bytes()
            return
        import torch

        self._stop.set()
        self._thread.join()
        self.peak_bytes = torch.cuda.max_memory_allocated() + self._outside
        self.held_bytes = torch.cuda.max_memory_reserved() + self._outside

    def _watch(self) -> None:
        import torch

        while not self._stop.wait(_EVERY_SECONDS):
            before = torch.cuda.memory_reserved()
            free, total = torch.cuda.mem_get_info()
            # If torch reserved memory meanwhile, the two readings cannot be subtracted.
            if torch.cuda.memory_reserved() == before:
                self._outside = max(self._outside, total - free - before)


def require_memory(device: str, needed_bytes: float) -> None:
    """Skip the part if less memory is free.

    Raises:
        SkipPart: If less is free; names both figures.
    """
    if device == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info()
    else:
        import psutil

        free = psutil.virtual_memory().available
    if needed_bytes > free:
        raise SkipPart(f"needs about {needed_bytes / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free")


def free_memory(device: str) -> None:
    """Release unused memory."""
    import gc

    gc.collect()
    if device == "cuda":
        import torch

        torch.cuda.empty_cache()
