"""Live progress of a check: samples done, reused, per second, and the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from evalguard.runner.measure import Progress


@contextmanager
def display(console: Console | None = None) -> Iterator[Callable[[Progress], None]]:
    """Show a progress bar on standard error while a check runs, where it is a terminal.

    Yields:
        A function to call with the progress after every step.
    """
    console = console or Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TextColumn("samples"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("loading", total=None)

        def show(progress: Progress) -> None:
            reused = f" ({progress.reused} from the store)" if progress.reused else ""
            bars.update(
                bar,
                description=f"{progress.stage}{reused}",
                completed=progress.samples,
                total=progress.planned or None,
            )

        yield show
