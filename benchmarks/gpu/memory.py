"""The peak of the memory that a process takes, on the GPU or on the CPU."""

from __future__ import annotations

import resource
import threading
from contextlib import AbstractContextManager
from typing import Any, Self

from benchmarks.gpu.records import SkipPart

_EVERY_SECONDS = 0.05


class PeakMemory(AbstractContextManager["PeakMemory"]):
    """Watches the memory within a block.

    On CUDA the peak is what torch's tensors take at most, and what lies outside torch's allocator
    at most: the CUDA context and the pages of paged optimisers. No other process may use the GPU.
    On the CPU it is the peak of the resident memory of the process so far.

    Attributes:
        peak_bytes: What the block needed.
        held_bytes: The same with what torch's allocator kept without using it; CUDA only.
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
            self.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
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
            if torch.cuda.memory_reserved() == before:  # else the two figures belong to two moments
                self._outside = max(self._outside, total - free - before)


def require_memory(device: str, needed_bytes: float) -> None:
    """Skip the part where so much is not free.

    Raises:
        SkipPart: With both figures.
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
    """Give back what is no longer used."""
    import gc

    gc.collect()
    if device == "cuda":
        import torch

        torch.cuda.empty_cache()
