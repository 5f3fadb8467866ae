"""The machine and versions of the measurement."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from benchmarks.gpu.records import Context, Row
from evalguard.engines.machine import installed

_PACKAGES = ("torch", "transformers", "lm-eval", "peft", "trl", "accelerate", "bitsandbytes")


def describe(context: Context) -> Iterator[Row]:
    """Name the device and the versions."""
    import torch

    if context.device == "cuda":
        free, total = torch.cuda.mem_get_info()
        name = f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
        yield Row("GPU", "", name)
        yield Row("GPU memory, free of total", "", f"{free / 1e9:.1f} of {total / 1e9:.1f} GB")
    else:
        yield Row("CPU", "", f"{platform.machine()}, threads: {torch.get_num_threads()}")
    yield Row("Python", "", platform.python_version())
    versions = ((name, installed(name)) for name in _PACKAGES)
    yield Row("packages", "", ", ".join(f"{name} {found or '–'}" for name, found in versions))
