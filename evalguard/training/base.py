"""Loads the base model and its tokenizer for training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from evalguard.engines.quantised import keep_weights_exact
from evalguard.errors import ModelError, PrerequisiteError
from evalguard.hub import check_hub
from evalguard.store import folder_fingerprint
from evalguard.training.config import Base

SMALL_PARAMETERS = 50_000_000
"""Below this a model is trained on one thread."""


@dataclass(frozen=True, slots=True)
class LoadedBase:
    """A base model ready for training.

    Attributes:
        model: The causal language model.
        tokenizer: Its tokenizer, padding on the right.
        name: Folder or hub name that it was loaded from.
    """

    model: Any
    tokenizer: Any
    name: str


def resolve(base: Base, base_dir: Path) -> str:
    """Return the folder of a local base, or its hub name unchanged.

    Raises:
        ModelError: If it looks like a folder and none is there.
    """
    folder = base_dir / base.model
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"{folder}: no config.json, so this is not a model folder")
        return str(folder)
    if base.model.startswith((".", "/", "~")) or base.model.count("/") > 1:
        raise ModelError(f"base.model: no such folder '{base.model}' (looked in {base_dir})")
    return base.model


def load_base(base: Base, *, base_dir: Path, all_weights: bool = False) -> LoadedBase:
    """Load model and tokenizer; on CUDA in bfloat16, on the CPU in float32.

    Args:
        base: What to load and how to quantise it.
        base_dir: Folder that a relative path refers to.
        all_weights: Whether all weights will be trained; they are then float32 on CUDA too, because
            small updates of bfloat16 weights are rounded away.

    Raises:
        ModelError: If the base does not exist or cannot be loaded.
        PrerequisiteError: If bitsandbytes is needed and missing.
    """
    name = resolve(base, base_dir)
    on_cuda = torch.cuda.is_available()
    dtype = torch.bfloat16 if on_cuda and not all_weights else torch.float32
    tokenizer = open_pretrained(AutoTokenizer, name, revision=base.revision)
    model = open_pretrained(
        AutoModelForCausalLM,
        name,
        revision=base.revision,
        dtype=dtype,
        device_map={"": 0 if on_cuda else "cpu"},
        quantization_config=_quantization(base.quantization, dtype),
    )
    keep_weights_exact(model)
    tokenizer.padding_side = "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return LoadedBase(model, tokenizer, name)


def open_pretrained(auto_class: Any, name: str, **options: Any) -> Any:
    """Call ``from_pretrained`` and say what to do when it fails.

    Args:
        auto_class: ``AutoModelForCausalLM`` or ``AutoTokenizer``.
        name: Folder or hub name.
        options: Further arguments.

    Raises:
        ModelError: If there is no such model, or it cannot be loaded.
        PrerequisiteError: If bitsandbytes is needed and missing.
    """
    if not Path(name).is_dir():
        check_hub()
    try:
        return auto_class.from_pretrained(name, **options)
    except ImportError as error:
        raise PrerequisiteError("Quantised training", extra="train") from error
    except (OSError, ValueError) as error:
        raise ModelError(
            f"base model '{name}' could not be loaded: {str(error).splitlines()[0]} "
            "Give a model folder, or the name of a model on the hub that can be reached."
        ) from error


@contextmanager
def fitting_threads(model: Any) -> Iterator[None]:
    """Run a small model on one thread, and restore the number afterwards.

    The threads of a small model spend their time waiting for each other, many times over when
    something else runs on the machine.
    """
    before = torch.get_num_threads()
    if model.num_parameters() < SMALL_PARAMETERS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _quantization(kind: str, dtype: torch.dtype) -> BitsAndBytesConfig | None:
    if kind == "nf4":
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    return BitsAndBytesConfig(load_in_8bit=True) if kind == "int8" else None


def linear_modules(model: Any) -> list[str]:
    """Return the names that ``target_modules`` may hold: the last parts of all linear layers."""
    output = model.get_output_embeddings()
    return sorted(
        {
            name.rsplit(".", 1)[-1]
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear) and module is not output
        }
    )


def base_fingerprint(name: str, revision: str | None = None) -> str:
    """Return the hash of a base's files, as the store takes it.

    Args:
        name: Folder or hub name; a hub model is read from the local cache.
        revision: Commit of a hub model.
    """
    folder = Path(name)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
    return folder_fingerprint(folder)
