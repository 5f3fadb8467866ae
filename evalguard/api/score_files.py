"""Files that other tools wrote, as what ``decide`` takes."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalguard.errors import DataError, UsageError
from evalguard.records import Metric, SamplePair

if TYPE_CHECKING:
    from evalguard.importers import ImportedRun


def files_of(baseline: Any, candidate: Any, path: Any) -> tuple[Path, ...]:
    """Return the file of both models, or one for each; nothing where scores are no files.

    Raises:
        UsageError: If only one of two is a file.
    """
    if path is not None:
        return (Path(path),)
    files = [isinstance(one, str | Path) for one in (baseline, candidate)]
    if not any(files):
        return ()
    if not all(files):
        raise UsageError("give baseline and candidate, both as files or both as scores")
    return Path(baseline), Path(candidate)


def import_pairs(
    files: Sequence[Path],
    measured: Metric,
    *,
    name: str | None,
    tasks: Sequence[str],
    importer: str | None,
    higher_is_better: bool | None,
) -> tuple[Sequence[SamplePair], Metric]:
    """Read what is compared; return the pairs, and the metric with the files' name and direction.

    Raises:
        DataError: If a file cannot be read, or the two models were measured differently.
        UsageError: If a name is unknown, or the direction is not that of the files.
    """
    from evalguard.importers import pair_runs, select
    from evalguard.importers.columns import are_large, read_columns

    if name is None and not tasks and importer in (None, "rows") and are_large(files):
        pairs = read_columns(files, measured)
        if pairs is not None:
            return pairs, measured
    baseline, candidate = _both(files, importer)
    found = select(baseline, candidate, metric=name, tasks=tasks)
    if None not in (found.higher_is_better, higher_is_better):
        said = "higher" if found.higher_is_better else "lower"
        if found.higher_is_better is not higher_is_better:
            raise UsageError(f"{baseline.source}: {said} is better for '{found.metric}'")
    upwards = measured.higher_is_better and found.higher_is_better is not False
    measured = replace(measured, name=found.metric, higher_is_better=upwards)
    return pair_runs(found.baseline, found.candidate, measured), measured


def _both(files: Sequence[Path], importer: str | None) -> tuple[ImportedRun, ImportedRun]:
    from evalguard.importers import read_runs

    if len(files) == 2 and files[0].resolve() == files[1].resolve():
        raise UsageError(f"{files[0]}: is the baseline and the candidate; give two files")
    runs = [read_runs(file, importer) for file in files]
    for file, found in zip(files, runs, strict=True):
        if len(files) == 1 and len(found) == 1:
            raise UsageError(
                f"{file}: holds the scores of one model; give a baseline and a candidate"
            )
        if len(files) == 2 and len(found) == 2:
            raise UsageError(f"{file}: holds the scores of both models; give this file alone")
    baseline, candidate = (run for found in runs for run in found)
    for run, role in ((baseline, "baseline"), (candidate, "candidate")):
        if run.role not in (None, role):
            raise UsageError(f"{run.source}: holds the scores of the {run.role}, not the {role}")
    if len(files) == 2 and _of_one_run(baseline, candidate):
        raise DataError(
            f"{candidate.source}: has the content of {baseline.source}, so both are of one run. If "
            "two models really score the same on every question, write both scores into the rows "
            "of one file, as 'baseline' and 'candidate'"
        )
    return baseline, candidate


def _of_one_run(*runs: ImportedRun) -> bool:
    """Return whether two files hold one run's scores, in whatever format, order and spelling.

    Runs with settings have responses, which tell two models apart.
    """
    if _same_content(*(run.source for run in runs)):
        return True
    if any(run.settings for run in runs):
        return False
    try:
        first, second = (Counter(one.score for one in run.scores) for run in runs)
    except TypeError:  # a list or an object, which is refused as no number
        return False
    return first == second and len({*map(_scores, runs)}) == 1


def _scores(run: ImportedRun) -> int:
    """Return the sum of the hashes of a run's scores."""
    return sum(
        hash(
            (one.task, one.sample_id, one.metric, one.score, one.cluster, one.output, one.response)
        )
        for one in run.scores
    )


def _same_content(*paths: Path) -> bool:
    """Return whether files have the same lines, in whatever order."""
    return all(path.is_file() for path in paths) and len({*map(_content, paths)}) == 1


def _content(path: Path) -> tuple[int, int]:
    """Return the number of lines that are not blank, and the sum of their hashes."""
    count = total = 0
    with path.open("rb") as lines:
        for line in filter(None, (line.removeprefix(BOM_UTF8).strip() for line in lines)):
            count += 1
            total += hash(line)
    return count, total
