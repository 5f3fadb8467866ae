"""Files of a project, and one bit of them changed for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def files_of(project: Path, folders: Iterable[str]) -> list[Path]:
    """Return the project file and the files in folders of a project that are not empty."""
    found = [path for name in folders for path in (project / name).rglob("*") if path.is_file()]
    return [*sorted(path for path in found if path.stat().st_size), project / "evalguard.yaml"]


@contextmanager
def changed_byte(file: Path, position: int, bit: int = 1) -> Iterator[int]:
    """Change a bit of a byte within the block; yields where.

    Args:
        file: The file.
        position: Of the byte, modulo the size of the file.
        bit: Which of its bits.
    """
    before = file.read_bytes()
    place = position % len(before)
    try:
        file.write_bytes(before[:place] + bytes([before[place] ^ bit]) + before[place + 1 :])
        yield place
    finally:
        file.write_bytes(before)
