"""Digests that change whenever the same output could score differently."""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evalguard.code.files import sha256
from evalguard.code.installed import state_of
from evalguard.code.packages import code_reached
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
        "libraries": {library: state_of(library) for library in libraries},
    }
    return f"{name}-{_digest(parts)[:16]}"


def remember_code(source: Path) -> Mapping[Path, str]:
    """Hash a file of scorers with all code that it reaches, for the versions of its scorers.

    Returns:
        The hash of each file that is no installed package's.
    """
    files, installed = code_reached(source)
    _remembered[source.resolve()] = _digest([sorted(files.values()), installed])
    return files


def changed_since(files: Mapping[Path, str]) -> Path | None:
    """Return the first of some files that is not as it was when it was hashed."""
    return next((file for file, before in files.items() if sha256(file) != before), None)


_remembered: dict[Path, str] = {}
"""Hash of the code that a file of scorers reached when it was loaded."""


def _code_digest(function: ScoreFunction, source: Path) -> str:
    """Return the hash of all code that a function reaches; its own where it was typed in."""
    if not source.is_file():
        return hashlib.sha256(marshal.dumps(function.__code__)).hexdigest()
    if source.resolve() not in _remembered:
        remember_code(source)
    return _remembered[source.resolve()]


def _digest(parts: Any) -> str:
    encoded = json.dumps(parts, sort_keys=True, default=str).encode()
    return hashlib.sha256(encoded).hexdigest()


@cache
def package_digest() -> str:
    """Return the hash of this package's sources and weights: the scorers share functions."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for file in sorted((*folder.rglob("*.py"), *folder.glob("*.json"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()
