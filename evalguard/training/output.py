"""Puts a finished folder in its place in one step, so that nothing half-written is left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalguard.errors import UsageError
from evalguard.records import TRAINING_RECORD

_OURS = ("adapter_config.json", "config.json", TRAINING_RECORD)


@contextmanager
def placed_folder(output: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``output`` that takes its place when the block succeeds.

    An older adapter or model at ``output`` is replaced; when the block fails, it stays as it was.

    Raises:
        UsageError: If ``output`` is a file, or a folder that holds something else.
    """
    check_replaceable(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        old = output.with_name(f".{output.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if output.exists():
            output.rename(old)
        partial.rename(output)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_replaceable(output: Path) -> None:
    """Refuse an output that would destroy something other than an adapter or model.

    Raises:
        UsageError: If ``output`` is a file, or a folder that holds something else.
    """
    if output.is_file():
        raise UsageError(f"output: {output} is a file; give a folder")
    foreign = not any((output / name).is_file() for name in _OURS)
    if output.is_dir() and foreign and any(output.iterdir()):
        raise UsageError(
            f"output: {output} holds files other than an adapter, which would be overwritten. "
            "Give another folder, or empty this one."
        )
