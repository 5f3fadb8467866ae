"""What made an answer, as one hash: models by their files' bytes, settings by their values."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from evalguard.errors import ModelError, UsageError
from evalguard.records import TRAINING_RECORD

IGNORED_FILES = (
    ".*",
    "*.md",
    "*.log",
    "LICENSE*",
    TRAINING_RECORD,
    "trainer_state.json",
    "training_args.bin",
    "optimizer.*",
    "scheduler.*",
    "rng_state*",
)
"""Files beside a model that no engine reads, unless they are weights."""

_COMMIT = re.compile(r"[0-9a-f]{40}")

HashFile = Callable[[Path], str]


class ModelSettings(TypedDict):
    """How a model is run: what :func:`model_parts` takes besides the model."""

    revision: NotRequired[str | None]
    adapter: NotRequired[str | None]
    tokenizer: NotRequired[str | None]
    dtype: str
    quantization: str
    engine: str
    engine_version: str | Mapping[str, str]
    engine_options: Mapping[str, Any]


def fingerprint(parts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain data, equal for equal data on every machine.

    Args:
        parts: Mappings, lists, texts, finite numbers, booleans and ``None``.

    Raises:
        UsageError: If a value is of another kind, NaN or infinite.

    Example:
        >>> fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": (2,), "a": 1})
        True
    """
    try:
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"settings cannot be fingerprinted: {error}. "
            "Allowed: mappings, lists, texts, finite numbers, true, false and null."
        ) from error
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises:
        ModelError: If it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error


def folder_fingerprint(path: Path, *, hash_file: HashFile = file_sha256) -> str:
    """Return the SHA-256 over the files of a model or adapter folder, wherever it lies.

    Weights, configuration, tokenizer, chat templates, generation settings and code count, under
    their names within the folder.

    Args:
        path: The folder.
        hash_file: Hashes one file; the store has one that remembers.

    Raises:
        ModelError: If there is no such folder, or no file of a model in it.
    """
    return fingerprint(_folder_files(path, hash_file))


def model_parts(
    model: str,
    *,
    revision: str | None = None,
    adapter: str | None = None,
    tokenizer: str | None = None,
    dtype: str,
    quantization: str,
    engine: str,
    engine_version: str | Mapping[str, str],
    engine_options: Mapping[str, Any],
    hash_file: HashFile = file_sha256,
) -> dict[str, Any]:
    """Return everything that makes a model's answers, for :func:`fingerprint`.

    Args:
        model: Folder, file, or hub name of the model.
        revision: Commit of a hub model, as 40 hex digits.
        adapter: Folder of an adapter on it.
        tokenizer: Folder of a tokenizer that is not the model's own.
        dtype: Precision of the computation.
        quantization: Precision of the base's weights.
        engine: Name of the engine.
        engine_version: Version of what runs the model.
        engine_options: Settings of the engine that its answers may depend on.
        hash_file: Hashes one file; the store has one that remembers.

    Raises:
        ModelError: If a folder is missing or holds no model.
        UsageError: If a hub model has no immutable revision: what is stored under a moving one
            would be served for weights that have changed since.
    """
    return {
        "model": _source(model, revision, hash_file),
        "adapter": adapter and _folder_files(Path(adapter), hash_file),
        "tokenizer": tokenizer and _folder_files(Path(tokenizer), hash_file),
        "dtype": dtype,
        "quantization": quantization,
        "engine": engine,
        "engine_version": engine_version,
        "engine_options": dict(engine_options),
    }


def _source(model: str, revision: str | None, hash_file: HashFile) -> dict[str, Any]:
    """Return what identifies a model's bytes."""
    path = Path(model)
    if path.is_file():
        return {path.name: hash_file(path)}
    if path.is_dir() or model.startswith((".", "/", "~")):
        return _folder_files(path, hash_file)
    if revision is None or not _COMMIT.fullmatch(revision):
        given = f"revision '{revision}' may move" if revision else "no revision is given"
        present = _cached_commit(model, revision or "main")
        known = f", currently {present}" if present else ""
        raise UsageError(
            f"model '{model}': there is no such folder here, and on the hub {given}, so its "
            f"results cannot be stored. Write revision: COMMIT (40 hex digits{known}), or "
            "download the model and give its folder."
        )
    return {"hub": model, "revision": revision}


def _cached_commit(model: str, revision: str) -> str | None:
    """Return the commit that the local hub cache holds for a branch or tag."""
    try:
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(model, "config.json", revision=revision)
    except (ImportError, ValueError):  # ValueError: no name that the hub could have
        return None
    return Path(found).parent.name if isinstance(found, str) else None


def _folder_files(folder: Path, hash_file: HashFile) -> dict[str, str]:
    """Return the hash of every file that an engine may read, by its name in the folder."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder. Give the folder of a model or adapter.")
    hashes = {file.relative_to(folder).as_posix(): hash_file(file) for file in _model_files(folder)}
    if not hashes:
        raise ModelError(f"{folder}: holds no model files. Check the path.")
    return hashes


def _model_files(folder: Path) -> Iterator[Path]:
    """Yield every file that an engine may open.

    Those are the files directly in the folder, its further chat templates, weights that an index
    names, wherever they are and whatever they are called, and code with all that lies beside it:
    code may open anything.
    """
    named = set(_named_by_indices(folder))
    with_code = any(folder.glob("*.py")) or any(folder.glob("*/**/*.py"))
    patterns = ("*", "**/*") if with_code else ("*", "additional_chat_templates/*")
    found = {file for pattern in patterns for file in folder.glob(pattern)}
    for file in sorted(file for file in found | named if file.is_file()):
        weights = file in named or file.suffix == ".safetensors"
        if weights or not _is_ignored(file.relative_to(folder)):
            yield file


def _is_ignored(file: Path) -> bool:
    """Whether no engine reads a file, or anything in one of its folders."""
    hidden = any(part.startswith(".") for part in file.parts[:-1])
    return hidden or any(fnmatch(file.name, pattern) for pattern in IGNORED_FILES)


def _named_by_indices(folder: Path) -> Iterator[Path]:
    """Yield the files that indices of weights name; what is wrong with one, its loader says."""
    for index in folder.glob("*.index.json"):
        try:
            names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
            yield from (folder / str(name) for name in set(names))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue


def folder_state(path: Path) -> str:
    """Return what changes when a file of a folder is written, replaced or put back."""
    parts = []
    for file in _model_files(path) if path.is_dir() else [path]:
        stat = file.stat()
        parts.append([str(file), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino])
    return fingerprint({"state": parts})
