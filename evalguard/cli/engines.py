"""``evalguard engines``: what this machine can run, and whether two engines agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalguard.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from evalguard.engines.base import EngineSettings
    from evalguard.engines.parity import Parity

_EPILOG = """
\b
Examples:
  evalguard engines                                      what this machine can run
  evalguard engines --parity models/base adapters/v2     hf against vLLM, base and adapter
  evalguard engines --parity models/base --dtype float32
  evalguard engines --parity models/base --between hf,endpoint --option base_url=http://host:8000/v1

\b
Exit codes of --parity: 0 the engines agree, 1 a score or a log-likelihood differs,
3 an adapter has no effect or an engine fails, 4 usage or model files.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--parity", "compared", is_flag=True, help="Compare two engines on MODEL and its adapters."
)
@click.argument("model", required=False)
@click.argument("adapters", nargs=-1, metavar="[ADAPTER]...")
@click.option(
    "--between", default="hf,vllm", show_default=True, metavar="A,B", help="The two engines."
)
@click.option("--dtype", default="auto", show_default=True, help="Precision of the computation.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Engine option.")
def command(
    compared: bool,
    model: str | None,
    adapters: tuple[str, ...],
    between: str,
    dtype: str,
    options: tuple[str, ...],
) -> int:
    """List the engines that this machine can run, with versions and what to install for the rest.

    Sandboxes for model-written code are listed as well.

    With --parity, run the same prompts on two engines and report, for the base and each adapter,
    how many greedy outputs are identical and how far log-likelihoods and scores differ.
    """
    if not compared:
        if model:
            raise UsageError(f"'{model}': give models with --parity MODEL [ADAPTER]...")
        _show_engines()
        return ExitCode.PASS
    if model is None:
        raise UsageError("--parity needs a model: evalguard engines --parity MODEL [ADAPTER]...")
    from evalguard.engines.base import EngineSettings

    settings = EngineSettings(
        model=model,
        dtype=dtype,
        options=_parsed(options),
        adapters=tuple((Path(path).name, path) for path in adapters),
    )
    return _show_parity(_two(between), settings)


def _show_engines() -> None:
    from evalguard.engines.registry import list_engines

    for engine in list_engines():
        mark = click.style("ready  ", fg="green") if engine.ready else "missing"
        click.echo(f"{engine.name:<22} {mark}  {engine.serves}")
        for line in filter(None, (engine.versions, engine.install)):
            click.echo(f"{'':<31}{line}")
    _show_sandboxes()


def _show_sandboxes() -> None:
    from evalguard.scorers.sandbox import INSTALL, availability

    for sandbox in availability():
        mark = "missing" if sandbox.problem else click.style("ready  ", fg="green")
        click.echo(f"{sandbox.kind:<22} {mark}  sandbox for model-written code")
        found = f"{sandbox.problem}; {INSTALL}" if sandbox.problem else sandbox.description
        click.echo(f"{'':<31}{found}")


def _show_parity(between: tuple[str, str], settings: EngineSettings) -> int:
    from rich.console import Console

    from evalguard.engines.parity import measure_parity, tolerance
    from evalguard.quiet import quiet

    with Console(stderr=True).status(f"asking {between[0]}, then {between[1]} …"), quiet():
        versions, rows = measure_parity(*between, settings)
    for name, version in zip(between, versions, strict=True):
        click.echo(f"{name}: {version}")
    click.echo(f"\n{'model':<24} {'same text':>10} {'log-likelihood':>15} {'score':>8}")
    limit = tolerance(settings.dtype)
    for row in rows:
        colour = "green" if _agrees(row, limit) else "red"
        click.secho(
            f"{row.model:<24} {row.greedy_match:>10.0%} {row.likelihood_gap:>15.2g} "
            f"{row.score_gap:>8.3f}",
            fg=colour,
        )
    click.echo(
        "\nsame text: share of identical greedy outputs; log-likelihood and score: "
        "maximum difference.\n"
        f"In {settings.dtype}, rounding accounts for differences between log-likelihoods of up to "
        f"{limit:g}."
    )
    agree = all(_agrees(row, limit) for row in rows)
    return ExitCode.PASS if agree else ExitCode.REGRESSION


def _agrees(row: Parity, limit: float) -> bool:
    return row.score_gap == 0 and row.likelihood_gap <= limit


def _two(between: str) -> tuple[str, str]:
    names = [name.strip() for name in between.split(",")]
    if len(names) != 2 or not all(names):
        raise UsageError(f"--between '{between}': name two engines, such as hf,vllm.")
    return names[0], names[1]


def _parsed(options: tuple[str, ...]) -> dict[str, str]:
    parsed = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise UsageError(f"--option '{option}': write KEY=VALUE.")
        parsed[name] = value
    return parsed
