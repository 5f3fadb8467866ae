"""Says which extra to install where a package is missing.

Every import of a heavy package is inside the function that needs it, so a missing one shows while
something is done. Below every room; loads nothing itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from evalguard.errors import PrerequisiteError

_REQUIREMENT = re.compile(r"([\w.-]+).*;.*\bextra == ['\"]([\w-]+)['\"]")


@contextmanager
def prerequisites(feature: str, extra: str | None = None) -> Iterator[None]:
    """Name the extra of a package that is missing, or too old, within the block; also a decorator.

    Args:
        feature: What needs it, as the subject of a sentence.
        extra: The extra that has all that the feature needs; by default one with the package.

    Raises:
        PrerequisiteError: If a package of an extra is missing, or lacks a name.
        ImportError: If anything else cannot be imported, which is a defect.
    """
    try:
        yield
    except ImportError as error:
        found = _extra_of(error.name or "")
        if found is None:
            raise
        raise PrerequisiteError(feature, extra=extra or found) from error


def _extra_of(module: str) -> str | None:
    """Return the extra that installs a module; of several, the one that installs least else."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        found = requires("evalguard") or []
    except PackageNotFoundError:
        return None
    packages: defaultdict[str, set[str]] = defaultdict(set)
    for match in filter(None, map(_REQUIREMENT.match, found)):
        packages[match[2]].add(canonical_name(match[1]))
    wanted = canonical_name(module.partition(".")[0])
    extras = [extra for extra, names in packages.items() if wanted in names]
    return min(extras, key=lambda extra: len(packages[extra]), default=None)


def canonical_name(name: str) -> str:
    """Return a distribution's name in the one form that PEP 503 gives all its spellings.

    Example:
        >>> canonical_name("Rouge_Score")
        'rouge-score'
    """
    return re.sub(r"[-_.]+", "-", name).lower()
