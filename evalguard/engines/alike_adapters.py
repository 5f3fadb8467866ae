"""How alike two LoRA adapters are in what they add to the weights: read without torch."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evalguard.engines.safetensors_header import data_of, read_header

_PAIR = re.compile(r"(.*)(\.lora_(?:embedding_)?)A(\..*)?$")


def likeness(one: Path, other: Path) -> float | None:
    """Return the mean cosine of the changes B·A that two adapters make, over their common modules.

    It is 1 for one training saved twice, however its factors are scaled, rotated or permuted, and
    however strongly it is applied; two trainings differ, from other seeds by far.

    Args:
        one: Weights of an adapter, as safetensors.
        other: Those of another one.

    Returns:
        From -1 to 1; ``None`` where they have no module of one shape in common, or a type of number
        that is not read here.

    Raises:
        ModelError: If a file is empty, truncated or corrupt.
    """
    mine, theirs = _factors(one), _factors(other)
    cosines = [_cosine(mine[name], theirs[name]) for name in mine if name in theirs]
    known = [value for value in cosines if value is not None]
    return float(np.mean(known)) if known else None


Factors = tuple[NDArray[np.float64], NDArray[np.float64]]
"""A of shape (rank, in) and B of shape (out, rank)."""


def _cosine(one: Factors, other: Factors) -> float | None:
    if one[0].shape[1] != other[0].shape[1] or one[1].shape[0] != other[1].shape[0]:
        return None
    norm = np.sqrt(_product(one, one) * _product(other, other))
    return _product(one, other) / norm if norm > 0 else None


def _product(one: Factors, other: Factors) -> float:
    """Return the sum over all entries of one change times the other, by matrices of the ranks."""
    return float(((one[1].T @ other[1]) * (one[0] @ other[0].T)).sum())


def _factors(file: Path) -> dict[str, Factors]:
    """Return the two factors of each module; those that are no matrices are left out."""
    header, places = read_header(file), data_of(file)

    def read(name: str) -> NDArray[np.float64] | None:
        info = header.get(name)
        if info is None or len(info.shape) != 2 or info.dtype not in _READ:
            return None
        begin, end = places[name]
        values = np.fromfile(file, np.uint8, end - begin, offset=begin)
        return _READ[info.dtype](values).reshape(info.shape).astype(np.float64)

    found: dict[str, Factors] = {}
    for name in header:
        if match := _PAIR.match(name):
            first, second = read(name), read(f"{match[1]}{match[2]}B{match[3] or ''}")
            if first is not None and second is not None:
                found[match[1]] = (first, second)
    return found


def _bfloat16(values: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (values.view("<u2").astype(np.uint32) << 16).view(np.float32)


_READ = {
    "F64": lambda values: values.view("<f8"),
    "F32": lambda values: values.view("<f4"),
    "F16": lambda values: values.view("<f2"),
    "BF16": _bfloat16,
}
"""How bytes become numbers."""
