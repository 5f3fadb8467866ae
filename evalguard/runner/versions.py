"""Versions of installed packages."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

VERSIONED = ("transformers", "torch", "lm-eval", "peft")
"""Packages whose versions count for what is stored, on every engine."""

SERVED_CHECKS = "6"
"""Raised when answers are refused that the checks of served models let through before: what is
stored of models on a server is then asked again."""


def installed_versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of packages without importing them."""
    return {package: _version(package) for package in packages}


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
