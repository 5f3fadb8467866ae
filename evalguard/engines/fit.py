"""Whether an adapter belongs to a base, as far as the headers of their files tell; without torch.

Only what is certain is an error here: checkpoints may name their tensors otherwise than the loaded
model does. The engines check the rest, module by module, when they load an adapter.
"""

from __future__ import annotations

import re
from pathlib import Path

from evalguard.engines.adapter_files import AdapterFiles
from evalguard.engines.safetensors_header import TensorInfo, read_folder
from evalguard.errors import ModelError

_LORA = re.compile(
    r"^base_model\.model\.(?P<module>.+)\.lora_(?P<table>embedding_)?(?P<side>[AB])(\.weight)?$"
)
_FULL = re.compile(r"^base_model\.model\.(?P<module>.+)\.weight$")
_FLOATS = ("F64", "F32", "F16", "BF16")
_VOCABULARY = ("embed_tokens", "lm_head", "wte", "word_embeddings", "embed_in", "embed_out")


def check_fit(adapter: AdapterFiles, base: Path) -> None:
    """Check a LoRA adapter against the base model in a folder.

    Raises:
        ModelError: If a tensor is for a layer that the base lacks, or for one of another shape.
    """
    weights = read_folder(base)
    if embeddings := weights.get("model.embed_tokens.weight"):
        weights.setdefault("lm_head.weight", embeddings)  # tied, and so stored once
    patterns = {_without_numbers(name) for name in weights}
    for name, shape in adapter.shapes.items():
        found = _LORA.match(name) or _FULL.match(name)
        if found is None:
            continue
        weight = f"{found['module']}.weight"
        if weight in weights:
            _check_shape(adapter, base, found, shape, weights[weight])
        elif _without_numbers(weight) in patterns:
            raise ModelError(
                f"{adapter.path}: does not fit {base}: the adapter changes '{found['module']}', "
                f"a layer that this base does not have. {_trained_on(adapter)}"
            )


def origin_notes(adapter: AdapterFiles, base: str, revision: str | None = None) -> tuple[str, ...]:
    """Return a note where the adapter names another base than the one it is loaded on.

    Names alone decide nothing: the same model lies in other folders on other machines.
    """
    if adapter.base_model and Path(adapter.base_model).name != Path(base).name:
        return (
            (f"its config names '{adapter.base_model}' as its base, but it is loaded on '{base}'"),
        )
    named = adapter.config.get("revision")
    if named and not Path(base).is_dir() and named != (revision or "main"):
        return (
            f"its config names revision '{named}' of its base, but '{revision or 'main'}' is "
            "loaded",
        )
    return ()


def _check_shape(
    adapter: AdapterFiles,
    base: Path,
    found: re.Match[str],
    shape: tuple[int, ...],
    weight: TensorInfo,
) -> None:
    if weight.dtype not in _FLOATS or len(weight.shape) != 2 or len(shape) != 2:
        return  # packed by a quantiser, a convolution, or for the engine to refuse
    groups = found.groupdict()
    got: tuple[int, ...] = shape
    expected: tuple[int, ...] = weight.shape
    if "side" in groups:
        # lora_A is (rank, in) and lora_B (out, rank); Conv1D and embeddings store (in, out).
        transposed = bool(groups["table"]) or bool(adapter.config.get("fan_in_fan_out"))
        outputs, inputs = weight.shape[::-1] if transposed else weight.shape
        side = groups["side"]
        got = shape[1:] if side == "A" else shape[:1]
        expected = (inputs,) if side == "A" else (outputs,)
    if got == expected:
        return
    module = groups["module"]
    is_vocabulary = module.rpartition(".")[2] in _VOCABULARY
    what = "vocabulary" if is_vocabulary else "size"
    resized = "If its vocabulary was resized, merge it and gate the merged model. "
    raise ModelError(
        f"{adapter.path}: does not fit {base}: '{module}' has {what} {_dims(expected)} in the "
        f"base and {_dims(got)} in the adapter. {resized if is_vocabulary else ''}"
        f"{_trained_on(adapter)}"
    )


def _trained_on(adapter: AdapterFiles) -> str:
    return (
        f"It names as its base '{adapter.base_model or 'an unnamed model'}': gate it on that one."
    )


def _dims(shape: tuple[int, ...]) -> str:
    return "×".join(str(dimension) for dimension in shape)


def _without_numbers(name: str) -> str:
    return re.sub(r"\.\d+\.", ".N.", name)
