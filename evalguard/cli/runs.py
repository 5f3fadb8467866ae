"""``evalguard runs``: what the sample store holds."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalguard.errors import UsageError

if TYPE_CHECKING:
    from evalguard.records import ScoredSample
    from evalguard.store import SampleStore, StoredRun

_SHORT = 12
"""Characters of a fingerprint that are shown; any unambiguous beginning is understood."""

_store_option = click.option(
    "--store", metavar="PATH", help="SQLite file or database URL (default: that of evalguard.yaml)."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("runs")
def command() -> None:
    """List, show and prune the samples in the store.

    A run is what one model answered on one task; the store keeps it under the fingerprint of
    everything that made it.
    """


@command.command("list")
@_store_option
@_json_option
def list_runs(store: str | None, as_json: bool) -> None:
    """List all runs, the newest first."""
    with _open(store) as opened:
        runs = opened.runs()
    if as_json:
        click.echo(json.dumps([_plain(run) for run in runs], indent=2))
        return
    rows = [
        (
            run.fingerprint[:_SHORT],
            str(run.description.get("name", "?")),
            "/".join(str(run.description.get(part, "?")) for part in ("suite", "task")),
            f"{run.samples:,}",
            _size(run.size),
            f"{run.last:%Y-%m-%d %H:%M} UTC",
        )
        for run in runs
    ]
    for row in _aligned([("run", "model", "suite/task", "samples", "size", "last stored"), *rows]):
        click.echo(row)
    total = sum(run.samples for run in runs)
    click.echo(f"{_runs(len(runs))}, {total:,} samples, {_size(sum(run.size for run in runs))}")


@command.command("show")
@click.argument("run")
@click.option("--samples", "count", default=3, show_default=True, help="How many samples to show.")
@_store_option
@_json_option
def show_run(run: str, count: int, store: str | None, as_json: bool) -> None:
    """Show what RUN was made of, its scores, and its first samples.

    RUN is its fingerprint or the beginning of it.
    """
    from evalguard.records import to_json

    with _open(store) as opened:
        chosen = _find(opened.runs(), run)
        samples = list(opened.all_samples(chosen.fingerprint))
        model = opened.fingerprint_description(str(chosen.description.get("model", "")))
    scores = _means(samples)
    if as_json:
        shown = [to_json(sample) for sample in samples[:count]]
        content = {**_plain(chosen), "made_of": model, "scores": scores, "first_samples": shown}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    facts = {"run": chosen.fingerprint, **chosen.description}
    facts |= {f"model {name}": value for name, value in model.items()}
    facts |= {f"mean {metric}": f"{value:.4f}" for metric, value in scores.items()}
    facts["samples"] = f"{chosen.samples:,}"
    for row in _aligned((name, _one_line(value)) for name, value in facts.items()):
        click.echo(row)
    for sample in samples[:count]:
        click.echo(f"\nsample {sample.sample_id}")
        parts = {"prompt": sample.prompt, "target": sample.target, "output": sample.outputs}
        for row in _aligned((f"  {name}", _one_line(value)) for name, value in parts.items()):
            click.echo(row)


@command.command("prune")
@click.argument("runs", nargs=-1)
@click.option("--older-than", metavar="DAYS", type=click.FloatRange(min=0), help="Also by age.")
@click.option("--all", "everything", is_flag=True, help="Remove every run.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_store_option
def prune_runs(
    runs: Sequence[str], older_than: float | None, everything: bool, yes: bool, store: str | None
) -> None:
    """Remove RUNS and give their space back; they are measured anew when needed.

    Each of RUNS is a fingerprint or the beginning of one. --older-than takes the runs that got no
    new sample for so many days.
    """
    if not runs and older_than is None and not everything:
        raise UsageError("name the runs to remove, or give --older-than DAYS or --all")
    with _open(store) as opened:
        stored = opened.runs()
        chosen = {each.fingerprint: each for each in (_find(stored, run) for run in runs)}
        limit = datetime.now(UTC) - timedelta(days=older_than) if older_than is not None else None
        for each in stored:
            if everything or (limit is not None and each.last < limit):
                chosen[each.fingerprint] = each
        count = sum(each.samples for each in chosen.values())
        if not chosen:
            click.echo("nothing to remove")
            return
        question = f"Remove {_runs(len(chosen))} with {count:,} samples?"
        if not yes and not click.confirm(question):
            click.echo("nothing removed")
            return
        removed = opened.prune(list(chosen))
    click.echo(f"removed {_runs(len(chosen))} with {removed:,} samples")


def _open(store: str | None) -> SampleStore:
    """Open the named store, or that of the project; none is made."""
    from evalguard.config import PROJECT_FILE, ProjectConfig, load_yaml, store_location
    from evalguard.store import SampleStore

    if store is None and PROJECT_FILE.is_file():
        # Alone, without suites and thresholds: a mistake in those hides no stored run.
        config = load_yaml(PROJECT_FILE, ProjectConfig)
        store = store_location(config, PROJECT_FILE.parent)
    if store is None:
        raise UsageError(
            f"there is no {PROJECT_FILE} here that names a store. Go to the folder of your "
            "project, or give --store PATH."
        )
    if "://" not in store and not Path(store).is_file():
        raise UsageError(f"{store}: no store there yet. `evalguard check` makes it.")
    return SampleStore(store)


def _find(runs: Iterable[StoredRun], beginning: str) -> StoredRun:
    """Return the one run whose fingerprint begins so."""
    found = [run for run in runs if beginning and run.fingerprint.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"no run begins with '{beginning}'. `evalguard runs list` shows them.")
    matches = ", ".join(run.fingerprint[:_SHORT] for run in found[:5])
    raise UsageError(f"{len(found)} runs begin with '{beginning}': {matches}. Give more of it.")


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"


def _plain(run: StoredRun) -> dict[str, Any]:
    return {
        "fingerprint": run.fingerprint,
        "samples": run.samples,
        "size": run.size,
        "first": run.first.isoformat(),
        "last": run.last.isoformat(),
        "description": dict(run.description),
    }


def _means(samples: Iterable[ScoredSample]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for metric, value in sample.scores.items():
            values[metric].append(value)
    return {metric: math.fsum(found) / len(found) for metric, found in sorted(values.items())}


def _one_line(value: Any, width: int = 88) -> str:
    """Show a value on one line, with control characters escaped and its tail cut off."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    escaped = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    return escaped if len(escaped) <= width else escaped[: width - 1] + "…"


def _aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lay out rows in columns."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def _size(characters: int) -> str:
    """Show a size with its unit.

    Example:
        >>> _size(12_345)
        '12.3 kB'
    """
    size = float(characters)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
