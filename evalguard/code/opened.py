"""Which files are opened for reading in this process, whoever opens them.

Heard by Python's audit events. Not heard are what a library in C or Rust opens, such as weights in
safetensors, and what another process does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any


class _Watch:
    def __init__(self, folders: Iterable[Path]) -> None:
        places = {place for folder in folders for place in (folder.absolute(), folder.resolve())}
        self._below = tuple(f"{place}{os.sep}" for place in places)
        self.found: set[str] = set()

    def hear(self, name: str) -> None:
        if name.startswith(self._below):
            self.found.add(name)


_watches: list[_Watch] = []


@contextmanager
def opened_below(folders: Iterable[Path]) -> Iterator[Set[str]]:
    """Collect the files below folders that are opened for reading within the block.

    Args:
        folders: The folders.

    Yields:
        Absolute paths, as they were opened: a link counts by its own name.
    """
    _listen()
    watch = _Watch(folders)
    _watches.append(watch)
    try:
        yield watch.found
    finally:
        _watches.remove(watch)


@cache
def _listen() -> None:
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or not _watches:
        return
    name, _, flags = arguments
    if isinstance(name, int) or (flags or 0) & os.O_ACCMODE == os.O_WRONLY:
        return
    try:
        path = os.path.abspath(os.fsdecode(name))  # noqa: PTH100 - a link counts by its own name
    except (TypeError, ValueError, OSError):
        return
    for watch in _watches:
        watch.hear(path)
