"""How a label is compared with a word or a number, whatever type its file gave it."""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")


def written(value: Any) -> str:
    """Return a value as labels are compared: ``1.0`` and ``"1"`` are one, and case does not count.

    Example:
        >>> [written(value) for value in (1, "1.0", True, " Yes ", None, 1.5)]
        ['1', '1', 'true', 'yes', 'null', '1.5']
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    return f"{float(text):.15g}" if _NUMBER.fullmatch(text) else text.lower()
