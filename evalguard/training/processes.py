"""Training in several processes: which one this is, and how the others are started.

Every process trains the same model on its share of each batch (data parallel, over gloo on CPUs and
NCCL on GPUs), or on its share of the weights where an accelerate config says so (FSDP, DeepSpeed).
Only the first writes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evalguard.errors import UsageError
from evalguard.training.config import TrainingConfig


def count() -> int:
    """Return how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Return whether this is the process that writes and talks."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def own_output(config: TrainingConfig, output: Path) -> Iterator[Path]:
    """Yield where this process writes: the output for the first, a scratch folder for others.

    Raises:
        UsageError: If the run keeps state on the way, which processes do not share.
    """
    if count() == 1:
        yield output
        return
    for stage in config.stages:
        if stage.training.checkpoints or stage.training.early_stopping is not None:
            raise UsageError(
                "training.checkpoints and training.early_stopping work with one process only; "
                "remove them, or train without --launch"
            )
    if is_first():
        yield output
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / output.name


def launch(arguments: Sequence[str], *, processes: int | None, config: Path | None) -> int:
    """Run ``evalguard`` in several processes and return the exit code.

    With CUDA or an accelerate config, ``accelerate launch`` starts them. On CPUs, where that needs
    MPI, torch's own launcher does, which is what accelerate itself calls.

    Args:
        arguments: The words after ``evalguard``.
        processes: How many; accelerate's own choice when ``None``.
        config: An accelerate config, such as one for FSDP or DeepSpeed ZeRO.
    """
    import torch

    if config is None and not torch.cuda.is_available():
        command = ["torch.distributed.run", "--standalone", f"--nproc_per_node={processes or 2}"]
    else:
        command = ["accelerate.commands.launch"]
        command += ["--config_file", str(config)] if config else []
        command += ["--num_processes", str(processes)] if processes else []
    environment = os.environ | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    if not torch.cuda.is_available():
        environment["ACCELERATE_USE_CPU"] = "true"
    done = subprocess.run(
        [sys.executable, "-m", *command, "-m", "evalguard", *arguments],
        env=environment,
        check=False,
    )
    return done.returncode
