"""``evalguard decide``: one gate from counts, or from files of scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from evalguard import api
from evalguard.cli.gate_options import gate_options
from evalguard.records import Verdict
from evalguard.verdicts import EXIT_CODES

if TYPE_CHECKING:
    from evalguard.records import GateResult

COLOURS = {
    Verdict.PASS: "green",
    Verdict.FAIL: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.ERROR: "magenta",
}

_EPILOG = """
\b
Examples:
  evalguard decide --losses 10 --gains 5 --n 200 --max-drop 5pp
  evalguard decide --from scores.jsonl --max-drop 5%
  evalguard decide --from scores.jsonl --kind bounded --low 1 --high 10 --min 7.5
  evalguard decide --baseline lm_eval/base --candidate lm_eval/tuned --metric acc --max-drop 2pp

\b
A JSONL row is {"id": "q1", "baseline": 1, "candidate": 0} or, with one file per model,
{"id": "q1", "score": 1}; "cluster" and "stratum" are optional. A score that could not be measured
is null. CSV and TSV files have columns of these names, and an empty cell for such a score. JSON
arrays, Parquet, compressed files, and output folders of lm_eval --log_samples are read, too.

Exit codes: 0 pass, 1 fail, 3 could not be measured, 4 usage or data, 6 inconclusive.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--losses", type=click.IntRange(min=0), help="Questions that only the baseline got right."
)
@click.option(
    "--gains", type=click.IntRange(min=0), help="Questions that only the candidate got right."
)
@click.option("--n", type=click.IntRange(min=1), help="Total number of questions.")
@click.option(
    "--from",
    "path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Scores of both models on the same questions.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The baseline's scores: a file, or an output folder of lm-eval.",
)
@click.option(
    "--candidate",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The candidate's scores, of the same kind.",
)
@click.option(
    "--metric",
    metavar="NAME",
    help="Metric in the files, such as exact_match,strict-match; required if there are several.",
)
@click.option(
    "--task",
    "tasks",
    metavar="NAME",
    multiple=True,
    help="Task in the files; repeatable.  [default: all]",
)
@click.option(
    "--importer",
    metavar="NAME",
    help="What reads the files: rows, lm_eval, or a package's.  [default: detected]",
)
@gate_options()
@click.option(
    "--kind",
    type=click.Choice(api.KINDS),
    default="binary",
    show_default=True,
    help="Type of the scores: 0 or 1, or anything within --low and --high.",
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
    type=click.Choice(api.WEIGHTS),
    default="size",
    show_default=True,
    help="Weight strata by size or equally.",
)
def command(
    losses: int | None,
    gains: int | None,
    n: int | None,
    path: Path | None,
    baseline: Path | None,
    candidate: Path | None,
    metric: str | None,
    tasks: tuple[str, ...],
    importer: str | None,
    confidence: float,
    as_json: bool,
    kind: Literal["binary", "bounded"],
    low: float,
    high: float,
    lower_is_better: bool,
    weights: Literal["size", "equal"],
    **demands: Any,
) -> int:
    """Decide one gate: is the candidate shown to be non-inferior, or shown to be worse?"""
    result = api.decide(
        baseline,
        candidate,
        metric=metric,
        tasks=tasks,
        importer=importer,
        losses=losses,
        gains=gains,
        n=n,
        path=path,
        kind=kind,
        low=low,
        high=high,
        higher_is_better=False if lower_is_better else None,
        weights=weights,
        confidence_level=confidence,
        **demands,
    )
    if as_json:
        from evalguard.records import to_json

        click.echo(json.dumps(to_json(result), ensure_ascii=False, indent=2))
    else:
        _show(result)
    return EXIT_CODES[result.verdict]


def _show(result: GateResult) -> None:
    """Print the verdict and what it rests on."""
    click.secho(f"{result.verdict}", fg=COLOURS[result.verdict], bold=True, nl=False)
    click.echo(f"  {result.reason}")
    lines: list[tuple[str, str]] = []
    if result.baseline is not None and result.candidate is not None:
        lines.append(("means", f"{result.baseline:.4f} → {result.candidate:.4f}"))
    if result.delta is not None and result.ci is not None:
        level = f"{result.confidence_level:.3g}"
        against = "" if result.margin is None else f" against the margin {-result.margin:+.4f}"
        limits = f"{result.ci[0]:+.4f} … {result.ci[1]:+.4f}"
        lines.append(("change", f"{result.delta:+.4f}"))
        lines.append(("interval", f"{limits}{against} (each side at {level})"))
    if result.losses is not None and result.flip_rate is not None:
        flips = f"{result.losses} lost, {result.gains} gained"
        lines.append(("flips", f"{flips} of {result.n} ({result.flip_rate:.1%})"))
    if result.p_pass is not None and result.p_fail is not None:
        lines.append(("p_pass", f"{result.p_pass:.5f}"))
        lines.append(("p_fail", f"{result.p_fail:.5f}"))
    if result.mde is not None:
        lines.append(
            ("detects", f"{result.mde:+.4f} (smallest true change that passes in 80 % of runs)")
        )
    units = f"{result.units} units" if result.units != result.n else f"n = {result.n}"
    test = result.method or "none: no question was scored for both models"
    lines.append(("test", f"{test}, {units}, {result.missing} missing"))
    if result.flags:
        lines.append(("flags", ", ".join(result.flags)))
    for name, value in lines:
        click.echo(f"  {name:<9} {value}")
