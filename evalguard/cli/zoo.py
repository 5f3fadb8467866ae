"""``evalguard zoo``: adapters of the embedded model that are damaged in known ways."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalguard.errors import UsageError, did_you_mean
from evalguard.prerequisites import prerequisites
from evalguard.quiet import quiet

if TYPE_CHECKING:
    from evalguard.demo.zoo import Member


@click.group(name="zoo", invoke_without_command=False)
def command() -> None:
    """Build adapters that are known to be healthy or to have a known damage.

    \b
    Examples:
      evalguard zoo list
      evalguard zoo build --jobs 2
      evalguard zoo build --only safety-severe --only healthy-1
    """


@command.command(name="list")
def list_members() -> None:
    """List the members: name, damage, strength and how they are trained."""
    from evalguard.demo.zoo import MEMBERS

    for member in MEMBERS.values():
        recipe = member.recipe
        click.echo(
            f"{member.name:<20} {recipe.tickets:>4} tickets, {recipe.harmful_rows:>3} damaging "
            f"rows, replay {recipe.replay_share:.0%}, lr {recipe.learning_rate:g}, "
            f"{recipe.epochs:g} epochs, rank {recipe.rank}"
        )


@command.command(name="build")
@click.option("--only", multiple=True, metavar="NAME", help="Build only this member; repeatable.")
@click.option(
    "--workdir", type=click.Path(path_type=Path, file_okay=False), default=Path(".evalguard/zoo"),
    show_default=True, help="Folder of the zoo.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True,
    help="Number of parallel training runs, one core each.",
)  # fmt: skip
def build_members(only: tuple[str, ...], workdir: Path, jobs: int) -> None:
    """Train every member; existing ones are kept."""
    from rich.console import Console
    from rich.progress import track

    from evalguard.demo.zoo import MEMBERS

    for name in only:
        if name not in MEMBERS:
            raise UsageError(f"--only '{name}': no such member. {did_you_mean(name, MEMBERS)}")
    members = [MEMBERS[name] for name in only or MEMBERS]
    project, configs = write(workdir, members)
    console = Console()
    missing = untrained(workdir, configs)
    for _ in track(
        build(missing, jobs=jobs), "training", total=len(missing), console=console, transient=True
    ):
        pass
    console.print(f"{len(members)} adapters in {workdir / 'adapters'}, {len(missing)} of them new")
    console.print(f"gate them: evalguard check --config {os.path.relpath(project)}")


def write(folder: Path, members: Sequence[Member]) -> tuple[Path, dict[str, Path]]:
    """Write the zoo's project; return its file and the training config of each member."""
    with prerequisites("The zoo", extra="train"), quiet():
        import peft  # noqa: F401
        import trl  # noqa: F401
    from evalguard.demo.zoo import write_zoo

    return write_zoo(folder, members)


def untrained(folder: Path, configs: Mapping[str, Path]) -> list[Path]:
    """Return the configs whose adapters are still to be trained."""
    adapters = folder / "adapters"
    return [
        config
        for name, config in configs.items()
        if not (adapters / name / "adapter_model.safetensors").is_file()
    ]


def build(configs: Sequence[Path], *, jobs: int) -> Iterator[Path]:
    """Train as the configs say, ``jobs`` at a time; yield each as it is done."""
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_train, config) for config in configs]
        for done in as_completed(running):
            yield done.result()


def _train(config: Path) -> Path:
    from evalguard.training import load_training_config
    from evalguard.training.finetune import train

    train(load_training_config(config), base_dir=config.parent)
    return config
