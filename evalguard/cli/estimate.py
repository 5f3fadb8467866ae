"""``evalguard estimate``: memory and time of a training run, without loading weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from evalguard.errors import UsageError
from evalguard.prerequisites import prerequisites
from evalguard.quiet import quiet

if TYPE_CHECKING:
    from evalguard.training.config import TrainingConfig
    from evalguard.training.estimate import Estimate
    from evalguard.training.hardware import Gpu

_SHARDINGS = ("none", "zero1", "zero2", "zero3")


@click.command(name="estimate")
@click.argument("config")
@click.option("--gpu", "gpu_name", help="GPU by name, such as a100-80gb, or its memory in GiB.")
@click.option(
    "--gpus", type=click.IntRange(min=1), default=1, show_default=True, help="Number of GPUs."
)
@click.option(
    "--sharding",
    type=click.Choice(_SHARDINGS),
    default="none",
    show_default=True,
    help="What is sharded across the GPUs; zero3 for FSDP.",
)
@click.option(
    "--tokens", type=click.IntRange(min=1), help="Number of training tokens, to estimate the time."
)
@click.option("--cpu", is_flag=True, help="Estimate a run on this machine's CPU.")
def command(
    config: str, gpu_name: str | None, gpus: int, sharding: str, tokens: int | None, cpu: bool
) -> None:
    """Estimate memory and time of a training run.

    CONFIG is a training config (.yaml), or a model folder or hub name: then only its configuration
    file is read, and the presets are compared.

    \b
    Examples:
      evalguard estimate training/tickets.yaml --gpu rtx-4090 --tokens 2000000
      evalguard estimate meta-llama/Llama-3.1-8B-Instruct --gpu 24
      evalguard estimate training/full.yaml --gpu a100-80gb --gpus 4 --sharding zero3
    """
    from rich.console import Console

    console = Console()
    with (
        prerequisites("The estimate", extra="train"),
        quiet(),
        console.status("loading torch and transformers"),
    ):
        from evalguard.training import hardware, load_training_config
        from evalguard.training.estimate import estimate, with_preset
        from evalguard.training.presets import PRESETS
    if cpu and (gpu_name or gpus > 1):
        raise UsageError("--cpu estimates one process on this machine; leave out --gpu and --gpus")
    gpu = hardware.find_gpu(gpu_name) if gpu_name else None
    path = Path(config)
    runs: dict[str, TrainingConfig] = {}
    if path.suffix in (".yaml", ".yml"):
        base_dir = path.parent
        runs[path.name] = load_training_config(path)
    else:
        base_dir = Path()
    base = next(iter(runs.values())).base if runs else config
    if not runs or gpu is not None:
        runs |= {f"preset {name}": with_preset(name, base) for name in PRESETS}
    shared = cast('Literal["none", "zero1", "zero2", "zero3"]', sharding)
    for name, run in runs.items():
        with console.status(f"estimating {name}"):
            found = estimate(
                run,
                base_dir=base_dir,
                device="cpu" if cpu else "cuda",
                devices=gpus,
                sharding=shared,
            )
        speed = _speed(gpu, run, gpus, cpu=cpu)
        console.print(_describe(name, found, gpu, speed, tokens), highlight=False, soft_wrap=True)


def _speed(gpu: Gpu | None, run: TrainingConfig, gpus: int, *, cpu: bool) -> float | None:
    """Return the FLOP/s that the run will reach, or ``None`` where nothing is known."""
    from evalguard.training import hardware

    if cpu:
        return hardware.measure_cpu_flops()
    if gpu is None or gpu.tflops is None:
        return None
    quantised = run.base.quantization == "nf4"
    share = hardware.NF4_UTILISATION if quantised else hardware.UTILISATION
    return gpu.tflops * 1e12 * share * gpus


def _describe(
    name: str, found: Estimate, gpu: Gpu | None, speed: float | None, tokens: int | None
) -> str:
    from evalguard.training.hardware import USABLE_SHARE

    total = found.total_bytes
    lines = [f"[bold]{name}[/bold]  {found.parameters / 1e9:.3g} B parameters, "]
    lines[0] += f"{found.trainable / 1e6:.3g} M trained, {found.optimizer}"
    parts = [f"{part} {size / 2**30:.2f}" for part, size in found.components.items() if size]
    lines.append(f"  {total / 2**30:.2f} GiB per device = {' + '.join(parts)}")
    if gpu is not None:
        fits = total <= USABLE_SHARE * gpu.memory_bytes
        verdict = "[green]fits[/green]" if fits else "[red]does not fit[/red]"
        lines.append(f"  {verdict} {gpu.memory_bytes / 2**30:.0f} GiB ({USABLE_SHARE:.0%} usable)")
    if speed is not None:
        seconds = found.flops_per_token * (tokens or 1_000_000) / speed
        of = f"{tokens:,} tokens" if tokens else "1M tokens"
        lines.append(f"  about {seconds / 60:.3g} min for {of} an epoch")
    return "\n".join(lines)
