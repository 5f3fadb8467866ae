"""Writing of report files."""

from __future__ import annotations

import os
from pathlib import Path

from evalguard.errors import UsageError


def write_text(path: Path, text: str) -> Path:
    """Write a text file in UTF-8 so that a reader sees all of it or the file from before.

    Folders are made as needed. What is no valid Unicode is replaced by a question mark.

    Raises:
        UsageError: If the file cannot be written there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written: {error.strerror}.") from None
    return path
