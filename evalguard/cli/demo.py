"""``evalguard demo``: train, gate and report on the embedded model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalguard.errors import ExitCode
from evalguard.prerequisites import prerequisites
from evalguard.quiet import quiet
from evalguard.verdicts import exit_code

if TYPE_CHECKING:
    from rich.console import Console

    from evalguard.demo.project import DemoProject
    from evalguard.records import CheckResult

DAMAGING = ("forgetting", "safety", "format", "abstention")
"""Recipes that damage the model; :mod:`evalguard.demo.recipes` says which damage each causes."""

_EPILOG = """
\b
Examples:
  evalguard demo                        a healthy fine-tune: exit 0
  evalguard demo --damage forgetting    a harmful one: exit 1, and the damage is named
  evalguard demo --rebuild              retrain the embedded model from scratch
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--damage", type=click.Choice(DAMAGING), help="Train by a recipe that damages the model."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the fine-tune and its data.")
@click.option(
    "--workdir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder for the project and the report (default: the current one).",
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the result as JSON."
)
@click.option("--rebuild", is_flag=True, help="Only retrain the embedded model.")
def command(
    damage: str | None, seed: int, workdir: Path, json_path: Path | None, rebuild: bool
) -> int:
    """Train, gate and report on the embedded model in about two minutes.

    Fine-tunes the embedded model with QLoRA, gates the adapter against the base on nine suites,
    and writes the report. Needs no GPU and downloads nothing.
    """
    from rich.console import Console

    console = Console(highlight=False)
    with prerequisites("The demo", extra="train"), quiet():
        import peft  # noqa: F401
        import trl  # noqa: F401
    if rebuild:
        return _rebuild(console, workdir)
    from evalguard.demo.project import write_project

    recipe = damage or "healthy"
    reports = workdir / "reports" / "demo"
    folder = workdir / ".evalguard" / "demo"
    demo = write_project(folder, recipe, seed=seed, reports=reports)
    _train(console, demo, recipe)
    result = _check(console, demo, recipe, reports, json_path)
    _next_steps(console, demo, result, damage)
    return exit_code(result)


def _train(console: Console, demo: DemoProject, recipe: str) -> None:
    from evalguard.demo.recipes import RECIPES
    from evalguard.training import load_training_config
    from evalguard.training.display import training_display
    from evalguard.training.finetune import train

    console.print(f"[bold]1[/bold]  Fine-tuning the embedded model {RECIPES[recipe].summary} …")
    with training_display(console) as show:
        trained = train(
            load_training_config(demo.training), base_dir=demo.training.parent, on_progress=show
        )
    console.print(
        f"   QLoRA on {trained.record.rows} rows in {trained.record.seconds:.0f} s → "
        f"{os.path.relpath(trained.path)}"
    )


def _check(
    console: Console, demo: DemoProject, recipe: str, reports: Path, json_path: Path | None
) -> CheckResult:
    from evalguard.config import load_project
    from evalguard.reports.html import write_html
    from evalguard.reports.json_report import write_json
    from evalguard.reports.terminal import print_summary
    from evalguard.runner.check import run_check
    from evalguard.runner.display import display

    project = load_project(demo.config)
    selected = [(gate, demo.candidate) for gate in project.thresholds.gates]
    console.print(f"[bold]2[/bold]  Gating it against the base: {len(selected)} gates …\n")
    with display() as on_progress:
        result = run_check(
            project, selected, on_progress=on_progress, title=f"EvalGuard demo: {recipe}"
        )
    print_summary(result)
    write_html(result, reports / "index.html")
    if json_path:
        write_json(result, json_path)
    return result


def _next_steps(
    console: Console, demo: DemoProject, result: CheckResult, damage: str | None
) -> None:
    project = os.path.relpath(demo.config)
    report = os.path.relpath(demo.config.parent / "../../reports/demo/index.html")
    seconds = result.timing["seconds"]
    console.print(
        f"\n[bold]3[/bold]  Report: [bold]{report}[/bold]  (gated in {seconds:.0f} s)\n",
    )
    other = "evalguard demo" if damage else "evalguard demo --damage forgetting"
    steps = {
        other: "a healthy fine-tune" if damage else "a damaged fine-tune, which the gate rejects",
        f"evalguard check --config {project}": "gate again: stored samples are reused",
        "evalguard init": "set up your own project",
    }
    width = max(map(len, steps))
    console.print("What to try next:", style="bold")
    for step, why in steps.items():
        console.print(f"  {step:<{width}}  {why}", soft_wrap=True)


def _rebuild(console: Console, workdir: Path) -> int:
    """Train the embedded model from scratch and show what it can do."""
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from evalguard.demo.evaluate import evaluate
    from evalguard.demo.train import TrainingStep
    from evalguard.demo.train import rebuild as train_base

    target = workdir / ".evalguard" / "demo-model"
    columns = (
        TextColumn("training the embedded model"),
        BarColumn(bar_width=32),
        TextColumn("step {task.completed:.0f}/{task.total:.0f}  loss {task.fields[loss]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("", total=None, loss="–")

        def show(step: TrainingStep) -> None:
            bars.update(bar, completed=step.step, total=step.steps, loss=f"{step.loss:.3f}")

        train_base(target, on_step=show)
    console.print(f"Retrained: {target}. Held-out exact match by skill:")
    for skill, accuracy in evaluate(target).items():
        console.print(f"  {skill:<10} {accuracy:.0%}")
    return ExitCode.PASS
