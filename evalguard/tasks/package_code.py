"""The code of a package's kind of task as one hash, which is part of the key of its samples."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from importlib.metadata import EntryPoint
from typing import Any

from evalguard import __version__
from evalguard.code.files import sha256
from evalguard.code.packages import is_known, reached, root_of
from evalguard.tasks.kind import TaskConfig, TaskKind


def code_digest(point: EntryPoint, kind: TaskKind) -> str | None:
    """Return the hash of all code that makes and scores the samples of a kind.

    These are all files of the packages that define the entry point, the functions of the kind and
    its config, and of those that they import: of an installed one its version counts. A module
    whose name is computed does not count; a kind names its file in ``files``, or its version in
    ``versions``.

    Args:
        point: The entry point.
        kind: What it names.

    Returns:
        ``None`` if some of it cannot be found, such as code in a zip file.
    """
    modules = {point.module, *_modules(kind)}
    roots = {root_of(module) for module in modules if not is_known(module)}
    if not roots or None in roots:
        return None
    try:
        files, installed = reached(root for root in roots if root is not None)
        hashes = sorted([name, sha256(file)] for name, file in files)
    except OSError:
        return None
    parts = {
        "entry point": point.value,
        "distribution": [point.dist.name, point.dist.version] if point.dist else [],
        "files": hashes,
        "versions": {**installed, "evalguard": __version__},
        "python": list(sys.version_info[:2]),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _modules(kind: TaskKind) -> Iterator[str]:
    """Yield the modules that define what a kind consists of."""
    for field in fields(kind):
        value = getattr(kind, field.name)
        if isinstance(value, type) and issubclass(value, TaskConfig):
            yield from (one.__module__ for one in value.__mro__ if issubclass(one, TaskConfig))
        elif callable(value):
            yield _module(value)


def _module(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__module__", None) or type(function).__module__)
