"""The suites that come with EvalGuard, which a project may name without having a file."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def shipped_suites() -> Path:
    """Return the folder of the suites that come with EvalGuard.

    In the repository it is next to the package, in an installed package inside it.
    """
    installed = _PACKAGE / "suites"
    return installed if installed.is_dir() else _PACKAGE.parent / "suites"
