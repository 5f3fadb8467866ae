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

from evalguard.errors import UsageError, did_you_mean

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

    A run is one model's answers to one task, stored under the fingerprint of all its inputs.
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
            _task_of(run),
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
@click.option("--samples", "count", default=3, show_default=True, help="Number of samples to show.")
@_store_option
@_json_option
def show_run(run: str, count: int, store: str | None, as_json: bool) -> None:
    """Show the inputs, scores and first samples of RUN.

    RUN is a fingerprint or a unique prefix of one.
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


@command.command("flips")
@click.argument("runs", nargs=-1)
@click.option("--of", "task", metavar="SUITE/TASK", help="All runs of one task, baselines first.")
@click.option("--metric", metavar="NAME", help="Binary metric, if the runs have several.")
@click.option("--samples", "count", default=5, show_default=True, help="Number of samples to show.")
@_store_option
@_json_option
def show_flips(
    runs: Sequence[str],
    task: str | None,
    metric: str | None,
    count: int,
    store: str | None,
    as_json: bool,
) -> None:
    """Show which samples each of RUNS lost and won against the previous one.

    RUNS are fingerprints or unique prefixes, in the order of the models; or name a task with --of
    to take all of its runs, the oldest first.
    """
    from evalguard.gates.flips import flip_ledger
    from evalguard.records import to_json

    if bool(runs) == bool(task):
        raise UsageError("name two runs or more, or a task with --of SUITE/TASK")
    with _open(store) as opened:
        stored = opened.runs()
        chosen = _runs_of(stored, task) if task else [_find(stored, run) for run in runs]
        if len({_task_of(run) for run in chosen}) > 1:
            tasks = ", ".join(sorted({_task_of(run) for run in chosen}))
            raise UsageError(
                f"the runs are of several tasks ({tasks}); flips need runs of one task"
            )
        samples = [{s.sample_id: s for s in opened.all_samples(r.fingerprint)} for r in chosen]
    names = [f"{run.description.get('name', '?')} {run.fingerprint[:_SHORT]}" for run in chosen]
    ledger = flip_ledger(
        list(zip(names, samples, strict=True)), metric=metric or _only_metric(samples)
    )
    if as_json:
        click.echo(json.dumps(to_json(ledger), indent=2, ensure_ascii=False))
        return
    header = ("model", "right → wrong", "wrong → right", "flipped")
    rows = [
        (step.after, str(len(step.losses)), str(len(step.gains)), f"{step.flip_rate:.1%}")
        for step in ledger.steps
    ]
    for row in _aligned([header, (ledger.models[0], "", "", ""), *rows]):
        click.echo(row)
    lost = sum(item.regressed for item in ledger.items)
    click.echo(f"{len(ledger.items)} items flipped; the last model lost {lost} of them")
    marks = {True: "✓", False: "✗", None: "–"}
    for item in ledger.items[:count]:
        history = "".join(marks[right] for right in item.right)
        click.echo(f"  {history}  {item.sample_id}  {_one_line(item.prompt)}")


def _runs_of(stored: Iterable[StoredRun], task: str) -> list[StoredRun]:
    """Return the runs of a task: those of the baseline, then candidates by age."""
    found = [run for run in stored if _task_of(run) == task]
    if not found:
        tasks = {_task_of(run) for run in stored}
        raise UsageError(f"no run of '{task}'. {did_you_mean(task, tasks)}")
    return sorted(found, key=lambda run: (run.description.get("name") != "baseline", run.first))


def _task_of(run: StoredRun) -> str:
    return "/".join(str(run.description.get(part, "?")) for part in ("suite", "task"))


def _only_metric(runs: Iterable[dict[str, ScoredSample]]) -> str:
    found = {metric for run in runs for sample in run.values() for metric in sample.scores}
    if len(found) != 1:
        raise UsageError(f"choose one with --metric: {', '.join(sorted(found)) or 'none is there'}")
    return found.pop()


@command.command("prune")
@click.argument("runs", nargs=-1)
@click.option(
    "--older-than",
    metavar="DAYS",
    type=click.FloatRange(min=0),
    help=("Remove runs without a new sample for this many days."),
)
@click.option("--all", "everything", is_flag=True, help="Remove every run.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@_store_option
def prune_runs(
    runs: Sequence[str], older_than: float | None, everything: bool, yes: bool, store: str | None
) -> None:
    """Remove RUNS and reclaim their space; they are measured again when needed.

    Each of RUNS is a fingerprint or a unique prefix of one. --older-than selects runs without a new
    sample for that many days.
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
            f"no {PROJECT_FILE} in this folder. Run the command in the folder of your project, "
            "or give --store PATH."
        )
    if "://" not in store and not Path(store).is_file():
        raise UsageError(f"{store}: no store yet; `evalguard check` creates it.")
    return SampleStore(store)


def _find(runs: Iterable[StoredRun], beginning: str) -> StoredRun:
    """Return the one run whose fingerprint begins so."""
    found = [run for run in runs if beginning and run.fingerprint.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"no run starts with '{beginning}'. `evalguard runs list` lists them.")
    matches = ", ".join(run.fingerprint[:_SHORT] for run in found[:5])
    raise UsageError(
        f"{len(found)} runs start with '{beginning}': {matches}. Give a longer prefix."
    )


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
