"""The files that a training config names: one, the shards of a folder, or those of a pattern."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows import SUFFIXES, data_suffix

_MAGIC = re.compile(r"[*?\[]")

_HELD_OUT = re.compile(
    r"(?:^|[-_.\s])(?:test|valid|validation|val|dev|eval|evaluation|hold-?out|held-?out)"
    r"(?:[-_.\s\d]|$)",
    re.I,
)
"""In names of files whose rows are held out, such as ``test-00000-of-00001.parquet``."""

_OF_MODELS = (
    "adapter_config.json",
    "adapter_model.safetensors",
    "adapters.safetensors",
    "model.safetensors",
    "model.safetensors.index.json",
)
"""Files that no folder of data holds."""

_STATE, _SPLITS = "state.json", "dataset_dict.json"
"""Files in which ``datasets.save_to_disk`` lists the shards, and the splits."""


def data_files(path: Path) -> tuple[Path, ...]:
    """Return the files that a path names, in the order in which they are read.

    Args:
        path: A file; a pattern such as ``data/train-*.parquet``; a folder of files of one kind; or
            a folder that ``datasets.save_to_disk`` wrote. Files are read in the order of their
            names, and those of ``datasets`` in its own.

    Raises:
        DataError: If a pattern or a folder names no files, files of several kinds or of several
            splits, or a saved data set is not complete.
    """
    if path.is_dir():
        return _in_folder(path)
    if _MAGIC.search(path.name) is None and _MAGIC.search(str(path.parent)) is None:
        return (path,)
    if path.exists():
        return (path,)
    return _matching(path)


def shown(path: Path, files: Sequence[Path]) -> str:
    """Return which files a path stands for, for the notes; empty for one that is named itself."""
    if list(files) == [path]:
        return ""
    if len(files) == 1:
        return f"from {files[0].name}"
    return f"from {len(files)} files, {files[0].name} to {files[-1].name}"


def _matching(path: Path) -> tuple[Path, ...]:
    """Return the files of a pattern."""
    anchor = next(parent for parent in path.parents if parent.exists())
    pattern = str(path.relative_to(anchor))
    found = sorted(one for one in anchor.glob(pattern) if one.is_file() and not _is_hidden(one))
    if not found:
        raise DataError(f"{path}: no file matches this pattern")
    other = [one.name for one in found if data_suffix(one) not in SUFFIXES]
    if other:
        raise DataError(
            f"{path}: matches {_listed(other)} as well; narrow the pattern to data files "
            f"({', '.join(SUFFIXES)})"
        )
    return _of_one_kind(path, found, anchor)


def _in_folder(path: Path) -> tuple[Path, ...]:
    """Return the files of a folder."""
    if found := [name for name in _OF_MODELS if (path / name).is_file()]:
        raise DataError(
            f"{path}: holds a model or an adapter ({found[0]}), not data. Gate it with "
            "`evalguard check`; give the file of its training data here."
        )
    if (path / _SPLITS).is_file():
        splits = _json(path / _SPLITS).get("splits") or ()
        names = ", ".join(str(path / str(name)) for name in splits)
        raise DataError(f"{path}: holds a dataset with several splits. Give one: {names}")
    if (path / _STATE).is_file():
        return _saved(path)
    inside = sorted(one for one in path.iterdir() if not _is_hidden(one))
    files = [one for one in inside if one.is_file() and data_suffix(one) in SUFFIXES]
    deeper = [
        one.name
        for one in inside
        if one.is_dir() and any(data_suffix(each) in SUFFIXES for each in one.rglob("*"))
    ]
    if not files:
        inner = f" Its subfolders hold some: {_listed(deeper)}. Give one of them." if deeper else ""
        raise DataError(f"{path}: is a folder without {', '.join(SUFFIXES)} files.{inner}")
    if deeper:
        raise DataError(
            f"{path}: holds data files and subfolders with more: {_listed(deeper)}. Give one of "
            f"them, or a pattern: {path / '**' / '*'}{data_suffix(files[0])}"
        )
    return _of_one_kind(path, files, path)


def _saved(path: Path) -> tuple[Path, ...]:
    """Return the shards of a data set that ``datasets`` saved."""
    state = _json(path / _STATE)
    if state.get("_indices_files") or state.get("_indices_data_files"):
        raise DataError(
            f"{path}: holds an indices mapping, which is not read. Save it with "
            "flatten_indices().save_to_disk(…)"
        )
    if columns := state.get("_format_columns"):
        raise DataError(
            f"{path}: was saved with a format limited to {_listed(columns)}. Save it with "
            "with_format(None).save_to_disk(…), or with select_columns"
        )
    names = [str(one["filename"]) for one in state.get("_data_files") or ()]
    files = tuple(path / name for name in names)
    stray = {one.name for one in path.glob("*.arrow")} - {*names}
    missing = [one.name for one in files if not one.is_file()]
    if not files or missing or stray:
        what = f"lacks {_listed(missing)}" if missing else f"does not list {_listed(sorted(stray))}"
        raise DataError(f"{path}: {_STATE} and the files differ: it {what}. Save or copy it again")
    return files


def _of_one_kind(path: Path, files: Sequence[Path], above: Path) -> tuple[Path, ...]:
    """Return files that may be read as one.

    Args:
        path: What names them.
        files: The files.
        above: The folder below which names say what is held out.

    Raises:
        DataError: If they are of several kinds, or some are held out as their names say.
    """
    kinds = {data_suffix(one) for one in files}
    if len(kinds) > 1:
        raise DataError(
            f"{path}: matches files of several kinds: {_listed([one.name for one in files])}. "
            "Give a pattern for one kind, such as data/*.jsonl"
        )
    names = [str(one.relative_to(above)) for one in files]
    held_out = [name for name in names if any(map(_HELD_OUT.search, Path(name).parts))]
    if held_out and len(held_out) < len(files):
        raise DataError(
            f"{path}: matches files of several splits, such as {held_out[0]}. Give a pattern for "
            "one split, such as data/train-*.parquet"
        )
    return tuple(files)


def _is_hidden(path: Path) -> bool:
    return path.name.startswith((".", "_"))


def _listed(names: Iterable[str]) -> str:
    first, *others = list(names) or ["nothing"]
    names = [first, *others[:4]]
    return ", ".join(names) + (", …" if len(others) > 4 else "")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: is not a JSON object")
    return value
