"""Live progress of a check: samples, tokens per second, the verdicts as they fall, and waiting."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from evalguard.engines.base import Waiting
from evalguard.figures import SYMBOLS
from evalguard.records import GateResult, Verdict
from evalguard.reports.terminal import STYLES
from evalguard.runner.measured import Progress

_NAMED = 6
"""Verdicts that are named on a line each; the others are counted."""

_SECONDS_BETWEEN_LINES = 60.0
"""Between two lines that say what is waited for, where they cannot be overwritten."""

_WORTH_A_LINE = 5.0
"""Seconds of waiting from which there is such a line."""


@contextmanager
def display(console: Console | None = None) -> Iterator[Callable[[Progress], None]]:
    """Show a progress bar on standard error while a check runs.

    Where that is no terminal, only what is waited for is shown, on a line once a minute.

    Yields:
        A function to call with the progress after every step.
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console)
        return
    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TextColumn("samples {task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )
    bar = bars.add_task("loading", total=None, rate="")
    with Live(bars, console=console, transient=True) as live:

        def show(progress: Progress) -> None:
            reused = f" ({progress.reused} from the store)" if progress.reused else ""
            rate = progress.tokens_per_second
            bars.update(
                bar,
                description=f"{progress.stage}{reused}",
                completed=progress.samples,
                total=progress.planned or None,
                rate=f"· {rate:,.0f} tokens/s" if rate else "",
            )
            parts: list[RenderableType] = [bars]
            if progress.waiting:
                parts.append(Text(f"  {waiting_line(progress.waiting)}", "yellow"))
            if progress.decided:
                parts.append(verdicts(progress))
            live.update(Group(*parts))

        yield show


def waiting_line(waiting: Waiting) -> str:
    """Return what is waited for: whom, for how long, how long still, and why."""
    reason = " ".join(waiting.reason.split())
    return (
        f"waiting for {waiting.where} for {waiting.seconds:.0f} s, giving up in "
        f"{waiting.left:.0f} s: {reason}"
    )


def _lines(console: Console) -> Callable[[Progress], None]:
    """Return what prints a line about waiting, once a minute."""
    last = -_SECONDS_BETWEEN_LINES

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        waiting = progress.waiting
        if waiting is None or waiting.seconds < _WORTH_A_LINE:
            return
        if now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            console.print(waiting_line(waiting), markup=False, soft_wrap=True)

    return show


def verdicts(progress: Progress) -> Text:
    """Return the verdicts that have fallen: how many of each, and the last that did not pass."""
    counted = Counter(result.verdict for result in progress.decided)
    text = Text(f"  {len(progress.decided)} of {progress.gates} gates decided")
    for verdict in (verdict for verdict in Verdict if counted[verdict]):
        text.append(f"   {SYMBOLS[verdict]} {counted[verdict]} {verdict}", STYLES[verdict])
    failed = [result for result in progress.decided if result.verdict is not Verdict.PASS]
    for result in failed[-_NAMED:]:
        text.append(f"\n  {_line(result)}", STYLES[result.verdict])
    return text


def _line(result: GateResult) -> str:
    at = f"at {result.fraction_used:.0%} of the samples"
    return f"{SYMBOLS[result.verdict]} {result.verdict}  {result.name}, {result.model}, {at}"
