"""``evalguard train``: fine-tune an adapter and record what made it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalguard.errors import ExitCode, UsageError
from evalguard.records import ProbePoint, StageRecord, TrainingRecord

if TYPE_CHECKING:
    from rich.console import Console

    from evalguard.pipeline.probes import GateProbe
    from evalguard.training.config import Training, TrainingConfig


@click.command(name="train")
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Override a value of the config; repeatable.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the adapter; overrides the config's.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Resume an interrupted run that kept checkpoints (training.checkpoints: true).",
)
@click.option(
    "--watch",
    type=click.Path(path_type=Path),
    metavar="PROJECT",
    help="Probe the model with this project's gates while it trains; stop when a guard is lost.",
)
@click.option("--watch-every", type=click.IntRange(min=1), help="Steps between probes.")
@click.option(
    "--launch",
    type=click.IntRange(min=2),
    metavar="N",
    help="Train in N processes (data parallel), started by accelerate.",
)
@click.option(
    "--accelerate-config",
    type=click.Path(path_type=Path),
    help="With --launch: an accelerate config, such as one for FSDP or DeepSpeed ZeRO.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=2),
    metavar="N",
    help="Train N adapters with different seeds, to gate the recipe as a whole.",
)
@click.option("--no-audit", is_flag=True, help="Skip the data audit.")
def command(
    config: Path,
    overrides: tuple[str, ...],
    output: Path | None,
    resume: bool,
    watch: Path | None,
    watch_every: int | None,
    launch: int | None,
    accelerate_config: Path | None,
    seeds: int | None,
    no_audit: bool,
) -> int:
    """Fine-tune an adapter from CONFIG and record its provenance.

    The data are audited first: errors stop the command, warnings are shown. The adapter is written
    to its folder only if the run succeeds.

    \b
    Examples:
      evalguard train training/tickets.yaml
      evalguard train training/tickets.yaml --set training.learning_rate=1e-4 --set lora.r=8
      evalguard train training/tickets.yaml --output adapters/tickets-v2
      evalguard train training/tickets.yaml --watch evalguard.yaml
      evalguard train training/tickets.yaml --launch 4
      evalguard train training/tickets.yaml --seeds 3
    """
    from rich.console import Console

    from evalguard.training import load_training_config

    settings = load_training_config(config, overrides)
    if output is not None:
        settings = settings.model_copy(update={"output": str(output.resolve())})
    from evalguard.training import processes

    console = Console(quiet=not processes.is_first())
    if launch and (resume or watch):
        raise UsageError("--resume and --watch work with one process only; leave out --launch")
    if accelerate_config and not launch:
        raise UsageError("--accelerate-config belongs to --launch")
    if seeds and (launch or resume or watch):
        raise UsageError("--seeds trains in this process and from the start; give it alone")
    if seeds and settings.tuner == "full":
        raise UsageError("--seeds trains adapters; tuner 'full' makes a whole model")
    if seeds:
        for number in range(1, seeds + 1):
            of_seed = _of_seed(settings, number)
            _train(of_seed, config, console, audit=not no_audit and number == 1)
        folder = os.path.relpath(_absolute(settings, config))
        folders = ", ".join(f"{folder}.seed{number}" for number in range(1, seeds + 1))
        _say_next(f"{{seeds: [{folders}]}}", console)
        return ExitCode.PASS
    if launch:
        if not no_audit:
            _audit(settings, config, console)
        words = ["train", str(config), "--no-audit", f"--set=output={_absolute(settings, config)}"]
        words += [f"--set={override}" for override in overrides]
        return processes.launch(words, processes=launch, config=accelerate_config)
    kind, where = _train(
        settings,
        config,
        console,
        audit=not no_audit,
        resume=resume,
        probe=_probe(watch, settings, console) if watch else None,
        probe_every=watch_every,
    )
    _say_next(f"{{{kind}: {where}}}", console)
    return ExitCode.PASS


def _train(
    settings: TrainingConfig,
    config: Path,
    console: Console,
    *,
    audit: bool,
    resume: bool = False,
    probe: GateProbe | None = None,
    probe_every: int | None = None,
) -> tuple[str, str]:
    """Train and say what was made; return its key in a project file and its folder."""
    from evalguard import api

    trained = api.train(
        settings,
        base_dir=config.parent,
        audit=audit,
        resume=resume,
        probe=probe,
        probe_every=probe_every,
        progress=console,
        on_note=lambda text: _note(text, console),
    )
    if not audit:
        for note in trained.record.data_notes:
            console.print(note, style="dim", highlight=False, markup=False, soft_wrap=True)
    where = os.path.relpath(trained.path)
    kind = "model" if settings.tuner == "full" else "adapter"
    console.print(f"[green]✓[/green] {_summary(trained.record)}", highlight=False)
    console.print(f"  {kind}: {where}", highlight=False, markup=False, soft_wrap=True)
    return kind, where


def _of_seed(settings: TrainingConfig, number: int) -> TrainingConfig:
    """Return a config with a seed and a folder of its own: the first has the seed of the config."""

    def seeded(training: Training) -> Training:
        return training.model_copy(update={"seed": training.seed + number - 1})

    then = settings.then
    return settings.model_copy(
        update={
            "training": seeded(settings.training),
            "then": then and then.model_copy(update={"training": seeded(then.training)}),
            "output": f"{settings.output.rstrip('/')}.seed{number}",
        }
    )


def _say_next(candidate: str, console: Console) -> None:
    console.print(
        f"  next: list it in evalguard.yaml under candidates: as NAME: {candidate}, then run "
        "`evalguard check`",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _note(text: str, console: Console) -> None:
    """Print a line on the rows of a stage, or a warning, which begins with an exclamation mark."""
    style = "yellow" if text.startswith("!") else None
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def _audit(settings: TrainingConfig, config: Path, console: Console) -> None:
    from evalguard.training.audit import check_data

    check_data(settings, base_dir=config.parent, on_note=lambda text: _note(text, console))


def _absolute(settings: TrainingConfig, config: Path) -> Path:
    return (config.parent / settings.output).resolve()


def _probe(project: Path, settings: TrainingConfig, console: Console) -> GateProbe:
    """Return the project's gates as a probe that tells each of its looks."""
    from evalguard.config import load_project
    from evalguard.pipeline.probes import GateProbe

    def tell(point: ProbePoint) -> None:
        lost = f", lost: {', '.join(point.lost)}" if point.lost else ", no guard lost"
        learned = "" if point.learned is None else f", task at {point.learned:.0%}"
        console.print(f"probe at step {point.step}{learned}{lost}", style="dim", markup=False)

    return GateProbe(load_project(project), model=Path(settings.output).name, on_look=tell)


def _summary(record: TrainingRecord) -> str:
    """Return what was trained, in one sentence with figures."""
    losses = [point.loss for point in record.curve if point.loss is not None]
    held_out = [point.eval_loss for point in record.curve if point.eval_loss is not None]
    replay = f", {record.replay_share:.0%} of them replay" if record.replay_share else ""
    # The losses of two methods do not compare.
    before = "" if "+" in record.method else f"{losses[0]:.3f} → "
    shown = f"loss {before}{losses[-1]:.3f}"
    if held_out:
        shown += f", held-out {held_out[-1]:.3f}"
    shown += "".join(_preference(record, stage) for stage in record.stages)
    if record.stopped:
        shown += f"; {record.stopped}"
    if record.kept_step is not None:
        shown += f"; kept the weights of step {record.kept_step}, the best that passed"
    given = sum(stage.train.read for stage in record.stages)
    of = f" of {given}" if given > record.rows else ""
    return (
        f"{record.method} on {record.rows}{of} rows{replay}: {len(losses)} steps in "
        f"{record.seconds:.0f} s, {shown}"
    )


def _preference(record: TrainingRecord, stage: StageRecord) -> str:
    """Return how the answers of a preference stage moved, from its first step to its last."""
    from evalguard.reports.curve import course

    points = [point for point in record.points_of(stage) if point.loss is not None]
    parts = []
    for name, field in (
        ("chosen log-prob", "chosen_logps"),
        ("rejected log-prob", "rejected_logps"),
        ("margin", "margin"),
        ("accuracy", "accuracy"),
    ):
        if moved := course(points, field):
            parts.append(f"{name} {moved}")
    return f"; {stage.method}: {', '.join(parts)}" if parts else ""
