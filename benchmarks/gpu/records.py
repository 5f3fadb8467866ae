"""Parts, what they measure, and their outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

State = Literal["done", "failed", "timed out", "skipped"]


class SkipPart(Exception):  # noqa: N818 - not an error: the part says why it cannot run here
    """Ends a part that cannot run on this machine."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a part runs.

    Attributes:
        device: ``cuda`` or ``cpu``.
        tiny: Whether shapes and samples are small enough for a CPU.
        work: Folder that all parts of a run share.
    """

    device: Literal["cuda", "cpu"]
    tiny: bool
    work: Path


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: What was measured.
        target: The bound, such as ``≥ 1×``, or a reference value for a figure without one.
        figure: As it is shown.
        reached: Whether the figure meets its target; ``None`` where it has none.
    """

    name: str
    target: str
    figure: str
    reached: bool | None = None


def at_least(name: str, target: float, value: float, unit: str = "×") -> Row:
    """Return a row whose value must not be below its target; NaN misses it."""
    return Row(name, f"≥ {target:g}{unit}", f"{value:.3g}{unit}", value >= target)


def at_most(name: str, target: float, value: float, unit: str = "") -> Row:
    """Return a row whose value must not exceed its target; NaN misses it."""
    return Row(name, f"≤ {target:g}{unit}", f"{value:.3g}{unit}", value <= target)


def speedup(context: Context, name: str, target: float, value: float) -> Row:
    """Return a row of a speedup, without a target for tiny shapes: their time is call overhead."""
    return Row(name, "", f"{value:.3g}×") if context.tiny else at_least(name, target, value)


def equal(name: str, target: str, figure: str) -> Row:
    """Return a row whose figure must be the target."""
    return Row(name, target, figure, figure == target)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are measured in one process.

    Attributes:
        name: For ``--parts`` and the results.
        title: What it measures.
        function: ``module:function``; takes a context and yields rows.
        seconds: Expected time on a GPU; with less left it is not started.
        tiny_seconds: The same of ``--tiny`` on a CPU.
        requires: Distributions without which it is skipped.
    """

    name: str
    title: str
    function: str
    seconds: float
    tiny_seconds: float
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a part.

    Attributes:
        state: ``done``, or why its rows are missing or incomplete.
        seconds: How long it ran.
        reason: Why it did not finish; empty for ``done``.
        rows: What it measured, even if it failed later.
    """

    state: State
    seconds: float = 0.0
    reason: str = ""
    rows: tuple[Row, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """Return the outcome that :meth:`to_json` wrote."""
        rows = tuple(Row(**row) for row in data["rows"])
        return cls(data["state"], data["seconds"], data["reason"], rows)
