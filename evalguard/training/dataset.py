"""From data files to the examples of a run: split first, then replay, then shuffle."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evalguard.errors import DataError
from evalguard.training.config import Replay, Stage
from evalguard.training.formats import FORMATS, Example, Layout, Reading, read
from evalguard.training.methods import METHODS, MethodName
from evalguard.training.rows import raise_problems, scan_rows
from evalguard.training.sources import data_files, shown


@dataclass(frozen=True, slots=True)
class Dataset:
    """The examples of one run.

    Attributes:
        train: Task and replay examples in training order.
        validation: Held-out examples of the task; empty where none were asked for.
        notes: What was made of each file: its format, and what was not used.
        left_out: Rows of the task's file that are in the file of held-out rows as well.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    notes: tuple[str, ...] = ()
    left_out: int = 0

    def sha256(self) -> str:
        """Return the hash of the training examples in their order."""
        digest = hashlib.sha256()
        for example in self.train:
            line = json.dumps(example.content(), sort_keys=True, ensure_ascii=False)
            digest.update(line.encode() + b"\n")
        return digest.hexdigest()


def read_examples(path: Path, layout: Layout | None = None) -> Reading:
    """Read a data file, convert its rows, and collect the broken ones and what is not used.

    Args:
        path: The file, or a folder or pattern of files: see :func:`~.sources.data_files`.
        layout: What the config says about it.

    Raises:
        DataError: If a file as a whole is missing, of another kind, unreadable or empty.
    """
    files = data_files(path)
    scanned = [scan_rows(file) for file in files]
    reading = read([row for rows, _ in scanned for row in rows], layout)
    unreadable = [problem for _, problems in scanned for problem in problems]
    remarks = dict(reading.remarks)
    if of_files := shown(path, files):
        remarks = {of_files: len(reading.examples), **remarks}
    problems = (*unreadable, *reading.problems)
    return replace(reading, problems=problems, file=str(path), remarks=remarks)


def layouts_of(stages: Sequence[Stage], base_dir: Path) -> dict[Path, Layout]:
    """Return what a config says about the rows of each of its files."""
    layouts: dict[Path, Layout] = {}
    for stage in stages:
        named = [(stage.data.train, stage.data.layout), (stage.data.validation, _held_out(stage))]
        if stage.replay is not None:
            named.append((stage.replay.data, stage.replay.layout))
        layouts |= {base_dir / name: layout for name, layout in named if name is not None}
    return layouts


def _held_out(stage: Stage) -> Layout:
    return replace(stage.data.layout, held_out=True)


def build_dataset(stage: Stage, *, base_dir: Path, seed: int) -> Dataset:
    """Read, split, mix and shuffle the examples of a stage.

    The split comes first, so that nothing which follows (replay, shuffling) can leak a held-out
    example into the training set.

    Args:
        stage: Names the method, the task's examples, and the general ones with their share.
        base_dir: Folder that relative paths refer to.
        seed: Makes the split, the choice of replay rows and the order.

    Raises:
        DataError: If a file has broken rows, too few of them, or rows of another kind than the
            method trains on.
    """
    data, mixed_in = stage.data, stage.replay
    task = _load_for(stage.method, base_dir / data.train, data.layout)
    notes = [*task.lines(data.train)]
    examples = list(task.examples)
    if data.validation is not None:
        held = _load_for(stage.method, base_dir / data.validation, _held_out(stage))
        notes += held.lines(data.validation)
        validation = list(held.examples)
        held_out = {example.group() for example in validation}
        train = [example for example in examples if example.group() not in held_out]
        if not train:
            raise DataError(f"{data.train}: every row is also in {data.validation}")
    else:
        train, validation = split(examples, data.validation_share, seed=seed, name=data.train)
        held_out = {example.group() for example in validation}
    general: list[Example] = []
    if mixed_in is not None:
        other = _load_for(stage.method, base_dir / mixed_in.data, mixed_in.layout)
        notes += other.lines(mixed_in.data)
        rows = [example for example in other.examples if example.group() not in held_out]
        general = _sample_replay(rows, mixed_in, task_rows=len(train), seed=seed)
    mixed = train + general
    random.Random(f"order {seed}").shuffle(mixed)  # noqa: S311
    left_out = len(examples) - len(train) if data.validation is not None else 0
    return Dataset(
        tuple(mixed),
        tuple(validation),
        notes=tuple(notes),
        left_out=left_out,
    )


def _load_for(method: MethodName, path: Path, layout: Layout) -> Reading:
    """Read a data file whose rows must be of a kind that the method trains on."""
    reading = read_examples(path, layout)
    raise_problems(reading.problems)
    if not reading.examples:
        raise DataError(f"{path}: every row has weight 0, so there is nothing to train on")
    kinds = METHODS[method].kinds
    if reading.examples[0].kind not in kinds:
        fitting = {name: one for name, one in FORMATS.items() if one.kind in kinds}
        wanted = "; ".join(f"{name}: {one.shown()}" for name, one in fitting.items())
        raise DataError(
            f"{path}: format '{reading.format}' cannot be trained with method '{method}'. "
            f"It takes {wanted}. If the rows are one of these, say so: data: {{format: NAME}}"
        )
    return reading


def split(
    examples: Sequence[Example], share: float, *, seed: int, name: str = "data"
) -> tuple[list[Example], list[Example]]:
    """Split examples in training and validation, whole groups of duplicates together.

    Args:
        examples: What to split.
        share: Share of the examples to hold out, in [0, 0.5]; the groups that are taken reach at
            least this share.
        seed: Makes the choice of groups.
        name: The file, for messages.

    Returns:
        Training and validation examples, each in the order of the file.

    Raises:
        DataError: If there are too few different examples to hold one out.
    """
    if share == 0:
        return list(examples), []
    groups = sorted({example.group() for example in examples})
    if len(groups) < 2:
        raise DataError(
            f"{name}: {len(examples)} row(s) ask the same question, so none can be held out. "
            "Add rows, or set data.validation_share to 0."
        )
    random.Random(f"split {seed}").shuffle(groups)  # noqa: S311
    sizes: dict[str, int] = {}
    for example in examples:
        sizes[example.group()] = sizes.get(example.group(), 0) + 1
    wanted = max(1, round(share * len(examples)))
    held_out: set[str] = set()
    taken = 0
    for group in groups[:-1]:
        if taken >= wanted:
            break
        held_out.add(group)
        taken += sizes[group]
    return (
        [example for example in examples if example.group() not in held_out],
        [example for example in examples if example.group() in held_out],
    )


def _sample_replay(
    rows: Sequence[Example], replay: Replay, *, task_rows: int, seed: int
) -> list[Example]:
    needed = round(task_rows * replay.share / (1 - replay.share))
    if needed > len(rows):
        possible = len(rows) / (len(rows) + task_rows)
        raise DataError(
            f"{replay.data}: a replay share of {replay.share:g} with {task_rows} task rows needs "
            f"{needed} general rows, but there are {len(rows)}. Set replay.share to "
            f"{int(possible * 100) / 100:g} or less, or add rows."
        )
    chosen = random.Random(f"replay {seed}").sample(list(rows), needed)  # noqa: S311
    return [replace(example, replayed=True) for example in chosen]
