"""Parts that installed packages add by entry points, such as engines and report formats."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TypeVar

from evalguard.errors import EvalGuardError, UsageError

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
        raise UsageError(f"{what} is not an {kind.__module__}.{kind.__qualname__}")
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


@contextmanager
def naming_parts() -> Iterator[None]:
    """Name the part of a package that raises anything but an error of EvalGuard; also a decorator.

    Whatever a part is asked for, at whatever time: each of its functions, the methods of what it
    makes, and what it yields only later.

    Raises:
        UsageError: If a function of a package that registers a part was running.
    """
    try:
        yield
    except (EvalGuardError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # another package's code may raise anything, SystemExit too
        if (part := _running_part(error)) is None:
            raise
        raise UsageError(
            f"{part} raised {error!r}. Fix or uninstall the package that provides it."
        ) from error


def _running_part(error: BaseException) -> str | None:
    """Return the part of a package that an exception came out of, with the line."""
    found = [
        (point, group)
        for group in sorted(entry_points().groups)
        if group.startswith("evalguard.")
        for point in points(group).values()
    ]
    for frame, line in reversed([*traceback.walk_tb(error.__traceback__)]):
        module = str(frame.f_globals.get("__name__", ""))
        top = module.partition(".")[0]
        own = [one for one in found if one[0].module.partition(".")[0] == top]
        if top == "evalguard" or not own:
            continue
        exact = [one for one in own if one[0].module == module]
        point, group = (exact or own)[0]
        # A module that several parts of one package share does not tell which was asked.
        part = f"{point.name} = {point.value} of {group}" if exact or not own[1:] else top
        package = f", package {point.dist.name}" if point.dist is not None else ""
        place = f"{Path(frame.f_code.co_filename).name}:{line} in {frame.f_code.co_name}"
        return f"{part}{package}: {place}"
    return None
