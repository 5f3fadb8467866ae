"""Parts that installed packages add by entry points, such as engines and report formats."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from evalguard.errors import UsageError

PartT = TypeVar("PartT")


@cache
def points(group: str) -> dict[str, EntryPoint]:
    """Return the entry points of a group by name; none is loaded.

    To look for them reads the metadata of every installed package.
    """
    return {point.name: point for point in entry_points(group=group)}


def load(group: str, name: str, kind: type[PartT]) -> PartT | None:
    """Return a part that a package registers, or ``None`` where none has that name.

    Raises:
        UsageError: If it cannot be loaded, or is of another type.
    """
    point = points(group).get(name)
    if point is None:
        return None
    what = f"the entry point {name} = {point.value} of {group}"
    try:
        part = point.load()
    except (Exception, SystemExit) as error:  # another package's code may raise anything
        raise UsageError(
            f"{what} cannot be loaded: {error!r}. Fix or uninstall the package that provides it."
        ) from error
    if not isinstance(part, kind):
        raise UsageError(f"{what} is no {kind.__module__}.{kind.__qualname__}")
    return part


def provider(group: str, name: str) -> str | None:
    """Return the distribution that registers a part; ``None`` where none has that name."""
    point = points(group).get(name)
    return point.dist.name if point is not None and point.dist is not None else None


def load_all(group: str, kind: type[PartT]) -> tuple[PartT, ...]:
    """Return every part that packages register in a group.

    Raises:
        UsageError: As for :func:`load`.
    """
    found = (load(group, name, kind) for name in sorted(points(group)))
    return tuple(part for part in found if part is not None)
