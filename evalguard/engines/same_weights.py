"""Whether two model folders hold one model: read without torch, up to the first difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evalguard.engines.safetensors_header import data_of

_BOOKKEEPING = frozenset(
    {"_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version", "use_cache"}
)
"""Settings of a config that change no answer at a given precision."""

_CHUNK = 1 << 24


def same_model(one: Path, other: Path) -> bool:
    """Return whether two folders hold equal tensors under equal names, and equal settings.

    Shards and metadata may differ, and files that are not loaded count for nothing. Of two models
    that differ, as a rule only the first tensor is read.
    """
    if not (one.is_dir() and other.is_dir()) or _settings(one) != _settings(other):
        return False
    mine, theirs = dict(_tensors(one)), dict(_tensors(other))
    if not mine or mine.keys() != theirs.keys():
        return False
    return all(_equal(mine[name], theirs[name]) for name in sorted(mine))


_Place = tuple[Path, int, int]
"""A file, and where in it a tensor begins and ends."""


def _settings(folder: Path) -> dict[str, Any]:
    """Return the settings that answers depend on."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {
        key: value for key, value in config.items() if value is not None and key not in _BOOKKEEPING
    }


def _tensors(folder: Path) -> Iterator[tuple[str, _Place]]:
    for file in _loaded(folder):
        yield from ((name, (file, *span)) for name, span in data_of(file).items())


def _loaded(folder: Path) -> list[Path]:
    """Return the files of weights that are loaded, and no checkpoint or adapter beside them."""
    patterns = ("model.safetensors", "model-*.safetensors", "*.safetensors")
    files = ([one for one in sorted(folder.glob(each)) if one.is_file()] for each in patterns)
    return next(filter(None, files), [])


def _equal(one: _Place, other: _Place) -> bool:
    """Compare the bytes of two tensors, part by part."""
    if one[2] - one[1] != other[2] - other[1]:
        return False
    with one[0].open("rb") as mine, other[0].open("rb") as theirs:
        mine.seek(one[1])
        theirs.seek(other[1])
        left = one[2] - one[1]
        while left > 0:
            size = min(left, _CHUNK)
            if mine.read(size) != theirs.read(size):
                return False
            left -= size
    return True
