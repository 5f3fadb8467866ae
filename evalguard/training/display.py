"""Shows a training run live on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from evalguard.training import watch

_REPORTS_WITHOUT_TERMINAL = 10
"""Lines printed over a run where there is no terminal, as in a CI log."""


@contextmanager
def training_display(console: Console) -> Iterator[Callable[[watch.TrainingProgress], None]]:
    """Yield a callback for :func:`~evalguard.training.finetune.train` that shows its progress.

    On a terminal a bar with step, loss, held-out loss and time left; elsewhere about ten lines.

    Args:
        console: Where to print.
    """
    bar = Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("step {task.completed:.0f}/{task.total:.0f}"),
        TextColumn("loss {task.fields[loss]}"),
        TextColumn("held-out {task.fields[held_out]}"),
        TextColumn("{task.fields[left]} left"),
        console=console,
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def show(progress: watch.TrainingProgress) -> None:
        point = progress.point
        if progress.stage not in tasks:
            tasks[progress.stage] = bar.add_task(
                progress.stage, total=progress.total_steps, loss="–", held_out="–", left="–"
            )
        fields: dict[str, Any] = {"left": _duration(progress.seconds_left)}
        if point.loss is not None:
            fields["loss"] = f"{point.loss:.3f}"
        if point.eval_loss is not None:
            fields["held_out"] = f"{point.eval_loss:.3f}"
        bar.update(tasks[progress.stage], completed=progress.step, **fields)
        if not console.is_terminal and _is_due(progress):
            shown = bar.tasks[tasks[progress.stage]].fields
            console.print(
                f"{progress.stage} step {progress.step}/{progress.total_steps}  "
                f"loss {shown['loss']}  held-out {shown['held_out']}  {shown['left']} left",
                highlight=False,
            )

    if not console.is_terminal:
        yield show
        return
    with bar:
        yield show


def _is_due(progress: watch.TrainingProgress) -> bool:
    if progress.point.eval_loss is not None:
        return progress.step == progress.total_steps
    every = max(1, progress.total_steps // _REPORTS_WITHOUT_TERMINAL)
    return progress.step % every == 0 and progress.step != progress.total_steps


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
