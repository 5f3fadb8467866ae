"""Which lm-eval tasks are compared, and on which rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
ROWS = FOLDER / "rows"

_TASK_LINE = re.compile(rb"^[\"']?task[\"']?: *[\"']?([\w.+-]+)[\"']? *\r?$", re.MULTILINE)
_KEYS = {
    *("task", "rows", "splits", "needs", "gates", "metrics", "tolerance", "service", "note"),
    "refused",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One task of the matrix.

    Attributes:
        task: Name under which lm-eval knows it.
        rows: Folder under ``rows/`` with a file a split.
        splits: Files for splits of another name: ``{test: validation}``.
        needs: Packages that the task imports, beyond those of lm-eval.
        gates: Metrics to gate; all by default. Metrics that only few rows have are left out.
        metrics: Ranges of metrics that only the suite can declare, under the suite's key.
        tolerance: Maximum difference between two equal values.
        service: What its scoring calls: ``perspective``, the Perspective API.
        note: Anything special about it.
        refused: Words of the one error with which EvalGuard refuses it; of several, any.
    """

    task: str
    rows: str
    splits: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    tolerance: float = 1e-6
    service: str = ""
    note: str = ""
    refused: tuple[str, ...] = ()

    @property
    def data_files(self) -> dict[str, str]:
        """The file of each split."""
        files = {path.stem: str(path) for path in sorted((ROWS / self.rows).glob("*.jsonl"))}
        return files | {split: files[stem] for split, stem in self.splits.items()}

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that it needs and that are not installed."""
        return tuple(name for name in self.needs if find_spec(name) is None)


def read_manifests(paths: Sequence[Path] | None = None) -> list[Entry]:
    """Return the entries of all manifests, each task once.

    Raises:
        ValueError: If an entry has an unknown key, or a task is listed twice.
    """
    entries: dict[str, Entry] = {}
    for path in sorted(FOLDER.glob("manifest*.yaml")) if paths is None else paths:
        for item in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
            if unknown := item.keys() - _KEYS:
                raise ValueError(f"{path.name}: unknown keys {sorted(unknown)} in {item}")
            listed = {key: tuple(item.get(key, ())) for key in ("needs", "gates", "refused")}
            entry = Entry(**{**item, **listed})
            if entry.task in entries:
                raise ValueError(f"{path.name}: the task '{entry.task}' is listed twice")
            entries[entry.task] = entry
    return list(entries.values())


def tasks_folder() -> Path:
    """Return the folder of lm-eval's tasks, without importing lm-eval."""
    spec = find_spec("lm_eval")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("lm-eval is not installed: pip install 'evalguard[models]'")
    return Path(spec.origin).parent / "tasks"


@cache
def task_files() -> Mapping[str, Path]:
    """Return the file of every task that lm-eval registers.

    A pattern takes a second; lm-eval's own index parses 14,000 files.
    """
    found: dict[str, Path] = {}
    for path in sorted(tasks_folder().rglob("*.yaml")):
        for name in _TASK_LINE.findall(path.read_bytes()):
            found.setdefault(name.decode(), path)
    return found
