"""Installed distributions by content, without reading all of their files."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

_DISTRIBUTIONS = {
    "PIL": "pillow",
    "antlr4": "antlr4-python3-runtime",
    "dateutil": "python-dateutil",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
"""Modules that their distribution names otherwise, so that not all have to be searched."""

_CODE = re.compile(
    r'(?!\.\.|[^",]*\.dist-info/|[^",]*/tests/|[^",]*\.(?:pyc|pyi|h|hpp|cuh),)[^",]*,'
)
"""Begins the lines of a RECORD that are of code, and of data that it may read, such as the profiles
of languages."""

_APART = "lm_eval/tasks/"
"""Thousands of files, of which those that a task reaches are hashed one by one."""

_RECORD = re.compile(r"^[^/\n]+\.dist-info/RECORD(?=,)", re.MULTILINE)


@cache
def state_of_module(module: str) -> str:
    """Return the version and the content of the distribution that a top-level module is of."""
    try:
        return state_of(_DISTRIBUTIONS.get(module, module))
    except PackageNotFoundError:
        if find_spec(module) is None or not (names := distributions_of(module)):
            return "unknown"
        return state_of(names[0])


@cache
def state_of(name: str) -> str:
    """Return the version of a distribution with a hash of its code and its data.

    The files are those that its RECORD lists, by the hashes that stand there. Only a file that was
    written after the RECORD is read: it was edited, or is a link that was made again.

    Raises:
        PackageNotFoundError: If it is not installed.
    """
    found = distribution(name)
    record = found.read_text("RECORD")
    if record is None:
        return found.version
    lines = [
        line for line in record.splitlines() if not line.startswith(_APART) and _CODE.match(line)
    ]
    digest = hashlib.sha256("\n".join(lines).encode())
    own_line = _RECORD.search(record)
    if own_line is None:
        return found.version
    written = found.locate_file(own_line[0])
    for path, content in _edited(Path(str(written)), lines):
        digest.update(f"{path}\0{content}\0".encode())
    return f"{found.version} {digest.hexdigest()[:16]}"


def _edited(record: Path, lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the files whose content is no longer what a RECORD says."""
    root, installed = record.parent.parent, record.stat().st_ctime_ns
    for line in lines:
        path, recorded, _ = line.rsplit(",", 2)
        file = root / path
        try:
            if file.stat().st_ctime_ns <= installed:
                continue
            content = base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest())
        except OSError:
            yield path, "missing"
            continue
        if recorded != f"sha256={content.decode().rstrip('=')}":
            yield path, content.decode()


def distributions_of(module: str) -> list[str]:
    """Return the installed distributions that a top-level module is of."""
    return _distributions().get(module, [])


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Return every top-level module with its distributions, which takes most of a second."""
    return packages_distributions()
