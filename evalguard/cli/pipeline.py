"""``evalguard pipeline``: train, gate, repair and train again, until an adapter may be released."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalguard.errors import ExitCode
from evalguard.verdicts import EXIT_CODES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from evalguard.pipeline.loop import Attempt, Outcome
    from evalguard.records import ProbePoint

_PATH = click.Path(path_type=Path)


@click.command(name="pipeline")
@click.argument("training", metavar="CONFIG", type=_PATH)
@click.option(
    "--config", "project", type=_PATH, default=Path("evalguard.yaml"), show_default=True,
    help="Project file with the baseline and the gates.",
)  # fmt: skip
@click.option(
    "--set", "overrides", metavar="KEY=VALUE", multiple=True,
    help="Override a value of the training config; repeatable.",
)  # fmt: skip
@click.option(
    "--max-attempts", type=click.IntRange(min=1), default=4, show_default=True,
    help="Maximum number of training attempts.",
)  # fmt: skip
@click.option("--replay-data", type=_PATH, help="General data that a repair may mix in as replay.")
@click.option("--no-watch", is_flag=True, help="Do not probe the model while it trains.")
@click.option(
    "--key", type=_PATH, envvar="EVALGUARD_SIGNING_KEY",
    help="Ed25519 private key (PEM) that signs the receipt.",
)  # fmt: skip
@click.option("--html", type=_PATH, help="Write an HTML report of all attempts side by side.")
@click.option("--json", "json_path", type=_PATH, help="Write the last check's result as JSON.")
def command(
    training: Path,
    project: Path,
    overrides: tuple[str, ...],
    max_attempts: int,
    replay_data: Path | None,
    no_watch: bool,
    key: Path | None,
    html: Path | None,
    json_path: Path | None,
) -> int:
    """Train from CONFIG until an attempt passes the gates, then release it with a receipt.

    The data are audited first. Each attempt is watched while it trains, gated against the
    baseline, and diagnosed; the diagnosis changes the config of the next one. If interrupted, run
    the same command again to resume.

    \b
    Examples:
      evalguard pipeline training/tickets.yaml
      evalguard pipeline training/tickets.yaml --replay-data data/general.jsonl --max-attempts 3
      evalguard pipeline training/tickets.yaml --key release.pem --html reports/pipeline.html

    Exit codes: 0 released, 1 every attempt was rejected, 4 usage or data, 6 inconclusive.
    """
    from rich.console import Console

    from evalguard import api

    console = Console(highlight=False)
    outcome = api.run_pipeline(
        training,
        project,
        max_attempts=max_attempts,
        replay_data=replay_data,
        watch=not no_watch,
        key=key,
        overrides=overrides,
        show=_Terminal(console),
    )
    console.print(_side_by_side(outcome))
    _write(outcome, html, json_path)
    return _conclude(console, outcome)


class _Terminal:
    """Tells a person at a terminal how far the pipeline is."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def stage(self, text: str) -> None:
        self._console.print(f"[bold]{text}[/bold] …")

    def note(self, text: str) -> None:
        style = "yellow" if text.startswith("!") else "dim"
        self._console.print(f"  {text}", style=style, highlight=False, markup=False)

    def looked(self, point: ProbePoint) -> None:
        learned = "" if point.learned is None else f"  task {point.learned:.0%}"
        lost = f"  [red]lost: {', '.join(point.lost)}[/red]" if point.lost else ""
        self._console.print(f"  probe at step {point.step}{learned}{lost}", style="dim")

    def training(self) -> AbstractContextManager[Callable[[Any], None]]:
        from evalguard.training.display import training_display

        return training_display(self._console)

    def checking(self) -> AbstractContextManager[Callable[[Any], None]]:
        from evalguard.runner.display import display

        return display()


def _side_by_side(outcome: Outcome) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("attempt", "verdict", "gates", "found", "config changes"):
        table.add_column(name)
    for attempt in outcome.attempts:
        table.add_row(*_row(attempt))
    return table


def _row(attempt: Attempt) -> tuple[str, ...]:
    from evalguard.figures import SYMBOLS
    from evalguard.records import Verdict
    from evalguard.reports.wording import damage_sentence

    changes = ", ".join(f"{key} {value}" for key, value in attempt.changes.items())
    result = attempt.result
    if result is None:
        return (str(attempt.number), "training failed", "", attempt.diverged, changes)
    passed = sum(gate.verdict is Verdict.PASS for gate in result.gates)
    return (
        str(attempt.number),
        f"{SYMBOLS[result.verdict]} {result.verdict}",
        f"{passed} of {len(result.gates)}",
        damage_sentence(result.findings) or "healthy",
        changes or "(as given)",
    )


def _write(outcome: Outcome, html: Path | None, json_path: Path | None) -> None:
    from evalguard.reports.html import write_html
    from evalguard.reports.json_report import write_json
    from evalguard.reports.merge import merge

    results = {a.result_path: a.result for a in outcome.attempts if a.result is not None}
    if html is not None and results:
        write_html(merge(results), html)
    if json_path is not None and outcome.best.result is not None:
        write_json(outcome.best.result, json_path)


def _conclude(console: Console, outcome: Outcome) -> int:
    if outcome.released is not None and outcome.receipt is not None:
        where, receipt = map(os.path.relpath, (outcome.released, outcome.receipt))
        console.print(f"\n[green]✓[/green] released: {where}", soft_wrap=True)
        console.print(f"  verify it anywhere: evalguard verify {receipt} {where}", soft_wrap=True)
        return ExitCode.PASS
    best = outcome.best
    console.print(f"\n[red]✗[/red] nothing released: {outcome.reason}")
    console.print(f"  closest: attempt {best.number}, in {os.path.relpath(best.folder)}")
    for note in outcome.attempts[-1].notes:
        console.print(f"  {note}")
    # Only a PASS is released, so an undecided attempt is none, whatever `on_inconclusive` says.
    return ExitCode.REGRESSION if best.result is None else EXIT_CODES[best.result.verdict]
