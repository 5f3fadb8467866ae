"""How files are given."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

StrPath: TypeAlias = "str | Path"
