"""Digests that change whenever the same output could score differently."""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from evalguard.scorers.binding import ScoreFunction


def scorer_version(
    name: str,
    function: ScoreFunction,
    source: str | None,
    *,
    version: str,
    options: Mapping[str, Any],
    libraries: Sequence[str],
) -> str:
    """Return a digest of all that a score depends on besides the sample.

    Args:
        name: The scorer's name, which the digest begins with.
        function: Its function.
        source: The file that defines it; ``None`` for a scorer of this package.
        version: The version that its author declared.
        options: Its options as given.
        libraries: Installed packages that it calls.
    """
    parts = {
        "version": version,
        "code": package_digest() if source is None else _code_digest(function, Path(source)),
        "options": options,
        "libraries": {library: installed_version(library) for library in libraries},
    }
    encoded = json.dumps(parts, sort_keys=True, default=str).encode()
    return f"{name}-{hashlib.sha256(encoded).hexdigest()[:16]}"


def _code_digest(function: ScoreFunction, source: Path) -> str:
    """Return the hash of a function's file; of its code where it was typed into a prompt."""
    code = source.read_bytes() if source.is_file() else marshal.dumps(function.__code__)
    return hashlib.sha256(code).hexdigest()


@cache
def package_digest() -> str:
    """Return the hash of this package's sources and weights: the scorers share functions."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for file in sorted((*folder.rglob("*.py"), *folder.glob("*.json"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()
