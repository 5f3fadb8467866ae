"""Models for real servers: a base, one that is as good, and one that is damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

GOOD_NOISE, BAD_NOISE = 0.2, 0.5
"""Random change of the matrices, in standard deviations of each."""

GOOD_NORM_NOISE = 0.02
"""The same of norms, relative to each weight: enough for other texts, not for other knowledge."""


def save_changed(base: Path, folder: Path, *, noise: float) -> Path:
    """Write a copy of a model whose matrices are changed at random.

    Args:
        base: Folder of the model.
        folder: Where the copy goes; not there yet.
        noise: Standard deviation of the change, in those of each matrix.
    """
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(base, folder)
    file = folder / "model.safetensors"
    generator = torch.Generator().manual_seed(0)
    tensors = load_file(file)
    for weight in tensors.values():
        if weight.dim() == 2:
            drawn = torch.randn(weight.shape, generator=generator, dtype=torch.float32)
            weight.add_((noise * weight.float().std() * drawn).to(weight.dtype))
    save_file(tensors, file, metadata={"format": "pt"})
    return folder


def save_changed_gguf(base: Path, file: Path, *, noise: float) -> Path:
    """Write a copy of a GGUF file whose norms are changed at random.

    Args:
        base: The file.
        file: Where the copy goes.
        noise: Standard deviation of the change, relative to each weight.
    """
    import numpy as np
    from gguf import GGUFReader

    shutil.copyfile(base, file)
    draw = np.random.default_rng(0)
    for tensor in GGUFReader(file, "r+").tensors:
        if tensor.name.endswith("norm.weight"):
            tensor.data[:] *= (1 + noise * draw.standard_normal(tensor.data.shape)).astype(
                "float32"
            )
    return file
