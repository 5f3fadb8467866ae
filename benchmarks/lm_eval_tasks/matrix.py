"""Run both sides over the matrix, each in its own processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.lm_eval_tasks import perspective
from benchmarks.lm_eval_tasks.comparison import Line, compare_sides
from benchmarks.lm_eval_tasks.manifest import FOLDER, Entry
from benchmarks.lm_eval_tasks.sides import (
    ANSWERS,
    Side,
    environment,
    one_line,
    read_sides,
    write_models,
    write_sides,
)
from benchmarks.lm_eval_tasks.task_files import write_task


def run_matrix(
    entries: Sequence[Entry], folder: Path, *, workers: int = 1, chat: bool = False
) -> list[Line]:
    """Score tasks on both sides and compare them.

    Args:
        entries: The tasks.
        folder: An empty folder for models, task files and results.
        workers: Processes of one side that run at a time.
        chat: Whether prompts go through the chat template.
    """
    shares = [entries[start::workers] for start in range(min(workers, len(entries)))]
    folders = [folder / f"worker-{index}" for index in range(len(shares))]
    with _services(entries, folder) as variables, ThreadPoolExecutor(max_workers=workers) as pool:
        settings = [chat] * len(shares), [variables] * len(shares)
        lines = pool.map(_run_share, shares, folders, *settings)
        found = {line.task: line for part in lines for line in part}
    return [found[entry.task] for entry in entries]


@contextmanager
def _services(entries: Sequence[Entry], folder: Path) -> Iterator[Mapping[str, str]]:
    """Serve what the scoring of tasks calls; yield the environment variables that lead there."""
    if not any(entry.service for entry in entries):
        yield {}
        return
    folder.mkdir(parents=True, exist_ok=True)
    with perspective.serving(folder) as service:
        yield service.environment


def _run_share(
    entries: Sequence[Entry], folder: Path, chat: bool, variables: Mapping[str, str]
) -> list[Line]:
    tasks = folder / "suites" / "tasks"
    tasks.mkdir(parents=True)
    write_models(folder)
    unwritten: dict[str, str] = {}
    for entry in entries:
        try:
            write_task(entry, tasks)
        except Exception as error:  # noqa: BLE001 - one task must not hide the others
            unwritten[entry.task] = one_line(error)
    names = [entry.task for entry in entries if entry.task not in unwritten]
    checked = _run_side("checked", names, folder, variables, chat=chat)
    write_sides(folder / ANSWERS, checked)
    reference = _run_side("reference", names, folder, variables, chat=chat)
    lines = []
    for entry in entries:
        missing = Side(entry.task, reason=unwritten.get(entry.task, "its process ended early"))
        lines.append(
            compare_sides(
                entry, reference.get(entry.task, missing), checked.get(entry.task, missing)
            )
        )
    return lines


def _run_side(
    side: str, names: Sequence[str], folder: Path, variables: Mapping[str, str], *, chat: bool
) -> dict[str, Side]:
    """Run one side; if its process dies, bisect down to the task that kills it."""
    if not names:
        return {}
    wanted, output = folder / f"{side}-tasks.json", folder / f"{side}.json"
    wanted.write_text(json.dumps(list(names)), encoding="utf-8")
    output.unlink(missing_ok=True)
    module = f"benchmarks.lm_eval_tasks.{side}"
    options = ["--chat"] if chat else []
    done = subprocess.run(
        [sys.executable, "-m", module, str(folder), str(wanted), str(output), *options],
        cwd=FOLDER / "metrics" if side == "reference" else folder,
        env={**environment(folder / f"{side}-cache"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if output.is_file():
        return read_sides(output)
    if len(names) == 1:
        last = " ".join(done.stderr.split())[-300:]
        return {names[0]: Side(names[0], reason=f"its process exited {done.returncode}: {last}")}
    half = len(names) // 2
    return {
        name: one
        for part in (names[:half], names[half:])
        for name, one in _run_side(side, part, folder, variables, chat=chat).items()
    }
