"""``evalguard power``: what a gate can detect with n samples, and how many it needs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from evalguard.api.calculator import KINDS, SPENDINGS, WEIGHTS, metric_of, planned_difference
from evalguard.cli.gate_options import flag, gate_options
from evalguard.demands import Difference
from evalguard.errors import UsageError

if TYPE_CHECKING:
    from evalguard.gates.pilot import PilotAnalysis
    from evalguard.gates.pooled_power import PooledAnalysis
    from evalguard.gates.power_analysis import PowerAnalysis
    from evalguard.records import Metric
    from evalguard.stats import Spending

_EPILOG = """
\b
Examples:
  evalguard power --n 500 --max-drop 5pp --discordance 0.1
  evalguard power --n 500 --min-gain 2pp --effect 0.05
  evalguard power --n 500 --max-drop 5pp --looks 10 --spending early
  evalguard power --from scores.jsonl --kind bounded --max-drop 5pp
  evalguard power --n 500,500,80 --max-drop 1pp     a pooled gate over three suites
  evalguard power                     in a project: plan from its earlier candidates
"""


def _sizes(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Read one sample size, or those of several suites."""
    size = click.IntRange(min=1)
    parts = [] if value is None else value.split(",")
    return tuple(int(size.convert(part.strip(), param, ctx)) for part in parts)  # type: ignore[arg-type]


@click.command(epilog=_EPILOG)
@click.option(
    "--n",
    "sizes",
    callback=_sizes,
    metavar="N[,N...]",
    help="Number of questions; for a pooled gate, of each suite.",
)
@gate_options(Difference)
@click.option(
    "--discordance",
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of questions on which the two models differ.  [default: 0.1]",
)
@click.option(
    "--effect",
    type=click.FloatRange(-1, 1),
    help="True difference; default: 0, or twice the required gain.",
)
@click.option(
    "--looks",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Number of interim analyses (group-sequential); each spends part of α.",
)
@click.option(
    "--spending",
    type=click.Choice(SPENDINGS),
    default="late",
    show_default=True,
    help="How early the looks spend α, as in the project file.",
)
@click.option(
    "--from",
    "path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A pilot: scores of both models on the same questions, as for evalguard decide.",
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="binary",
    show_default=True,
    help="Type of the pilot's scores.",
)
@click.option("--low", type=float, default=0.0, show_default=True, help="Minimum possible score.")
@click.option("--high", type=float, default=1.0, show_default=True, help="Maximum possible score.")
@click.option(
    "--lower-is-better",
    is_flag=True,
    help="Lower scores are better; lm-eval's files record the direction.",
)
@click.option(
    "--weights",
    type=click.Choice(WEIGHTS),
    help="Weight the suites of --n or the strata of a pilot by size or equally.  "
    "[default: equal for --n, size for a pilot]",
)
@click.option(
    "--config", default="evalguard.yaml", show_default=True, help="Project file.", metavar="PATH"
)
def command(
    sizes: tuple[int, ...],
    confidence: float,
    as_json: bool,
    discordance: float | None,
    effect: float | None,
    looks: int,
    spending: Spending,
    path: Path | None,
    kind: str,
    low: float,
    high: float,
    lower_is_better: bool,
    weights: Literal["size", "equal"] | None,
    config: str,
    **demands: Any,
) -> int:
    """Plan a gate: power, minimum detectable effect, sample size.

    Uses formulas for scores of 0 and 1, and simulation for pooled gates and pilots.
    """
    several = len(sizes) > 1
    n = sizes[0] if sizes and not several else None
    given = {key: value for key, value in demands.items() if value is not None}
    demand = ", ".join(f"{flag(key)} {value}" for key, value in given.items())
    if path is not None:
        if discordance is not None:
            raise click.UsageError("--discordance is what the pilot shows; leave it out")
        if several:
            raise click.UsageError("--n: the pilot's strata have the sizes; give one number")
        _plan_from_pilot(
            path,
            demands,
            demand,
            as_json=as_json,
            metric=metric_of(kind, low, high, not lower_is_better),
            higher_is_better=False if lower_is_better else None,
            n=n,
            effect=effect,
            weights=weights or "size",
            confidence_level=confidence,
            looks=looks,
            spending=spending,
        )
        return 0
    if not sizes and not given:
        return _plan_from_project(Path(config), as_json=as_json)
    if not sizes:
        raise click.UsageError("Missing option '--n' (or --from PATH).")
    discordance = 0.1 if discordance is None else discordance
    if several:
        if looks > 1:
            raise click.UsageError("--looks: a pooled gate is decided once, at the end")
        _plan_pooled(
            demands,
            demand,
            as_json=as_json,
            sizes=sizes,
            discordance=discordance,
            effect=effect,
            weights=weights or "equal",
            confidence_level=confidence,
        )
        return 0
    if weights is not None:
        raise click.UsageError("--weights belongs to several suites (--n 500,500) or a pilot")
    from evalguard import api

    found = api.power(
        sizes[0],
        discordance=discordance,
        effect=effect,
        looks=looks,
        spending=spending,
        confidence_level=confidence,
        **demands,
    )
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, allow_nan=False))
    else:
        _show(found, demand)
    return 0


def _plan_from_pilot(
    path: Path,
    demands: dict[str, Any],
    said: str,
    *,
    as_json: bool,
    metric: Metric,
    higher_is_better: bool | None,
    **options: Any,
) -> None:
    """Simulate the gate on samples drawn from a file of paired scores."""
    from evalguard.api.score_files import import_pairs
    from evalguard.gates.pilot import analyse_pilot

    demand = planned_difference(demands)
    if problem := demand.problem(metric):
        raise UsageError(problem)
    pairs, measured = import_pairs(
        (path,), metric, name=None, tasks=(), importer=None, higher_is_better=higher_is_better
    )
    with _simulating(as_json) as bar:
        planned = analyse_pilot(demand, pairs, measured, on_run=lambda: bar.update(1), **options)
    if as_json:
        click.echo(json.dumps(asdict(planned), indent=2, allow_nan=False))
        return
    units = "" if planned.units == planned.pilot else f" in {planned.units} units"
    click.echo(
        f"{said}, n = {planned.n}, samples like the {planned.pilot} of the pilot{units}, of which "
        f"{planned.differing:.1%} differ, true difference {planned.effect:+.4g}:"
    )
    how = f"{planned.runs} simulated runs" if planned.runs else "exact"
    click.echo(f"  power       {planned.power:.1%}   (chance of PASS, {how})")
    click.echo(f"  required n  {_needed(planned)}   (for 80 % power)")


def _plan_pooled(demands: dict[str, Any], said: str, *, as_json: bool, **options: Any) -> None:
    """Simulate a gate on the mean over several suites."""
    from evalguard.gates.pooled_power import analyse_pooled

    with _simulating(as_json) as bar:
        planned = analyse_pooled(
            planned_difference(demands), on_run=lambda: bar.update(1), **options
        )
    if as_json:
        click.echo(json.dumps(asdict(planned), indent=2, allow_nan=False))
        return
    each = "suite" if planned.weights == "equal" else "sample"
    click.echo(
        f"{said} on the mean of {len(planned.sizes)} suites, n = {planned.n}, every {each} "
        f"counting the same, the models differing on {planned.discordance:.1%} of the questions, "
        f"true difference {planned.effect * 100:+.1f}pp:"
    )
    click.echo(
        f"  power        {planned.power:.1%}   (chance of PASS, {planned.runs} simulated runs)"
    )
    click.echo(f"  effective n  {planned.effective_n:.0f}   (samples of equal weight)")
    click.echo(
        f"  required n   {_needed(planned)}   (for 80 % power, over suites of these proportions)"
    )


def _simulating(as_json: bool) -> Any:
    """Return the progress bar of a simulation, hidden where nobody watches it."""
    from evalguard.gates.pilot import USUAL_SIZES
    from evalguard.stats.simulated import RUNS

    hidden = as_json or not sys.stderr.isatty()
    return click.progressbar(
        length=RUNS * (1 + USUAL_SIZES), label="simulating", file=sys.stderr, hidden=hidden
    )


def _needed(planned: PilotAnalysis | PooledAnalysis) -> str:
    return "more than 200,000" if planned.required_n is None else str(planned.required_n)


def _plan_from_project(path: Path, *, as_json: bool) -> int:
    """Print what earlier candidates of a project say about its gates."""
    from evalguard.config import load_project
    from evalguard.runner.history import plan_from_store
    from evalguard.store import SampleStore

    project = load_project(path)
    with SampleStore(project.store) as store:
        plans = plan_from_store(store, project)
    if as_json:
        click.echo(json.dumps([asdict(plan) for plan in plans], indent=2, allow_nan=False))
        return 0
    if not plans:
        click.echo(
            "The store holds no comparison under the gates of this project yet; run evalguard "
            "check, or give --n and a requirement such as --max-drop 5pp."
        )
        return 0
    click.echo("Based on the earlier candidate that differed most from the baseline:")
    for plan in plans:
        differs = "from its member gates, " if plan.by_members else ""
        if plan.differing is not None and plan.at_most is not None:
            differs = (
                f"differed on {plan.differing:.1%} of the samples (up to {plan.at_most:.1%}), "
            )
        click.echo(
            f"  {plan.gate}: {differs}a good candidate passes with {plan.n} samples in "
            f"{plan.power:.0%} of runs, with {plan.required_n} in 80%"
        )
    return 0


def _show(found: PowerAnalysis, demand: str) -> None:
    click.echo(
        f"{demand}, n = {found.n}, the models differing on {found.discordance:.1%} of the "
        f"questions, true difference {found.effect * 100:+.1f}pp:"
    )
    click.echo(f"  power       {found.power:.1%}   (chance of PASS)")
    click.echo(f"  false FAIL  {found.false_fail:.2%}")
    if found.mde is None:
        click.echo("  detects     nothing   (no possible difference passes in 80 % of runs)")
    else:
        click.echo(
            f"  detects     {found.mde * 100:+.2f}pp   (smallest that passes in 80 % of runs)"
        )
    click.echo(f"  required n  {found.required_n}   (for 80 % power)")
    if found.margin > found.discordance:
        click.echo(
            f"  note        models that differ on {found.discordance:.1%} of the questions cannot "
            "lose the margin"
        )
    if found.underpowered:
        click.secho(
            "  underpowered: "
            + (
                "even an unchanged model could not be relied on to pass"
                if found.margin > 0
                else "even twice the required gain could not be relied on to pass"
            ),
            fg="yellow",
        )
    click.echo("\n  differing    power    detects   n for 80 %   n for 90 %")
    for row in found.table:
        detects = "–" if row.mde is None else f"{row.mde * 100:+.2f}pp"
        click.echo(
            f"  {row.discordance:>9.1%} {row.power:>8.1%} {detects:>10} "
            f"{row.n_for_80:>12} {row.n_for_90:>12}"
        )
